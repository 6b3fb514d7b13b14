/// The health of the whole platform at one moment.
public struct HealthReport: Sendable {
    /// One component's line.
    public struct Entry: Sendable {
        /// Which component the line is about.
        public let kind: ComponentKind
        /// Whether the platform is unhealthy when this component is.
        public let isEssential: Bool
        /// Where the component is in its life.
        public let state: RunState
        /// What its last health check said.
        public let health: Health
        /// How often it was started again since the process began.
        public let restarts: Int
        /// The error that ended the last run that failed; empty when none did.
        public let lastError: String

        /// Makes a component's line.
        public init(
            kind: ComponentKind,
            isEssential: Bool,
            state: RunState,
            health: Health,
            restarts: Int,
            lastError: String
        ) {
            self.kind = kind
            self.isEssential = isEssential
            self.state = state
            self.health = health
            self.restarts = restarts
            self.lastError = lastError
        }
    }

    /// Where a component is in its life.
    public enum RunState: String, CaseIterable, Sendable {
        case waiting, starting, running, restarting, quarantined, draining, ended
    }

    /// Sorted by kind.
    public let entries: [Entry]
    /// Whether the platform is shutting down and takes no new work.
    public let isDraining: Bool

    /// Makes a report from lines that are sorted by kind.
    public init(entries: [Entry], isDraining: Bool) {
        self.entries = entries
        self.isDraining = isDraining
    }

    /// Unhealthy when an essential component is; degraded when any is not quite well.
    public var status: Health.Status {
        if entries.contains(where: { $0.isEssential && $0.health.status == .unhealthy }) { return .unhealthy }
        return entries.allSatisfy { $0.health.status == .healthy } ? .healthy : .degraded
    }

    /// Whether new requests are welcome: every essential component has started, none is unhealthy, and no drain has
    /// begun.
    public var isReady: Bool {
        !isDraining
            && entries.allSatisfy { !$0.isEssential || ($0.state == .running && $0.health.status != .unhealthy) }
    }
}
