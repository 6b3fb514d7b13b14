import Basics
import MetricModel
public import PromQL

/// How unit tests of rules are read and run.
public struct RuleUnitTestOptions: Sendable {
    /// The most samples that a query may hold, as upstream's runner allows.
    public static let samplesMax = 10_000
    /// The most evaluations of all rules in one test.
    public static let defaultEvaluationsMax = 1_000_000

    /// Only tests whose name one of these fits are run; empty runs all.
    public var namePatterns: [String] = []
    /// Whether rule files may have fields that are not known; the test file may not.
    public var ignoresUnknownFields = false
    /// Whether `@` may be used.
    public var allowsAtModifier = true
    /// Whether offsets may be negative.
    public var allowsNegativeOffset = true
    /// The most evaluations of all rules in one test: its length over its interval.
    public var evaluationsMax = defaultEvaluationsMax
    /// The bounds of the files.
    public var yamlLimits = YAMLLimits()
    /// How expressions are read.
    public var parser = ParserOptions()

    /// Makes options as `promtool` has them.
    public init() {}

    /// Reads an expression with what the options forbid refused.
    func readExpression(_ text: String) throws -> Expression {
        let expression = try PromQLParser(options: parser).parse(text)
        var usesAt = false
        var usesNegativeOffset = false
        expression.forEachNode { node in
            let (at, offset): (AtModifier?, Int64) =
                switch node {
                case .vectorSelector(let selector): (selector.at, selector.offset)
                case .matrixSelector(let matrix): (matrix.selector.at, matrix.selector.offset)
                case .subquery(let subquery): (subquery.at, subquery.offset)
                default: (nil, 0)
                }
            if at != nil { usesAt = true }
            if offset < 0 { usesNegativeOffset = true }
        }
        if usesAt && !allowsAtModifier { throw QueryError.invalid("@ modifier is disabled") }
        if usesNegativeOffset && !allowsNegativeOffset { throw QueryError.invalid("negative offset is disabled") }
        return expression
    }
}

/// What came of a file of unit tests.
public struct RuleUnitTestReport: Sendable, Hashable {
    /// A check that did not hold.
    public struct Failure: Sendable, Hashable {
        /// The name of the test; empty when it has none.
        public let test: String
        /// The line of the check in the test file, from 1.
        public let line: Int
        /// What was expected and what came, on one or more lines.
        public let reason: String
    }

    /// How many tests held.
    public internal(set) var passed = 0
    /// How many did not.
    public internal(set) var failed = 0
    /// At least one for each test that failed.
    public internal(set) var failures: [Failure] = []
    /// What is odd but no failure: patterns of rule files without a file.
    public internal(set) var warnings: [String] = []

    /// Whether everything held.
    public var isPassed: Bool { failed == 0 }
}

/// Values as failures show them.
enum RuleUnitTestText {
    static func sample(_ labels: Labels, _ value: Double) -> String {
        "\(labels) \(FloatText.shortest(value))"
    }

    /// Each item on a line of its own.
    static func list(_ items: [String]) -> String {
        items.isEmpty ? " nothing" : items.map { "\n        \($0)" }.joined()
    }
}
