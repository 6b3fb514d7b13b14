/// Reads Go's string and character literals.
public enum GoUnquote {
    /// The text of a literal with its quotes (`"…"`, `` `…` ``, `'…'`); nil when it is malformed or is not UTF-8.
    public static func unquote(_ literal: String) -> String? {
        let bytes = Array(literal.utf8)
        guard bytes.count >= 2, let quote = bytes.first, bytes.last == quote else { return nil }
        let content = bytes[1..<bytes.count - 1]
        if quote == UInt8(ascii: "`") {
            return String(validating: content.filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
        }
        var result: [UInt8] = []
        var position = content.startIndex
        while position < content.endIndex {
            let byte = content[position]
            position += 1
            if byte == quote || byte == UInt8(ascii: "\n") { return nil }
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            guard escape(content, &position, quote, &result) else { return nil }
        }
        return String(validating: result, as: UTF8.self)
    }

    private static let simple: [UInt8: UInt8] = [
        UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10,
        UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11, UInt8(ascii: "\\"): 0x5c,
    ]

    private static func escape(
        _ content: ArraySlice<UInt8>,
        _ position: inout Int,
        _ quote: UInt8,
        _ result: inout [UInt8]
    ) -> Bool {
        guard position < content.endIndex else { return false }
        let letter = content[position]
        position += 1
        if let byte = simple[letter] {
            result.append(byte)
            return true
        }
        switch letter {
        case quote: result.append(quote)
        case UInt8(ascii: "x"):
            guard let value = digits(content, &position, count: 2, radix: 16) else { return false }
            result.append(UInt8(truncatingIfNeeded: value))
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            let count = letter == UInt8(ascii: "u") ? 4 : 8
            guard let value = digits(content, &position, count: count, radix: 16), let scalar = Unicode.Scalar(value)
            else { return false }
            result += Array(String(Character(scalar)).utf8)
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            position -= 1
            guard let value = digits(content, &position, count: 3, radix: 8), value < 256 else { return false }
            result.append(UInt8(value))
        default: return false
        }
        return true
    }

    private static func digits(_ content: ArraySlice<UInt8>, _ position: inout Int, count: Int, radix: Int) -> UInt32? {
        guard position + count <= content.endIndex else { return nil }
        let text = String(decoding: content[position..<position + count], as: UTF8.self)
        guard text.utf8.first != UInt8(ascii: "+"), text.utf8.first != UInt8(ascii: "-") else { return nil }
        position += count
        return UInt32(text, radix: radix)
    }
}
