extension RegularExpression {
    /// The template with its variables replaced by what the groups matched, as Go's `Regexp.Expand`.
    ///
    /// `$name`, `${name}`, `$1` and `${1}` stand for groups, `$$` for a dollar sign. A name without braces is taken as
    /// long as possible: `$1x` is `${1x}`. A group that does not exist or took no part is empty; a `$` that begins no
    /// variable stands for itself.
    ///
    /// - Parameters:
    ///   - template: The template.
    ///   - match: A match of this expression.
    ///   - text: The text the match was found in.
    /// - Returns: The template with its variables replaced.
    public func expand(template: String, match: Match, in text: String) -> String {
        var result: [UInt8] = []
        Template(template).append(match, of: text.utf8.span, to: &result)
        return String(decoding: result, as: UTF8.self)
    }

    /// The text with every match replaced by the expanded template, as Go's `Regexp.ReplaceAllString`.
    ///
    /// Empty matches are replaced too, except right after another match.
    public func replaceAll(in text: String, with template: String) -> String {
        let bytes = text.utf8.span
        guard engine.matches(bytes) else { return text }
        let template = Template(template)
        var machine = CaptureMachine(program: engine.program, capturing: true)
        var result: [UInt8] = []
        var copied = 0
        var position = 0
        while position <= bytes.count, machine.run(bytes, from: position) {
            let match = Match(slots: machine.slots, captureNames: captureNames)
            let (begin, end) = (match.range.lowerBound, match.range.upperBound)
            result.append(bytes, copied..<begin)
            // An empty match at the end of the match before it is not one more match.
            if end > copied || begin == 0 {
                template.append(match, of: bytes, to: &result)
            }
            copied = end
            // The search goes on at the match's end, but always at least one scalar further.
            position = max(end, Self.nextScalar(bytes, after: position))
        }
        result.append(bytes, copied..<bytes.count)
        return String(decoding: result, as: UTF8.self)
    }

    private static func nextScalar(_ bytes: Span<UInt8>, after position: Int) -> Int {
        var next = position + 1
        while next < bytes.count, bytes[next] & 0xC0 == 0x80 {
            next += 1
        }
        return next
    }
}

/// A replacement template, read once.
private struct Template {
    private enum Part {
        case text(String)
        case group(Int)
        case name(String)
    }

    /// Group numbers from here on are taken for names, as in Go.
    private static let groupNumberMax = 100_000_000

    private var parts: [Part] = []

    init(_ template: String) {
        let scalars = Array(template.unicodeScalars)
        var text = String.UnicodeScalarView()
        var position = 0
        while position < scalars.count {
            let scalar = scalars[position]
            position += 1
            guard scalar == "$" else {
                text.append(scalar)
                continue
            }
            if position < scalars.count, scalars[position] == "$" {
                position += 1
                text.append("$")
            } else if let variable = Self.variable(scalars, at: position) {
                parts.append(.text(String(text)))
                text = String.UnicodeScalarView()
                parts.append(Self.part(variable.name))
                position = variable.end
            } else {
                text.append("$")
            }
        }
        parts.append(.text(String(text)))
    }

    /// The variable after a dollar sign and where it ends.
    private static func variable(_ scalars: [Unicode.Scalar], at start: Int) -> (name: String, end: Int)? {
        let isBraced = start < scalars.count && scalars[start] == "{"
        let begin = isBraced ? start + 1 : start
        var end = begin
        while end < scalars.count, isNameScalar(scalars[end]) {
            end += 1
        }
        guard end > begin else { return nil }
        var name = String.UnicodeScalarView()
        name.append(contentsOf: scalars[begin..<end])
        if isBraced {
            guard end < scalars.count, scalars[end] == "}" else { return nil }
            end += 1
        }
        return (String(name), end)
    }

    private static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == "_" || scalar.isASCIIAlphanumeric { return true }
        if scalar.isASCII { return false }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber:
            return true
        default:
            return false
        }
    }

    private static func part(_ name: String) -> Part {
        let digits = name.utf8
        let isNumber = digits.allSatisfy { (0x30...0x39).contains($0) }
        guard isNumber, digits.first != 0x30 || digits.count == 1, let number = Int(name),
            number < groupNumberMax
        else {
            return .name(name)
        }
        return .group(number)
    }

    /// Appends the template with the groups of a match filled in.
    func append(_ match: RegularExpression.Match, of text: Span<UInt8>, to result: inout [UInt8]) {
        for part in parts {
            switch part {
            case .text(let string):
                result.append(contentsOf: string.utf8)
            case .group(let index):
                if index < match.captures.count, let range = match.captures[index] {
                    result.append(text, range)
                }
            case .name(let name):
                if let range = match[name] {
                    result.append(text, range)
                }
            }
        }
    }
}

extension [UInt8] {
    /// Appends a range of bytes; what is outside of the text is left out.
    fileprivate mutating func append(_ text: Span<UInt8>, _ range: Range<Int>) {
        for index in range.clamped(to: 0..<text.count) {
            append(text[index])
        }
    }
}
