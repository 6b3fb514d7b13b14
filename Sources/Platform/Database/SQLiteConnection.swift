internal import Foundation
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
            let statement = try prepared(sql)
            try statement.setArguments(StatementArguments(arguments.map(\.databaseValue)))
            let before = connection.totalChangesCount
            try statement.execute()
            // `changesCount` keeps the number of an earlier statement when this one changed nothing by its kind.
            return connection.totalChangesCount == before ? 0 : connection.changesCount
        }
    }

    func query(_ sql: String, _ arguments: [SQLValue]) throws(DatabaseError) -> [SQLRow] {
        try run { () throws -> [SQLRow] in
            let statement = try prepared(sql)
            let cursor = try Row.fetchCursor(statement, arguments: StatementArguments(arguments.map(\.databaseValue)))
            let columns = SQLRow.Columns(statement.columnNames)
            var rows: [SQLRow] = []
            while let row = try cursor.next() {
                guard rows.count < resultRowsMax else {
                    throw DatabaseError(.tooLarge, "the result has more than \(resultRowsMax) rows (resultRowsMax)")
                }
                rows.append(SQLRow(columns: columns, values: row.databaseValues.map(SQLValue.init)))
            }
            return rows
        }
    }

    func runScript(_ sql: String) throws(DatabaseError) {
        try run { () throws -> Void in try connection.execute(sql: sql) }
    }

    func afterCommit(_ action: @escaping @Sendable () -> Void) {
        commitActions.append(action)
    }

    private func prepared(_ sql: String) throws -> Statement {
        statements.mayKeep(sql) ? try connection.cachedStatement(sql: sql) : try connection.makeStatement(sql: sql)
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

extension SQLValue {
    var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let integer): integer.databaseValue
        case .real(let real): real.databaseValue
        case .text(let text): text.databaseValue
        case .blob(let bytes): Data(bytes).databaseValue
        }
    }

    init(_ value: DatabaseValue) {
        switch value.storage {
        case .null: self = .null
        case .int64(let integer): self = .integer(integer)
        case .double(let real): self = .real(real)
        case .string(let text): self = .text(text)
        case .blob(let bytes): self = .blob([UInt8](bytes))
        }
    }
}
