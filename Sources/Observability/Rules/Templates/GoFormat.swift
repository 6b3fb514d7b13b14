import Basics

/// A text that grows to a bound and no further, so that no text is ever larger than what may be put out.
struct BoundedText {
    private(set) var text = ""
    let bytesMax: Int

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// What may still be appended, in bytes.
    var bytesLeft: Int { bytesMax - text.utf8.count }

    mutating func append(_ more: String) throws(TemplateError) {
        guard more.utf8.count <= bytesLeft else { throw TemplateError("the text exceeds \(bytesMax) bytes") }
        text += more
    }
}

/// Go's `fmt` for template values.
enum GoFormat {
    /// The value as `%v` writes it.
    ///
    /// - Throws: ``TemplateError`` as soon as the text would exceed `bytesMax`.
    static func plain(_ value: TemplateValue, bytesMax: Int) throws(TemplateError) -> String {
        var result = BoundedText(bytesMax: bytesMax)
        try write(value, to: &result)
        return result.text
    }

    /// The value for a message: cut off when it is long.
    static func shown(_ value: TemplateValue) -> String {
        var result = BoundedText(bytesMax: 1024)
        do throws(TemplateError) {
            try write(value, to: &result)
            return result.text
        } catch {
            return result.text + "…"
        }
    }

    /// Appends the value as `%v` writes it.
    ///
    /// Depth: that of the value, which ``TemplateLimits/valueDepthMax`` bounds.
    static func write(_ value: TemplateValue, to result: inout BoundedText) throws(TemplateError) {
        switch value {
        case .none: try result.append("<no value>")
        case .nil: try result.append("<nil>")
        case .boolean(let value): try result.append(value ? "true" : "false")
        case .integer(let value, _): try result.append(String(value))
        case .unsigned(let value, _): try result.append(String(value))
        case .float(let value): try result.append(FloatText.shortest(value))
        case .string(let text): try result.append(text)
        case .list(let values, _):
            try result.append("[")
            for (index, value) in values.enumerated() {
                if index > 0 { try result.append(" ") }
                try write(value, to: &result)
            }
            try result.append("]")
        case .map(let values, _):
            try result.append("map[")
            let sorted = values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            for (index, (key, value)) in sorted.enumerated() {
                try result.append(index > 0 ? " \(key):" : "\(key):")
                try write(value, to: &result)
            }
            try result.append("]")
        case .record(let fields, _):
            try result.append("{")
            for (index, field) in fields.enumerated() {
                if index > 0 { try result.append(" ") }
                try write(field.value, to: &result)
            }
            try result.append("}")
        case .time(let nanoseconds): try result.append(GoTime.text(nanoseconds))
        case .duration(let nanoseconds): try result.append(GoTime.durationText(nanoseconds))
        case .named(_, let name, _): try result.append(name)
        }
    }

    /// `fmt.Sprint`: blanks between values of which neither is a text.
    static func spaced(_ values: [TemplateValue], bytesMax: Int) throws(TemplateError) -> String {
        var result = BoundedText(bytesMax: bytesMax)
        var previousIsText = true
        for (index, value) in values.enumerated() {
            let isText = if case .string = value { true } else { false }
            if index > 0, !isText, !previousIsText { try result.append(" ") }
            try write(value, to: &result)
            previousIsText = isText
        }
        return result.text
    }

    /// `fmt.Sprintln`: blanks between all values, and a line feed.
    static func line(_ values: [TemplateValue], bytesMax: Int) throws(TemplateError) -> String {
        var result = BoundedText(bytesMax: bytesMax)
        for (index, value) in values.enumerated() {
            if index > 0 { try result.append(" ") }
            try write(value, to: &result)
        }
        try result.append("\n")
        return result.text
    }

