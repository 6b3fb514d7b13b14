internal import GRDB

extension DatabaseError {
    /// The error of SQLite, as one of ours.
    init(sqlite error: GRDB.DatabaseError) {
        let text = error.message ?? "\(error.resultCode)"
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.busy, text)
        case .SQLITE_FULL:
            self.init(.full, text)
        case .SQLITE_CONSTRAINT:
            self.init(.constraint, text, violation: Violation(code: error.extendedResultCode, message: text))
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(.corrupted, text)
        case .SQLITE_READONLY:
            self.init(.readOnly, text)
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
            self.init(.connection, text)
        case .SQLITE_IOERR, .SQLITE_NOLFS, .SQLITE_PROTOCOL:
            self.init(.inputOutput, text)
        case .SQLITE_INTERRUPT, .SQLITE_ABORT:
            self.init(.cancelled, text)
        case .SQLITE_ERROR, .SQLITE_MISUSE, .SQLITE_RANGE, .SQLITE_MISMATCH, .SQLITE_SCHEMA:
            self.init(.syntax, text)
        case .SQLITE_TOOBIG:
            self.init(.tooLarge, text)
        default:
            self.init(.other, text)
        }
    }

    /// Any error of GRDB as one of ours; nil when it is none of GRDB's.
    init?(grdb error: any Error) {
        switch error {
        case let error as GRDB.DatabaseError: self.init(sqlite: error)
        case let error as RowDecodingError: self.init(.decoding, "\(error)")
        case is CancellationError: self.init(.cancelled, "the task was cancelled")
        default: return nil
        }
    }
}

extension DatabaseError.Violation {
    /// Reads SQLite's message: `UNIQUE constraint failed: users.name, users.realm`, `… failed: index 'i'`,
    /// `CHECK constraint failed: name`, `NOT NULL constraint failed: users.name`, `FOREIGN KEY constraint failed`.
    init(code: ResultCode, message: String) {
        let kind: Kind =
            switch code {
            case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_ROWID: .unique
            case .SQLITE_CONSTRAINT_FOREIGNKEY: .foreignKey
            case .SQLITE_CONSTRAINT_CHECK: .check
            case .SQLITE_CONSTRAINT_NOTNULL: .notNull
            default: .other
            }
        guard let separator = message.firstRange(of: "constraint failed: ") else {
            self.init(kind: kind)
            return
        }
        let detail = message[separator.upperBound...]
        if detail.hasPrefix("index '") {
            self.init(kind: kind, name: String(detail.dropFirst(7).prefix { $0 != "'" }))
        } else if kind == .unique || kind == .notNull {
            let parts = detail.split(separator: ",").map { part in
                part.drop { $0 == " " }.split(separator: ".", maxSplits: 1).map(String.init)
            }
            let columns = parts.compactMap { $0.count == 2 ? $0[1] : nil }
            self.init(kind: kind, table: parts.first?.first, columns: columns)
        } else {
            self.init(kind: kind, name: String(detail))
        }
    }
}
