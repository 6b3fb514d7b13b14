package import Basics
package import Database
package import Events
package import Projects

/// Why an operation on agents was refused or failed.
package enum AgentError: Error, Hashable, Sendable {
    /// There is no such agent, or it was deleted.
    case notFound(UUIDv7)
    /// The fields break their limits.
    case invalid([FieldViolation])
    /// A parameter of a list breaks its limits.
    case invalidParameter(name: String, reason: String)
    /// The cursor cannot be used for this list.
    case invalidCursor(PageCursorError)
    /// The agent has changed since the caller read it.
    case versionMismatch(current: Int64)
    /// Another agent has this name.
    case nameTaken(String)
    /// As many agents are registered as may be.
    case tooManyAgents(agentsMax: Int)
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
        case nameTaken = "name_taken"
        case tooManyAgents = "too_many_agents"
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
        case .nameTaken: .nameTaken
        case .tooManyAgents: .tooManyAgents
        case .event: .event
        case .database: .database
        }
    }

    /// Any error that comes out of a transaction of this module.
    init(_ error: any Error) {
        self =
            switch error {
            case let error as AgentError: error
            case let error as DatabaseError: .database(error)
            case let error as EventError: .event(error)
            case let error as PageCursorError: .invalidCursor(error)
            default: .database(DatabaseError(.other, "\(error)"))
            }
    }
}
