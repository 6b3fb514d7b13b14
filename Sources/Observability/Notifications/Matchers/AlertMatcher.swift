import JSON
public import MetricModel
import RegularExpressions

/// A condition on one label of an alert, as Alertmanager's configuration and API write it.
///
/// A missing label counts as empty. Regular expressions must match the whole value, and unlike in PromQL `.` does not
/// match a newline.
public struct AlertMatcher: Hashable, Sendable, CustomStringConvertible {
    /// The name of the label that is looked at.
    public let name: String
    /// How the label's value is compared.
    public let operation: LabelMatcher.Operation
    /// The value, or the pattern as it was written.
    public let value: String
    private let expression: RegularExpression?

    /// Makes a matcher.
    /// - Throws: ``AlertMatcherError`` when the value is to be a pattern and is none.
    public init(_ name: String, _ operation: LabelMatcher.Operation, _ value: String) throws(AlertMatcherError) {
        self.name = name
        self.operation = operation
        self.value = value
        switch operation {
        case .equal, .notEqual: expression = nil
        case .matches, .notMatches:
            do {
                expression = try RegularExpression(value, options: .anchored)
            } catch {
                throw AlertMatcherError("\(error)")
            }
        }
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

    /// Whether an alert with these labels fits.
    public func matches(_ labels: Labels) -> Bool { matches(labels[name]) }

    /// Characters that a name or value without quotes must not have.
    static func isReserved(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || "{}!=~,\\\"'`".unicodeScalars.contains(scalar)
    }

    /// `name="value"`; names with reserved characters are quoted.
    public var description: String {
        if name.unicodeScalars.contains(where: Self.isReserved) {
            return QuotedText.quote(name) + operation.rawValue + QuotedText.quote(value)
        }
        var escaped = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"": escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return "\(name)\(operation.rawValue)\"\(escaped)\""
    }

    /// The matcher as the API's JSON object.
    public var json: String {
        let isRegex = operation == .matches || operation == .notMatches
        var json = JSONWriter(escaping: .html)
        json.object { json in
            json.member("name", name)
            json.member("value", value)
            json.member("isRegex", isRegex)
            json.member("isEqual", !operation.isNegative)
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }
}

/// A text that is no matcher; the wording is upstream's.
public struct AlertMatcherError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The message.
    public let description: String

    /// Makes an error of a message that is already whole.
    public init(_ description: String) { self.description = description }
}

extension [AlertMatcher] {
    /// The matchers in braces: `{a="1",b="2"}`.
    var text: String { "{" + map(\.description).joined(separator: ",") + "}" }

    /// In the order that route keys use: by name, value, operation.
    var inKeyOrder: [AlertMatcher] {
        func key(_ matcher: AlertMatcher) -> [[UInt8]] {
            let order: UInt8 =
                switch matcher.operation {
                case .equal: 0
                case .notEqual: 1
                case .matches: 2
                case .notMatches: 3
                }
            return [[UInt8](matcher.name.utf8), [UInt8](matcher.value.utf8), [order]]
        }
        return sorted { left, right in
            for (one, two) in zip(key(left), key(right)) where one != two { return one.lexicographicallyPrecedes(two) }
            return false
        }
    }
}
