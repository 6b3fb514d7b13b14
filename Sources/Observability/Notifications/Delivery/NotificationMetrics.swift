public import Instruments

/// The notifier's own metrics.
public struct NotificationMetrics: Sendable {
    /// The label of a receiver; their number is bounded by the configuration.
    public struct ReceiverLabel: MetricLabels {
        /// The one label, `receiver`.
        public static let names = ["receiver"]
        /// The receiver's name.
        public let receiver: String
        /// The receiver's name as the label's value.
        public var values: [String] { [receiver] }

        /// Makes the label of a receiver from its name.
        public init(_ receiver: String) { self.receiver = receiver }
    }

    /// The labels of failed notifications.
    public struct FailureLabels: MetricLabels {
        /// The labels `receiver` and `reason`.
        public static let names = ["receiver", "reason"]
        /// The receiver's name.
        public let receiver: String
        /// Why the notification was given up.
        public let reason: DeliveryFailure
        /// The receiver's name and the reason's raw value.
        public var values: [String] { [receiver, reason.rawValue] }

        /// Makes the labels of a receiver's failure.
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
    let undelivered: Counter
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
            help: "Alerts lost because the queue, a group or the notifier was full, or a drain ended before them."
        )
        undelivered = registry.counter(
            "kaskman_notifications_undelivered_total",
            help: "Resolved alerts forgotten because a receiver could not be told of them for too long."
        )
        groups = registry.gauge("kaskman_notification_groups", help: "Groups of alerts that are known.")
    }

    /// Makes the counters of the receivers, at 0: a rate sees the first failure only against a zero before it.
    func prepare(receivers: [String]) {
        for receiver in receivers {
            _ = notifications[.init(receiver)]
            _ = retries[.init(receiver)]
            for reason in DeliveryFailure.allCases { _ = failures[.init(receiver, reason)] }
        }
    }
}
