import Basics
import MetricModel

/// The values of number and duration literals.
enum NumberText {
    /// What is wrong with a number, in the words of Go's `strconv`.
    struct Problem: Error {
        let message: String
    }

    /// Reads a number: an integer with Go's base prefixes (`0x1f`, `017`), or else a decimal float, `Inf` or `NaN`.
    static func value(_ text: String) throws(Problem) -> Double {
        if let integer = integer(text) { return Double(integer) }
        let digits = text.utf8.filter { $0 != UInt8(ascii: "_") }
        switch text.lowercased() {
        case "inf", "+inf": return .infinity
        case "-inf": return -.infinity
        case "nan": return .nan
        default: break
        }
        let isDecimal = digits.allSatisfy { (48...57).contains($0) || ".eE+-".utf8.contains($0) }
        guard isDecimal, let value = Double(String(decoding: digits, as: UTF8.self)) else {
            throw Problem(message: "strconv.ParseFloat: parsing \(QuotedText.quote(text)): invalid syntax")
        }
        if value.isInfinite {
            throw Problem(message: "strconv.ParseFloat: parsing \(QuotedText.quote(text)): value out of range")
        }
        return value
    }

    private static func integer(_ text: String) -> Int64? {
        let digits = text.filter { $0 != "_" }
        if digits.hasPrefix("0x") || digits.hasPrefix("0X") { return Int64(digits.dropFirst(2), radix: 16) }
        if digits.hasPrefix("0"), digits.utf8.count > 1 { return Int64(digits.dropFirst(), radix: 8) }
        return digits.utf8.allSatisfy { (48...57).contains($0) } ? Int64(digits, radix: 10) : nil
    }

    private static let units: [String: (order: Int, milliseconds: Int64)] = [
        "y": (1, 31_536_000_000), "w": (2, 604_800_000), "d": (3, 86_400_000), "h": (4, 3_600_000), "m": (5, 60_000),
        "s": (6, 1000), "ms": (7, 1),
    ]
    /// 63 bits of nanoseconds, about 292 years.
    static let durationMillisecondsMax = Int64.max / 1_000_000

    /// Reads a duration such as `1h30m`, in milliseconds.
    static func durationMilliseconds(_ text: String) throws(Problem) -> Int64 {
        let invalid = Problem(message: "not a valid duration string: \(QuotedText.quote(text))")
        if text == "0" { return 0 }
        if text.isEmpty { throw Problem(message: "empty duration string") }
        var rest = Substring(text)
        var total: Int64 = 0
        var lastOrder = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let number = UInt64(digits) else { throw invalid }
            rest = rest.dropFirst(digits.count)
            let name = rest.prefix { !($0.isASCII && $0.isNumber) }
            if name.isEmpty { throw invalid }
            rest = rest.dropFirst(name.count)
            guard let unit = units[String(name)] else {
                let unitName = QuotedText.quote(String(name))
                throw Problem(message: "unknown unit \(unitName) in duration \(QuotedText.quote(text))")
            }
            if unit.order <= lastOrder { throw invalid }
            lastOrder = unit.order
            guard number <= UInt64(durationMillisecondsMax / unit.milliseconds) else {
                throw Problem(message: "duration out of range")
            }
            total += Int64(number) * unit.milliseconds
            if total > durationMillisecondsMax { throw Problem(message: "duration out of range") }
        }
        return total
    }

    /// Milliseconds as seconds, rounded as Go's `Duration.Seconds` does.
    static func seconds(milliseconds: Int64) -> Double {
        Double(milliseconds / 1000) + Double(milliseconds % 1000 * 1_000_000) / 1e9
    }

    /// Whether a number of seconds exceeds 63 bits of nanoseconds.
    static func isOutOfDurationRange(seconds: Double) -> Bool {
        seconds > 0x1p63 / 1e9 || seconds < -0x1p63 / 1e9
    }

    /// Seconds as whole milliseconds, by way of rounded nanoseconds; what does not fit is clamped.
    static func milliseconds(seconds: Double) -> Int64 {
        clamped((seconds * 1e9).rounded(.toNearestOrAwayFromZero)) / 1_000_000
    }

    /// The integer of a rounded number; what does not fit is clamped, NaN is 0.
    static func clamped(_ value: Double) -> Int64 {
        if value.isNaN { return 0 }
        if value >= 0x1p63 { return .max }
        if value <= -0x1p63 { return .min }
        return Int64(value)
    }

    /// A number with six decimals (`%f`).
    static func fixed(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        guard value.magnitude >= 0x1p53 else { return FloatText.decimal(value) }
        var digits: [UInt8] = [0]
        func double(adding carryIn: UInt8 = 0) {
            var carry = carryIn
            for index in digits.indices {
                let sum = digits[index] * 2 + carry
                digits[index] = sum % 10
                carry = sum / 10
            }
            if carry > 0 { digits.append(carry) }
        }
        let significand = value.significandBitPattern | 1 << 52
        for bit in stride(from: 52, through: 0, by: -1) { double(adding: UInt8(significand >> UInt64(bit) & 1)) }
        for _ in 0..<max(0, Int(value.exponent) - 52) { double() }
        let text = String(decoding: digits.reversed().map { $0 + 48 }, as: UTF8.self)
        return (value < 0 ? "-" : "") + text + ".000000"
    }
}
