internal import Basics
internal import Instruments

/// Why a lease that was decided was not made; the raw values are the values of the metric label `reason`.
enum LeaseObstacle: String, Hashable, Sendable, CaseIterable {
    /// The task is not queued any more, or is in another's hands now.
    case changed
    /// Its project is closed, paused or deleted.
    case projectHeld = "project_held"
    /// A concurrency key is at its limit.
    case keyFull = "key_full"
    /// The agent has no room, or is not what it was when it asked.
    case agent
    /// The transaction failed.
    case failed
}

/// The metrics of the coordinator.
struct CoordinatorMetrics: Sendable {
    private struct ReasonLabel: MetricLabels {
        static let names = ["reason"]
        let reason: LeaseObstacle
        var values: [String] { [reason.rawValue] }
    }

    private let decisions: Counter
    private let duration: Histogram
    private let refusals: CounterFamily<ReasonLabel>
    private let lastSync: Gauge
    private let drift: Counter

    init(_ registry: Registry) {
        decisions = registry.counter(
            "kaskman_coordinator_decisions_total",
            help: "Tasks that the scheduler gave to agents, whether they could be leased or not."
        )
        duration = registry.histogram(
            "kaskman_coordinator_decision_duration_seconds",
            help: "How long a round of decisions took that gave out at least one task.",
            buckets: [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 1]
        )
        refusals = registry.counter(
            "kaskman_coordinator_refusals_total",
            help: "Decisions that the database did not bear out, by reason: the image was behind.",
            labels: ReasonLabel.self
        )
        lastSync = registry.gauge(
            "kaskman_coordinator_last_success_timestamp_seconds",
            help: "When the scheduler's image was last brought up to date, as a Unix time."
        )
        drift = registry.counter(
            "kaskman_coordinator_drift_total",
            help: "Tasks of which the scheduler's image was found to be wrong when it was compared with the database."
        )
        for reason in LeaseObstacle.allCases { _ = refusals[ReasonLabel(reason: reason)] }
    }

    func decided(_ count: Int, after time: Duration) {
        decisions.increment(by: count)
        duration.observe(max(time, .zero))
    }

    func refused(_ reason: LeaseObstacle) { refusals[ReasonLabel(reason: reason)].increment() }

    func synced(at now: Timestamp) { lastSync.set(now.seconds) }

    func drifted(_ count: Int) { if count > 0 { drift.increment(by: count) } }
}
