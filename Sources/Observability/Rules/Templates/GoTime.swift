import Basics

/// Go's `time.Time` (in UTC) and `time.Duration` as templates meet them, in nanoseconds.
enum GoTime {
    static let second: Int64 = 1_000_000_000

    private static func timestamp(_ nanoseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: floor(nanoseconds, 1_000_000))
    }

    /// The quotient rounded down; never overflows for a divisor above 1.
    static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// The nanoseconds within the second, 0 to 999,999,999, also before the epoch.
    static func fraction(_ nanoseconds: Int64) -> Int64 {
        let remainder = nanoseconds % second
        return remainder < 0 ? remainder + second : remainder
    }

    /// `Time.String`: `2006-01-02 15:04:05.999999999 -0700 MST`.
    static func text(_ nanoseconds: Int64) -> String {
        format(nanoseconds, "2006-01-02 15:04:05.999999999 -0700 MST")
    }

    /// `Duration.String`: `1h30m0s`, `1.5s`, `100ms`.
    static func durationText(_ nanoseconds: Int64) -> String {
        if nanoseconds == 0 { return "0s" }
        let sign = nanoseconds < 0 ? "-" : ""
        let size = nanoseconds.magnitude
        if size < 1000 { return "\(sign)\(size)ns" }
        if size < 1_000_000 { return sign + decimal(size, 1000) + "µs" }
        if size < UInt64(second) { return sign + decimal(size, 1_000_000) + "ms" }
        let seconds = decimal(size % (60 * UInt64(second)), UInt64(second)) + "s"
        let minutes = size / (60 * UInt64(second))
        if minutes == 0 { return sign + seconds }
        if minutes < 60 { return "\(sign)\(minutes)m\(seconds)" }
        return "\(sign)\(minutes / 60)h\(minutes % 60)m\(seconds)"
    }

    private static func decimal(_ value: UInt64, _ unit: UInt64) -> String {
        let rest = value % unit
        if rest == 0 { return String(value / unit) }
        var digits = String(rest)
        digits = String(repeating: "0", count: String(unit).utf8.count - 1 - digits.utf8.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(value / unit).\(digits)"
    }

    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    /// The elements of a layout, longest first where one begins another.
    private static let elements: [String] = [
        "January", "Jan", "Monday", "Mon", "MST", "2006", "002", "-07:00:00", "-07:00", "-070000", "-0700", "-07",
        "Z07:00:00", "Z07:00", "Z070000", "Z0700", "Z07", "01", "02", "03", "04", "05", "06", "15", "__2", "_2", "PM",
        "pm", "1", "2", "3", "4", "5",
    ]

    /// `Time.Format`.
    static func format(_ nanoseconds: Int64, _ layout: String) -> String {
        let civil = CivilTime(timestamp(nanoseconds))
        var result = ""
        var rest = Substring(layout)
        while let character = rest.first {
            if character == "." || character == ",", let (count, trims) = fractionElement(rest) {
                result += fractionText(nanoseconds, separator: character, digits: count, trims: trims)
                rest = rest.dropFirst(count + 1)
                continue
            }
            guard let element = elements.first(where: { matches($0, rest) }) else {
                result.append(character)
                rest = rest.dropFirst()
                continue
            }
            result += text(of: element, civil)
            rest = rest.dropFirst(element.count)
        }
        return result
    }

    /// `Jan` is no element inside a longer word, as in Go.
    private static func matches(_ element: String, _ rest: Substring) -> Bool {
        guard rest.hasPrefix(element) else { return false }
        if element == "Jan" || element == "Mon" {
            return !(rest.dropFirst(3).first?.isLowercase ?? false)
        }
        if element == "_2" { return !rest.hasPrefix("_2006") }
        return true
    }

    /// The digits of `.000` or `.999` when no further digit follows.
    private static func fractionElement(_ rest: Substring) -> (count: Int, trims: Bool)? {
        let digits = rest.dropFirst()
        guard let first = digits.first, first == "0" || first == "9" else { return nil }
        let run = digits.prefix { $0 == first }
        guard run.count <= 9, !(digits.dropFirst(run.count).first?.isNumber ?? false) else { return nil }
        return (run.count, first == "9")
    }

    private static func fractionText(_ nanoseconds: Int64, separator: Character, digits: Int, trims: Bool) -> String {
        var text = String(padded(Int(fraction(nanoseconds)), 9).prefix(digits))
        if trims {
            while text.hasSuffix("0") { text.removeLast() }
            if text.isEmpty { return "" }
        }
        return String(separator) + text
    }

    private static func padded(_ value: Int, _ width: Int, with filler: String = "0") -> String {
        let text = String(value)
        return String(repeating: filler, count: max(0, width - text.utf8.count)) + text
    }

    private static func text(of element: String, _ civil: CivilTime) -> String {
        let hour = civil.hour % 12 == 0 ? 12 : civil.hour % 12
        switch element {
        case "January": return months[civil.month - 1]
        case "Jan": return String(months[civil.month - 1].prefix(3))
        case "Monday": return weekdays[civil.dayOfWeek]
        case "Mon": return String(weekdays[civil.dayOfWeek].prefix(3))
        case "MST": return "UTC"
        case "2006": return padded(civil.year, 4)
        case "06": return padded(civil.year % 100, 2)
        case "01": return padded(civil.month, 2)
        case "1": return String(civil.month)
        case "02": return padded(civil.day, 2)
        case "_2": return padded(civil.day, 2, with: " ")
        case "2": return String(civil.day)
        case "002": return padded(civil.dayOfYear, 3)
        case "__2": return padded(civil.dayOfYear, 3, with: " ")
        case "15": return padded(civil.hour, 2)
        case "03": return padded(hour, 2)
        case "3": return String(hour)
        case "04": return padded(civil.minute, 2)
        case "4": return String(civil.minute)
        case "05": return padded(civil.second, 2)
        case "5": return String(civil.second)
        case "PM": return civil.hour < 12 ? "AM" : "PM"
        case "pm": return civil.hour < 12 ? "am" : "pm"
        case "-0700": return "+0000"
        case "-07:00": return "+00:00"
        case "-07": return "+00"
        case "-070000": return "+000000"
        case "-07:00:00": return "+00:00:00"
        default: return "Z"
        }
    }
}
