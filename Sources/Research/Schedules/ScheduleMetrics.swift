internal import Basics
internal import Instruments

/// What became of a due time; the raw values are the values of the metric label `outcome`.
enum DueOutcome: String, MetricLabel, CaseIterable {
    static let name = "outcome"
    case ran
    /// A person asked for it; there was no due time.
    case asked
    case skippedRunning = "skipped_running"
    case skippedUniqueKey = "skipped_unique_key"
    case skippedProject = "skipped_project"
    case missed

    init(_ reason: SkipReason) {
        self =
            switch reason {
            case .running: .skippedRunning
            case .uniqueKey: .skippedUniqueKey
            case .project: .skippedProject
            }
    }
}

/// Whether a schedule goes on; the raw values are the values of the metric label `state`.
enum ScheduleState: String, MetricLabel, CaseIterable {
    static let name = "state"
    case active, paused
    /// Nothing comes any more.
    case ended
}

/// The metrics that only schedules have.
struct ScheduleMetrics: Sendable {
    private let schedules: GaugeFamily<ScheduleState>
    private let runs: CounterFamily<DueOutcome>
    private let delay: Histogram
    private let lastLook: Gauge
    let runFailures: Counter
    let idempotentReplays: Counter
    let idempotencyKeysExpired: Counter
    let runsPruned: Counter

    init(_ registry: Registry) {
        schedules = registry.gauge(
            "kaskman_schedules",
            help: "Schedules that are not deleted, by state, as they were last counted.",
            labels: ScheduleState.self
        )
        runs = registry.counter(
            "kaskman_schedule_runs_total",
            help: "Due times of schedules that this server saw to, by what became of them.",
            labels: DueOutcome.self
        )
        delay = registry.histogram(
            "kaskman_schedule_run_delay_seconds",
            help: "How much later than it should have been a task of a schedule was made.",
            buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600, 86_400]
        )
        lastLook = registry.gauge(
            "kaskman_schedule_look_last_success_timestamp_seconds",
            help: "When it was last looked for due schedules, as a Unix time."
        )
        runFailures = registry.counter(
            "kaskman_schedule_run_failures_total",
            help: "Due times that could not be seen to; they are tried again."
        )
        idempotentReplays = registry.counter(
            "kaskman_schedule_idempotent_replays_total",
            help: "Creations of schedules that were answered with the result of an earlier one with the same key."
        )
        idempotencyKeysExpired = registry.counter(
            "kaskman_schedule_idempotency_keys_expired_total",
            help: "Idempotency keys that were removed at the end of their lifetime."
        )
        runsPruned = registry.counter(
            "kaskman_schedule_runs_pruned_total",
            help: "Notes of which due time made which task that were removed at the end of their retention."
        )
        for state in ScheduleState.allCases { _ = schedules[state] }
        for outcome in DueOutcome.allCases { _ = runs[outcome] }
    }

    func came(to outcome: DueOutcome, _ count: Int = 1) { runs[outcome].increment(by: count) }

    func ran(after delay: Duration) {
        came(to: .ran)
        self.delay.observe(max(delay, .zero))
    }

    func looked(at now: Timestamp) { lastLook.set(now.seconds) }

    func counted(_ counts: [ScheduleState: Int]) {
        for state in ScheduleState.allCases { schedules[state].set(Double(counts[state] ?? 0)) }
    }
}
