package import Agents
package import Basics
import Database
package import Tasks

/// Keeps the agents' records of how their attempts end: tasks and agents know nothing of each other.
package enum AttemptRecords {
    /// What tells an agent's record of the end of an attempt, in its transaction; a cancellation or a
    /// budget that is used up says nothing of the agent.
    ///
    /// `ended` is told the task once that is committed, on an arbitrary thread; it must not block.
    package static func handler(
        _ agents: AgentRepository,
        ended: @escaping @Sendable (_ task: UUIDv7) -> Void = { _ in }
    ) -> AttemptEndHandler {
        { end, connection in
            connection.afterCommit { ended(end.taskID) }
            let isSuccess: Bool
            switch end.outcome {
            case .succeeded: isSuccess = true
            case .failed, .leaseExpired, .timedOut: isSuccess = false
            case .cancelled, .budgetExceeded: return
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
