import Basics

/// Numbers for people, as Prometheus' template functions write them.
enum Humanized {
    private static let large = ["k", "M", "G", "T", "P", "E", "Z", "Y"]
    private static let small = ["m", "u", "n", "p", "f", "a", "z", "y"]

    private static func fourDigits(_ value: Double) -> String { GoFloat.general(value, precision: 4) }

    /// With the prefixes k, M, G, … and m, u, n, ….
    static func decimal(_ value: Double) -> String {
        if value == 0 || !value.isFinite { return fourDigits(value) }
        if value.magnitude < 1 { return reduced(value) }
        var value = value
        var prefix = ""
        for next in large {
            if value.magnitude < 1000 { break }
            prefix = next
            value /= 1000
        }
        return fourDigits(value) + prefix
    }

    /// With the prefixes ki, Mi, Gi, ….
    static func binary(_ value: Double) -> String {
        if value.magnitude <= 1 || !value.isFinite { return fourDigits(value) }
        var value = value
        var prefix = ""
        for next in ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"] {
            if value.magnitude < 1024 { break }
            prefix = next
            value /= 1024
        }
        return fourDigits(value) + prefix
    }

    /// Seconds as days, hours, minutes and seconds.
    static func duration(_ value: Double) -> String {
        if !value.isFinite { return fourDigits(value) }
        if value == 0 { return fourDigits(value) + "s" }
        if value.magnitude < 1 { return reduced(value) + "s" }
        guard value.magnitude < 9.2e18 else { return fourDigits(value) + "s" }
        let sign = value < 0 ? "-" : ""
        let whole = Int64(value.magnitude)
        let seconds = whole % 60
        let minutes = whole / 60 % 60
        let hours = whole / 3600 % 24
        let days = whole / 86_400
        if days > 0 { return "\(sign)\(days)d \(hours)h \(minutes)m \(seconds)s" }
        if hours > 0 { return "\(sign)\(hours)h \(minutes)m \(seconds)s" }
        if minutes > 0 { return "\(sign)\(minutes)m \(seconds)s" }
        return sign + fourDigits(value.magnitude) + "s"
    }

    static func percentage(_ value: Double) -> String { fourDigits(value * 100) + "%" }

    /// Unix seconds as a date and a time.
    static func timestamp(_ value: Double) throws(TemplateError) -> String {
        if !value.isFinite { return fourDigits(value) }
        return GoTime.text(try nanoseconds(seconds: value, what: "timestamp"))
    }

    /// Seconds as nanoseconds; times are cut to milliseconds.
    static func nanoseconds(seconds: Double, what: String) throws(TemplateError) -> Int64 {
        let scaled = seconds * 1e9
        guard scaled > -0x1p63, scaled < 0x1p63 else {
            throw TemplateError(
                "\(FloatText.shortest(seconds)) cannot be represented as a nanoseconds \(what) since it overflows int64"
            )
        }
        let exact = Int64(scaled)
        return what == "timestamp" ? exact - exact % 1_000_000 : exact
    }

    private static func reduced(_ value: Double) -> String {
        var value = value
        var prefix = ""
        for next in small {
            if value.magnitude >= 1 { break }
            prefix = next
            value *= 1000
        }
        return fourDigits(value) + prefix
    }
}

/// Numbers out of template values.
enum GoNumber {
    /// The number in a value: any number, a duration in seconds, or a text that reads as one.
    static func float(_ value: TemplateValue) throws(TemplateError) -> Double {
        switch value {
        case .float(let value): return value
        case .integer(let value, _): return Double(value)
        case .unsigned(let value, _): return Double(value)
        case .duration(let value): return Double(value) / 1e9
        case .string(let text): return try parse(text)
        default: throw TemplateError("can't convert \(value.typeName) to float")
        }
    }

    /// Reads a number as Go's `strconv.ParseFloat`.
    static func parse(_ text: String) throws(TemplateError) -> Double {
        let shown = GoQuote.quote(text)
        guard let value = Double(text), !text.contains("(") else {
            throw TemplateError("strconv.ParseFloat: parsing \(shown): invalid syntax")
        }
        if value.isInfinite, text.utf8.contains(where: { (48...57).contains($0) }) {
            throw TemplateError("strconv.ParseFloat: parsing \(shown): value out of range")
        }
        return value
    }
}
