package import Agents
import Basics
package import Tasks

/// Keeps the agents' records of how their attempts end: tasks and agents know nothing of each other.
package enum AttemptRecords {
    /// What tells an agent's record of the end of an attempt, in its transaction; a cancellation says nothing of the agent.
    package static func handler(_ agents: AgentRepository) -> AttemptEndHandler {
        { end, connection in
            let isSuccess: Bool
            switch end.outcome {
            case .succeeded: isSuccess = true
            case .failed, .leaseExpired, .timedOut: isSuccess = false
            case .cancelled: return
            }
            try agents.attemptEnded(
                agentID: end.agentID,
                kind: end.kind,
                isSuccess: isSuccess,
                at: end.endedAt,
                in: connection
            )
        }
    }
}
