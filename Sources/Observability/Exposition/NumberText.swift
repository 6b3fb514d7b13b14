/// Numbers as the exposition formats write them.
enum NumberText {
    /// Appends a sample value: the shortest digits that read back as the same number; `+Inf`, `-Inf` and `NaN`
    /// spelled so.
    @inline(__always)
    static func append(_ value: Double, to output: inout [UInt8]) {
        // Most samples are whole numbers, which need no search for the shortest digits.
        if value.magnitude < 1e16 {
            let whole = Int64(value)
            if Double(whole) == value && (whole != 0 || value.sign == .plus) {
                append(whole, to: &output)
                return
            }
        }
        appendFraction(value, to: &output)
    }

    @inline(never)
    private static func appendFraction(_ value: Double, to output: inout [UInt8]) {
        if value.isNaN {
            output.append(contentsOf: "NaN".utf8)
        } else if value.isInfinite {
            output.append(contentsOf: (value < 0 ? "-Inf" : "+Inf").utf8)
        } else if value == 0 {
            output.append(contentsOf: "-0".utf8)
        } else {
            output.append(contentsOf: value.description.utf8)
        }
    }

    /// Appends a whole number in decimal.
    @inline(__always)
    static func append(_ value: Int64, to output: inout [UInt8]) {
        var rest = value.magnitude
        if value < 0 { output.append(UInt8(ascii: "-")) }
        if rest < 10 {
            output.append(48 &+ UInt8(truncatingIfNeeded: rest))
            return
        }
        var count = 0
        var shrinking = rest
        while shrinking > 0 {
            shrinking /= 10
            count &+= 1
        }
        output.append(addingCapacity: count) { span in
            for _ in 0..<count { span.append(48) }
        }
        var position = output.count &- 1
        while rest > 0 {
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 10)
            output[position] = 48 &+ UInt8(truncatingIfNeeded: remainder)
            position &-= 1
            rest = quotient
        }
    }

    /// Reads a sample value as Go's `ParseFloat` does, but without hexadecimal numbers and underscores; nil when it
    /// is none.
    static func parse(_ text: some Collection<UInt8>) -> Double? {
        let bytes = Array(text)
        var position = 0
        if let sign = bytes.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position = 1 }
        if position < bytes.count, bytes[position] | 0x20 >= UInt8(ascii: "a") {
            return special(bytes, signed: position == 1)
        }
        guard isDecimal(bytes, from: position) else { return nil }
        guard let value = Double(String(decoding: bytes, as: UTF8.self)), value.isFinite else { return nil }
        return value
    }

    private static func special(_ bytes: [UInt8], signed: Bool) -> Double? {
        switch String(decoding: bytes, as: UTF8.self).lowercased() {
        case "nan": .nan
        case "inf", "+inf", "infinity", "+infinity": .infinity
        case "-inf", "-infinity": -.infinity
        default: nil
        }
    }

    /// Digits with at most one point, and perhaps an exponent.
    private static func isDecimal(_ bytes: [UInt8], from start: Int) -> Bool {
        var position = start
        var digits = 0
        var hasPoint = false
        while position < bytes.count {
            let byte = bytes[position]
            if (48...57).contains(byte) {
                digits += 1
            } else if byte == UInt8(ascii: ".") && !hasPoint {
                hasPoint = true
            } else {
                break
            }
            position += 1
        }
        guard digits > 0 else { return false }
        guard position < bytes.count else { return true }
        guard bytes[position] | 0x20 == UInt8(ascii: "e") else { return false }
        position += 1
        if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
            position += 1
        }
        return position < bytes.count && bytes[position...].allSatisfy { (48...57).contains($0) }
    }
}
