internal import GRDB
internal import GRDBSQLite

/// A prepared statement, run by SQLite's own interface: GRDB's arguments and rows cost more than a short statement does.
///
/// Concurrency: confined to the connection's queue.
struct SQLiteStatement {
    private let connection: GRDB.Database
    private let statement: Statement
    private let handle: OpaquePointer

    init(_ statement: Statement, _ connection: GRDB.Database) {
        self.connection = connection
        self.statement = statement
        handle = statement.sqliteStatement
    }

    /// Runs the statement to its end; returns how many rows it inserted, changed or deleted.
    /// - Throws: `GRDB.DatabaseError`, ``DatabaseError``.
    func execute(_ arguments: [SQLValue]) throws -> Int {
        let before = connection.totalChangesCount
        try run(arguments) {}
        // `changesCount` keeps the number of an earlier statement when this one changed nothing by its kind.
        return connection.totalChangesCount == before ? 0 : connection.changesCount
    }

    /// Runs the statement to its end; returns its rows.
    /// - Throws: `GRDB.DatabaseError`, ``DatabaseError``; `tooLarge` when there are more than `rowsMax` of them.
    func rows(_ arguments: [SQLValue], rowsMax: Int) throws -> [SQLRow] {
        var rows: [SQLRow] = []
        var columns: SQLRow.Columns?
        try run(arguments) {
            guard rows.count < rowsMax else {
                throw DatabaseError(.tooLarge, "the result has more than \(rowsMax) rows (resultRowsMax)")
            }
            let names = columns ?? SQLRow.Columns(statement.columnNames)
            columns = names
            rows.append(SQLRow(columns: names, values: (0..<sqlite3_column_count(handle)).map(value)))
        }
        return rows
    }

    private func run(_ arguments: [SQLValue], _ row: () throws -> Void) throws {
        // Whoever failed or gave up in the middle has left it so; until it is reset, it keeps its transaction open.
        sqlite3_reset(handle)
        defer {
            sqlite3_reset(handle)
            sqlite3_clear_bindings(handle)
        }
        let wanted = Int(sqlite3_bind_parameter_count(handle))
        guard arguments.count == wanted else {
            throw DatabaseError(.syntax, "the statement has \(wanted) parameters, not \(arguments.count)")
        }
        for (index, argument) in arguments.enumerated() { try check(bind(argument, at: Int32(index + 1))) }
        while true {
            let code = sqlite3_step(handle)
            switch code {
            case SQLITE_ROW: try row()
            case SQLITE_DONE: return
            default: throw error(code)
            }
        }
    }

    private func bind(_ value: SQLValue, at index: Int32) -> CInt {
        switch value {
        case .null: return sqlite3_bind_null(handle, index)
        case .integer(let integer): return sqlite3_bind_int64(handle, index, integer)
        case .real(let real): return sqlite3_bind_double(handle, index, real)
        case .text(var text):
            return text.withUTF8 { bytes in
                // A null pointer would be a null value.
                guard let start = bytes.baseAddress else { return sqlite3_bind_text(handle, index, "", 0, nil) }
                return start.withMemoryRebound(to: CChar.self, capacity: bytes.count) { characters in
                    sqlite3_bind_text64(
                        handle,
                        index,
                        characters,
                        UInt64(bytes.count),
                        Self.copied,
                        UInt8(SQLITE_UTF8)
                    )
                }
            }
        case .blob(let bytes):
            if bytes.isEmpty { return sqlite3_bind_zeroblob(handle, index, 0) }
            return bytes.withUnsafeBytes {
                sqlite3_bind_blob64(handle, index, $0.baseAddress, UInt64($0.count), Self.copied)
            }
        }
    }

    /// SQLITE_TRANSIENT: SQLite makes its own copy before the call returns.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    private func value(_ column: CInt) -> SQLValue {
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, column))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, column))
        case SQLITE_TEXT:
            guard let start = sqlite3_column_text(handle, column) else { return .text("") }
            let count = Int(sqlite3_column_bytes(handle, column))
            return .text(String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self))
        case SQLITE_BLOB:
            guard let start = sqlite3_column_blob(handle, column) else { return .blob([]) }
            let count = Int(sqlite3_column_bytes(handle, column))
            return .blob([UInt8](UnsafeRawBufferPointer(start: start, count: count)))
        default: return .null
        }
    }

    private func check(_ code: CInt) throws {
        if code != SQLITE_OK { throw error(code) }
    }

    private func error(_ code: CInt) -> GRDB.DatabaseError {
        let message = sqlite3_errmsg(sqlite3_db_handle(handle)).map { String(cString: $0) }
        return GRDB.DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
    }
}
