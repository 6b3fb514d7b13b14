package import JSON

/// One thing that is wrong with what a user sent.
package struct FieldViolation: Hashable, Sendable, CustomStringConvertible {
    /// Which field: a JSON pointer (RFC 6901) into the record, such as `/tags/3`.
    package let pointer: String
    /// What is wrong with it, for people; never repeats the value.
    package let message: String

    package init(_ pointer: String, _ message: String) {
        self.pointer = pointer
        self.message = message
    }

    package var description: String { "\(pointer): \(message)" }
}

/// Which version of a record a change was made for.
package enum ExpectedVersion: Hashable, Sendable {
    /// Whichever is current, as long as the record exists.
    case any
    /// Only this one.
    case exactly(Int64)

    /// Whether a record of this version may be changed.
    package func allows(_ version: Int64) -> Bool {
        switch self {
        case .any: true
        case .exactly(let expected): expected == version
        }
    }
}

/// What a partial update does to one field.
package enum FieldChange<Value: Hashable & Sendable>: Hashable, Sendable {
    case keep
    case set(Value)
    /// Back to the field's empty value or default; a violation where the field is required.
    case clear
}

/// Collects violations, up to a bound: a body of a thousand mistakes does not make an answer of a thousand lines.
package struct ViolationList: Sendable {
    /// How many violations are reported at most.
    package static let countMax = 50

    package private(set) var violations: [FieldViolation] = []

    package init() {}

    /// Notes a violation unless there are enough already.
    package mutating func add(_ pointer: String, _ message: String) {
        if violations.count < Self.countMax { violations.append(FieldViolation(pointer, message)) }
    }

    /// Checks a text's length in Unicode scalars, and that it has no control characters.
    package mutating func line(_ text: String, _ pointer: String, lengthMax: Int, mayBeEmpty: Bool = false) {
        if !mayBeEmpty, text.unicodeScalars.allSatisfy(\.properties.isWhitespace) { add(pointer, "must not be empty") }
        if isLonger(text, than: lengthMax) { add(pointer, "must have at most \(lengthMax) characters") }
        if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            add(pointer, "must not contain control characters or line breaks")
        }
    }

    /// Checks the size of a text of several lines, and that it has no NUL, which PostgreSQL cannot store.
    package mutating func text(_ text: String, _ pointer: String, bytesMax: Int) {
        if text.utf8.count > bytesMax { add(pointer, "must have at most \(bytesMax) bytes") }
        if text.utf8.contains(0) { add(pointer, "must not contain a NUL character") }
    }

    /// Checks how many items a list has, each item, and that none stands twice.
    package mutating func list(
        _ items: [String],
        _ pointer: String,
        countMax: Int,
        isSet: Bool,
        item: (inout ViolationList, _ item: String, _ pointer: String) -> Void
    ) {
        if items.count > countMax { add(pointer, "must have at most \(countMax) items") }
        var seen: Set<String> = []
        for (index, text) in items.prefix(countMax).enumerated() {
            item(&self, text, "\(pointer)/\(index)")
            if isSet, !seen.insert(text).inserted { add("\(pointer)/\(index)", "stands in the list already") }
        }
    }

    /// Checks a label-like word: `a-z`, `0-9` and `extra`, beginning with a letter or digit.
    package mutating func slug(_ text: String, _ pointer: String, lengthMax: Int, extra: String) {
        let isPlain: (UInt8) -> Bool = { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) }
        guard let first = text.utf8.first else { return add(pointer, "must not be empty") }
        if text.utf8.count > lengthMax { add(pointer, "must have at most \(lengthMax) characters") }
        if !isPlain(first) || !text.utf8.allSatisfy({ isPlain($0) || extra.utf8.contains($0) }) {
            add(pointer, "must be of a-z, 0-9 and \(extra), and begin with a letter or digit")
        }
    }

    /// Checks that a value is a JSON object within its limits.
    package mutating func object(_ value: JSONValue, _ pointer: String, bytesMax: Int) {
        guard value.isObject else { return add(pointer, "must be an object") }
        let depthMax = JSONLimits.stored.depthMax
        guard value.depth <= depthMax else { return add(pointer, "must be nested at most \(depthMax) levels deep") }
        if JSONText.canonical(value).utf8.count > bytesMax {
            add(pointer, "must have at most \(bytesMax) bytes as JSON")
        }
    }

    private func isLonger(_ text: String, than lengthMax: Int) -> Bool {
        let scalars = text.unicodeScalars
        return scalars.index(scalars.startIndex, offsetBy: lengthMax + 1, limitedBy: scalars.endIndex) != nil
    }
}

extension JSONLimits {
    /// The limits of what users attach to a record; its bytes are limited field by field.
    package static let stored = JSONLimits(depthMax: 16)
}
