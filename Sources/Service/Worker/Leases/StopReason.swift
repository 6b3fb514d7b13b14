/// Why an attempt is to end before its work is done; a closed set, since it becomes the label `reason`.
package enum StopReason: String, Hashable, Sendable, CaseIterable {
    /// The server says that the lease is not this worker's any more: cancelled, expired, or given to another.
    case leaseLost = "lease_lost"
    /// The server has not been reached for so long that it must have given the lease up.
    case serverUnreachable = "server_unreachable"
    /// The worker ends.
    case workerStopped = "worker_stopped"

    /// Whether the server still wants to hear how the attempt ended.
    package var isReported: Bool { self == .workerStopped }
}