    /// The values in a format, as `fmt.Sprintf` writes them.
    ///
    /// - Throws: ``TemplateError`` when a width exceeds `widthMax` or the result would exceed `bytesMax`.
    static func format(_ format: String, _ values: [TemplateValue], widthMax: Int, bytesMax: Int)
        throws(TemplateError) -> String
    {
        var result = BoundedText(bytesMax: bytesMax)
        var reader = Substring(format).unicodeScalars
        var used = 0
        while let scalar = reader.popFirst() {
            guard scalar == "%" else {
                try result.append(String(scalar))
                continue
            }
            var verb = FormatVerb()
            verb.readFlags(&reader)
            verb.width = try number(&reader, values, &used, &result, widthMax)
            if let width = verb.width, width < 0 {
                verb.isLeft = true
                verb.width = -width
            }
            if reader.first == "." {
                reader.removeFirst()
                verb.precision = max(0, try number(&reader, values, &used, &result, widthMax) ?? 0)
            }
            guard let letter = reader.popFirst() else {
                try result.append("%!(NOVERB)")
                break
            }
            if letter == "%" {
                try result.append("%")
            } else if used < values.count {
                try verb.write(values[used], letter, to: &result)
                used += 1
            } else {
                try result.append("%!\(letter)(MISSING)")
            }
        }
        if used < values.count { try writeExtra(values[used...], to: &result) }
        return result.text
    }

    private static func writeExtra(_ values: ArraySlice<TemplateValue>, to result: inout BoundedText)
        throws(TemplateError)
    {
        try result.append("%!(EXTRA ")
        for (index, value) in values.enumerated() {
            try result.append((index > 0 ? ", " : "") + "\(value.typeName)=")
            try write(value, to: &result)
        }
        try result.append(")")
    }

    private static func number(
        _ reader: inout Substring.UnicodeScalarView,
        _ values: [TemplateValue],
        _ used: inout Int,
        _ result: inout BoundedText,
        _ widthMax: Int
    ) throws(TemplateError) -> Int? {
        if reader.first == "*" {
            reader.removeFirst()
            defer { used += 1 }
            guard used < values.count, case .integer(let value, _) = values[used] else {
                try result.append("%!(BADWIDTH)")
                return nil
            }
            guard value.magnitude <= UInt64(widthMax) else { throw TemplateError("a width exceeds \(widthMax)") }
            return Int(value)
        }
        var number: Int?
        while let digit = reader.first, ("0"..."9").contains(digit) {
            reader.removeFirst()
            let next = (number ?? 0) * 10 + Int(digit.value - 48)
            guard next <= widthMax else { throw TemplateError("a width exceeds \(widthMax)") }
            number = next
        }
        return number
    }
}

/// A verb of a format with its flags.
struct FormatVerb {
    var isLeft = false
    var hasPlus = false
    var hasBlank = false
    var isAlternate = false
    var isZeroPadded = false
    var width: Int?
    var precision: Int?

    mutating func readFlags(_ reader: inout Substring.UnicodeScalarView) {
        while let flag = reader.first {
            switch flag {
            case "-": isLeft = true
            case "+": hasPlus = true
            case " ": hasBlank = true
            case "#": isAlternate = true
            case "0": isZeroPadded = true
            default: return
            }
            reader.removeFirst()
        }
    }

    /// Appends a value under this verb; what does not fit prints as Go prints it: `%!d(string=hi)`.
    func write(_ value: TemplateValue, _ letter: Unicode.Scalar, to result: inout BoundedText) throws(TemplateError) {
        if letter == "T" { return try result.append(padded(value.typeName, isNumber: false)) }
        if let text = specific(value, letter) { return try result.append(text) }
        if letter == "v" || letter == "s" {
            switch value {
            case .list(let values, _):
                var inner = BoundedText(bytesMax: result.bytesLeft)
                try inner.append("[")
                for (index, value) in values.enumerated() {
                    if index > 0 { try inner.append(" ") }
                    try write(value, letter, to: &inner)
                }
                try inner.append("]")
                return try result.append(padded(inner.text, isNumber: false))
            case .map, .record, .time, .duration, .named:
                let text = try GoFormat.plain(value, bytesMax: result.bytesLeft)
                return try result.append(padded(text, isNumber: false))
            case .none, .nil:
                return try result.append(letter == "v" ? padded("<nil>", isNumber: false) : "%!s(<nil>)")
            default: break
            }
        }
        if case .none = value { return try result.append("%!\(letter)(<nil>)") }
        try result.append("%!\(letter)(\(value.typeName)=")
        try GoFormat.write(value, to: &result)
        try result.append(")")
    }

