public import Instruments

/// The rule evaluator's own metrics.
public struct RulesMetrics: Sendable {
    /// The label of a group: its name; groups of one name in several files share series.
    public struct Group: MetricLabels {
        /// The one label, `rule_group`.
        public static let names = ["rule_group"]
        /// The group's name.
        public let group: String
        /// The group's name as the label's value.
        public var values: [String] { [group] }

        /// Makes the label of a group from its name.
        public init(_ group: String) { self.group = group }
    }

    let evaluations: Counter
    let failures: Family<Group, Counter>
    let duration: Histogram
    let missed: Family<Group, Counter>
    let lastEvaluation: Family<Group, Gauge>

    /// Registers the metrics.
    public init(registry: Registry) {
        evaluations = registry.counter("kaskman_rule_evaluations_total", help: "Rules evaluated.")
        failures = registry.counter(
            "kaskman_rule_evaluation_failures_total",
            help: "Rules whose evaluation failed.",
            labels: Group.self
        )
        duration = registry.histogram(
            "kaskman_rule_evaluation_duration_seconds",
            help: "How long the evaluation of one rule took.",
            buckets: Buckets.seconds
        )
        missed = registry.counter(
            "kaskman_rule_group_iterations_missed_total",
            help: "Evaluations of a group left out because the one before took too long.",
            labels: Group.self
        )
        lastEvaluation = registry.gauge(
            "kaskman_rule_group_last_evaluation_timestamp_seconds",
            help: "When the group was last evaluated, in Unix time.",
            labels: Group.self
        )
    }

    /// Makes the counters of a group, at 0: a rate sees the first failure only against a zero before it.
    func prepare(group name: String) {
        _ = failures[Group(name)]
        _ = missed[Group(name)]
    }
}
