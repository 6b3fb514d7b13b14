import Basics

/// How well a component does its work.
public struct Health: Hashable, Sendable {
    /// From best to worst.
    public enum Status: String, CaseIterable, Sendable, Comparable {
        case healthy, degraded, unhealthy

        /// The value of `kaskman_component_health`: 1, 0.5 or 0.
        public var score: Double {
            switch self {
            case .healthy: 1
            case .degraded: 0.5
            case .unhealthy: 0
            }
        }

        /// Whether the left status is better than the right one, so that the greatest is the worst.
        public static func < (left: Status, right: Status) -> Bool { left.score > right.score }
    }

    /// How well the component does its work.
    public let status: Status
    /// What is wrong and what to do, in a sentence; empty when healthy.
    ///
    /// Shown to everyone: no secrets, no paths of users.
    public let reason: String

    /// Makes a verdict; say a reason whenever the status is not healthy.
    public init(_ status: Status, reason: String = "") {
        self.status = status
        self.reason = reason
    }

    /// Doing its work.
    public static let healthy = Health(.healthy)

    /// Doing its work partly or slowly.
    public static func degraded(_ reason: String) -> Health { Health(.degraded, reason: reason) }

    /// Not doing its work.
    public static func unhealthy(_ reason: String) -> Health { Health(.unhealthy, reason: reason) }
}
