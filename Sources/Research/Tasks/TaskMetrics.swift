internal import Basics
internal import Coordination
internal import Instruments
internal import Records

/// The metrics that only tasks have.
struct TaskMetrics: Sendable {
    private struct OutcomeLabel: MetricLabels {
        static let names = ["outcome"]
        let outcome: AttemptOutcome
        var values: [String] { [outcome.rawValue] }
    }

    private struct StrategyLabel: MetricLabels {
        static let names = ["strategy"]
        let strategy: Strategy
        var values: [String] { [strategy.rawValue] }
    }

    /// From what a waiting agent takes to a backlog of hours, in seconds.
    private static let pickUpBuckets = [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400,
    ]

    let tasks: StatusGauge<TaskStatus>
    private let attempts: CounterFamily<OutcomeLabel>
    private let pickUpDelay: Histogram
    private let queueAge: Gauge
    private let lastSweep: Gauge
    let leaseWaiters: Gauge
    let idempotentReplays: Counter
    let idempotencyKeysExpired: Counter
    let logLines: Counter
    let logBytes: Counter
    let logLinesDropped: Counter
    let logLinesPruned: Counter
    let logFollowers: Gauge
    private let plans: CounterFamily<StrategyLabel>
    let children: Counter
    let upstreamOmitted: Counter
    let deadLettersRetried: Counter

    init(_ registry: Registry) {
        tasks = StatusGauge(registry, of: ProjectTask.table, help: "Tasks that are not deleted, by status.")
        attempts = registry.counter(
            "kaskman_task_attempts_total",
            help: "Attempts at tasks that ended, by outcome.",
            labels: OutcomeLabel.self
        )
        pickUpDelay = registry.histogram(
            "kaskman_task_pick_up_delay_seconds",
            help: "How long tasks that could be begun waited for an agent to take them.",
            buckets: Self.pickUpBuckets
        )
        queueAge = registry.gauge(
            "kaskman_task_queue_oldest_age_seconds",
            help: "How long the task that has waited longest for an agent could have been begun; 0 when none waits."
        )
        lastSweep = registry.gauge(
            "kaskman_task_sweep_last_success_timestamp_seconds",
            help: "When leases and time-outs were last looked after, as a Unix time."
        )
        leaseWaiters = registry.gauge(
            "kaskman_task_lease_waiters",
            help: "Requests of agents that wait for work."
        )
        idempotentReplays = registry.counter(
            "kaskman_task_idempotent_replays_total",
            help: "Creations of tasks that were answered with the result of an earlier one with the same key."
        )
        idempotencyKeysExpired = registry.counter(
            "kaskman_task_idempotency_keys_expired_total",
            help: "Idempotency keys that were removed at the end of their lifetime."
        )
        logLines = registry.counter("kaskman_task_log_lines_total", help: "Log lines of tasks that were stored.")
        logBytes = registry.counter(
            "kaskman_task_log_bytes_total",
            help: "Bytes of text in the log lines that were stored."
        )
        logLinesDropped = registry.counter(
            "kaskman_task_log_lines_dropped_total",
            help: "Log lines that were not stored because the log of their attempt was full."
        )
        logLinesPruned = registry.counter(
            "kaskman_task_log_lines_pruned_total",
            help: "Log lines that were removed at the end of their retention."
        )
        logFollowers = registry.gauge("kaskman_task_log_followers", help: "Requests that wait for log lines.")
        plans = registry.counter(
            "kaskman_task_plans_total",
            help: "Plans of several tasks that were made, by strategy.",
            labels: StrategyLabel.self
        )
        children = registry.counter(
            "kaskman_task_children_total",
            help: "Tasks that coordinators made while they ran."
        )
        upstreamOmitted = registry.counter(
            "kaskman_task_upstream_outputs_omitted_total",
            help: "Outputs that were too long to come with the lease of a task that depends on them."
        )
        deadLettersRetried = registry.counter(
            "kaskman_task_dead_letters_retried_total",
            help: "Dead tasks that were tried again many at a time."
        )
        for strategy in Strategy.allCases { _ = plans[StrategyLabel(strategy: strategy)] }
        for outcome in AttemptOutcome.allCases { _ = attempts[OutcomeLabel(outcome: outcome)] }
    }

    func ended(_ outcome: AttemptOutcome) { attempts[OutcomeLabel(outcome: outcome)].increment() }

    func planned(_ strategy: Strategy) { plans[StrategyLabel(strategy: strategy)].increment() }

    func pickedUp(after delay: Duration) { pickUpDelay.observe(max(delay, .zero)) }

    func swept(oldest: Duration?, at now: Timestamp) {
        queueAge.set(max(oldest ?? .zero, .zero).inSeconds)
        lastSweep.set(now.seconds)
    }
}
