package import Records

/// Why an operation on agents was refused or failed.
package typealias AgentError = RecordError<AgentRefusal>

/// What only agents refuse.
package enum AgentRefusal: RecordRefusal {
    /// Another agent has this name.
    case nameTaken(String)
    /// As many agents are registered as may be.
    case tooManyAgents(agentsMax: Int)

    package var code: RecordErrorCode {
        switch self {
        case .nameTaken: .nameTaken
        case .tooManyAgents: .tooManyAgents
        }
    }

    package static let codes: [RecordErrorCode] = [.nameTaken, .tooManyAgents]
}

extension RecordErrorCode {
    package static let nameTaken = RecordErrorCode(rawValue: "name_taken")
    package static let tooManyAgents = RecordErrorCode(rawValue: "too_many_agents")
}
