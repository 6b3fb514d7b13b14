internal import Instruments

/// The metrics that every resource has: `kaskman_<one>_changes_total` and its like.
struct RecordMetrics<R: Record>: Sendable {
    private struct FailureLabels: MetricLabels {
        static var names: [String] { ["error_code"] }
        let code: RecordErrorCode
        var values: [String] { [code.rawValue] }
    }

    private let changes: CounterFamily<R.Change>
    private let failures: CounterFamily<FailureLabels>
    private let durations: HistogramFamily<R.Operation>
    private let versionConflicts: Counter

    init(_ registry: Registry) {
        let (one, many) = (R.table.one, R.table.name)
        changes = registry.counter(
            "kaskman_\(one)_changes_total",
            help: "Changes of \(many) that were committed, by kind.",
            labels: R.Change.self
        )
        failures = registry.counter(
            "kaskman_\(one)_failures_total",
            help: "Operations on \(many) that were refused or failed, by the reason.",
            labels: FailureLabels.self
        )
        durations = registry.histogram(
            "kaskman_\(one)_operation_duration_seconds",
            help: "How long operations on \(many) took.",
            labels: R.Operation.self
        )
        versionConflicts = registry.counter(
            "kaskman_\(one)_version_conflicts_total",
            help: "Changes of \(many) that were refused because the \(one) had changed meanwhile."
        )
        for change in R.Change.allCases { _ = changes[change] }
        for code in RecordError<R.Refusal>.codes { _ = failures[FailureLabels(code: code)] }
        for operation in R.Operation.allCases { _ = durations[operation] }
    }

    func finished(_ operation: R.Operation, after duration: Duration) { durations[operation].observe(duration) }

    func failed(_ code: RecordErrorCode) {
        failures[FailureLabels(code: code)].increment()
        if code == .versionMismatch { versionConflicts.increment() }
    }

    func changed(_ change: R.Change) { changes[change].increment() }
}
