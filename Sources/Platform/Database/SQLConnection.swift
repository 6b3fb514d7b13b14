package import Basics

/// A connection inside a transaction: what the closure given to ``Database/read(_:timeout:_:)`` and
/// ``Database/write(_:timeout:_:)`` works with.
///
/// It is valid only inside that closure and only on its thread; every call blocks until the database has answered.
///
/// A statement that fails ends the transaction, whatever the closure does with the error, because that is what
/// PostgreSQL does: later statements fail with the same error and nothing is committed. Write `ON CONFLICT` where a
/// conflict is expected.
package protocol SQLConnection {
    /// The language that the statements are read as.
    var dialect: SQLDialect { get }

    /// Runs one statement, with parameters `?1`, `?2`, …, and returns how many rows it inserted, changed or deleted.
    ///
    /// - Throws: ``DatabaseError``.
    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue]) throws(DatabaseError) -> Int

    /// Runs one statement and returns all its rows; statements with `RETURNING` too.
    ///
    /// - Throws: ``DatabaseError``; `tooLarge` when there are more rows than the database's `resultRowsMax`.
    func query(_ sql: String, _ arguments: [SQLValue]) throws(DatabaseError) -> [SQLRow]

    /// Runs a statement that nothing in the transaction waits for: PostgreSQL is sent it with the next statement or the
    /// commit, which spares a round trip.
    ///
    /// - Parameters:
    ///   - sql: the statement, with parameters `?1`, `?2`, ….
    ///   - arguments: of its parameters.
    ///   - count: how many rows it has to change; it must have no `RETURNING` of its own.
    ///   - error: what it is when it changes another number.
    /// - Throws: ``DatabaseError``; what this statement fails with, perhaps only from a later call or as the outcome of
    ///   the transaction.
    func post(
        _ sql: String,
        _ arguments: [SQLValue],
        changing count: Int,
        or error: @escaping () -> DatabaseError
    ) throws(DatabaseError)

    /// Runs a statement that nothing in the transaction waits for, and gives the rows that it returns to `receive` once
    /// they are there: before the commit actions, and perhaps not if the transaction fails.
    ///
    /// - Throws: ``DatabaseError``; what this statement fails with, perhaps only from a later call or as the outcome of
    ///   the transaction.
    func post(_ sql: String, _ arguments: [SQLValue], _ receive: @escaping ([SQLRow]) -> Void) throws(DatabaseError)

    /// Runs several statements without parameters, separated by semicolons: for migrations.
    ///
    /// - Throws: ``DatabaseError``.
    func runScript(_ sql: String) throws(DatabaseError)

    /// Has `action` called once the transaction is committed, on an arbitrary thread; never when it is not.
    ///
    /// Actions run in the order of their registration, before the call of `write` returns; they must not block.
    func afterCommit(_ action: @escaping @Sendable () -> Void)
}

extension SQLConnection {
    package func post(
        _ sql: String,
        _ arguments: [SQLValue],
        changing count: Int,
        or error: @escaping () -> DatabaseError
    ) throws(DatabaseError) {
        if try execute(sql, arguments) != count { throw error() }
    }

    package func post(
        _ sql: String,
        _ arguments: [SQLValue],
        _ receive: @escaping ([SQLRow]) -> Void
    ) throws(DatabaseError) {
        receive(try query(sql, arguments))
    }

    /// Runs a statement that nothing in the transaction waits for, whatever it changes.
    /// - Throws: ``DatabaseError``, perhaps only from a later call or as the outcome of the transaction.
    package func post(_ sql: String, _ arguments: [SQLValue]) throws(DatabaseError) {
        guard dialect == .postgresql else {
            try execute(sql, arguments)
            return
        }
        try post(sql, arguments) { _ in }
    }

    /// Runs one statement without parameters and returns how many rows it inserted, changed or deleted.
    /// - Throws: ``DatabaseError``.
    @discardableResult
    package func execute(_ sql: String) throws(DatabaseError) -> Int {
        try execute(sql, [])
    }

    /// Runs one statement without parameters and returns all its rows.
    /// - Throws: ``DatabaseError``.
    package func query(_ sql: String) throws(DatabaseError) -> [SQLRow] {
        try query(sql, [])
    }

    /// The first row of a result, nil when it is empty.
    /// - Throws: ``DatabaseError``.
    package func queryFirst(_ sql: String, _ arguments: [SQLValue] = []) throws(DatabaseError) -> SQLRow? {
        try query(sql, arguments).first
    }
}

/// The language of a database, for the few places where one text cannot serve both.
package enum SQLDialect: String, Hashable, Sendable, CaseIterable {
    case sqlite, postgresql
}

/// What only one transaction of all servers may do at a time.
///
/// SQLite has one writer, which is lock enough. On PostgreSQL writes run beside each other: whoever decides by what it reads,
/// locks that first, the row with ``SQLDialect/rowLock`` or, where there is no row, one of these.
package enum TransactionLock: Int64, Sendable, CaseIterable {
    case migrations = 1, events, identity, agents, leases, artefacts, schedules

    /// The number of PostgreSQL's advisory lock: "KASK", then ours.
    package var key: Int64 { 0x4B41_534B << 32 | rawValue }
}

extension SQLConnection {
    /// Waits for a lock and holds it to the end of the transaction.
    ///
    /// What the transaction reads afterwards is as the holder before left it.
    /// - Throws: ``DatabaseError``: `busy` when it is not to be had in time.
    package func lock(_ lock: TransactionLock) throws(DatabaseError) {
        guard dialect == .postgresql else { return }
        _ = try query("SELECT pg_advisory_xact_lock(\(lock.key))")
    }

    /// Waits for the lock that one thing among many has, and holds it to the end of the transaction.
    /// - Throws: ``DatabaseError``: `busy` when it is not to be had in time.
    package func lock(_ lock: TransactionLock, of id: UUIDv7) throws(DatabaseError) {
        guard dialect == .postgresql else { return }
        _ = try query("SELECT pg_advisory_xact_lock(hashtextextended(?1, \(lock.key)))", [.id(id)])
    }
}

extension SQLDialect {
    /// What stands behind a `SELECT` whose rows the transaction is about to change, or that must not change until it ends.
    package var rowLock: String { self == .postgresql ? " FOR UPDATE" : "" }
}
