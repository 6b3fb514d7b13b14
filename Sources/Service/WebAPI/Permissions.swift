import HTTP

/// The permissions that routes ask for, as Identity names them.
extension Permission {
    static let metricsQuery = Permission(rawValue: "metrics.query")
    static let alertsRead = Permission(rawValue: "alerts.read")
    static let systemRead = Permission(rawValue: "system.read")
}
