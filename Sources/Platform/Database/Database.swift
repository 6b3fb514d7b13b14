/// A database: transactions as synchronous closures, run where they block nobody.
///
/// The closure runs on a thread that belongs to the database, never on the cooperative pool, so it may block; it cannot
/// await. Whatever it throws rolls the transaction back and is thrown to the caller unchanged; faults of the database
/// are ``DatabaseError``.
///
/// Concurrency: may be shared. Reads run beside each other and beside writes, each on a snapshot. SQLite's writes run
/// one after the other in the order they were asked for. PostgreSQL's run beside each other, those of other servers
/// too: a write that decides by what it reads locks that first (``TransactionLock``, ``SQLDialect/rowLock``). A write's
/// closure may be run again from its beginning: PostgreSQL's where two are in each other's way or the connection is
/// lost before the commit, SQLite's where others whose writes were to be committed together with it have failed. So
/// what it does beside its statements belongs into ``SQLConnection/afterCommit(_:)``. Callers beyond the queue limit
/// are refused with `overloaded`.
package protocol Database: Sendable {
    /// The language that the statements are read as.
    var dialect: SQLDialect { get }

    /// Runs `body` in a transaction that can only read.
    ///
    /// - Parameters:
    ///   - operation: what is being done, for messages.
    ///   - timeout: the longest time for waiting and running together; nil takes the database's own.
    ///   - body: the work; it gets the connection for as long as it runs.
    /// - Returns: what `body` returns.
    /// - Throws: ``DatabaseError``, or what `body` throws.
    func read<T: Sendable>(
        _ operation: OperationName,
        timeout: Duration?,
        _ body: @Sendable (any SQLConnection) throws -> T
    ) async throws -> T

    /// Runs `body` in a transaction that may write, and commits it when `body` returns.
    ///
    /// When this returns, the changes are on the disk. When it throws they are not, but for the error `unknownCommit`.
    ///
    /// - Parameters:
    ///   - operation: what is being done, for messages.
    ///   - timeout: the longest time for waiting and running together; nil takes the database's own.
    ///   - body: the work; it gets the connection for as long as it runs, and may be run again.
    /// - Returns: what `body` returns.
    /// - Throws: ``DatabaseError``, or what `body` throws.
    @discardableResult
    func write<T: Sendable>(
        _ operation: OperationName,
        timeout: Duration?,
        _ body: @Sendable (any SQLConnection) throws -> T
    ) async throws -> T

    /// Reads by one statement that finds a few rows by an index.
    ///
    /// PostgreSQL takes the look-ups of many callers together, which costs a fraction of a transaction each; so a long
    /// one holds up the others, and lists and scans are for ``read(_:timeout:_:)``. A caller that is cancelled still
    /// waits.
    ///
    /// - Parameters:
    ///   - operation: what is being done, for messages.
    ///   - sql: the statement, a text fixed in the program.
    ///   - arguments: of its parameters `?1`, `?2`, ….
    /// - Returns: all rows.
    /// - Throws: ``DatabaseError``.
    func lookUp(_ operation: OperationName, _ sql: String, _ arguments: [SQLValue]) async throws -> [SQLRow]

    /// Tries, within a bounded time, whether the database could be written to now.
    func probe() async -> DatabaseProbe

    /// Refuses new work, lets the running work end and closes the connections.
    func close() async throws(DatabaseError)
}

extension Database {
    package func lookUp(
        _ operation: OperationName,
        _ sql: String,
        _ arguments: [SQLValue]
    ) async throws -> [SQLRow] {
        try await read(operation, timeout: nil) { try $0.query(sql, arguments) }
    }

    /// Runs `body` in a transaction that can only read, within the database's own time limit.
    /// - Throws: ``DatabaseError``, or what `body` throws.
    package func read<T: Sendable>(
        _ operation: OperationName,
        _ body: @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try await read(operation, timeout: nil, body)
    }

    /// Runs `body` in a transaction that may write, within the database's own time limit.
    /// - Throws: ``DatabaseError``, or what `body` throws.
    @discardableResult
    package func write<T: Sendable>(
        _ operation: OperationName,
        _ body: @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try await write(operation, timeout: nil, body)
    }
}

/// What a transaction is for, such as `projects.create`: a text fixed in the program, so that it can stand in messages.
package struct OperationName: ExpressibleByStringLiteral, Sendable, CustomStringConvertible {
    private let text: StaticString

    package init(stringLiteral text: StaticString) { self.text = text }

    package var description: String { "\(text)" }
}

/// What a probe found.
package struct DatabaseProbe: Sendable {
    /// Why the database cannot be written to; nil when it can.
    package let error: DatabaseError?
    /// How long the probe took.
    package let duration: Duration

    package init(error: DatabaseError?, duration: Duration) {
        self.error = error
        self.duration = duration
    }

    /// Whether the database can be written to.
    package var isHealthy: Bool { error == nil }
}
