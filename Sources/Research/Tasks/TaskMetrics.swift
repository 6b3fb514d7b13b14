internal import Basics
internal import Instruments
internal import Synchronization

/// The metrics that only tasks have.
final class TaskMetrics: Sendable {
    private struct StatusLabel: MetricLabels {
        static let names = ["status"]
        let status: TaskStatus
        var values: [String] { [status.rawValue] }
    }

    private struct OutcomeLabel: MetricLabels {
        static let names = ["outcome"]
        let outcome: AttemptOutcome
        var values: [String] { [outcome.rawValue] }
    }

    /// From what a waiting agent takes to a backlog of hours, in seconds.
    private static let pickUpBuckets = [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400,
    ]

    private let tasks: GaugeFamily<StatusLabel>
    private let attempts: CounterFamily<OutcomeLabel>
    private let pickUpDelay: Histogram
    private let queueAge: Gauge
    private let lastSweep: Gauge
    let leaseWaiters: Gauge
    let idempotentReplays: Counter
    let idempotencyKeysExpired: Counter
    /// How many changes were counted: tells a count of the table that a change was committed meanwhile.
    private let generation = Mutex<UInt64>(0)

    init(_ registry: Registry) {
        tasks = registry.gauge(
            "kaskman_tasks",
            help: "Tasks that are not deleted, by status.",
            labels: StatusLabel.self
        )
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
        for status in TaskStatus.allCases { _ = tasks[StatusLabel(status: status)] }
        for outcome in AttemptOutcome.allCases { _ = attempts[OutcomeLabel(outcome: outcome)] }
    }

    func ended(_ outcome: AttemptOutcome) { attempts[OutcomeLabel(outcome: outcome)].increment() }

    func pickedUp(after delay: Duration) { pickUpDelay.observe(max(delay, .zero)) }

    func swept(oldest: Duration?, at now: Timestamp) {
        queueAge.set(max(oldest ?? .zero, .zero).inSeconds)
        lastSweep.set(now.seconds)
    }

    /// Moves the gauge from the old status to the new one, once a change is committed.
    func moved(from old: TaskStatus?, to new: TaskStatus?) {
        if old == new { return }
        generation.withLock { generation in
            generation &+= 1
            if let old { tasks[StatusLabel(status: old)].decrement() }
            if let new { tasks[StatusLabel(status: new)].increment() }
        }
    }

    /// What to hand to ``counted(_:since:)`` after counting.
    var currentGeneration: UInt64 { generation.withLock { $0 } }

    /// Sets the gauge to what was counted; false when a change was committed meanwhile, so that the count is stale.
    func counted(_ counts: [TaskStatus: Int], since start: UInt64) -> Bool {
        generation.withLock { generation in
            guard generation == start else { return false }
            for status in TaskStatus.allCases {
                tasks[StatusLabel(status: status)].set(Double(counts[status] ?? 0))
            }
            return true
        }
    }
}
