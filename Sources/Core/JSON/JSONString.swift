/// Which characters of a string are escaped beside quotes, backslashes and those below U+0020.
package enum JSONEscaping: Sendable {
    /// None: what RFC 8259 requires is all.
    case required
    /// `<`, `>`, `&` and the Unicode line separators too, as Go's encoder does for the sake of HTML.
    case html
    /// DEL too, so that text which is shown as it stands cannot drive a terminal.
    case terminal
}

/// The one place where text becomes a JSON string.
package enum JSONString {
    /// The text in quotes.
    package static func quote(_ text: String, escaping: JSONEscaping = .required) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 2)
        append(text, to: &bytes, escaping: escaping)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the text in quotes.
    package static func append(_ text: String, to bytes: inout [UInt8], escaping: JSONEscaping = .required) {
        switch escaping {
        case .required: append(text, to: &bytes) { _ in false }
        case .html:
            append(text, to: &bytes) { byte in
                byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "&") || byte == 0xe2
            }
        case .terminal: append(text, to: &bytes) { $0 == 0x7f }
        }
    }

    /// Copies the runs between the bytes that are escaped.
    @inline(__always)
    private static func append(_ text: String, to bytes: inout [UInt8], isSpecial: (UInt8) -> Bool) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            // SAFETY: the buffer is read inside the closure only, and indices come from its own range.
            var unwritten = 0
            for index in 0..<utf8.count {
                let byte = unsafe utf8[index]
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || isSpecial(byte)
                else { continue }
                var length = 1
                if byte == 0xe2 {
                    guard let last = unsafe lineSeparatorEnd(utf8, index) else { continue }
                    unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[unwritten..<index]))
                    bytes.append(contentsOf: (last == 0xa8 ? "\\u2028" : "\\u2029").utf8)
                    length = 3
                } else {
                    unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[unwritten..<index]))
                    escape(byte, to: &bytes)
                }
                unwritten = index + length
            }
            unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[unwritten...]))
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// The last byte of U+2028 or U+2029 (E2 80 A8, E2 80 A9); nil when another character begins here.
    private static func lineSeparatorEnd(_ utf8: UnsafeBufferPointer<UInt8>, _ index: Int) -> UInt8? {
        guard index + 2 < utf8.count, unsafe utf8[index + 1] == 0x80 else { return nil }
        let last = unsafe utf8[index + 2]
        return last == 0xa8 || last == 0xa9 ? last : nil
    }

    private static func escape(_ byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0a: bytes.append(UInt8(ascii: "n"))
        case 0x0c: bytes.append(UInt8(ascii: "f"))
        case 0x0d: bytes.append(UInt8(ascii: "r"))
        default:
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(hexadecimalDigit(byte >> 4))
            bytes.append(hexadecimalDigit(byte & 0xf))
        }
    }

    private static func hexadecimalDigit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
}
