/// A number in a template: what Go would read it as.
struct TemplateNumber: Equatable {
    let text: String
    let integer: Int64?
    let float: Double?

    /// Whether it is written as a floating-point number.
    let isWrittenAsFloat: Bool

    /// Reads `12`, `-0x1f`, `0b1`, `1_000`, `1.5e3`; nil for anything else.
    init?(_ text: String) {
        self.text = text
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        let digits =
            text.utf8.first == UInt8(ascii: "-") || text.utf8.first == UInt8(ascii: "+")
            ? String(text.dropFirst()) : text
        let plain = digits.replacing("_", with: "")
        guard !plain.isEmpty, !digits.hasPrefix("_"), !digits.hasSuffix("_"), !digits.contains("__") else { return nil }
        let isHexadecimal = plain.hasPrefix("0x") || plain.hasPrefix("0X")
        let marks = isHexadecimal ? ".pP" : ".eE"
        isWrittenAsFloat = plain.contains { marks.contains($0) }
        if isWrittenAsFloat {
            guard let value = Double(plain), value.isFinite else { return nil }
            float = isNegative ? -value : value
            integer = value == value.rounded() && value.magnitude < 9e18 ? Int64(isNegative ? -value : value) : nil
            return
        }
        guard let magnitude = Self.magnitude(plain) else { return nil }
        float = isNegative ? -Double(magnitude) : Double(magnitude)
        if isNegative {
            integer = magnitude <= UInt64(Int64.max) + 1 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
        } else {
            integer = Int64(exactly: magnitude)
        }
    }

    /// Makes the number of a character constant.
    init(character: Unicode.Scalar, text: String) {
        self.text = text
        integer = Int64(character.value)
        float = Double(character.value)
        isWrittenAsFloat = false
    }

    private static func magnitude(_ text: String) -> UInt64? {
        let bases: [(String, Int)] = [("0x", 16), ("0X", 16), ("0b", 2), ("0B", 2), ("0o", 8), ("0O", 8)]
        for (prefix, radix) in bases where text.hasPrefix(prefix) {
            return unsigned(text.dropFirst(2), radix)
        }
        if text.count > 1, text.hasPrefix("0") { return unsigned(text.dropFirst(1), 8) }
        return unsigned(Substring(text), 10)
    }

    private static func unsigned(_ text: Substring, _ radix: Int) -> UInt64? {
        guard let first = text.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-") else { return nil }
        return UInt64(text, radix: radix)
    }
}