    private func specific(_ value: TemplateValue, _ letter: Unicode.Scalar) -> String? {
        switch value {
        case .boolean(let value):
            return letter == "t" || letter == "v" ? padded(value ? "true" : "false", isNumber: false) : nil
        case .integer(let number, _): return integer(number < 0, number.magnitude, letter)
        case .named(let number, _, _), .duration(let number):
            return letter == "v" || letter == "s" ? nil : integer(number < 0, number.magnitude, letter)
        case .unsigned(let number, _): return integer(false, number, letter)
        case .float(let number): return float(number, letter)
        case .string(let text): return string(text, letter)
        default: return nil
        }
    }

    private func string(_ text: String, _ letter: Unicode.Scalar) -> String? {
        let cut = precision.map { String(String.UnicodeScalarView(text.unicodeScalars.prefix($0))) } ?? text
        switch letter {
        case "v": return padded(isAlternate ? GoQuote.quote(cut) : cut, isNumber: false)
        case "s": return padded(cut, isNumber: false)
        case "q": return padded(GoQuote.quote(cut), isNumber: false)
        case "x", "X":
            let digits = cut.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: letter == "X") }
            return padded(digits.joined(separator: hasBlank ? " " : ""), isNumber: false)
        default: return nil
        }
    }

    private func integer(_ isNegative: Bool, _ magnitude: UInt64, _ letter: Unicode.Scalar) -> String? {
        var digits: String
        switch letter {
        case "d", "v": digits = String(magnitude)
        case "b": digits = (isAlternate ? "0b" : "") + String(magnitude, radix: 2)
        case "o": digits = (isAlternate ? "0" : "") + String(magnitude, radix: 8)
        case "O": digits = "0o" + String(magnitude, radix: 8)
        case "x": digits = (isAlternate ? "0x" : "") + String(magnitude, radix: 16)
        case "X": digits = (isAlternate ? "0X" : "") + String(magnitude, radix: 16, uppercase: true)
        case "c", "q", "U": return character(magnitude, letter)
        default: return nil
        }
        if let precision {
            if precision == 0, magnitude == 0 { return padded("", isNumber: false) }
            digits = String(repeating: "0", count: max(0, precision - digits.utf8.count)) + digits
            return signed(isNegative, digits, zeros: false)
        }
        return signed(isNegative, digits, zeros: true)
    }

    private func character(_ value: UInt64, _ letter: Unicode.Scalar) -> String {
        let scalar = Unicode.Scalar(UInt32(clamping: value)) ?? "\u{FFFD}"
        switch letter {
        case "c": return padded(String(Character(scalar)), isNumber: false)
        case "q":
            return padded("'" + GoQuote.quote(String(Character(scalar))).dropFirst().dropLast() + "'", isNumber: false)
        default:
            let digits = String(value, radix: 16, uppercase: true)
            return padded("U+" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits, isNumber: false)
        }
    }

    private func float(_ value: Double, _ letter: Unicode.Scalar) -> String? {
        let magnitude = value.magnitude
        var digits: String
        switch letter {
        case "v", "g", "G":
            digits = precision.map { GoFloat.general(magnitude, precision: $0) } ?? FloatText.shortest(magnitude)
        case "f", "F": digits = GoFloat.fixed(magnitude, precision: precision ?? 6)
        case "e", "E": digits = GoFloat.exponent(magnitude, precision: precision ?? 6)
        default: return nil
        }
        if letter == "G" || letter == "E" { digits = digits.uppercased() }
        if value.isNaN { return padded(hasPlus ? "+NaN" : "NaN", isNumber: false) }
        if value.isInfinite {
            let text = value < 0 ? "-Inf" : "+Inf"
            return padded(text, isNumber: false)
        }
        return signed(value.sign == .minus, digits, zeros: true)
    }

    private func signed(_ isNegative: Bool, _ digits: String, zeros: Bool) -> String {
        let sign = isNegative ? "-" : hasPlus ? "+" : hasBlank ? " " : ""
        if zeros, isZeroPadded, !isLeft, let width {
            let missing = width - sign.utf8.count - digits.utf8.count
            return sign + String(repeating: "0", count: max(0, missing)) + digits
        }
        return padded(sign + digits, isNumber: true)
    }

    private func padded(_ text: String, isNumber: Bool) -> String {
        guard let width else { return text }
        let missing = max(0, width - text.unicodeScalars.count)
        let filler = String(repeating: isZeroPadded && !isLeft && !isNumber ? "0" : " ", count: missing)
        return isLeft ? text + filler : filler + text
    }
}
