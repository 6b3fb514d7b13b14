import MetricModel

/// The escapes of string literals.
enum StringLiteralText {
    /// The value of a literal with its quotes, as bytes (`\xFF` may make it invalid UTF-8).
    ///
    /// The lexer has checked it.
    static func bytes(unquoting literal: String) -> [UInt8] {
        let raw = Array(literal.utf8)
        guard raw.count >= 2 else { return [] }
        let body = raw[1..<(raw.count - 1)]
        guard raw[0] != UInt8(ascii: "`"), body.contains(UInt8(ascii: "\\")) else { return Array(body) }
        var result: [UInt8] = []
        result.reserveCapacity(body.count)
        var index = body.startIndex
        while index < body.endIndex {
            let byte = body[index]
            index += 1
            if byte == UInt8(ascii: "\\"), index < body.endIndex {
                appendEscape(body, &index, to: &result)
            } else {
                result.append(byte)
            }
        }
        return result
    }

    /// The value as text; invalid UTF-8 becomes U+FFFD.
    static func text(unquoting literal: String) -> String {
        String(decoding: bytes(unquoting: literal), as: UTF8.self)
    }

    private static func appendEscape(_ body: ArraySlice<UInt8>, _ index: inout Int, to result: inout [UInt8]) {
        let kind = body[index]
        index += 1
        func number(_ count: Int, base: UInt32, from start: Int) -> UInt32 {
            let end = min(start + count, body.endIndex)
            index = end
            return body[start..<end].reduce(0) { $0 &* base &+ (digit($1) ?? 0) }
        }
        switch kind {
        case UInt8(ascii: "a"): result.append(0x07)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0c)
        case UInt8(ascii: "n"): result.append(0x0a)
        case UInt8(ascii: "r"): result.append(0x0d)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "v"): result.append(0x0b)
        case UInt8(ascii: "x"): result.append(UInt8(truncatingIfNeeded: number(2, base: 16, from: index)))
        case UInt8(ascii: "u"): append(number(4, base: 16, from: index), to: &result)
        case UInt8(ascii: "U"): append(number(8, base: 16, from: index), to: &result)
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            result.append(UInt8(truncatingIfNeeded: number(3, base: 8, from: index - 1)))
        default: result.append(kind)
        }
    }

    private static func append(_ value: UInt32, to result: inout [UInt8]) {
        result += Array(String(Character(Unicode.Scalar(value) ?? "\u{FFFD}")).utf8)
    }

    /// The value of a hexadecimal digit.
    static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    static func quote(_ text: String) -> String { QuotedText.quote(text) }

    /// A printed expression with U+FFFD as its escape.
    ///
    /// It stands in quoted texts only, where `\xFF` leads to it; as it is the lexer takes it for bytes that are no UTF-8.
    static func readable(_ expression: String) -> String {
        guard expression.unicodeScalars.contains("\u{FFFD}") else { return expression }
        var result = String.UnicodeScalarView()
        for scalar in expression.unicodeScalars {
            if scalar == "\u{FFFD}" {
                result.append(contentsOf: "\\ufffd".unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// Quotes bytes that need not be UTF-8: invalid ones become `\xNN`.
    static func quote(_ bytes: [UInt8]) -> String {
        var quoted = "\""
        var valid: [UInt8] = []
        var index = 0
        func flush() {
            quoted += QuotedText.quote(String(decoding: valid, as: UTF8.self)).dropFirst().dropLast()
            valid = []
        }
        while index < bytes.count {
            let first = bytes[index]
            let length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
            let end = min(index + length, bytes.count)
            if let character = String(validating: bytes[index..<end], as: UTF8.self),
                character.unicodeScalars.count == 1
            {
                valid += bytes[index..<end]
                index = end
            } else {
                flush()
                let digits = String(first, radix: 16)
                quoted += "\\x" + (digits.count < 2 ? "0" : "") + digits
                index += 1
            }
        }
        flush()
        return quoted + "\""
    }
}
