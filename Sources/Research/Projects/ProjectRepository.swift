package import Basics
package import Database
package import Events
package import Instruments
package import Records

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

    let store: RecordStore<Project>
    let metrics: ProjectMetrics
    private let people: any ProjectPeople

    /// Makes the repository over a migrated database; `registry` takes the metrics `kaskman_project*`.
    package init(
        database: any Database,
        events: EventLog,
        people: any ProjectPeople,
        clock: any WallClock,
        ids: UUIDv7Generator,
        registry: Registry
    ) {
        store = RecordStore(database: database, events: events, clock: clock, ids: ids, registry: registry)
        metrics = ProjectMetrics(registry)
        self.people = people
    }

    /// Makes a project.
    ///
    /// - Parameters:
    ///   - fields: what it is; without an owner it belongs to the user who makes it. People may be named.
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
        try await store.perform(.create) {
            try IdempotencyKeys.check(idempotencyKey)
            var fields = fields
            if fields.owner == nil, case .user(let id) = origin.actor { fields.owner = id }
            try store.refuse(fields.creationViolations)
            let project = Project.new(fields, id: store.ids.next(), at: store.clock.now, by: origin.actorID)
            let creation = try await store.database.write("projects.create") { connection in
                try create(project, idempotencyKey, origin, connection)
            }
            if creation.isReplay { metrics.idempotentReplays.increment() }
            return creation
        }
    }

    /// The project with an identifier.
    /// - Throws: ``ProjectError``: `notFound`, `database`.
    package func get(_ id: UUIDv7) async throws(ProjectError) -> Project {
        try await store.perform(.get) { try await store.get(id, "projects.get") }
    }

    /// A page of the list, as rows: one statement, nothing parsed.
    /// - Throws: ``ProjectError``: `invalidParameter`, `invalidCursor`, `database`.
    package func listRows(_ query: ProjectListQuery) async throws(ProjectError) -> Page<ProjectRow> {
        try await store.perform(.list) {
            let query = try await resolved(query)
            return try await store.page(query, "projects.list", at: store.clock.now) { row throws(DatabaseError) in
                try ProjectRow(row)
            }
        }
    }

    /// A page of the list.
    /// - Throws: ``ProjectError``: `invalidParameter`, `invalidCursor`, `database`.
    package func list(_ query: ProjectListQuery) async throws(ProjectError) -> Page<Project> {
        try await store.perform(.list) {
            let query = try await resolved(query)
            return try await store.page(query, "projects.list", at: store.clock.now) { row throws(DatabaseError) in
                try Project(row)
            }
        }
    }

    /// The list with an owner's identifier in place of the name.
    private func resolved(_ query: ProjectListQuery) async throws -> ProjectListQuery {
        guard let owner = query.owner, UUIDv7(owner) == nil else { return query }
        var query = query
        query.owner = try await store.database.read("projects.owner") { try people.user(owner, $0) } ?? owner
        return query
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
        try await store.perform(.replace) {
            try store.refuse(fields.violations)
            return try await store.database.write("projects.replace") { connection in
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
        try await store.perform(.patch) {
            try await store.database.write("projects.patch") { connection in
                try change(id, version, origin, connection) { old in
                    let (fields, violations) = patch.applied(to: old)
                    try store.refuse(violations)
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
        try await store.perform(.delete) {
            try await store.database.write("projects.delete") { connection in
                let project = try store.locked(id, version, connection)
                try store.delete(project, by: origin, connection)
                connection.afterCommit { [metrics] in metrics.projects.moved(from: project.fields.status, to: nil) }
            }
        }
    }

    private func create(
        _ project: Project,
        _ key: String?,
        _ origin: ChangeOrigin,
        _ connection: any SQLConnection
    ) throws -> Creation {
        if let key {
            let keys = IdempotencyKeys(of: Project.table.one, connection)
            let hash = IdempotencyKeys.hash(of: project.fields.values)
            let now = project.createdAt
            if let earlier = try keys.claim(key, origin.actorKey, hash: hash, id: project.id, at: now) {
                let fields = try people.resolvingKnown(project.fields, connection)
                let first = Project.new(fields, id: earlier.id, at: earlier.createdAt, by: project.createdBy)
                return Creation(project: first, isReplay: true)
            }
        }
        var project = project
        project.fields = try people.resolving(project.fields, connection)
        try store.insert(project, as: .created, by: origin, connection)
        let status = project.fields.status
        connection.afterCommit { [metrics] in metrics.projects.moved(from: nil, to: status) }
        return Creation(project: project, isReplay: false)
    }

    private func change(
        _ id: UUIDv7,
        _ version: ExpectedVersion?,
        _ origin: ChangeOrigin,
        _ connection: any SQLConnection,
        _ transform: (ProjectFields) throws -> ProjectFields
    ) throws -> Project {
        let old = try store.locked(id, version, connection)
        let new: Project
        do {
            let fields = try people.resolving(try transform(old.fields), before: old.fields, connection)
            new = try old.changing(to: fields, at: store.clock.now)
        } catch let error as StatusTransitionError<ProjectStatus> {
            throw ProjectRefusal.statusTransition(from: error.from, to: error.to)
        }
        if new == old { return old }
        let (before, after) = (old.fields.status, new.fields.status)
        try store.update(old, to: new, as: before == after ? .updated : .statusChanged, by: origin, connection)
        connection.afterCommit { [metrics] in metrics.projects.moved(from: before, to: after) }
        return new
    }
}
