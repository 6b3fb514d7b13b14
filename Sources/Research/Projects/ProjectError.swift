package import Basics
package import Database
package import Events

/// Why an operation on projects was refused or failed.
package enum ProjectError: Error, Hashable, Sendable {
    /// There is no such project, or it was deleted.
    case notFound(UUIDv7)
    /// The fields break their limits.
    case invalid([FieldViolation])
    /// A parameter of a list or a key breaks its limits.
    case invalidParameter(name: String, reason: String)
    /// The cursor cannot be used for this list.
    case invalidCursor(PageCursorError)
    /// The project has changed since the caller read it.
    case versionMismatch(current: Int64)
    /// The status may not change that way.
    case statusTransition(from: ProjectStatus, to: ProjectStatus)
    /// The key was used within its lifetime for a creation with another content.
    case idempotencyConflict(key: String)
    /// The event of the change could not be written; nothing was changed.
    case event(EventError)
    /// The database failed; nothing was changed.
    case database(DatabaseError)

    /// The closed set of reasons: the values of the metric label `error_code`.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        case notFound = "not_found"
        case invalid
        case invalidParameter = "invalid_parameter"
        case invalidCursor = "invalid_cursor"
        case versionMismatch = "version_mismatch"
        case statusTransition = "status_transition"
        case idempotencyConflict = "idempotency_conflict"
        case event
        case database
    }

    package var code: Code {
        switch self {
        case .notFound: .notFound
        case .invalid: .invalid
        case .invalidParameter: .invalidParameter
        case .invalidCursor: .invalidCursor
        case .versionMismatch: .versionMismatch
        case .statusTransition: .statusTransition
        case .idempotencyConflict: .idempotencyConflict
        case .event: .event
        case .database: .database
        }
    }

    /// Any error that comes out of a transaction of this module.
    init(_ error: any Error) {
        self =
            switch error {
            case let error as ProjectError: error
            case let error as DatabaseError: .database(error)
            case let error as EventError: .event(error)
            case let error as PageCursorError: .invalidCursor(error)
            case let error as StatusTransitionError<ProjectStatus>: .statusTransition(from: error.from, to: error.to)
            default: .database(DatabaseError(.other, "\(error)"))
            }
    }
}
