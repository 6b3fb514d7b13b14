/// What went wrong in the database.
package struct DatabaseError: Error, Hashable, CustomStringConvertible {
    /// The closed set of reasons; the raw values are the values of the metric label `error_code`.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        /// Another connection or process holds the lock longer than the busy timeout.
        case busy
        /// The disk, or the database's own limit of pages, is full.
        case full
        /// A constraint of the schema was violated; see ``DatabaseError/violation``.
        case constraint
        /// The file is damaged, or no database.
        case corrupted
        /// The database or its file can only be read, or a read transaction tried to write.
        case readOnly = "read_only"
        /// The database cannot be opened or reached, or is closed; what was to be written was not.
        case connection
        /// The connection was lost during the commit: whether it happened is not known, so look before it is done again.
        case unknownCommit = "unknown_commit"
        /// The file stands no longer where it was opened.
        case moved
        /// Reading or writing the file failed.
        case inputOutput = "io"
        /// The operation took longer than its time limit.
        case timeout
        /// Too many callers wait for the database.
        case overloaded
        /// The task that asked was cancelled.
        case cancelled
        /// The statement is no valid SQL for this schema, or its arguments do not fit it.
        case syntax
        /// A column is missing or holds another kind of value than the program expects.
        case decoding
        /// The result has more rows than allowed, or a value is too big.
        case tooLarge = "too_large"
        /// Anything else.
        case other
    }

    /// A violated constraint.
    package struct Violation: Hashable, Sendable {
        /// The kinds of constraint.
        package enum Kind: String, Hashable, Sendable {
            case unique, foreignKey, check, notNull, other
        }

        package let kind: Kind
        /// The table, where the database tells.
        package let table: String?
        /// The constraint's columns, where the database tells: for unique and not-null constraints on columns.
        package let columns: [String]
        /// The name of the constraint or index, where the database tells: for checks and unique indexes on expressions.
        package let name: String?

        package init(kind: Kind, table: String? = nil, columns: [String] = [], name: String? = nil) {
            self.kind = kind
            self.table = table
            self.columns = columns
            self.name = name
        }
    }

    package let code: Code
    /// What happened, for people; holds no argument values.
    package let message: String
    /// The violated constraint, when the code is `constraint`.
    package let violation: Violation?

    package init(_ code: Code, _ message: String, violation: Violation? = nil) {
        self.code = code
        self.message = message
        self.violation = violation
    }

    /// Whether the same operation may succeed when it is tried again, a little later.
    package var isRetryable: Bool {
        switch code {
        case .busy, .overloaded, .timeout, .connection: true
        case .full, .constraint, .corrupted, .readOnly, .unknownCommit, .moved, .inputOutput, .cancelled, .syntax,
            .decoding, .tooLarge, .other:
            false
        }
    }

    package var description: String { "database \(code.rawValue): \(message)" }

    /// The same error, saying during which operation it happened.
    func during(_ operation: OperationName) -> DatabaseError {
        DatabaseError(code, "\(operation): \(message)", violation: violation)
    }
}

extension Error {
    /// The violated constraint, when this is a database error of that kind of violation.
    package func violation(_ kind: DatabaseError.Violation.Kind) -> DatabaseError.Violation? {
        guard let violation = (self as? DatabaseError)?.violation, violation.kind == kind else { return nil }
        return violation
    }
}
