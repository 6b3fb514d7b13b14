/// A JSON document as a tree; objects keep the order of their members, numbers keep their digits.
package indirect enum JSONValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// The word for the kind of value, as JSON Schema has it.
    package var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "boolean"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

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

    package var object: JSONObject? {
        if case .object(let object) = self { object } else { nil }
    }

    /// The member of an object; nil when it is missing or the value is no object.
    package subscript(_ name: String) -> JSONValue? { object?[name] }

    package var isNull: Bool { self == .null }
}

/// A number as it was written, so that no digit is lost before someone says what type it is.
package struct JSONNumber: Hashable, Sendable {
    /// The digits in JSON's syntax.
    package let text: String

    /// Takes text that is known to have JSON's syntax.
    init(text: String) { self.text = text }

    package init(_ value: Int64) { text = String(value) }

    /// Makes the number of a finite double; nil for infinities and NaN.
    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        text = value.description
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

/// The members of a JSON object in the order written, each name once.
package struct JSONObject: Hashable, Sendable {
    package struct Member: Hashable, Sendable {
        package let name: String
        package let value: JSONValue

        package init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    package private(set) var members: [Member]

    /// Takes members whose names are known to differ.
    init(members: [Member]) { self.members = members }

    package init() { members = [] }

    /// The value of a member, or nil; setting nil removes it.
    package subscript(_ name: String) -> JSONValue? {
        get { members.first { $0.name == name }?.value }
        set {
            let index = members.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): members[index] = Member(name: name, value: value)
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }
}

extension JSONValue: JSONWritable {
    package func write(to json: inout JSONWriter) {
        switch self {
        case .null: json.null()
        case .boolean(let value): json.boolean(value)
        case .number(let number): json.raw(number.text.utf8)
        case .string(let text): json.string(text)
        case .array(let values):
            json.array { json in
                for value in values { value.write(to: &json) }
            }
        case .object(let object):
            json.object { json in
                for member in object.members { json.member(member.name, member.value) }
            }
        }
    }
}
