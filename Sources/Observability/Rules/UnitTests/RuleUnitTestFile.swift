public import MetricModel
public import PromQL

/// A file of unit tests for rules, as `promtool test rules` reads them, checked.
///
/// Source: the documentation of Prometheus, "Unit testing for rules".
public struct RuleUnitTestFile: Sendable {
    /// Where the file is; patterns for rule files are relative to its folder.
    public let path: String
    /// Patterns of rule files, with `*`, `?` and `[…]`.
    public let rulePatterns: [String]
    /// The distance of evaluations in milliseconds; also the step of a subquery that names none.
    public let evaluationInterval: Int64
    /// The names of rule groups that are evaluated first, in this order.
    public let groupOrder: [String]
    /// Whether sample values may differ by one unit in the last place.
    public let isFuzzy: Bool
    /// The tests, in the order of the file.
    public let tests: [RuleUnitTest]
}

/// One test: series, and what rules and queries must make of them.
public struct RuleUnitTest: Sendable {
    /// As the file names it; empty when it does not.
    public let name: String
    /// When the test begins, in milliseconds since the Unix epoch.
    public let start: Int64
    /// The distance of the points of the input in milliseconds.
    public let interval: Int64
    /// The series to store.
    public let input: [InputSeries]
    /// What alerts must fire.
    public let alertChecks: [AlertCheck]
    /// What queries must give.
    public let queryChecks: [QueryCheck]
    /// What templates see as `$externalLabels`.
    public let externalLabels: Labels
    /// What templates see as `$externalURL`.
    public let externalURL: String
    /// Where the test stands in the file.
    public let position: YAMLPosition

    /// The time of the latest check in milliseconds from the start.
    public var length: Int64 { max(alertChecks.map(\.time).max() ?? 0, queryChecks.map(\.time).max() ?? 0) }

    /// A series to store: a point for each interval, nil where there is none.
    public struct InputSeries: Sendable, Equatable {
        /// What identifies the series.
        public let labels: Labels
        /// From the start of the test on.
        public let points: [Double?]
    }

    /// All firing alerts of one name at one time.
    public struct AlertCheck: Sendable, Equatable {
        /// Milliseconds from the start of the test.
        public let time: Int64
        /// The alerting rules' name.
        public let alert: String
        /// What must fire; labels with `alertname`.
        public let expected: [ExpectedAlert]
        /// Where the check stands in the file.
        public let position: YAMLPosition
    }

    /// An alert that must fire.
    public struct ExpectedAlert: Sendable, Equatable, CustomStringConvertible {
        /// With `alertname`.
        public let labels: Labels
        /// With templates expanded.
        public let annotations: Labels

        /// Labels and annotations.
        public var description: String { "labels \(labels) annotations \(annotations)" }
    }

    /// The result of an instant query at one time.
    public struct QueryCheck: Sendable {
        /// What is evaluated.
        public let expression: Expression
        /// The expression as it stands in the file.
        public let text: String
        /// Milliseconds from the start of the test.
        public let time: Int64
        /// What must come out, in any order.
        public let expected: [ExpectedSample]
        /// Where the check stands in the file.
        public let position: YAMLPosition
    }

    /// A sample that a query must give.
    public struct ExpectedSample: Sendable, CustomStringConvertible {
        /// With the metric name, where there is one.
        public let labels: Labels
        /// Compared exactly, or within one unit in the last place.
        public let value: Double

        /// Labels and value.
        public var description: String { RuleUnitTestText.sample(labels, value) }
    }
}
