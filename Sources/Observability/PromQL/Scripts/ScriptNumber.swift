/// Numbers and strings on the lines of scripts.
enum ScriptNumber {
    /// A number alone on a line: an integer with any of Go's prefixes, else a float; nil for anything else.
    static func parse(_ text: String) -> Double? {
        if let integer = integer(text) { return integer }
        switch text.lowercased() {
        case "inf", "+inf", "infinity", "+infinity": return .infinity
        case "-inf", "-infinity": return -.infinity
        case "nan": return .nan
        default: break
        }
        guard text.utf8.allSatisfy({ (48...57).contains($0) || "+-.eE_".utf8.contains($0) }),
            text.utf8.contains(where: { (48...57).contains($0) })
        else { return nil }
        return Double(text)
    }

    private static func integer(_ text: String) -> Double? {
        var rest = Substring(text)
        var isNegative = false
        if rest.hasPrefix("-") || rest.hasPrefix("+") {
            isNegative = rest.hasPrefix("-")
            rest = rest.dropFirst()
        }
        var radix = 10
        let lowered = rest.prefix(2).lowercased()
        switch lowered {
        case "0x": radix = 16
        case "0b": radix = 2
        case "0o": radix = 8
        default: break
        }
        if radix != 10 {
            rest = rest.dropFirst(2)
        } else if rest.count > 1 && rest.hasPrefix("0") {
            radix = 8
            rest = rest.dropFirst()
        }
        let digits = rest.filter { $0 != "_" }
        guard !digits.isEmpty, digits.utf8.first != 43, digits.utf8.first != 45, let value = Int64(digits, radix: radix)
        else { return nil }
        return isNegative ? -Double(value) : Double(value)
    }

    /// The text of a quoted string: backticks, or double quotes with Go's escapes; nil when it is none.
    static func unquoted(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 2, let quote = bytes.first, bytes.last == quote else { return nil }
        let body = bytes[1..<bytes.count - 1]
        if quote == UInt8(ascii: "`") {
            return body.contains(quote) ? nil : String(decoding: body, as: UTF8.self)
        }
        guard quote == UInt8(ascii: "\"") else { return nil }
        var isEscaped = false
        for byte in body {
            if !isEscaped && byte == quote { return nil }
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        }
        return isEscaped ? nil : StringLiteralText.text(unquoting: text)
    }
}
