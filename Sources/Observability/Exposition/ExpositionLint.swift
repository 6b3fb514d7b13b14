public import MetricModel

/// Finds what is unwise in the names and metadata of metrics, as `promtool check metrics` does.
///
/// A metric that is found fault with still works; the rules are the conventions of the Prometheus project.
/// Source: prometheus.io/docs/practices/naming and the linter of client_golang, whose texts the findings have.
public enum ExpositionLint {
    /// The rules; a closed set with stable names.
    public enum Rule: String, CaseIterable, Sendable {
        case helpMissing = "help_missing"
        case baseUnit = "base_unit"
        case counterSuffix = "counter_suffix"
        case totalReserved = "total_reserved"
        case timestampReserved = "timestamp_reserved"
        case suffixReserved = "suffix_reserved"
        case labelReserved = "label_reserved"
        case typeInName = "type_in_name"
        case colonInName = "colon_in_name"
        case camelCase = "camel_case"
        case unitAbbreviation = "unit_abbreviation"
        case duplicateMetric = "duplicate_metric"
    }

    /// One fault of one metric.
    public struct Finding: Hashable, Sendable, CustomStringConvertible {
        /// The family's name.
        public let metric: String
        /// The rule that is broken.
        public let rule: Rule
        /// What is wrong, as promtool words it.
        public let text: String

        /// The metric and the text, as promtool prints them.
        public var description: String { "\(metric) \(text)" }
    }

    /// Examines a page's families; sorted by metric, in the order of the rules.
    public static func findings(in families: [ExpositionFamily]) -> [Finding] {
        sorted(
            families.flatMap { family in
                var examination = Examination(name: family.name, type: family.type)
                examination.examine(
                    hasHelp: family.help != nil,
                    labelNames: Set(family.metrics.flatMap { $0.labels.map(\.name) })
                )
                var known: Set<[[UInt8]]> = []
                let keys = family.metrics.map { metric in
                    metric.labels.map { [Array($0.name.utf8), Array($0.value.utf8)] }
                        .sorted { $0[0].lexicographicallyPrecedes($1[0]) }.flatMap { $0 }
                }
                if !keys.allSatisfy({ known.insert($0).inserted }) {
                    examination.report(.duplicateMetric, "metric not unique")
                }
                return examination.findings
            }
        )
    }

    /// Examines a registry's families, also those without series; sorted by metric, in the order of the rules.
    public static func findings(in snapshot: RegistrySnapshot) -> [Finding] {
        sorted(
            snapshot.families.flatMap { family in
                let type = ExpositionType(family.metadata.type)
                let structure =
                    [Label.metricName] + (type == .histogram ? [Label.bucketBound] : [])
                    + (type == .summary ? [Label.quantile] : [])
                let names = Set(family.series.flatMap { $0.labels.map(\.name) }).subtracting(structure)
                var examination = Examination(name: family.metadata.name, type: type)
                examination.examine(hasHelp: !family.metadata.help.isEmpty, labelNames: names)
                return examination.findings
            }
        )
    }

    private static func sorted(_ findings: [Finding]) -> [Finding] {
        let rank = Dictionary(uniqueKeysWithValues: Rule.allCases.enumerated().map { ($1, $0) })
        return findings.sorted {
            ($0.metric, rank[$0.rule, default: 0], $0.text) < ($1.metric, rank[$1.rule, default: 0], $1.text)
        }
    }
}

extension ExpositionType {
    /// The type of a family of our own registry.
    public init(_ type: MetricType) {
        switch type {
        case .counter: self = .counter
        case .gauge: self = .gauge
        case .histogram: self = .histogram
        case .summary: self = .summary
        case .untyped: self = .untyped
        }
    }
}
