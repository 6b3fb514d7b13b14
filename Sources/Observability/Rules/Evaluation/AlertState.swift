public import Basics
public import MetricModel

/// What an alert is at a moment.
public enum AlertState: String, Sendable, CaseIterable, Comparable {
    case inactive, pending, firing

    /// Orders by urgency: inactive before pending before firing.
    public static func < (left: AlertState, right: AlertState) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .inactive: 0
        case .pending: 1
        case .firing: 2
        }
    }
}

/// An alert of a rule: one element of the rule's vector, with its history.
public struct Alert: Sendable, Equatable {
    /// Where the alert is in its life.
    public internal(set) var state: AlertState
    /// With `alertname`, without the metric name.
    public let labels: Labels
    /// The annotations as last expanded.
    public internal(set) var annotations: Labels
    /// The expression's value at the last evaluation that had the alert.
    public internal(set) var value: Double
    /// Since when the condition holds.
    public internal(set) var activeAt: Timestamp
    /// When the alert began to fire; nil while it has not.
    public internal(set) var firedAt: Timestamp?
    /// When the alert ended after firing; nil while it has not.
    public internal(set) var resolvedAt: Timestamp?
    /// Since when the alert fires although the condition has ended.
    public internal(set) var keepFiringSince: Timestamp?
    /// When receivers were last told of it; nil when they never were.
    public internal(set) var lastSentAt: Timestamp?
    /// Until when a receiver may take the alert for firing without hearing of it again.
    public internal(set) var validUntil: Timestamp?
}

/// A rule whose result cannot be used; the wording is upstream's.
public enum RuleError: Error, Hashable, Sendable, CustomStringConvertible {
    case duplicateLabelsets(isAlert: Bool)
    case limitExceeded(limit: Int, count: Int, isAlert: Bool)
    /// What the engine said.
    case query(String)
    /// What the store said.
    case storage(String)

    /// The error in upstream's words.
    public var description: String {
        switch self {
        case .duplicateLabelsets(let isAlert):
            "vector contains metrics with the same labelset after applying \(isAlert ? "alert" : "rule") labels"
        case .limitExceeded(let limit, let count, let isAlert):
            "exceeded limit of \(limit) with \(count) \(isAlert ? "alerts" : "series")"
        case .query(let message), .storage(let message): message
        }
    }
}
