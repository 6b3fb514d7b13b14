internal import Instruments
internal import Synchronization

/// The metrics `kaskman_project*`.
final class ProjectMetrics: Sendable {
    /// What the repository does; the raw values are the values of the metric label `operation`.
    enum Operation: String, MetricLabel, CaseIterable {
        static let name = "operation"
        case create, get, list, replace, patch, delete, count, probe
        case expireKeys = "expire_keys"
    }

    private struct StatusLabel: MetricLabels {
        static let names = ["status"]
        let status: ProjectStatus
        var values: [String] { [status.rawValue] }
    }

    private struct ChangeLabel: MetricLabels {
        static let names = ["change"]
        let change: ProjectChange
        var values: [String] { [change.rawValue] }
    }

    private struct FailureLabels: MetricLabels {
        static let names = ["error_code"]
        let code: ProjectError.Code
        var values: [String] { [code.rawValue] }
    }

    private let projects: GaugeFamily<StatusLabel>
    private let changes: CounterFamily<ChangeLabel>
    private let failures: CounterFamily<FailureLabels>
    private let durations: HistogramFamily<Operation>
    let versionConflicts: Counter
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
        changes = registry.counter(
            "kaskman_project_changes_total",
            help: "Changes of projects that were committed, by kind.",
            labels: ChangeLabel.self
        )
        failures = registry.counter(
            "kaskman_project_failures_total",
            help: "Operations on projects that were refused or failed, by the reason.",
            labels: FailureLabels.self
        )
        durations = registry.histogram(
            "kaskman_project_operation_duration_seconds",
            help: "How long operations on projects took.",
            labels: Operation.self
        )
        versionConflicts = registry.counter(
            "kaskman_project_version_conflicts_total",
            help: "Changes of projects that were refused because the project had changed meanwhile."
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
        for change in ProjectChange.allCases { _ = changes[ChangeLabel(change: change)] }
        for code in ProjectError.Code.allCases { _ = failures[FailureLabels(code: code)] }
        for operation in Operation.allCases { _ = durations[operation] }
    }

    func finished(_ operation: Operation, after duration: Duration) { durations[operation].observe(duration) }

    func failed(_ code: ProjectError.Code) {
        failures[FailureLabels(code: code)].increment()
        if code == .versionMismatch { versionConflicts.increment() }
    }

    /// Notes a committed change and moves the gauge from the old status to the new one.
    func changed(_ change: ProjectChange, from old: ProjectStatus?, to new: ProjectStatus?) {
        changes[ChangeLabel(change: change)].increment()
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
