package import Basics

/// How an agent is: derived from its heartbeats and the time, never stored as the truth.
package enum AgentStatus: String, Hashable, Sendable, CaseIterable {
    /// Heard of within its timeout.
    case online
    /// Online, and to take no new tasks.
    case draining
    /// Online, and given one task at a time after a growing delay, since its attempts keep failing.
    case quarantined
    /// Silent after it was to take no new tasks, or after it said that it ends: as one wanted.
    case stopped
    /// Silent for longer than its timeout.
    case late
    /// Silent for longer than ``AgentPresence/offlineFactor`` timeouts.
    case offline
    /// Registered and not heard of yet.
    case neverSeen = "never_seen"

    /// How bad it is: a greater one is worse.
    var severity: Int {
        switch self {
        case .online, .draining, .quarantined: 0
        case .stopped, .late: 1
        case .offline: 2
        case .neverSeen: 3
        }
    }
}

/// What the status of an agent depends on.
package struct AgentPresence: Hashable, Sendable {
    /// After how many timeouts of silence a late agent is offline.
    package static let offlineFactor = 3

    package var lastHeartbeatAt: Timestamp?
    package var timeout: Duration
    package var isDraining: Bool
    package var isQuarantined: Bool
    /// Whether it said with its last sign of life that it ends.
    package var hasEnded: Bool

    package init(
        lastHeartbeatAt: Timestamp?,
        timeout: Duration,
        isDraining: Bool,
        isQuarantined: Bool = false,
        hasEnded: Bool = false
    ) {
        self.lastHeartbeatAt = lastHeartbeatAt
        self.timeout = timeout
        self.isDraining = isDraining
        self.isQuarantined = isQuarantined
        self.hasEnded = hasEnded
    }

    /// Whether its silence has lasted so long that another sign of life than a heartbeat is worth noting.
    package func isQuiet(at now: Timestamp) -> Bool {
        hasEnded || lastHeartbeatAt.map { now.since($0) > timeout / 2 } ?? true
    }

    /// The status at a time; a heartbeat from later than `now`, as after a step of the clock, counts as just heard.
    package func status(at now: Timestamp) -> AgentStatus {
        guard let lastHeartbeatAt else { return .neverSeen }
        if hasEnded { return .stopped }
        let silence = now.since(lastHeartbeatAt)
        if silence <= timeout { return isDraining ? .draining : isQuarantined ? .quarantined : .online }
        if isDraining { return .stopped }
        return silence <= timeout * Self.offlineFactor ? .late : .offline
    }
}
