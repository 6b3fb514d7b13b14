import Client
import JSON

/// The tasks that an attempt at coordinating a plan wants to have made.
///
/// Concurrency: one task uses it.
package struct ChildTasks: Sendable {
    /// The name of the request: the same in each attempt at the task, so that the first one that arrives counts.
    private static let key = "children"

    /// How much a program may write of them.
    package static let bytesMax = 1 << 20
    package static let depthMax = 32

    let lease: LeaseKey
    let client: AgentClient
    let calls: PatientCalls

    /// Has the tasks made of what a program wrote; nil when they are, else what is wrong.
    func send(_ bytes: [UInt8]) async -> AttemptOutcome? {
        let limits = JSONLimits(bytesMax: Self.bytesMax, depthMax: Self.depthMax)
        guard let tasks = (try? JSONValue(parsing: bytes, limits: limits))?.array else {
            return .failed(.childrenRefused, message: "KASKMAN_CHILDREN holds no JSON array")
        }
        if tasks.isEmpty { return nil }
        do throws(PatientCalls.Fault) {
            try await calls.make { () async throws(AgentCallError) in
                try await client.spawn(lease, tasks, key: Self.key)
            }
            return nil
        } catch {
            switch error {
            case .notTaken: return .failed(.childrenRefused, message: "the server makes no tasks for others")
            // Nobody wants to hear how it ended, or the worker ends and another one does it again.
            case .stopped: return .failed(.workerStopped, message: "the attempt ended before its tasks were made")
            case .refused(let reason): return .failed(.childrenRefused, message: reason)
            }
        }
    }
}
