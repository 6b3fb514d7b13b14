public import MetricModel

/// A PromQL expression as parsed: a value type, so that rules and queries may be shared between threads.
///
/// Source: the language of Prometheus 3.x. Positions are byte offsets into the query's UTF-8 text.
public indirect enum Expression: Sendable, Equatable {
    case number(NumberLiteral)
    case string(StringLiteral)
    case vectorSelector(VectorSelector)
    case matrixSelector(MatrixSelector)
    case subquery(Subquery)
    case call(FunctionCall)
    case aggregation(Aggregation)
    case binary(BinaryOperation)
    case unary(UnaryOperation)
    case parenthesized(Expression, position: SourceRange)
}

/// The types of PromQL's values.
public enum ValueType: String, Sendable {
    case scalar, string
    case instantVector = "instant vector"
    case rangeVector = "range vector"
}

/// Where something stands in the query: byte offsets, the end exclusive.
public struct SourceRange: Hashable, Sendable {
    /// The offset of the first byte.
    public var start: Int
    /// The offset behind the last byte.
    public var end: Int

    /// Makes a range from the first byte's offset and the one behind the last.
    public init(_ start: Int, _ end: Int) {
        self.start = start
        self.end = end
    }
}

/// A number, or a duration written where a number may stand.
public struct NumberLiteral: Sendable, Equatable {
    /// The number; a duration's is in seconds.
    public var value: Double
    /// Whether it was written as a duration (`5m`), in seconds; printing keeps the form.
    public var isDuration: Bool
    /// Where the literal stands.
    public var position: SourceRange

    /// Makes a literal; a duration's `value` is in seconds.
    public init(value: Double, isDuration: Bool = false, position: SourceRange) {
        self.value = value
        self.isDuration = isDuration
        self.position = position
    }

    /// Numbers are equal when their bits are (so NaN equals itself).
    public static func == (left: NumberLiteral, right: NumberLiteral) -> Bool {
        left.value.bitPattern == right.value.bitPattern && left.isDuration == right.isDuration
            && left.position == right.position
    }
}

/// A string in quotes.
public struct StringLiteral: Sendable, Equatable {
    /// The text; where the literal's bytes are no valid UTF-8 (`"\xff"`), with U+FFFD.
    public var value: String
    /// The literal's bytes when they are no valid UTF-8; printing keeps them.
    public var invalidUTF8: [UInt8]?
    /// Where the literal stands, quotes included.
    public var position: SourceRange

    /// Makes a literal; hand in `invalidUTF8` only when the bytes are no valid UTF-8.
    public init(value: String, invalidUTF8: [UInt8]? = nil, position: SourceRange) {
        self.value = value
        self.invalidUTF8 = invalidUTF8
        self.position = position
    }
}

/// The `@` modifier.
public enum AtModifier: Hashable, Sendable {
    /// Milliseconds since the Unix epoch.
    case timestamp(Int64)
    case start
    case end
}

/// A duration in a selector: fixed, or computed when the query starts.
public indirect enum DurationExpression: Sendable, Equatable {
    /// Milliseconds; `isNumber` when it was written as a number of seconds.
    case literal(milliseconds: Int64, isNumber: Bool, position: SourceRange)
    /// A number of seconds that is no whole number of milliseconds, as in `[5m * 0.3333]`.
    case fraction(seconds: Double, position: SourceRange)
    /// `step()`, `range()`, `start()`, `end()` of the query.
    case queryParameter(QueryParameter, position: SourceRange)
    case unary(isNegative: Bool, DurationExpression, isParenthesized: Bool, position: SourceRange)
    case binary(DurationOperator, DurationExpression, DurationExpression, isParenthesized: Bool, position: SourceRange)

    /// What a duration may take from the query that it stands in.
    public enum QueryParameter: String, Sendable {
        case step, range, start, end
    }

    /// The operators between durations; `min` and `max` are written `min_of(a, b)` and `max_of(a, b)`.
    public enum DurationOperator: String, Sendable {
        case add = "+"
        case subtract = "-"
        case multiply = "*"
        case divide = "/"
        case modulo = "%"
        case power = "^"
        case minimum = "min_of"
        case maximum = "max_of"
    }
}

