/// Every part of the platform that is supervised.
///
/// Closed: the raw value is the label `component`, the name of the rule file, the row on the dashboard and the line on
/// the health page.
public enum ComponentKind: String, CaseIterable, Sendable, Comparable {
    case database
    /// Only where a Redis is configured.
    case redis
    case events
    case identity
    case admission
    case projects
    case tasks
    case coordinator
    case schedules
    case agents
    case timeSeries = "time_series"
    case sampler
    case queries
    case rules
    case notifications
    case live
    case http

    /// Orders by the raw values, as reports list components.
    public static func < (left: ComponentKind, right: ComponentKind) -> Bool { left.rawValue < right.rawValue }
}
