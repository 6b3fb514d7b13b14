import JSON

/// JSON values as YAML 1.2 in block style.
///
/// Text that YAML could take for something else is quoted as in JSON.
enum YAMLText {
    /// A whole document.
    static func document(_ value: JSONValue) -> String {
        var text = ""
        switch value {
        case .array(let values) where !values.isEmpty: write(values, indent: "", to: &text)
        case .object(let object) where !object.members.isEmpty: write(object, indent: "", to: &text)
        default: text = scalar(value) + "\n"
        }
        return text
    }

    private static func write(_ values: [JSONValue], indent: String, to text: inout String) {
        for value in values {
            text += indent + "- "
            switch value {
            case .array(let inner) where !inner.isEmpty:
                // The first element follows the dash of the outer list.
                var block = ""
                write(inner, indent: indent + "  ", to: &block)
                text += block.dropFirst(indent.count + 2)
            case .object(let object) where !object.members.isEmpty:
                var block = ""
                write(object, indent: indent + "  ", to: &block)
                text += block.dropFirst(indent.count + 2)
            default: text += scalar(value) + "\n"
            }
        }
    }

    private static func write(_ object: JSONObject, indent: String, to text: inout String) {
        for member in object.members {
            text += indent + string(member.name) + ":"
            switch member.value {
            case .array(let values) where !values.isEmpty:
                text += "\n"
                write(values, indent: indent + "  ", to: &text)
            case .object(let object) where !object.members.isEmpty:
                text += "\n"
                write(object, indent: indent + "  ", to: &text)
            default: text += " " + scalar(member.value) + "\n"
            }
        }
    }

    private static func scalar(_ value: JSONValue) -> String {
        if case .string(let text) = value { return string(text) }
        return JSONText.compact(value)
    }

    /// Plain when it begins with a letter, holds nothing special and is no word of YAML's own.
    private static func string(_ text: String) -> String {
        let isPlain =
            text.utf8.first.map { isLetter($0) } ?? false
            && text.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) || "_-./ ".utf8.contains($0) }
            && !text.hasSuffix(" ")
            && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(text.lowercased())
        return isPlain ? text : JSONString.quote(text)
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) }
}
