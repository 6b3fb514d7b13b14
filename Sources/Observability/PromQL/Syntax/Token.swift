import MetricModel

/// What a token is.
///
/// Raw values are the texts of fixed tokens and keywords.
enum TokenKind: String, CaseIterable {
    // Not fixed texts.
    case endOfText, error, identifier, metricIdentifier, string, number, duration
    // Punctuation.
    case leftParen = "("
    case rightParen = ")"
    case leftBrace = "{"
    case rightBrace = "}"
    case leftBracket = "["
    case rightBracket = "]"
    case comma = ","
    case equal = "="
    case colon = ":"
    // Operators.
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divide = "/"
    case modulo = "%"
    case power = "^"
    case equalCompare = "=="
    case notEqual = "!="
    case lessOrEqual = "<="
    case less = "<"
    case greaterOrEqual = ">="
    case greater = ">"
    case trimUpper = "</"
    case trimLower = ">/"
    case matchRegex = "=~"
    case notMatchRegex = "!~"
    case at = "@"
    case and, or, unless, atan2
    // Aggregators.
    case sum, avg, count, min, max, group, stddev, stdvar, topk, bottomk, quantile, limitk
    case countValues = "count_values"
    case limitRatio = "limit_ratio"
    // Keywords.
    case offset, smoothed, anchored, by, without, on, ignoring, bool, fill
    case groupLeft = "group_left"
    case groupRight = "group_right"
    case fillLeft = "fill_left"
    case fillRight = "fill_right"
    // What the query supplies.
    case start, end, step, range
    // Series descriptions.
    case space = " "
    case blank = "_"
    case repeats = "x"
    case openHistogram = "{{"
    case closeHistogram = "}}"
    case histogramKey, resetHint

    /// The words that are tokens of their own, in lower case.
    static let keywords: [String: TokenKind] = {
        let words: [TokenKind] = [
            .and, .or, .unless, .atan2, .sum, .avg, .count, .min, .max, .group, .stddev, .stdvar, .topk, .bottomk,
            .quantile, .limitk, .countValues, .limitRatio, .offset, .smoothed, .anchored, .by, .without, .on, .ignoring,
            .bool, .fill, .groupLeft, .groupRight, .fillLeft, .fillRight, .start, .end, .step, .range,
        ]
        var table = Dictionary(uniqueKeysWithValues: words.map { ($0.rawValue, $0) })
        table["inf"] = .number
        table["nan"] = .number
        return table
    }()

    var aggregator: Aggregator? { Aggregator(rawValue: rawValue) }

    /// The binary operator that the token is; words in any case are recognised by the lexer already.
    var binaryOperator: BinaryOperator? {
        switch self {
        case .plus, .minus, .times, .divide, .modulo, .power, .atan2, .equalCompare, .notEqual, .less, .lessOrEqual,
            .greater, .greaterOrEqual, .and, .or, .unless, .trimUpper, .trimLower:
            BinaryOperator(rawValue: rawValue)
        default: nil
        }
    }

    var isOperator: Bool {
        switch self {
        case .matchRegex, .notMatchRegex, .at: true
        default: binaryOperator != nil
        }
    }

    var isKeyword: Bool {
        switch self {
        case .offset, .smoothed, .anchored, .by, .without, .on, .ignoring, .bool, .fill, .groupLeft, .groupRight,
            .fillLeft, .fillRight:
            true
        default: false
        }
    }

    var isQueryParameter: Bool { self == .start || self == .end || self == .step || self == .range }

    /// Whether it may stand for a metric name.
    var isMetricName: Bool {
        switch self {
        case .identifier, .metricIdentifier, .and, .or, .unless, .by, .without, .offset, .anchored, .smoothed: true
        default: aggregator != nil || isQueryParameter
        }
    }

    /// Whether it may stand for a label name between parentheses.
    var isLabelName: Bool {
        switch self {
        case .bool, .groupLeft, .groupRight, .ignoring, .on, .atan2, .fill, .fillLeft, .fillRight: true
        default: isMetricName
        }
    }

    var isMatchOperator: Bool {
        self == .equal || self == .notEqual || self == .matchRegex || self == .notMatchRegex
    }

    /// Whether an expression may begin with it.
    var beginsExpression: Bool {
        switch self {
        case .plus, .minus, .number, .duration, .string, .leftParen, .leftBrace: true
        default: isMetricName
        }
    }
}

/// A piece of the text.
struct Token {
    var kind: TokenKind
    /// The bytes it covers.
    ///
    /// Of an error only the start counts.
    var position: SourceRange
    /// As written; of an error the message.
    var text: String

    /// How messages name it.
    var describedForMessage: String {
        switch kind {
        case .endOfText: "end of input"
        case .error: "error"
        case .identifier: "identifier \(QuotedText.quote(text))"
        case .metricIdentifier: "metric identifier \(QuotedText.quote(text))"
        case .string: "string \(quotedShort)"
        case .number: "number \(quotedShort)"
        case .duration: "duration \(quotedShort)"
        case .histogramKey, .resetHint: "\"<Item \(HistogramKey.itemNumber(text))>\" \(quotedShort)"
        default:
            if kind.isKeyword {
                "<\(text)>"
            } else if kind.isOperator {
                "<op:\(text)>"
            } else if kind.aggregator != nil {
                "<aggr:\(text)>"
            } else {
                quotedShort
            }
        }
    }

    private static let shownCharactersMax = 10

    private var quotedShort: String {
        if text.utf8.count <= Self.shownCharactersMax { return QuotedText.quote(text) }
        var shown = String.UnicodeScalarView()
        shown.append(contentsOf: text.unicodeScalars.prefix(Self.shownCharactersMax))
        return QuotedText.quote(String(shown)) + "..."
    }
}
