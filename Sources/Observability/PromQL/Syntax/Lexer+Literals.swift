extension Lexer {
    // MARK: Strings

    /// Reads a string whose opening quote was read already.
    mutating func lexString(quote: UInt8) -> State {
        let isRaw = quote == UInt8(ascii: "`")
        while true {
            let character = next()
            switch character {
            case Int32(quote):
                emit(.string)
                return .statements
            case Self.endOfText:
                return fail(isRaw ? "unterminated raw string" : "unterminated quoted string")
            case 0xfffd: return fail("invalid UTF-8 rune")
            case 0x0a where !isRaw: return fail("unterminated quoted string")
            case 0x5c where !isRaw:
                if let message = escapeProblem(quote: quote) { return fail(message) }
            default: break
            }
        }
    }

    /// Reads what follows a backslash; nil when it is an escape sequence.
    private mutating func escapeProblem(quote: UInt8) -> String? {
        let character = next()
        if character == Int32(quote) { return nil }
        switch UInt8(exactly: character) ?? 0 {
        case UInt8(ascii: "a"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"),
            UInt8(ascii: "t"), UInt8(ascii: "v"), UInt8(ascii: "\\"):
            return nil
        case UInt8(ascii: "0")...UInt8(ascii: "7"): return digitsProblem(character, 3, base: 8, max: 255)
        case UInt8(ascii: "x"): return digitsProblem(next(), 2, base: 16, max: 255)
        case UInt8(ascii: "u"): return digitsProblem(next(), 4, base: 16, max: 0x10_ffff)
        case UInt8(ascii: "U"): return digitsProblem(next(), 8, base: 16, max: 0x10_ffff)
        default:
            if character == Self.endOfText { return "escape sequence not terminated" }
            return "unknown escape sequence \(Self.codePoint(character))"
        }
    }

    private mutating func digitsProblem(_ first: Int32, _ count: Int, base: UInt32, max: UInt32) -> String? {
        var value: UInt64 = 0
        var character = first
        for index in 0..<count {
            if index > 0 { character = next() }
            let digit = UInt8(exactly: character).flatMap(StringLiteralText.digit) ?? 16
            if digit >= base {
                if character == Self.endOfText { return "escape sequence not terminated" }
                return "illegal character \(Self.codePoint(character)) in escape sequence"
            }
            value = value * UInt64(base) + UInt64(digit)
        }
        if value > UInt64(max) || (0xd800..<0xe000).contains(value) {
            return "escape sequence is an invalid Unicode code point"
        }
        return nil
    }

    /// A character as Go's `%#U` writes it: `U+0063 'c'`.
    private static func codePoint(_ character: Int32) -> String {
        let digits = String(UInt32(bitPattern: character), radix: 16, uppercase: true)
        let padded = "U+" + String(repeating: "0", count: Swift.max(0, 4 - digits.count)) + digits
        guard let scalar = Unicode.Scalar(UInt32(bitPattern: character)), character >= 0x20, character != 0x7f else {
            return padded
        }
        return "\(padded) '\(Character(scalar))'"
    }

    // MARK: Numbers and durations

    mutating func lexNumber(_ following: State) -> State {
        guard scanNumber() else { return fail("bad number syntax: \(quotedWord)") }
        emit(.number)
        return following
    }

    mutating func lexNumberOrDuration() -> State {
        if scanNumber() {
            emit(.number)
            return .statements
        }
        if scanDurationTail() {
            emit(.duration)
            return .statements
        }
        return fail("bad number or duration syntax: \(quotedWord)")
    }

    /// Reads the units of a duration behind its first digits.
    private mutating func scanDurationTail() -> Bool {
        guard accept("smhdwy") else { return false }
        // For `ms`; wrong units such as `hs` are found when the duration's value is computed.
        _ = accept("s")
        while accept("0123456789") {
            while accept("0123456789") {}
            guard accept("smhdw") else { return false }
            _ = accept("s")
        }
        let isEnd = !Self.isAlphanumeric(next())
        if isEnd { backUp() }
        return isEnd
    }

    /// Reads a number, which need not be a valid one: its value is computed later.
    private mutating func scanNumber() -> Bool {
        let initial = position
        var digits = "0123456789"
        var isHexadecimal = false
        if !isSeriesDescription, accept("0"), accept("xX") {
            _ = accept("_")
            digits = "0123456789abcdefABCDEF"
            isHexadecimal = true
        }
        _ = accept(".")
        _ = accept(digits)
        var hadDot = false
        var hadExponent = false
        while isNext(in: digits + "._eE") {
            if isNext(in: "."), hadDot {
                _ = accept(".")
                return false
            }
            if isNext(in: "eE"), hadExponent {
                _ = accept("eE")
                return false
            }
            if accept(".") {
                hadDot = true
                if accept("_.") || isHexadecimal { return false }
            } else if accept("eE") {
                hadExponent = true
                _ = accept("+-")
                if accept("._eE") || position >= bytes.count { return false }
            } else if accept("_") {
                if accept("._eE") || position >= bytes.count { return false }
            } else {
                while accept(digits) {}
            }
        }
        guard position > initial else { return false }
        let following = peek()
        return (isSeriesDescription && following == 0x78) || !Self.isAlphanumeric(following)
    }

    private var quotedWord: String { StringLiteralText.quote(word) }
}
