/// The connection of PostgreSQL inside one transaction.
///
/// The transaction begins with the first statement, in the same round trip: one that has none costs none.
///
/// Concurrency: confined to the connection's thread for the time of the transaction.
final class PostgreSQLConnection: SQLConnection {
    private let session: PostgreSQLSession
    private let begin: String
    private let ticket: AccessTicket
    private let resultRowsMax: Int
    private(set) var hasBegun = false
    private(set) var failure: PostgreSQLFault?
    private(set) var commitActions: [@Sendable () -> Void] = []

    init(_ session: PostgreSQLSession, begin: String, ticket: AccessTicket, resultRowsMax: Int) {
        self.session = session
        self.begin = begin
        self.ticket = ticket
        self.resultRowsMax = resultRowsMax
    }

    var dialect: SQLDialect { .postgresql }

    func execute(_ sql: String, _ arguments: [SQLValue]) throws(DatabaseError) -> Int {
        try attempt { () throws(PostgreSQLFault) -> Int in try run(sql, arguments).changedRows }
    }

    func query(_ sql: String, _ arguments: [SQLValue]) throws(DatabaseError) -> [SQLRow] {
        try attempt { () throws(PostgreSQLFault) -> [SQLRow] in
            let result = try run(sql, arguments)
            guard result.rowCount <= resultRowsMax else {
                throw PostgreSQLFault(
                    DatabaseError(.tooLarge, "the result has more than \(resultRowsMax) rows (resultRowsMax)")
                )
            }
            do throws(DatabaseError) { return try result.rows() } catch { throw PostgreSQLFault(error) }
        }
    }

    func post(
        _ sql: String,
        _ arguments: [SQLValue],
        changing count: Int,
        or error: @escaping () -> DatabaseError
    ) throws(DatabaseError) {
        try attempt { () throws(PostgreSQLFault) -> Void in
            let begin = hasBegun ? nil : begin
            hasBegun = true
            try session.post(sql, arguments, begin: begin, changing: count, or: error)
        }
    }

    func post(
        _ sql: String,
        _ arguments: [SQLValue],
        _ receive: @escaping ([SQLRow]) -> Void
    ) throws(DatabaseError) {
        try attempt { () throws(PostgreSQLFault) -> Void in
            let begin = hasBegun ? nil : begin
            hasBegun = true
            try session.post(sql, arguments, begin: begin) {
                (result: borrowing PostgreSQLResult) throws(DatabaseError) -> Void in
                receive(try result.rows())
            }
        }
    }

    func runScript(_ sql: String) throws(DatabaseError) {
        try attempt { () throws(PostgreSQLFault) -> Void in
            if !hasBegun { _ = try run("SELECT 1", []) }
            try session.runScript(sql)
        }
    }

    func afterCommit(_ action: @escaping @Sendable () -> Void) {
        commitActions.append(action)
    }

    private func run(_ sql: String, _ arguments: [SQLValue]) throws(PostgreSQLFault) -> PostgreSQLResult {
        let begin = hasBegun ? nil : begin
        hasBegun = true
        return try session.run(sql, arguments, begin: begin)
    }

    private func attempt<T>(_ body: () throws(PostgreSQLFault) -> T) throws(DatabaseError) -> T {
        if let failure { throw failure.error }
        if let abandonment = ticket.abandonment { throw abandonment }
        do throws(PostgreSQLFault) {
            return try body()
        } catch {
            let reason = ticket.abandonment ?? error.error
            failure = PostgreSQLFault(reason, isLost: error.isLost, isConflict: error.isConflict)
            throw reason
        }
    }
}
