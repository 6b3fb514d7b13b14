/// Floating-point numbers as the Prometheus ecosystem writes them (the shortest digits that read back as the same
/// number).
///
/// Source: Go's `strconv.FormatFloat` with precision -1; `+Inf`, `-Inf` and `NaN` are spelled as in the exposition
/// format.
public enum FloatText {
    /// Without an exponent (`FormatFloat(v, 'f', -1, 64)`): sample values in the query API.
    public static func decimal(_ value: Double) -> String {
        text(value) { $0.decimal }
    }

    /// Always with an exponent (`FormatFloat(v, 'e', -1, 64)`): the values of alerts in the API.
    public static func scientific(_ value: Double) -> String {
        if value == 0 { return value.sign == .minus ? "-0e+00" : "0e+00" }
        return text(value) { $0.scientific }
    }

    /// With an exponent below 1e-4 and from 1e6 (`FormatFloat(v, 'g', -1, 64)`, `fmt.Sprint`): PromQL literals,
    /// template values, the labels `le` and `quantile`.
    public static func shortest(_ value: Double) -> String {
        text(value) { $0.exponent < -4 || $0.exponent >= 6 ? $0.scientific : $0.decimal }
    }

    private static func text(_ value: Double, _ layout: (Digits) -> String) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == 0 { return value.sign == .minus ? "-0" : "0" }
        return (value < 0 ? "-" : "") + layout(Digits(value.magnitude))
    }

    /// The significant digits of a positive number and the power of ten of the first one.
    private struct Digits {
        var digits: [UInt8] = []
        var exponent = 0

        init(_ magnitude: Double) {
            var pointAfter: Int?
            var written = 0
            var isExponent = false
            var exponentSign = 1
            for byte in magnitude.description.utf8 {
                switch byte {
                case UInt8(ascii: "."): pointAfter = digits.count
                case UInt8(ascii: "e"): isExponent = true
                case UInt8(ascii: "-"): exponentSign = -1
                case UInt8(ascii: "+"): break
                default:
                    if isExponent { written = written * 10 + Int(byte - 48) } else { digits.append(byte) }
                }
            }
            exponent = exponentSign * written + (pointAfter ?? digits.count) - 1
            let leadingZeros = digits.prefix { $0 == 48 }.count
            digits.removeFirst(leadingZeros)
            exponent -= leadingZeros
            while digits.count > 1, digits.last == 48 { digits.removeLast() }
        }

        var decimal: String {
            var text: [UInt8] = []
            if exponent < 0 {
                text = [48, 46] + repeatElement(48, count: -exponent - 1) + digits
            } else if digits.count <= exponent + 1 {
                text = digits + repeatElement(48, count: exponent + 1 - digits.count)
            } else {
                text = digits[...exponent] + [46] + digits[(exponent + 1)...]
            }
            return String(decoding: text, as: UTF8.self)
        }

        var scientific: String {
            var text: [UInt8] = [digits[0]]
            if digits.count > 1 { text += [46] + digits[1...] }
            let size = String(exponent.magnitude)
            let mantissa = String(decoding: text, as: UTF8.self)
            return mantissa + (exponent < 0 ? "e-" : "e+") + (size.utf8.count < 2 ? "0" : "") + size
        }
    }
}
