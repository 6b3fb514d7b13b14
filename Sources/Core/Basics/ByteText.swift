extension Sequence<UInt8> {
    /// The bytes as lower-case hexadecimal digits.
    public var hexadecimal: String {
        func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
        var text: [UInt8] = []
        text.reserveCapacity(underestimatedCount * 2)
        for byte in self {
            text.append(digit(byte >> 4))
            text.append(digit(byte & 0xf))
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Base64 with padding (RFC 4648, section 4).
public enum Base64 {
    /// The text of some bytes.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let text = Base64URL.text(bytes, signs: (UInt8(ascii: "+"), UInt8(ascii: "/")))
        let padding = repeatElement(UInt8(ascii: "="), count: (4 - text.count % 4) % 4)
        return String(decoding: text + padding, as: UTF8.self)
    }
}

/// Base64 with the alphabet for URLs and without padding (RFC 4648, section 5).
public enum Base64URL {
    /// The text of some bytes.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: text(bytes, signs: (UInt8(ascii: "-"), UInt8(ascii: "_"))), as: UTF8.self)
    }

    /// The bytes; nil for other characters, impossible lengths and bits that no encoder leaves.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count * 3 / 4)
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        for byte in text.utf8 {
            guard let value = value(of: byte) else { return nil }
            buffer = buffer << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
                buffer &= (1 << bits) - 1
            }
        }
        return bits < 6 && buffer == 0 ? bytes : nil
    }

    static func text(_ bytes: some Sequence<UInt8>, signs: (UInt8, UInt8)) -> [UInt8] {
        func digit(_ value: UInt32) -> UInt8 {
            switch UInt8(value) {
            case 0..<26: UInt8(ascii: "A") + UInt8(value)
            case 26..<52: UInt8(ascii: "a") + UInt8(value) - 26
            case 52..<62: UInt8(ascii: "0") + UInt8(value) - 52
            case 62: signs.0
            default: signs.1
            }
        }
        var text: [UInt8] = []
        text.reserveCapacity(bytes.underestimatedCount * 4 / 3 + 3)
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(digit(buffer >> bits & 63))
            }
            buffer &= (1 << bits) - 1
        }
        if bits > 0 { text.append(digit(buffer << (6 - bits) & 63)) }
        return text
    }

    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a") + 26)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0") + 52)
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
