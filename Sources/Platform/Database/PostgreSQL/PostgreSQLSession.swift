import CPostgres

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// One connection to a PostgreSQL server, in libpq's pipeline mode: what is sent together costs one round trip.
///
/// Every call blocks. A session that has thrown a fault with ``PostgreSQLFault/isLost`` is only good for being closed.
///
/// Concurrency: confined to one thread at a time; ``interrupter`` may be used by any.
final class PostgreSQLSession {
    /// What the server still owes an answer for, in the order in which it was sent.
    private enum Expected {
        case preparation(sql: String, name: String)
        case deallocation(name: String)
        /// Its result is the caller's.
        case statement
        /// Its result is whose who posted it.
        case posted(Receipt)
        /// It has to change so many rows, or the server ends it by a division by zero, which is then called by this name.
        case counted(() -> DatabaseError)
        /// Its result is nobody's, but a failure is.
        case frame
        case sync
    }

    /// Takes the result of a statement that was posted; what it throws is what the transaction fails with.
    typealias Receipt = (borrowing PostgreSQLResult) throws(DatabaseError) -> Void

    /// Begins a transaction whose reads all see the same state.
    static let beginRead = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    /// Begins a transaction whose statements each see what was committed before them: who waited for a lock sees what its
    /// holder has done.
    static let beginWrite = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"

    let interrupter: PostgreSQLInterrupter
    let redaction: PostgreSQLRedaction
    private let handle: OpaquePointer
    private var statements: PreparedStatements
    private var expected: [Expected] = []
    private var isClosed = false
    /// Whether statements were posted that the server does not answer yet.
    private var hasPosted = false
    private var transactionsSincePlans = 0
    private var transactionsPerPlan = PostgreSQLSession.transactionsPerPlan.first

    /// Takes a connection that is set up, and goes into pipeline mode.
    init(_ handle: OpaquePointer, redaction: PostgreSQLRedaction, statementsMax: Int) {
        self.handle = handle
        self.redaction = redaction
        statements = PreparedStatements(statementsMax: statementsMax)
        interrupter = PostgreSQLInterrupter(handle)
        PQenterPipelineMode(handle)
    }

    deinit { close() }

    /// Closes the connection; a transaction that is open is rolled back by the server.
    func close() {
        if isClosed { return }
        isClosed = true
        interrupter.forgetSocket()
        PQfinish(handle)
    }

    /// Whether nothing is open and nothing owed: the state in which a connection may be handed to someone else.
    var isIdle: Bool { expected.isEmpty && PQtransactionStatus(handle) == PQTRANS_IDLE }

    // MARK: Statements

    /// Runs a statement, and `begin` before it in the same round trip when there is one.
    /// - Returns: the result, which the caller owns.
    /// - Throws: ``PostgreSQLFault``.
    func run(
        _ sql: String,
        _ arguments: [SQLValue] = [],
        begin: String? = nil
    ) throws(PostgreSQLFault) -> PostgreSQLResult {
        if let begin { try send(begin: begin) }
        try send(sql, arguments, as: .statement)
        try sync()
        guard let result = try receive() else { throw .lost("the server gave no result") }
        return result
    }

    /// Has a statement sent with the next one that is waited for, and `begin` before it when there is one.
    func post(
        _ sql: String,
        _ arguments: [SQLValue],
        begin: String?,
        _ receipt: @escaping Receipt
    ) throws(PostgreSQLFault) {
        if let begin { try send(begin: begin) }
        try send(sql, arguments, as: .posted(receipt))
        hasPosted = true
    }

    /// The same with a statement that has to change so many rows.
    ///
    /// The server itself looks whether it does: the commit may be on its way already.
    func post(
        _ sql: String,
        _ arguments: [SQLValue],
        begin: String?,
        changing count: Int,
        or error: @escaping () -> DatabaseError
    ) throws(PostgreSQLFault) {
        if let begin { try send(begin: begin) }
        let counted = """
            WITH changed AS (\(sql) RETURNING 1) SELECT 1 / (CASE count(*) WHEN \(count) THEN 1 ELSE 0 END) FROM changed
            """
        try send(counted, arguments, as: .counted(error))
        hasPosted = true
    }

    /// Has what was posted done, so that what it fails with is known.
    func finishPosted() throws(PostgreSQLFault) {
        guard hasPosted else { return }
        try sync()
        _ = try receive()
    }

    private func send(begin: String) throws(PostgreSQLFault) {
        try sendUpkeep()
        try send(begin, [], as: .frame)
    }

    /// After how many transactions the server plans its prepared statements anew at first, and at the most.
    ///
    /// It keeps the plans that it made when a table was new and nearly empty, which read all of it, until its own upkeep
    /// looks at the table; meanwhile a busy queue grows by thousands of rows.
    static let transactionsPerPlan = (first: 32, most: 512)

