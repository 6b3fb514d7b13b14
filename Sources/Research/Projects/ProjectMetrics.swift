internal import Instruments
internal import Synchronization

/// The metrics that only projects have.
final class ProjectMetrics: Sendable {
    private struct StatusLabel: MetricLabels {
        static let names = ["status"]
        let status: ProjectStatus
        var values: [String] { [status.rawValue] }
    }

    private let projects: GaugeFamily<StatusLabel>
    let idempotentReplays: Counter
    let idempotencyKeysExpired: Counter
    /// How many changes were counted: tells a count of the table that a change was committed meanwhile.
    private let generation = Mutex<UInt64>(0)

    init(_ registry: Registry) {
        projects = registry.gauge(
            "kaskman_projects",
            help: "Projects that are not deleted, by status.",
            labels: StatusLabel.self
        )
        idempotentReplays = registry.counter(
            "kaskman_project_idempotent_replays_total",
            help: "Creations of projects that were answered with the result of an earlier one with the same key."
        )
        idempotencyKeysExpired = registry.counter(
            "kaskman_project_idempotency_keys_expired_total",
            help: "Idempotency keys that were removed at the end of their lifetime."
        )
        for status in ProjectStatus.allCases { _ = projects[StatusLabel(status: status)] }
    }

    /// Moves the gauge from the old status to the new one, once a change is committed.
    func moved(from old: ProjectStatus?, to new: ProjectStatus?) {
        if old == new { return }
        generation.withLock { generation in
            generation &+= 1
            if let old { projects[StatusLabel(status: old)].decrement() }
            if let new { projects[StatusLabel(status: new)].increment() }
        }
    }

    /// What to hand to ``counted(_:since:)`` after counting.
    var currentGeneration: UInt64 { generation.withLock { $0 } }

    /// Sets the gauge to what was counted; false when a change was committed meanwhile, so that the count is stale.
    func counted(_ counts: [ProjectStatus: Int], since start: UInt64) -> Bool {
        generation.withLock { generation in
            guard generation == start else { return false }
            for status in ProjectStatus.allCases {
                projects[StatusLabel(status: status)].set(Double(counts[status] ?? 0))
            }
            return true
        }
    }
}
