import APIModel

/// JSON for people: two blanks for each level, a line for each member.
enum JSONText {
    /// A whole document with a line end.
    static func pretty(_ value: JSONValue) -> String {
        var text = ""
        write(value, indent: "", to: &text)
        return text + "\n"
    }

    /// One value on one line.
    static func compact(_ value: JSONValue) -> String {
        String(decoding: JSONWriter.bytes(of: value), as: UTF8.self)
    }

    private static func write(_ value: JSONValue, indent: String, to text: inout String) {
        let inner = indent + "  "
        switch value {
        case .array(let values) where !values.isEmpty:
            text += "[\n"
            for (index, element) in values.enumerated() {
                text += inner
                write(element, indent: inner, to: &text)
                text += index + 1 < values.count ? ",\n" : "\n"
            }
            text += indent + "]"
        case .object(let object) where !object.members.isEmpty:
            text += "{\n"
            for (index, member) in object.members.enumerated() {
                text += inner + compact(.string(member.name)) + ": "
                write(member.value, indent: inner, to: &text)
                text += index + 1 < object.members.count ? ",\n" : "\n"
            }
            text += indent + "}"
        default: text += compact(value)
        }
    }
}