    /// Sends what the server is to forget, before a transaction; returns whether there was anything.
    @discardableResult
    private func sendUpkeep() throws(PostgreSQLFault) -> Bool {
        transactionsSincePlans += 1
        let arePlansOld = transactionsSincePlans >= transactionsPerPlan
        guard arePlansOld || !statements.forgotten.isEmpty else { return false }
        if arePlansOld {
            transactionsSincePlans = 0
            transactionsPerPlan = min(2 * transactionsPerPlan, Self.transactionsPerPlan.most)
            try send("DISCARD PLANS", [], as: .frame)
        }
        for name in statements.forgotten { try deallocate(name) }
        // What stands between two of these is one transaction, whose level the first statement would settle.
        try sync()
        return true
    }

    /// Sends the end of a transaction that has only read, and does not wait for the answer.
    ///
    /// Nothing hangs on it; it is received with the next statement's.
    func endRead() throws(PostgreSQLFault) {
        try send("COMMIT", [], as: .frame)
        try sync()
        guard PQflush(handle) >= 0 else { throw lost() }
    }

    /// Runs statements that have nothing to do with each other in one round trip, each a transaction by itself.
    ///
    /// - Parameters:
    ///   - lookUps: the statements and their arguments.
    ///   - rowsMax: how many rows one may give.
    /// - Returns: the rows of each, in order; nil for one that failed or gave too many.
    /// - Throws: ``PostgreSQLFault`` when the connection is lost.
    func lookUp(
        _ lookUps: [(sql: String, arguments: [SQLValue])],
        rowsMax: Int
    ) throws(PostgreSQLFault) -> [[SQLRow]?] {
        let hasUpkeep = try sendUpkeep()
        for (sql, arguments) in lookUps {
            // An argument that cannot be sent is the fault of that one alone.
            do throws(PostgreSQLFault) { try send(sql, arguments, as: .statement) } catch {
                if error.isLost { throw error }
            }
            try sync()
        }
        var answers = try receiveEach(rowsMax)
        if hasUpkeep { answers.removeFirst() }
        return answers
    }

    /// Receives what is owed from before.
    func settle() throws(PostgreSQLFault) {
        if hasPosted { try sync() }
        if !expected.isEmpty { _ = try receive() }
    }

    /// Runs several statements, in the transaction that is open.
    func runScript(_ sql: String) throws(PostgreSQLFault) {
        try settle()
        guard PQexitPipelineMode(handle) == 1 else { throw lost() }
        defer { PQenterPipelineMode(handle) }
        try Self.script(sql, on: handle, redaction)
    }

    /// Runs statements without parameters on a connection that is not in pipeline mode.
    static func script(
        _ sql: String,
        on handle: OpaquePointer,
        _ redaction: PostgreSQLRedaction
    ) throws(PostgreSQLFault) {
        let result = PQexec(handle, sql)
        defer { PQclear(result) }
        guard let result else { throw .lost(redaction.apply(String(cString: PQerrorMessage(handle)))) }
        if isFailure(PQresultStatus(result)) { throw PostgreSQLFault(result, redaction: redaction) }
    }

    // MARK: Notifications

    /// Listens to a channel; the session is good for nothing else from then on.
    func listen(to channel: String) throws(PostgreSQLFault) {
        try settle()
        guard PQexitPipelineMode(handle) == 1 else { throw lost() }
        try Self.script("LISTEN \(channel)", on: handle, redaction)
    }

    /// Waits until there is at least one notification, and returns what all there are carry, each text once.
    /// - Throws: ``PostgreSQLFault`` when the connection is lost or cut.
    func waitForNotifications() throws(PostgreSQLFault) -> Set<String> {
        while true {
            var payloads: Set<String> = []
            while let notification = PQnotifies(handle) {
                payloads.insert(String(cString: notification.pointee.extra))
                PQfreemem(notification)
            }
            if !payloads.isEmpty { return payloads }
            var descriptor = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
            _ = poll(&descriptor, 1, -1)
            guard PQconsumeInput(handle) == 1 else { throw lost() }
        }
    }

    // MARK: Sending

    private func send(_ sql: String, _ arguments: [SQLValue], as kind: Expected) throws(PostgreSQLFault) {
        let name: String
        if let known = statements.name(of: sql) ?? underway(sql) {
            name = known
        } else {
            name = statements.newName()
            guard PQsendPrepare(handle, name, PostgreSQLPlaceholders.rewrite(sql), 0, nil) == 1 else { throw lost() }
            expected.append(.preparation(sql: sql, name: name))
        }
        let isSent = try PostgreSQLArguments(arguments).withPointers { count, values, lengths, formats in
            PQsendQueryPrepared(handle, name, count, values, lengths, formats, 0) == 1
        }
        guard isSent else { throw lost() }
        expected.append(kind)
    }

