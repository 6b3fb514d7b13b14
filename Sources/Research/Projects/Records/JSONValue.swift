/// A JSON value (RFC 8259), for the free-form columns: what users attach to a record and the platform only keeps.
///
/// Numbers are kept as they were written, so that nothing is lost on the way through.
package indirect enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// The number's text, valid by the grammar of RFC 8259.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// The members; each name once.
    case object([String: JSONValue])

    /// How deeply arrays and objects may be nested.
    package static let depthMax = 16

    /// Reads a JSON text.
    /// - Throws: ``JSONSyntaxError``: not JSON, a name that stands twice in an object, or nested deeper than
    ///   ``depthMax``.
    package init(parsing text: String) throws(JSONSyntaxError) {
        var parser = JSONParser(Array(text.utf8))
        self = try parser.parse()
    }

    /// An object without members.
    package static let emptyObject = JSONValue.object([:])

    /// An array of strings.
    package static func strings(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }

    /// A whole number.
    package static func integer(_ value: Int64) -> JSONValue { .number(String(value)) }

    /// Whether this is an object.
    package var isObject: Bool {
        if case .object = self { true } else { false }
    }

    /// The canonical text: no white space, the names of objects in the order of their bytes.
    package var text: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What a merge patch makes of this value (RFC 7396): objects are merged, null removes, anything else replaces.
    package func merging(_ patch: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members: [String: JSONValue] = [:]
        if case .object(let own) = self { members = own }
        for (name, change) in changes {
            members[name] = change == .null ? nil : (members[name] ?? .null).merging(change)
        }
        return .object(members)
    }

    /// How deeply arrays and objects are nested: 0 for a scalar, 1 for an array of scalars.
    package var depth: Int {
        switch self {
        case .null, .bool, .number, .string: 0
        case .array(let items): 1 + (items.lazy.map(\.depth).max() ?? 0)
        case .object(let members): 1 + (members.values.lazy.map(\.depth).max() ?? 0)
        }
    }

    private func append(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let text): bytes.append(contentsOf: text.utf8)
        case .string(let text): JSONText.append(text, to: &bytes)
        case .array(let items):
            bytes.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                item.append(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            for (index, member) in sorted.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                JSONText.append(member.key, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.append(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }
}

/// Why a text is not the JSON that is expected.
package struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The byte where reading stopped, from 0.
    package let offset: Int
    /// What is wrong there.
    package let reason: String

    package var description: String { "not valid JSON at byte \(offset): \(reason)" }
}

/// JSON for the columns that hold arrays of strings.
package enum JSONText {
    /// The JSON array of some strings.
    package static func array(_ strings: [String]) -> String {
        if strings.isEmpty { return "[]" }
        var bytes: [UInt8] = [UInt8(ascii: "[")]
        for (index, string) in strings.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(string, to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The strings of a JSON array of strings; nil when the text is something else.
    package static func strings(_ text: String) -> [String]? {
        if text == "[]" { return [] }
        guard case .array(let items)? = try? JSONValue(parsing: text) else { return nil }
        var strings: [String] = []
        strings.reserveCapacity(items.count)
        for item in items {
            guard case .string(let string) = item else { return nil }
            strings.append(string)
        }
        return strings
    }

    /// Appends a string with its quotes, escaping what JSON requires.
    package static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            default:
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
