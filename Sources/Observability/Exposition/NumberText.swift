/// Numbers as the exposition formats write them.
enum NumberText {
    /// The most bytes that a number takes: `-2.2250738585072014e-308`.
    static let lengthMax = 24

    /// Appends a sample value: the shortest digits that read back as the same number; `+Inf`, `-Inf` and `NaN`
    /// spelled so.
    static func append(_ value: Double, to output: inout [UInt8]) {
        output.append(addingCapacity: lengthMax) { span in
            unsafe span.withUnsafeMutableBufferPointer { buffer, count in
                count = unsafe write(value, to: buffer, at: 0)
            }
        }
    }

    /// Appends a whole number in decimal.
    static func append(_ value: Int64, to output: inout [UInt8]) {
        output.append(addingCapacity: lengthMax) { span in
            unsafe span.withUnsafeMutableBufferPointer { buffer, count in
                count = unsafe write(value, to: buffer, at: 0)
            }
        }
    }

    /// Writes a number at a place of a buffer that has ``lengthMax`` bytes from there; returns the place behind it.
    @inline(__always)
    @unsafe
    static func write(_ value: Double, to buffer: UnsafeMutableBufferPointer<UInt8>, at start: Int) -> Int {
        // Most samples are whole numbers, which need no search for the shortest digits.
        if value.magnitude < 1e16 {
            let whole = Int64(value)
            if Double(whole) == value && (whole != 0 || value.sign == .plus) {
                return unsafe write(whole, to: buffer, at: start)
            }
        }
        return unsafe writeFraction(value, to: buffer, at: start)
    }

    @inline(never)
    @unsafe
    private static func writeFraction(_ value: Double, to buffer: UnsafeMutableBufferPointer<UInt8>, at start: Int)
        -> Int
    {
        // With at most 15 digits there is one decimal text a number, which is therefore the shortest; from 0.001 on it is written
        // without an exponent.
        if value.magnitude >= 1e-3, value.magnitude < 1e9 {
            let millionths = (value * 1e6).rounded()
            if millionths / 1e6 == value {
                return unsafe write(millionths: Int64(millionths), to: buffer, at: start)
            }
        }
        var text: String
        if value.isNaN {
            text = "NaN"
        } else if value.isInfinite {
            text = value < 0 ? "-Inf" : "+Inf"
        } else if value == 0 {
            text = "-0"
        } else {
            text = value.description
        }
        return text.withUTF8 { bytes in
            // SAFETY: the caller's buffer has room for the longest number from `start` on.
            unsafe UnsafeMutableBufferPointer(rebasing: buffer[start...]).update(fromContentsOf: bytes) + start
        }
    }

    /// Writes a whole number in decimal.
    @inline(__always)
    @unsafe
    private static func write(_ value: Int64, to buffer: UnsafeMutableBufferPointer<UInt8>, at start: Int) -> Int {
        var position = start
        if value < 0 {
            unsafe buffer[position] = UInt8(ascii: "-")
            position &+= 1
        }
        var rest = value.magnitude
        let end = position &+ digitCount(rest)
        position = end
        repeat {
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 10)
            position &-= 1
            unsafe buffer[position] = 48 &+ UInt8(truncatingIfNeeded: remainder)
            rest = quotient
        } while rest > 0
        return end
    }

    /// Writes a number of millionths that is no whole number: `-0.25`.
    @unsafe
    private static func write(
        millionths: Int64,
        to buffer: UnsafeMutableBufferPointer<UInt8>,
        at start: Int
    ) -> Int {
        var position = start
        if millionths < 0 {
            unsafe buffer[position] = UInt8(ascii: "-")
            position &+= 1
        }
        let (whole, fraction) = millionths.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        position = unsafe write(Int64(whole), to: buffer, at: position)
        unsafe buffer[position] = UInt8(ascii: ".")
        var rest = fraction
        var places = 6
        while rest % 10 == 0 {
            rest /= 10
            places &-= 1
        }
        let end = position &+ 1 &+ places
        for place in stride(from: end &- 1, to: position, by: -1) {
            unsafe buffer[place] = 48 &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        return end
    }

    @inline(__always)
    private static func digitCount(_ number: UInt64) -> Int {
        var count = 1
        var shrinking = number
        while shrinking >= 10 {
            shrinking /= 10
            count &+= 1
        }
        return count
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
