/// A JSON document as a tree; objects keep the order of their members, numbers keep their digits.
package indirect enum JSONValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// An object without members.
    package static let emptyObject = JSONValue.object(JSONObject())

    /// A whole number.
    package static func integer(_ value: Int64) -> JSONValue { .number(JSONNumber(value)) }

    /// An array of strings.
    package static func strings(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }

    /// The text of a string; nil for any other kind.
    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The value of a whole number that fits; nil for any other kind.
    package var integer: Int64? {
        if case .number(let number) = self { number.integer } else { nil }
    }

    /// The nearest double of a number; nil for any other kind.
    package var double: Double? {
        if case .number(let number) = self { number.double } else { nil }
    }

    package var boolean: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }

    package var array: [JSONValue]? {
        if case .array(let values) = self { values } else { nil }
    }

    /// The strings of an array of nothing but strings; nil for anything else.
    package var strings: [String]? {
        guard case .array(let values) = self else { return nil }
        var strings: [String] = []
        strings.reserveCapacity(values.count)
        for value in values {
            guard case .string(let string) = value else { return nil }
            strings.append(string)
        }
        return strings
    }

    package var object: JSONObject? {
        if case .object(let object) = self { object } else { nil }
    }

    /// The member of an object; nil when it is missing or the value is no object.
    package subscript(_ name: String) -> JSONValue? { object?[name] }

    package var isNull: Bool { self == .null }

    /// Whether this is an object.
    package var isObject: Bool {
        if case .object = self { true } else { false }
    }

    /// How deeply arrays and objects are nested: 0 for a scalar, 1 for an array of scalars.
    package var depth: Int {
        switch self {
        case .null, .boolean, .number, .string: 0
        case .array(let values): 1 + (values.lazy.map(\.depth).max() ?? 0)
        case .object(let object): 1 + (object.members.lazy.map(\.value.depth).max() ?? 0)
        }
    }

    /// What a merge patch makes of this value (RFC 7396): objects are merged, null removes, anything else replaces.
    package func merging(_ patch: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        return .object((object ?? JSONObject()).merging(changes))
    }
}

/// Values in the code's own words: `["name": "x", "sizes": [1, 2.5], "gone": .null]`.
extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }

    package init(integerLiteral value: Int64) { self = .integer(value) }

    package init(booleanLiteral value: Bool) { self = .boolean(value) }

    package init(floatLiteral value: Double) { self = JSONNumber(value).map { .number($0) } ?? .null }

    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

    package init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
}

/// A number as it was written, so that no digit is lost before someone says what type it is.
package struct JSONNumber: Hashable, Sendable {
    /// The digits in JSON's syntax.
    package let text: String

    /// Takes text that is known to have JSON's syntax.
    init(text: String) { self.text = text }

    package init(_ value: Int64) { text = String(value) }

    /// The shortest digits that read back the same, without a fraction where there is none; nil for infinities and NaN,
    /// which JSON does not have.
    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53, value.sign == .plus || whole != 0 {
            self.init(whole)
        } else {
            self.init(text: value.description)
        }
    }

    /// The exact value where the number is whole and fits; `1.0` and `1e2` are whole too, as in JSON Schema.
    package var integer: Int64? {
        if let value = Int64(text) { return value }
        // Beyond 2^53 a double may not be what was written, so only digits are taken there.
        guard let value = Double(text), value.magnitude <= 9_007_199_254_740_992 else { return nil }
        return Int64(exactly: value)
    }

    /// The nearest double; infinite when the number is out of range.
    package var double: Double { Double(text) ?? .nan }
}
