package import Basics
package import Database

/// The statements on a resource's table, inside the caller's transaction; their texts are made once.
///
/// The table has the columns `id`, `version`, `created_at`, `updated_at`, `created_by` and `deleted_at` beside its own.
package struct RecordTable: Sendable {
    /// The table's name, which is the word for many of them.
    package let name: String
    /// The word for one of them.
    package let one: String
    /// The columns that are read, with commas.
    package let columns: String

    /// The condition that a record which is named by its identifier was not deleted.
    ///
    /// Not `IS NULL`: while PostgreSQL has not looked at a table yet it takes that for rare, and reads all of a partial index
    /// with this condition rather than look the identifiers up. No clock of ours says -1, a millisecond before 1970.
    package static let isKept = "coalesce(deleted_at, -1) = -1"

    private let sets: [SetTable]
    private let find: String
    private let insert: String
    private let update: String

    /// Describes a table.
    ///
    /// - Parameters:
    ///   - name: of the table, the word for many.
    ///   - one: the word for one.
    ///   - columns: what is read, with commas; the first is `id`.
    ///   - changeable: what a change writes, `version` and `updated_at` with it.
    ///   - constant: what only a creation writes, `id` with it.
    ///   - sets: tables of what the records have, as ``Record/sets`` names their items.
    package init(
        _ name: String,
        one: String,
        columns: String,
        changeable: [String],
        constant: [String],
        sets: [SetTable]
    ) {
        self.name = name
        self.one = one
        self.columns = columns
        self.sets = sets
        find = "SELECT \(columns) FROM \(name) WHERE id = ?1 AND \(Self.isKept)"
        let written = changeable + constant
        let places = (1...written.count).map { "?\($0)" }.joined(separator: ", ")
        insert = "INSERT INTO \(name) (\(written.joined(separator: ", "))) VALUES (\(places))"
        let changes = changeable.enumerated().map { "\($1) = ?\($0 + 1)" }.joined(separator: ", ")
        let (id, version) = (changeable.count + 1, changeable.count + 2)
        update = "UPDATE \(name) SET \(changes) WHERE id = ?\(id) AND version = ?\(version)"
    }

    /// The row of a record; nil when there is none or it was deleted.
    package func find(_ id: UUIDv7, _ connection: any SQLConnection) throws(DatabaseError) -> SQLRow? {
        try connection.queryFirst(find, [.id(id)])
    }

    /// The row of a record as all see it, outside of a transaction; nil when there is none or it was deleted.
    package func lookUp(
        _ id: UUIDv7,
        _ operation: OperationName,
        in database: any Database
    ) async throws -> SQLRow? {
        try await database.lookUp(operation, find, [.id(id)]).first
    }

    /// The row of a record, for a change in this transaction.
    package func lock(_ id: UUIDv7, _ connection: any SQLConnection) throws(DatabaseError) -> SQLRow? {
        // SQLite has one writer: its write transaction is the lock.
        try connection.queryFirst(connection.dialect == .postgresql ? find + " FOR UPDATE" : find, [.id(id)])
    }

    func insert(_ record: some Record, _ connection: any SQLConnection) throws(DatabaseError) {
        try connection.post(insert, record.changeable + record.constant)
        for (table, items) in zip(sets, record.sets) { try table.change(record.id, from: [], to: items, connection) }
    }

    /// Writes a record over its version before.
    func update<R: Record>(_ old: R, to new: R, _ connection: any SQLConnection) throws(DatabaseError) {
        let arguments = new.changeable + [.id(new.id), .integer(old.version)]
        try connection.post(update, arguments, changing: 1) { lostLock() }
        if R.hasConstantSets { return }
        for (table, (before, after)) in zip(sets, zip(old.sets, new.sets)) {
            try table.change(old.id, from: before, to: after, connection)
        }
    }

    /// Marks a record as deleted: it is found no more, its row stays.
    func delete(_ record: some Record, at now: Timestamp, _ connection: any SQLConnection) throws(DatabaseError) {
        let count = try connection.execute(
            "UPDATE \(name) SET deleted_at = ?1, version = ?2, updated_at = ?1 WHERE id = ?3 AND version = ?4",
            [.timestamp(now), .integer(record.version + 1), .id(record.id), .integer(record.version)]
        )
        guard count == 1 else { throw lostLock() }
        for table in sets { try table.clear(record.id, connection) }
    }

    private func lostLock() -> DatabaseError {
        DatabaseError(.busy, "the \(one) was changed although it is locked")
    }
}
