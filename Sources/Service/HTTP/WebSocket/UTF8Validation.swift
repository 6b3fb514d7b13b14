/// Checks UTF-8 that comes in parts (Unicode 15, table 3-7): no overlong forms, no surrogates, nothing above U+10FFFF.
struct UTF8Validation {
    /// Bytes that are missing of the present character.
    private var missing = 0
    /// What the next byte may be.
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xBF

    /// Whether what was taken does not end within a character.
    var isAtBoundary: Bool { missing == 0 }

    /// Takes more bytes; false when they cannot be part of a valid text.
    mutating func take(_ bytes: some Sequence<UInt8>) -> Bool {
        for byte in bytes {
            if missing > 0 {
                guard byte >= lowest, byte <= highest else { return false }
                missing -= 1
                (lowest, highest) = (0x80, 0xBF)
                continue
            }
            switch byte {
            case 0x00...0x7F: continue
            case 0xC2...0xDF: missing = 1
            case 0xE0: (missing, lowest) = (2, 0xA0)
            case 0xED: (missing, highest) = (2, 0x9F)
            case 0xE1...0xEF: missing = 2
            case 0xF0: (missing, lowest) = (3, 0x90)
            case 0xF1...0xF3: missing = 3
            case 0xF4: (missing, highest) = (3, 0x8F)
            default: return false
            }
        }
        return true
    }
}
