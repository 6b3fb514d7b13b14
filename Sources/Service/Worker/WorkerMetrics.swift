package import Instruments

/// What a worker counts about itself: the metrics `kaskman_worker_*`.
package struct WorkerMetrics: Sendable {
    package enum AttemptEnd: String, MetricLabel, CaseIterable {
        package static let name = "outcome"
        case completed, failed, abandoned
    }

    package enum Asked: String, MetricLabel, CaseIterable {
        package static let name = "outcome"
        case leased, empty, later, refused
    }

    package enum Renewed: String, MetricLabel, CaseIterable {
        package static let name = "outcome"
        case renewed, later, lost, refused
    }

    package enum Delivered: String, MetricLabel, CaseIterable {
        package static let name = "outcome"
        case accepted, refused, later
    }

    package enum Sent: String, MetricLabel, CaseIterable {
        package static let name = "outcome"
        case sent, dropped
    }

    /// What an older server may not take.
    package enum Report: String, MetricLabel, CaseIterable {
        package static let name = "report"
        case logs, metrics, artefacts
    }

    package struct FailureLabels: MetricLabels {
        package static let names = ["class"]
        package let values: [String]

        package init(_ kind: FailureClass) { values = [kind.rawValue] }
    }

    package struct StopLabels: MetricLabels {
        package static let names = ["reason"]
        package let values: [String]

        package init(_ reason: StopReason) { values = [reason.rawValue] }
    }

    package let attempts: CounterFamily<AttemptEnd>
    package let failures: CounterFamily<FailureLabels>
    package let stops: CounterFamily<StopLabels>
    package let attemptSeconds: Histogram
    package let running: Gauge
    package let leaseRequests: CounterFamily<Asked>
    package let renewals: CounterFamily<Renewed>
    package let heartbeatFailures: Counter
    package let outboxResults: Gauge
    package let outboxDamaged: Gauge
    package let outboxFailures: Counter
    package let deliveries: CounterFamily<Delivered>
    package let logLines: CounterFamily<Sent>
    package let metricPushes: CounterFamily<Sent>
    package let artefacts: CounterFamily<Sent>
    package let artefactBytes: Counter
    package let notTaken: CounterFamily<Report>
    package let survivors: Counter

    package init(_ registry: Registry, concurrency: Int) {
        let prefix = "kaskman_worker_"
        attempts = registry.counter(
            prefix + "attempts_total",
            help: "Attempts that ended, by how; abandoned ones were not this worker's any more.",
            labels: AttemptEnd.self
        )
        failures = registry.counter(
            prefix + "failures_total",
            help: "Attempts that failed, by the class of the error.",
            labels: FailureLabels.self
        )
        stops = registry.counter(
            prefix + "stops_total",
            help: "Attempts that were stopped before their work was done.",
            labels: StopLabels.self
        )
        attemptSeconds = registry.histogram(
            prefix + "attempt_duration_seconds",
            help: "How long attempts ran.",
            buckets: Buckets.exponential(from: 0.05, factor: 4, count: 10)
        )
        running = registry.gauge(prefix + "attempts_running", help: "Attempts that run now.")
        registry.gauge(prefix + "concurrency", help: "How many attempts may run at a time.")
            .set(Double(concurrency))
        leaseRequests = registry.counter(
            prefix + "lease_requests_total",
            help: "Requests for work.",
            labels: Asked.self
        )
        renewals = registry.counter(prefix + "renewals_total", help: "Renewals of leases.", labels: Renewed.self)
        heartbeatFailures = registry.counter(
            prefix + "heartbeat_failures_total",
            help: "Heartbeats that the server did not take."
        )
        outboxResults = registry.gauge(
            prefix + "outbox_results",
            help: "Results that wait on the disk for the server to accept them."
        )
        outboxDamaged = registry.gauge(prefix + "outbox_damaged_files", help: "Results that cannot be read.")
        outboxFailures = registry.counter(
            prefix + "outbox_failures_total",
            help: "Operations of the outbox that the disk refused."
        )
        deliveries = registry.counter(
            prefix + "deliveries_total",
            help: "Results that were sent, by what the server said.",
            labels: Delivered.self
        )
        logLines = registry.counter(
            prefix + "log_lines_total",
            help: "Lines that programs wrote, by whether the server has them.",
            labels: Sent.self
        )
        metricPushes = registry.counter(
            prefix + "metric_pushes_total",
            help: "Pushes of programs' metrics.",
            labels: Sent.self
        )
        artefacts = registry.counter(
            prefix + "artefacts_total",
            help: "Files that were to become artefacts, by whether the server has them.",
            labels: Sent.self
        )
        artefactBytes = registry.counter(prefix + "artefact_bytes_total", help: "Bytes of artefacts that were sent.")
        notTaken = registry.counter(
            prefix + "reports_not_taken_total",
            help: "Attempts whose reports a server of an older version does not take.",
            labels: Report.self
        )
        survivors = registry.counter(
            prefix + "killed_survivors_total",
            help: "Processes that outlived the program that began them, and were ended."
        )
    }
}
