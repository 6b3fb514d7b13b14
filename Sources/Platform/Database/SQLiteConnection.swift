internal import GRDB

/// The connection of SQLite inside one transaction.
///
/// Concurrency: confined to the connection's queue for the time of the transaction.
final class SQLiteConnection: SQLConnection {
    private let connection: GRDB.Database
    private let statements: StatementTexts
    private let ticket: AccessTicket
    private let resultRowsMax: Int
    private(set) var failure: DatabaseError?
    private(set) var commitActions: [@Sendable () -> Void] = []

    init(_ connection: GRDB.Database, statements: StatementTexts, ticket: AccessTicket, resultRowsMax: Int) {
        self.connection = connection
        self.statements = statements
        self.ticket = ticket
        self.resultRowsMax = resultRowsMax
    }

    var dialect: SQLDialect { .sqlite }

    func execute(_ sql: String, _ arguments: [SQLValue]) throws(DatabaseError) -> Int {
        try run { () throws -> Int in
            try prepared(sql).execute(arguments)
        }
    }

    func query(_ sql: String, _ arguments: [SQLValue]) throws(DatabaseError) -> [SQLRow] {
        try run { () throws -> [SQLRow] in
            try prepared(sql).rows(arguments, rowsMax: resultRowsMax)
        }
    }

    func runScript(_ sql: String) throws(DatabaseError) {
        try run { () throws -> Void in try connection.execute(sql: sql) }
    }

    func afterCommit(_ action: @escaping @Sendable () -> Void) {
        commitActions.append(action)
    }

    private func prepared(_ sql: String) throws -> SQLiteStatement {
        let isKept = statements.mayKeep(sql)
        let statement = try isKept ? connection.cachedStatement(sql: sql) : connection.makeStatement(sql: sql)
        return SQLiteStatement(statement, connection)
    }

    private func run<T>(_ body: () throws -> T) throws(DatabaseError) -> T {
        if let failure { throw failure }
        if let abandonment = ticket.abandonment { throw abandonment }
        do {
            return try body()
        } catch {
            let failure =
                ticket.abandonment ?? error as? DatabaseError ?? DatabaseError(grdb: error)
                ?? DatabaseError(.other, "\(error)")
            self.failure = failure
            throw failure
        }
    }
}
