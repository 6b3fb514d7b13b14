package import Basics
package import Database
package import Events
package import Instruments
package import Supervision

/// What every resource's repository does alike: measured operations, locked changes with one event each, pages.
///
/// Concurrency: may be shared. Changes of the same record run one after the other; who read an older version is told.
package struct RecordStore<R: Record>: Sendable {
    package typealias Failure = RecordError<R.Refusal>

    package let database: any Database
    package let events: EventLog
    package let clock: any WallClock
    package let ids: UUIDv7Generator
    private let metrics: RecordMetrics<R>

    /// Makes the store over a migrated database; `registry` takes the metrics `kaskman_<one>_*`.
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
        metrics = RecordMetrics(registry)
    }

    /// Runs an operation, measures it and counts its failure.
    package func perform<T: Sendable>(
        _ operation: R.Operation,
        _ body: () async throws -> T
    ) async throws(Failure) -> T {
        let start = clock.uptime
        defer { metrics.finished(operation, after: clock.uptime - start) }
        do {
            return try await body()
        } catch {
            let error = Failure(error)
            metrics.failed(error.code)
            throw error
        }
    }

    /// Counts a refusal that an operation has returned rather than thrown.
    package func refused(_ error: Failure) { metrics.failed(error.code) }

    /// - Throws: ``RecordError``: `invalid` when there are violations.
    package func refuse(_ violations: [FieldViolation]) throws(Failure) {
        guard violations.isEmpty else { throw .invalid(violations) }
    }

    // MARK: Reading

    /// The record with an identifier.
    /// - Throws: ``RecordError``: `notFound`; ``DatabaseError``.
    package func get(_ id: UUIDv7, _ operation: OperationName) async throws -> R {
        guard let row = try await R.table.lookUp(id, operation, in: database) else { throw Failure.notFound(id) }
        return try R(row)
    }

    /// A page of a list: one statement, of which `item` reads each row.
    /// - Throws: ``ParameterFault``, ``PageCursorError``, ``DatabaseError``.
    package func page<Query: RecordListQuery, Item>(
        _ query: Query,
        _ operation: OperationName,
        at now: Timestamp,
        item: (SQLRow) throws(DatabaseError) -> Item
    ) async throws -> Page<Item> where Query.Item == R {
        try query.validate()
        let (sql, arguments) = try query.statement(at: now)
        let rows = try await database.read(operation) { try $0.query(sql, arguments) }
        let items = try rows.prefix(query.limit).map(item)
        guard rows.count > query.limit else { return Page(items: items, nextCursor: nil) }
        return Page(items: items, nextCursor: try PageCursor(rows[query.limit - 1]).encoded(scope: query.scope))
    }

    /// Reads the newest record as a list would, and says whether that worked.
    package func health<Query: RecordListQuery>(
        as operation: R.Operation,
        _ name: OperationName,
        list: Query.Type
    ) async -> Health where Query.Item == R {
        do throws(Failure) {
            try await perform(operation) {
                var query = Query()
                query.limit = 1
                _ = try await page(query, name, at: clock.now) { row throws(DatabaseError) in try R(row) }
            }
            return .healthy
        } catch .database(let error) {
            return .unhealthy("\(R.table.name) cannot be read: \(error.code.rawValue)")
        } catch {
            return .unhealthy("\(R.table.name) cannot be read: \(error.code.rawValue)")
        }
    }

    // MARK: Changes, in the caller's transaction

    /// The record, for a change in this transaction.
    /// - Throws: ``RecordError``: `notFound`, `versionMismatch`; ``DatabaseError``.
    package func locked(_ id: UUIDv7, _ version: ExpectedVersion?, _ connection: any SQLConnection) throws -> R {
        guard let row = try R.table.lock(id, connection) else { throw Failure.notFound(id) }
        let record = try R(row)
        if let version, !version.allows(record.version) { throw Failure.versionMismatch(current: record.version) }
        return record
    }

    /// Writes a new record, with its event.
    package func insert(
        _ record: R,
        as change: R.Change,
        by origin: ChangeOrigin,
        _ connection: any SQLConnection
    ) throws {
        try R.table.insert(record, connection)
        try note(change, from: nil, to: record, by: origin, connection)
    }

    /// Writes a record over its version before, with the event of the change.
    package func update(
        _ old: R,
        to new: R,
        as change: R.Change,
        by origin: ChangeOrigin,
        _ connection: any SQLConnection
    ) throws {
        try R.table.update(old, to: new, connection)
        try note(change, from: old, to: new, by: origin, connection)
    }

    /// Deletes a record, with the event: it is found no more, but its row and events stay.
    package func delete(_ record: R, by origin: ChangeOrigin, _ connection: any SQLConnection) throws {
        try R.table.delete(record, at: clock.now, connection)
        var deleted = record
        deleted.version += 1
        try note(.deleted, from: record, to: deleted, by: origin, connection)
    }

    /// Appends the event of a change, and counts the change once it is committed.
    package func note(
        _ change: R.Change,
        from old: R?,
        to new: R,
        by origin: ChangeOrigin,
        _ connection: any SQLConnection
    ) throws {
        try events.append(NewEvent(change, from: old, to: new, origin), in: connection)
        connection.afterCommit { [metrics] in metrics.changed(change) }
    }
}