    /// The name of a statement whose preparation was sent and not answered yet: several look-ups sent together may be alike.
    private func underway(_ sql: String) -> String? {
        for case .preparation(let other, let name) in expected where other == sql { return name }
        return nil
    }

    private func deallocate(_ name: String) throws(PostgreSQLFault) {
        guard PQsendQueryParams(handle, "DEALLOCATE \(name)", 0, nil, nil, nil, nil, 0) == 1 else { throw lost() }
        expected.append(.deallocation(name: name))
    }

    private func sync() throws(PostgreSQLFault) {
        guard PQpipelineSync(handle) == 1 else { throw lost() }
        expected.append(.sync)
        hasPosted = false
    }

    private func lost() -> PostgreSQLFault {
        let message = String(cString: PQerrorMessage(handle))
        return .lost(message.isEmpty ? "the connection was lost" : redaction.apply(message))
    }

    // MARK: Receiving

    /// Receives everything that is owed.
    /// - Returns: the result of the statement among it.
    /// - Throws: the first fault; the rest is received nevertheless, unless the connection is lost.
    private func receive() throws(PostgreSQLFault) -> PostgreSQLResult? {
        var statement: PostgreSQLResult?
        var fault: PostgreSQLFault?
        for expectation in expected {
            if case .sync = expectation {
                let result = PQgetResult(handle)
                defer { PQclear(result) }
                guard PQresultStatus(result) == PGRES_PIPELINE_SYNC else {
                    throw PostgreSQLFault((fault ?? lost()).error, isLost: true)
                }
                continue
            }
            guard let first = PQgetResult(handle) else {
                throw PostgreSQLFault((fault ?? lost()).error, isLost: true)
            }
            // A null ends the results of each statement.
            while let further = PQgetResult(handle) { PQclear(further) }
            let status = PQresultStatus(first)
            if case .statement = expectation, !Self.isFailure(status) {
                statement = PostgreSQLResult(first)
                continue
            }
            if case .posted(let receipt) = expectation, !Self.isFailure(status) {
                let result = PostgreSQLResult(first)
                do throws(DatabaseError) { try receipt(result) } catch { fault = fault ?? PostgreSQLFault(error) }
                continue
            }
            defer { PQclear(first) }
            // What follows a failure is not even tried.
            if status == PGRES_PIPELINE_ABORTED { continue }
            if Self.isFailure(status) {
                var found = PostgreSQLFault(first, redaction: redaction)
                if case .counted(let error) = expectation, Self.isDivisionByZero(first) {
                    found = PostgreSQLFault(error())
                }
                fault = fault ?? found
                guard PQstatus(handle) == CONNECTION_BAD else { continue }
                expected = []
                throw PostgreSQLFault(fault?.error ?? found.error, isLost: true)
            }
            switch expectation {
            case .preparation(let sql, let name): statements.insert(sql, name: name)
            case .deallocation(let name): statements.released(name)
            case .statement, .posted, .counted, .frame, .sync: break
            }
        }
        expected = []
        if let fault { throw fault }
        return statement
    }

    /// Receives everything that is owed: the rows of the statement before each synchronisation, nil where there are
    /// none to be had.
    private func receiveEach(_ rowsMax: Int) throws(PostgreSQLFault) -> [[SQLRow]?] {
        var answers: [[SQLRow]?] = []
        var rows: [SQLRow]?
        for expectation in expected {
            guard let first = PQgetResult(handle) else { throw lost() }
            let status = PQresultStatus(first)
            if case .sync = expectation {
                PQclear(first)
                guard status == PGRES_PIPELINE_SYNC else { throw lost() }
                answers.append(rows)
                rows = nil
                continue
            }
            while let further = PQgetResult(handle) { PQclear(further) }
            if Self.isFailure(status) {
                PQclear(first)
                guard PQstatus(handle) != CONNECTION_BAD else { throw lost() }
                continue
            }
            if case .statement = expectation {
                let result = PostgreSQLResult(first)
                if result.rowCount <= rowsMax { rows = try? result.rows() }
                continue
            }
            PQclear(first)
            switch expectation {
            case .preparation(let sql, let name): statements.insert(sql, name: name)
            case .deallocation(let name): statements.released(name)
            case .statement, .posted, .counted, .frame, .sync: break
            }
        }
        expected = []
        return answers
    }

    private static func isDivisionByZero(_ result: OpaquePointer) -> Bool {
        // The field C: PostgreSQL's documentation, 53.8 and appendix A.
        PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) } == "22012"
    }

    private static func isFailure(_ status: ExecStatusType) -> Bool {
        status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY
    }
}
