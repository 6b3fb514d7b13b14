public import RegularExpressions

/// A condition on one label of a series, as in a PromQL selector.
///
/// A missing label counts as empty. Regular expressions must match the whole value, and `.` matches a newline.
public struct LabelMatcher: Hashable, Sendable, CustomStringConvertible {
    /// The four comparisons.
    public enum Operation: String, Hashable, Sendable {
        case equal = "="
        case notEqual = "!="
        case matches = "=~"
        case notMatches = "!~"

        /// Whether a value that fits is refused.
        public var isNegative: Bool { self == .notEqual || self == .notMatches }
    }

    /// The name of the label that is looked at; a series without it counts as having it empty.
    public let name: String
    /// How the label's value is compared.
    public let operation: Operation
    /// The value, or the pattern as it was written.
    public let value: String
    private let expression: RegularExpression?

    /// Makes a matcher.
    /// - Throws: ``RegularExpressionError`` when `value` is to be a pattern and is none.
    public init(_ name: String, _ operation: Operation, _ value: String) throws(RegularExpressionError) {
        self.name = name
        self.operation = operation
        self.value = value
        switch operation {
        case .equal, .notEqual: expression = nil
        case .matches, .notMatches:
            expression = try RegularExpression(value, options: [.anchored, .dotMatchesNewline])
        }
    }

    /// Makes a matcher for one value.
    public init(_ name: String, equals value: String) {
        self.name = name
        operation = .equal
        self.value = value
        expression = nil
    }

    /// Whether a label with this value fits.
    public func matches(_ candidate: String) -> Bool {
        switch operation {
        case .equal: candidate.utf8.elementsEqual(value.utf8)
        case .notEqual: !candidate.utf8.elementsEqual(value.utf8)
        case .matches: expression?.matches(candidate) ?? false
        case .notMatches: !(expression?.matches(candidate) ?? false)
        }
    }

    /// Whether a label with this value, as UTF-8 bytes, fits.
    public func matches(_ candidate: ArraySlice<UInt8>) -> Bool {
        switch operation {
        case .equal: candidate.elementsEqual(value.utf8)
        case .notEqual: !candidate.elementsEqual(value.utf8)
        case .matches: expression?.matches(candidate) ?? false
        case .notMatches: !(expression?.matches(candidate) ?? false)
        }
    }

    /// Whether a series fits.
    public func matches(_ labels: Labels) -> Bool {
        guard let range = labels.valueRange(of: Array(name.utf8)) else { return matches([]) }
        return matches(labels.packed[range])
    }

    /// Whether a series without the label fits.
    public var matchesEmpty: Bool { matches([]) }

    /// The only values that can fit, when the matcher is positive and they are known: an index looks these up.
    public var possibleValues: [String]? {
        switch operation {
        case .equal: [value]
        case .matches: expression?.literalSet
        case .notEqual, .notMatches: nil
        }
    }

    /// What every fitting value begins with; empty when nothing is known.
    public var possiblePrefix: String {
        operation == .matches ? expression?.literalPrefix ?? "" : ""
    }

    /// As in PromQL: `name="value"`.
    public var description: String {
        let key = MetricNames.isLegacyLabelName(name) ? name : QuotedText.quote(name)
        return key + operation.rawValue + QuotedText.quote(value)
    }
}
