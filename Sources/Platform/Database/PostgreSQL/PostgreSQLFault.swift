import CPostgres

/// What a statement on PostgreSQL failed with, and what that means for the transaction.
struct PostgreSQLFault: Error {
    let error: DatabaseError
    /// The connection is gone, or so broken that it must go.
    let isLost: Bool
    /// Another transaction was in the way; the same closure may well work when it is run once more.
    let isConflict: Bool

    init(_ error: DatabaseError, isLost: Bool = false, isConflict: Bool = false) {
        self.error = error
        self.isLost = isLost
        self.isConflict = isConflict
    }

    static func lost(_ message: String) -> PostgreSQLFault {
        PostgreSQLFault(DatabaseError(.connection, message), isLost: true)
    }

    /// Reads the fields of an error result, which has a state unless the connection was lost.
    init(_ result: OpaquePointer, redaction: PostgreSQLRedaction) {
        func field(_ code: Character) -> String? {
            code.asciiValue.flatMap { PQresultErrorField(result, Int32($0)) }.map { String(cString: $0) }
        }
        let message = field("M") ?? String(cString: PQresultErrorMessage(result))
        guard let state = field("C") else {
            self = .lost(redaction.apply(message.isEmpty ? "the connection was lost" : message))
            return
        }
        let violation = state.hasPrefix("23") ? DatabaseError.Violation(state: state, field: field) : nil
        let severity = field("V") ?? ""
        self.init(
            state: state,
            message: redaction.apply(message),
            isFatal: severity == "FATAL" || severity == "PANIC",
            violation: violation
        )
    }

    /// Sorts an error by its state (PostgreSQL's documentation, appendix A).
    init(state: String, message: String, isFatal: Bool = false, violation: DatabaseError.Violation? = nil) {
        // A statement that was prepared before a migration of another server: it is prepared anew on another connection.
        let isStalePlan = state == "0A000" && message.hasPrefix("cached plan")
        let code = isStalePlan ? .busy : DatabaseError.Code(state: state)
        // Errors of this class quote the value that did not fit, which is not for logs.
        let text = state.hasPrefix("22") ? "an argument does not fit the statement" : message
        self.init(
            DatabaseError(code, "\(text) (SQLSTATE \(state))", violation: violation),
            isLost: isFatal || isStalePlan || state.hasPrefix("08") || state.hasPrefix("57P"),
            isConflict: ["40001", "40P01"].contains(state) || isStalePlan
        )
    }
}

extension DatabaseError.Code {
    /// The reason behind a state of five characters: a class of two, and what it is in that.
    init(state: String) {
        switch state {
        case "40001", "40P01", "55P03", "55006": self = .busy
        case "53100": self = .full
        case "53200", "53300", "53400": self = .overloaded
        case "25006", "42501": self = .readOnly
        case "57014": self = .cancelled
        case "25P03", "25P04", "3D000": self = .connection
        case "58030", "58P01", "58P02": self = .inputOutput
        case "XX001", "XX002": self = .corrupted
        default:
            switch state.prefix(2) {
            case "08", "28", "57": self = .connection
            case "23": self = .constraint
            case "0A", "22", "26", "42": self = .syntax
            case "54": self = .tooLarge
            default: self = .other
            }
        }
    }
}

extension DatabaseError.Violation {
    /// Reads what PostgreSQL tells of a violated constraint, by the letters of its error fields.
    init(state: String, field: (Character) -> String?) {
        let kind: Kind =
            switch state {
            case "23505": .unique
            case "23503": .foreignKey
            case "23514": .check
            case "23502": .notNull
            default: .other
            }
        let columns: [String] =
            switch kind {
            case .unique: field("D").map(Self.columns) ?? []
            case .notNull: field("c").map { [$0] } ?? []
            case .foreignKey, .check, .other: []
            }
        self.init(kind: kind, table: field("t"), columns: columns, name: field("n"))
    }

    /// The columns in `Key (a, b)=(1, 2) already exists.`, whatever the language; none for an index on expressions.
    static func columns(detail: String) -> [String] {
        guard let begin = detail.firstIndex(of: "("), let end = detail.firstRange(of: ")=(") else { return [] }
        guard begin < end.lowerBound else { return [] }
        let names = detail[detail.index(after: begin)..<end.lowerBound].split(separator: ",").map { part in
            String(part.drop { $0 == " " })
        }
        let isPlain = names.allSatisfy { name in name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" } }
        return isPlain ? names : []
    }
}
