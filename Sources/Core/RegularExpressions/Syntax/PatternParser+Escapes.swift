extension PatternParser {
    /// Reads an escape outside a class.
    mutating func parseEscapedItem() throws(RegularExpressionError) {
        switch peek(1) {
        case "A": try pushAssertion(.textBegin)
        case "z": try pushAssertion(.textEnd)
        case "b": try pushAssertion(.wordBoundary)
        case "B": try pushAssertion(.noWordBoundary)
        case "Q": try parseQuoted()
        default:
            if let set = try parseClassEscape() {
                try pushSet(set)
            } else {
                try pushScalar(parseScalarEscape())
            }
        }
    }

    private mutating func pushAssertion(_ assertion: Assertion) throws(RegularExpressionError) {
        position += 2
        try push(.assertion(assertion))
    }

    /// Reads `\Q…\E`; without an end it reaches to the end of the pattern.
    private mutating func parseQuoted() throws(RegularExpressionError) {
        position += 2
        while let scalar = current {
            if scalar == "\\", peek(1) == "E" {
                position += 2
                return
            }
            position += 1
            try pushScalar(scalar.value)
        }
    }

    /// Reads an escape that stands for one scalar.
    mutating func parseScalarEscape() throws(RegularExpressionError) -> UInt32 {
        let start = position
        position += 1
        guard let scalar = current else {
            throw RegularExpressionError(.trailingBackslash, "")
        }
        position += 1
        switch scalar {
        case "0": return parseOctal(first: scalar)
        case "1"..."7":
            // A digit alone would be a backreference.
            if let next = current, ("0"..."7").contains(next) {
                return parseOctal(first: scalar)
            }
        case "x":
            if let value = parseHexadecimal() {
                return value
            }
        case "a": return 0x07
        case "f": return 0x0C
        case "n": return 0x0A
        case "r": return 0x0D
        case "t": return 0x09
        case "v": return 0x0B
        default:
            if scalar.isASCII, !scalar.isASCIIAlphanumeric {
                return scalar.value
            }
        }
        throw RegularExpressionError(.invalidEscape, text(from: start))
    }

    private mutating func parseOctal(first: Unicode.Scalar) -> UInt32 {
        var value = first.value - 0x30
        for _ in 0..<2 {
            guard let next = current, ("0"..."7").contains(next) else { break }
            value = value * 8 + next.value - 0x30
            position += 1
        }
        return value
    }

    /// Reads what follows `\x`; on nil, the position is after the first thing that is wrong.
    private mutating func parseHexadecimal() -> UInt32? {
        guard let first = current else { return nil }
        position += 1
        guard first == "{" else {
            let high = Self.hexadecimalDigit(first)
            guard let second = current else { return nil }
            position += 1
            guard let high, let low = Self.hexadecimalDigit(second) else { return nil }
            return high * 16 + low
        }
        var value: UInt32 = 0
        var digits = 0
        while let scalar = current {
            position += 1
            if scalar == "}" {
                return digits > 0 ? value : nil
            }
            guard let digit = Self.hexadecimalDigit(scalar) else { return nil }
            value = value * 16 + digit
            digits += 1
            guard value <= ScalarSet.scalarMax else { return nil }
        }
        return nil
    }

    private static func hexadecimalDigit(_ scalar: Unicode.Scalar) -> UInt32? {
        switch scalar {
        case "0"..."9": scalar.value - 0x30
        case "a"..."f": scalar.value - 0x61 + 10
        case "A"..."F": scalar.value - 0x41 + 10
        default: nil
        }
    }
}
