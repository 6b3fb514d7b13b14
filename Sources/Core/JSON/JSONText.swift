/// JSON as text: whole values, and the arrays of strings that records are full of.
package enum JSONText {
    /// One value on one line.
    package static func compact(_ value: some JSONWritable) -> String {
        String(decoding: JSONWriter.bytes(of: value), as: UTF8.self)
    }

    /// The one text of a value: no white space, the names of objects in the order of their bytes.
    package static func canonical(_ value: JSONValue) -> String {
        var json = JSONWriter()
        json.canonical(value)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    /// For people: two blanks for each level, a line for each member, a line end.
    package static func pretty(_ value: JSONValue) -> String {
        var text = ""
        write(value, indent: "", to: &text)
        return text + "\n"
    }

    /// The array of some strings.
    package static func array(_ strings: [String]) -> String {
        if strings.isEmpty { return "[]" }
        var json = JSONWriter()
        json.strings(strings)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    /// The strings of an array of strings; nil when the text is something else.
    package static func strings(_ text: String) -> [String]? {
        if text == "[]" { return [] }
        return (try? JSONValue(parsing: text))?.strings
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
        case .object(let object) where !object.isEmpty:
            text += "{\n"
            for (index, member) in object.members.enumerated() {
                text += inner + JSONString.quote(member.name) + ": "
                write(member.value, indent: inner, to: &text)
                text += index + 1 < object.members.count ? ",\n" : "\n"
            }
            text += indent + "}"
        default: text += compact(value)
        }
    }
}
