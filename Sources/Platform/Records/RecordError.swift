package import Basics
package import Database
package import Events

/// Why an operation on records was refused or failed.
package enum RecordError<Refusal: RecordRefusal>: Error, Hashable, Sendable {
    package typealias Code = RecordErrorCode

    /// There is no such record, or it was deleted.
    case notFound(UUIDv7)
    /// The fields break their limits.
    case invalid([FieldViolation])
    /// A parameter of a list or a key breaks its limits.
    case invalidParameter(name: String, reason: String)
    /// The cursor cannot be used for this list.
    case invalidCursor(PageCursorError)
    /// The record has changed since the caller read it.
    case versionMismatch(current: Int64)
    /// The key was used within its lifetime for a creation with another content.
    case idempotencyConflict(key: String)
    /// What only this resource refuses.
    case refused(Refusal)
    /// The event of the change could not be written; nothing was changed.
    case event(EventError)
    /// The database failed; nothing was changed.
    case database(DatabaseError)

    package var code: Code {
        switch self {
        case .notFound: .notFound
        case .invalid: .invalid
        case .invalidParameter: .invalidParameter
        case .invalidCursor: .invalidCursor
        case .versionMismatch: .versionMismatch
        case .idempotencyConflict: .idempotencyConflict
        case .refused(let refusal): refusal.code
        case .event: .event
        case .database: .database
        }
    }

    /// Every reason that there is: the values of the metric label `error_code`.
    package static var codes: [Code] {
        [
            .notFound, .invalid, .invalidParameter, .invalidCursor, .versionMismatch, .idempotencyConflict, .event,
            .database,
        ] + Refusal.codes
    }

    /// Any error that comes out of a transaction.
    package init(_ error: any Error) {
        self =
            switch error {
            case let error as Self: error
            case let error as Refusal: .refused(error)
            case let error as ParameterFault: .invalidParameter(name: error.name, reason: error.reason)
            case let error as IdempotencyConflict: .idempotencyConflict(key: error.key)
            case let error as PageCursorError: .invalidCursor(error)
            case let error as DatabaseError: .database(error)
            case let error as EventError: .event(error)
            default: .database(DatabaseError(.other, "\(error)"))
            }
    }
}

/// What only one resource refuses, such as a change of status that its state machine does not have.
package protocol RecordRefusal: Error, Hashable {
    var code: RecordErrorCode { get }
    /// Every code that there is.
    static var codes: [RecordErrorCode] { get }
}

/// A reason as a word: a value of the metric label `error_code`, from a closed set for each resource.
package struct RecordErrorCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    package static let notFound = RecordErrorCode(rawValue: "not_found")
    package static let invalid = RecordErrorCode(rawValue: "invalid")
    package static let invalidParameter = RecordErrorCode(rawValue: "invalid_parameter")
    package static let invalidCursor = RecordErrorCode(rawValue: "invalid_cursor")
    package static let versionMismatch = RecordErrorCode(rawValue: "version_mismatch")
    package static let idempotencyConflict = RecordErrorCode(rawValue: "idempotency_conflict")
    package static let event = RecordErrorCode(rawValue: "event")
    package static let database = RecordErrorCode(rawValue: "database")
}

/// A parameter of a list or a key that breaks its limits.
package struct ParameterFault: Error, Hashable, Sendable {
    package let name: String
    /// What is wrong, for people.
    package let reason: String

    package init(_ name: String, _ reason: String) {
        self.name = name
        self.reason = reason
    }
}

/// A change of status that a state machine does not have.
package struct StatusTransitionError<Status: Hashable & Sendable>: Error, Hashable, Sendable {
    package let from: Status
    package let to: Status

    package init(from: Status, to: Status) {
        self.from = from
        self.to = to
    }
}