/// A selector of instant vectors: `name{matchers} @ t offset d`.
public struct VectorSelector: Sendable, Equatable {
    /// The name before the braces; empty when there is none.
    ///
    /// It is also among `matchers`.
    public var name: String
    /// All conditions, that for `__name__` included.
    public var matchers: [LabelMatcher]
    /// Milliseconds that the selector looks back; negative into the future.
    public var offset: Int64
    /// What was written for the offset when it is computed when the query starts; nil for a fixed one.
    public var offsetExpression: DurationExpression?
    /// The time that the selector is pinned to; nil for the evaluation's own time.
    public var at: AtModifier?
    /// How the borders of the selector's range are treated.
    public var extent: Extent
    /// Where the selector stands, modifiers included.
    public var position: SourceRange

    /// How a range's borders are treated (`anchored` and `smoothed` are experimental).
    public enum Extent: Hashable, Sendable {
        case plain, anchored, smoothed
    }

    /// Makes a selector; `offset` is in milliseconds, and `matchers` must hold the name too.
    public init(
        name: String,
        matchers: [LabelMatcher],
        offset: Int64 = 0,
        offsetExpression: DurationExpression? = nil,
        at: AtModifier? = nil,
        extent: Extent = .plain,
        position: SourceRange
    ) {
        self.name = name
        self.matchers = matchers
        self.offset = offset
        self.offsetExpression = offsetExpression
        self.at = at
        self.extent = extent
        self.position = position
    }
}

/// `selector[range]`; the modifiers behind the brackets are the selector's.
public struct MatrixSelector: Sendable, Equatable {
    /// The series that the range is taken of.
    public var selector: VectorSelector
    /// Milliseconds.
    public var range: Int64
    /// What was written for the range when it is computed when the query starts; nil for a fixed one.
    public var rangeExpression: DurationExpression?
    /// Where the selector stands, brackets included.
    public var position: SourceRange

    /// Makes a range selector; `range` is in milliseconds.
    public init(
        selector: VectorSelector,
        range: Int64,
        rangeExpression: DurationExpression? = nil,
        position: SourceRange
    ) {
        self.selector = selector
        self.range = range
        self.rangeExpression = rangeExpression
        self.position = position
    }
}

/// A range of evaluations of an expression: `expression[range:step] @ t offset d`.
public struct Subquery: Sendable, Equatable {
    /// What is evaluated at each step of the range.
    public var expression: Expression
    /// Milliseconds.
    public var range: Int64
    /// What was written for the range when it is computed when the query starts; nil for a fixed one.
    public var rangeExpression: DurationExpression?
    /// Milliseconds; 0 for the default step.
    public var step: Int64
    /// What was written for the step when it is computed when the query starts; nil for a fixed one.
    public var stepExpression: DurationExpression?
    /// Milliseconds.
    public var offset: Int64
    /// What was written for the offset when it is computed when the query starts; nil for a fixed one.
    public var offsetExpression: DurationExpression?
    /// The time that the subquery is pinned to; nil for the evaluation's own time.
    public var at: AtModifier?
    /// Where the subquery stands, modifiers included.
    public var position: SourceRange

    /// Makes a subquery; `range`, `step` and `offset` are in milliseconds.
    public init(
        expression: Expression,
        range: Int64,
        rangeExpression: DurationExpression? = nil,
        step: Int64 = 0,
        stepExpression: DurationExpression? = nil,
        offset: Int64 = 0,
        offsetExpression: DurationExpression? = nil,
        at: AtModifier? = nil,
        position: SourceRange
    ) {
        self.expression = expression
        self.range = range
        self.rangeExpression = rangeExpression
        self.step = step
        self.stepExpression = stepExpression
        self.offset = offset
        self.offsetExpression = offsetExpression
        self.at = at
        self.position = position
    }
}

/// A call of a function: `function(arguments)`.
public struct FunctionCall: Sendable, Equatable {
    /// Which function is called.
    public var function: FunctionName
    /// The arguments as written; optional ones that were left out are missing.
    public var arguments: [Expression]
    /// Where the call stands, parentheses included.
    public var position: SourceRange

    /// Makes a call; the parser checks number and types of the arguments.
    public init(function: FunctionName, arguments: [Expression], position: SourceRange) {
        self.function = function
        self.arguments = arguments
        self.position = position
    }
}

