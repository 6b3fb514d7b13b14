public import Instruments

/// The notifier's own metrics.
public struct NotificationMetrics: Sendable {
    /// The label of a receiver; their number is bounded by the configuration.
    public struct ReceiverLabel: MetricLabels {
        public static let names = ["receiver"]
        public let receiver: String
        public var values: [String] { [receiver] }

        public init(_ receiver: String) { self.receiver = receiver }
    }

    /// The labels of failed notifications.
    public struct FailureLabels: MetricLabels {
        public static let names = ["receiver", "reason"]
        public let receiver: String
        public let reason: DeliveryFailure
        public var values: [String] { [receiver, reason.rawValue] }

        public init(_ receiver: String, _ reason: DeliveryFailure) {
            self.receiver = receiver
            self.reason = reason
        }
    }

    let notifications: Family<ReceiverLabel, Counter>
    let failures: Family<FailureLabels, Counter>
    let retries: Family<ReceiverLabel, Counter>
    let latency: Histogram
    let queueLength: Gauge
    let queueCapacity: Gauge
    let dropped: Counter
    let groups: Gauge

    /// Registers the metrics.
    public init(registry: Registry) {
        notifications = registry.counter(
            "kaskman_notifications_total",
            help: "Notifications that were to be delivered.",
            labels: ReceiverLabel.self
        )
        failures = registry.counter(
            "kaskman_notifications_failed_total",
            help: "Notifications that were given up.",
            labels: FailureLabels.self
        )
        retries = registry.counter(
            "kaskman_notification_retries_total",
            help: "Attempts after the first one.",
            labels: ReceiverLabel.self
        )
        latency = registry.histogram(
            "kaskman_notification_latency_seconds",
            help: "How long one request to a receiver took.",
            buckets: Buckets.seconds
        )
        queueLength = registry.gauge("kaskman_notifications_queue_length", help: "Alerts waiting to be grouped.")
        queueCapacity = registry.gauge(
            "kaskman_notifications_queue_capacity",
            help: "The most alerts that may wait to be grouped."
        )
        dropped = registry.counter(
            "kaskman_notifications_dropped_total",
            help: "Alerts lost because the queue or the notifier was full."
        )
        groups = registry.gauge("kaskman_notification_groups", help: "Groups of alerts that are known.")
    }
}
