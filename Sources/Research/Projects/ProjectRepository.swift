package import Basics
package import Database
package import Events
package import Instruments

/// The projects: every way to read and change them, each change with one event in the same transaction.
///
/// Concurrency: may be shared. Changes of the same project run one after the other; who read an older version is told.
package struct ProjectRepository: Sendable {
    /// What a creation gave.
    package struct Creation: Hashable, Sendable {
        package let project: Project
        /// Whether an earlier creation with the same key made it.
        package let isReplay: Bool
    }

    let database: any Database
    let clock: any WallClock
    let metrics: ProjectMetrics
    private let events: EventLog
    private let ids: UUIDv7Generator

    /// Makes the repository over a migrated database; `registry` takes the metrics `kaskman_project*`.
    package init(
        database: any Database,
        events: EventLog,
        clock: any WallClock,
        ids: UUIDv7Generator,
        registry: Registry
    ) {
        self.database = database
        self.events = events
        self.clock = clock
        self.ids = ids
        metrics = ProjectMetrics(registry)
    }

    /// Makes a project.
    ///
    /// - Parameters:
    ///   - fields: what it is; without an owner it belongs to the user who makes it.
    ///   - idempotencyKey: when the same actor made a project with this key in the last 24 hours, that one is
    ///     returned as it was then, and nothing happens.
    ///   - origin: who makes it.
    /// - Returns: the project, and whether an earlier creation made it.
    /// - Throws: ``ProjectError``: `invalid`, `invalidParameter` for the key, `idempotencyConflict`, `event`,
    ///   `database`.
    package func create(
        _ fields: ProjectFields,
        idempotencyKey: String? = nil,
        by origin: ChangeOrigin
    ) async throws(ProjectError) -> Creation {
        try await perform(.create) {
            try Self.check(idempotencyKey)
            var fields = fields
            if fields.owner == nil, case .user(let id) = origin.actor { fields.owner = id }
            let violations = fields.creationViolations
            guard violations.isEmpty else { throw ProjectError.invalid(violations) }
            let project = Project.new(fields, id: ids.next(), at: clock.now, by: origin.actorID)
            let creation = try await database.write("projects.create") { connection in
                try create(project, idempotencyKey, origin, connection)
            }
            if creation.isReplay { metrics.idempotentReplays.increment() }
            return creation
        }
    }

    /// The project with an identifier.
    /// - Throws: ``ProjectError``: `notFound`, `database`.
    package func get(_ id: UUIDv7) async throws(ProjectError) -> Project {
        try await perform(.get) {
            let row = try await database.read("projects.get") { try ProjectTable(connection: $0).find(id) }
            guard let row else { throw ProjectError.notFound(id) }
            return try Project(row)
        }
    }

    /// A page of the list, as rows: one statement, nothing parsed.
    /// - Throws: ``ProjectError``: `invalidParameter`, `invalidCursor`, `database`.
    package func listRows(_ query: ProjectListQuery) async throws(ProjectError) -> Page<ProjectRow> {
        try await perform(.list) {
            try query.validate()
            let (sql, arguments) = try query.statement()
            let rows = try await database.read("projects.list") { try $0.query(sql, arguments) }
            let items = try rows.prefix(query.limit).map { row throws(DatabaseError) in try ProjectRow(row) }
            guard rows.count > query.limit, let last = items.last else { return Page(items: items, nextCursor: nil) }
            let cursor = try Self.cursor(key: rows[items.count - 1].values.last, id: last.id)
            return Page(items: items, nextCursor: cursor.encoded(scope: query.scope))
        }
    }

    /// A page of the list.
    /// - Throws: ``ProjectError``: `invalidParameter`, `invalidCursor`, `database`.
    package func list(_ query: ProjectListQuery) async throws(ProjectError) -> Page<Project> {
        let rows = try await listRows(query)
        do {
            return try rows.map { row throws(DatabaseError) in try Project(row) }
        } catch {
            metrics.failed(.database)
            throw .database(error)
        }
    }

    /// Replaces all fields of a project; nothing happens when none differs.
    /// - Throws: ``ProjectError``: `notFound`, `invalid`, `versionMismatch`, `statusTransition`, `event`, `database`.
    @discardableResult
    package func replace(
        _ id: UUIDv7,
        with fields: ProjectFields,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(ProjectError) -> Project {
        try await perform(.replace) {
            let violations = fields.violations
            guard violations.isEmpty else { throw ProjectError.invalid(violations) }
            return try await database.write("projects.replace") { connection in
                try change(id, version, origin, connection) { _ in fields }
            }
        }
    }

    /// Changes some fields of a project; nothing happens when none differs.
    /// - Throws: ``ProjectError``: `notFound`, `invalid`, `versionMismatch`, `statusTransition`, `event`, `database`.
    @discardableResult
    package func patch(
        _ id: UUIDv7,
        _ patch: ProjectPatch,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(ProjectError) -> Project {
        try await perform(.patch) {
            try await database.write("projects.patch") { connection in
                try change(id, version, origin, connection) { old in
                    let (fields, violations) = patch.applied(to: old)
                    guard violations.isEmpty else { throw ProjectError.invalid(violations) }
                    return fields
                }
            }
        }
    }

    /// Deletes a project: it is found no more, but its row and events stay.
    /// - Throws: ``ProjectError``: `notFound`, `versionMismatch`, `event`, `database`.
    package func delete(
        _ id: UUIDv7,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(ProjectError) {
        try await perform(.delete) {
            let now = clock.now
            try await database.write("projects.delete") { connection in
                let table = ProjectTable(connection: connection)
                let project = try locked(id, version, table)
                try table.delete(project, at: now)
                var deleted = project
                deleted.version += 1
                try events.append(Project.event(from: project, to: deleted, .deleted, origin), in: connection)
                connection.afterCommit { [metrics] in
                    metrics.changed(.deleted, from: project.fields.status, to: nil)
                }
            }
        }
    }

    /// Runs an operation, measures it and counts its failure.
    func perform<T: Sendable>(
        _ operation: ProjectMetrics.Operation,
        _ body: () async throws -> T
    ) async throws(ProjectError) -> T {
        let start = clock.uptime
        defer { metrics.finished(operation, after: clock.uptime - start) }
        do {
            return try await body()
        } catch {
            let error = ProjectError(error)
            metrics.failed(error.code)
            throw error
        }
    }

    private func create(
        _ project: Project,
        _ key: String?,
        _ origin: ChangeOrigin,
        _ connection: any SQLConnection
    ) throws -> Creation {
        if let key {
            let keys = IdempotencyKeys(connection: connection)
            let hash = IdempotencyKeys.hash(of: project.fields)
            let now = project.createdAt
            if let earlier = try keys.claim(key, origin.actorKey, hash: hash, id: project.id, at: now) {
                let first = Project.new(
                    project.fields,
                    id: earlier.projectID,
                    at: earlier.createdAt,
                    by: project.createdBy
                )
                return Creation(project: first, isReplay: true)
            }
        }
        try ProjectTable(connection: connection).insert(project)
        try events.append(Project.event(from: nil, to: project, .created, origin), in: connection)
        connection.afterCommit { [metrics] in metrics.changed(.created, from: nil, to: project.fields.status) }
        return Creation(project: project, isReplay: false)
    }

    private func change(
        _ id: UUIDv7,
        _ version: ExpectedVersion?,
        _ origin: ChangeOrigin,
        _ connection: any SQLConnection,
        _ transform: (ProjectFields) throws -> ProjectFields
    ) throws -> Project {
        let table = ProjectTable(connection: connection)
        let old = try locked(id, version, table)
        let new = try old.changing(to: try transform(old.fields), at: clock.now)
        if new == old { return old }
        try table.update(old, to: new)
        let change: ProjectChange = old.fields.status == new.fields.status ? .updated : .statusChanged
        try events.append(Project.event(from: old, to: new, change, origin), in: connection)
        connection.afterCommit { [metrics] in
            metrics.changed(change, from: old.fields.status, to: new.fields.status)
        }
        return new
    }

    private func locked(_ id: UUIDv7, _ version: ExpectedVersion?, _ table: ProjectTable) throws -> Project {
        guard let project = try table.lock(id) else { throw ProjectError.notFound(id) }
        if let version, !version.allows(project.version) {
            throw ProjectError.versionMismatch(current: project.version)
        }
        return project
    }

    private static func check(_ key: String?) throws(ProjectError) {
        guard let key else { return }
        let isPrintable = key.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        guard !key.isEmpty, isPrintable, key.utf8.count <= ProjectLimits.idempotencyKeyLengthMax else {
            throw .invalidParameter(
                name: "Idempotency-Key",
                reason: "must be of 1 to \(ProjectLimits.idempotencyKeyLengthMax) printable ASCII characters, no spaces"
            )
        }
    }

    private static func cursor(key: SQLValue?, id: String) throws(DatabaseError) -> PageCursor {
        guard let id = UUIDv7(id) else { throw DatabaseError(.decoding, "'\(id)' is no identifier") }
        switch key {
        case .integer(let integer): return PageCursor(key: .integer(integer), id: id)
        case .text(let text): return PageCursor(key: .text(text), id: id)
        default: throw DatabaseError(.decoding, "the sort key of project \(id) is neither integer nor text")
        }
    }
}