/// An aggregation over groups of series: `operator by (labels) (parameter, expression)`.
public struct Aggregation: Sendable, Equatable {
    /// How the values of a group become one.
    public var aggregator: Aggregator
    /// The vector that is aggregated.
    public var expression: Expression
    /// The parameter before the vector (`topk(5, x)`); nil for aggregators that take none.
    public var parameter: Expression?
    /// The label names in `by` or `without`, in the order written.
    public var grouping: [String]
    /// Whether `grouping` names the labels that are dropped (`without`).
    public var isWithout: Bool
    /// Where the aggregation stands.
    public var position: SourceRange

    /// Makes an aggregation; without `grouping` and `isWithout` all series form one group.
    public init(
        aggregator: Aggregator,
        expression: Expression,
        parameter: Expression? = nil,
        grouping: [String] = [],
        isWithout: Bool = false,
        position: SourceRange
    ) {
        self.aggregator = aggregator
        self.expression = expression
        self.parameter = parameter
        self.grouping = grouping
        self.isWithout = isWithout
        self.position = position
    }
}

/// The aggregation operators.
public enum Aggregator: String, CaseIterable, Sendable {
    case sum, avg, count, min, max, group, stddev, stdvar, topk, bottomk, quantile, limitk
    case countValues = "count_values"
    case limitRatio = "limit_ratio"

    /// Whether it takes a parameter before its vector.
    public var takesParameter: Bool {
        switch self {
        case .topk, .bottomk, .quantile, .limitk, .limitRatio, .countValues: true
        default: false
        }
    }
}

/// The binary operators.
public enum BinaryOperator: String, CaseIterable, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case modulo = "%"
    case power = "^"
    case atan2
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case and, or, unless
    /// Cuts a native histogram's buckets above a bound.
    case trimUpper = "</"
    /// Cuts a native histogram's buckets below a bound.
    case trimLower = ">/"

    /// Whether it compares.
    public var isComparison: Bool {
        switch self {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: true
        default: false
        }
    }

    /// Whether it works on sets of series (`and`, `or`, `unless`).
    public var isSetOperator: Bool { self == .and || self == .or || self == .unless }
}

/// How the series of two vectors find each other.
public struct VectorMatching: Sendable, Equatable {
    /// How many series may share a partner.
    public enum Cardinality: String, Sendable {
        case oneToOne = "one-to-one"
        case manyToOne = "many-to-one"
        case oneToMany = "one-to-many"
        case manyToMany = "many-to-many"
    }

    /// How many series of one side may meet how many of the other.
    public var cardinality: Cardinality
    /// The label names in `on` or `ignoring`.
    public var labels: [String]
    /// Whether `labels` are those that must agree (`on`), or those that are ignored (`ignoring`).
    public var isOn: Bool
    /// Labels taken over from the "one" side (`group_left`, `group_right`).
    public var included: [String]
    /// The value that stands for a missing partner on the left (`fill_left`, or `fill` for both sides); nil for none.
    public var fillLeft: Double?
    /// The value that stands for a missing partner on the right (`fill_right`, or `fill`); nil for none.
    public var fillRight: Double?

    /// Makes a matching; by default series with equal labels, name aside, meet one to one.
    public init(
        cardinality: Cardinality = .oneToOne,
        labels: [String] = [],
        isOn: Bool = false,
        included: [String] = [],
        fillLeft: Double? = nil,
        fillRight: Double? = nil
    ) {
        self.cardinality = cardinality
        self.labels = labels
        self.isOn = isOn
        self.included = included
        self.fillLeft = fillLeft
        self.fillRight = fillRight
    }

    /// Fill values are equal when their bits are (so NaN equals itself).
    public static func == (left: VectorMatching, right: VectorMatching) -> Bool {
        left.cardinality == right.cardinality && left.labels == right.labels && left.isOn == right.isOn
            && left.included == right.included && left.fillLeft?.bitPattern == right.fillLeft?.bitPattern
            && left.fillRight?.bitPattern == right.fillRight?.bitPattern
    }
}

/// A sign before an expression: `-expression` or `+expression`.
public struct UnaryOperation: Sendable, Equatable {
    /// Whether the sign is a minus; a plus changes nothing.
    public var isNegative: Bool
    /// What the sign stands before: a scalar or an instant vector.
    public var operand: Expression
    /// Where the operation stands, sign included.
    public var position: SourceRange

    /// Makes a signed expression.
    public init(isNegative: Bool, operand: Expression, position: SourceRange) {
        self.isNegative = isNegative
        self.operand = operand
        self.position = position
    }
}
