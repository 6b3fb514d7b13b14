import MetricModel

/// The older syntax of matchers: classic label names, values with or without quotes, few escapes.
public enum ClassicMatcherParser {
    /// Reads `{a="b", c=~"d"}`, with or without braces.
    /// - Throws: ``AlertMatcherError``.
    public static func parseList(_ text: String) throws(AlertMatcherError) -> [AlertMatcher] {
        var body = Substring(text).unicodeScalars
        if body.first == "{" { body.removeFirst() }
        if body.last == "}" { body.removeLast() }
        var tokens: [String] = []
        var token = String.UnicodeScalarView()
        var isQuoted = false
        var isEscaped = false
        for scalar in body {
            if !isQuoted, scalar == "," {
                tokens.append(String(token))
                token = String.UnicodeScalarView()
                continue
            }
            token.append(scalar)
            if isEscaped {
                isEscaped = false
            } else if scalar == "\"" {
                isQuoted.toggle()
            } else if scalar == "\\" {
                isEscaped = true
            }
        }
        if token.contains(where: { !$0.properties.isWhitespace }) { tokens.append(String(token)) }
        var matchers: [AlertMatcher] = []
        for token in tokens { matchers.append(try parse(token)) }
        return matchers
    }

    /// Reads one matcher.
    /// - Throws: ``AlertMatcherError``.
    public static func parse(_ text: String) throws(AlertMatcherError) -> AlertMatcher {
        func isSpace(_ scalar: Unicode.Scalar) -> Bool { " \t\n\r\u{0C}".unicodeScalars.contains(scalar) }
        var rest = Substring(text).unicodeScalars.drop(while: isSpace)
        let nameScalars = rest.prefix { $0.isASCII && ($0 == "_" || $0 == ":" || isAlphanumeric($0)) }
        let name = String(nameScalars)
        rest = rest.dropFirst(nameScalars.count).drop(while: isSpace)
        let operations: [LabelMatcher.Operation] = [.matches, .notMatches, .notEqual, .equal]
        guard MetricNames.isLegacyMetricName(name),
            let operation = operations.first(where: { String(rest.prefix($0.rawValue.count)) == $0.rawValue })
        else { throw AlertMatcherError("bad matcher format: \(text)") }
        rest = rest.dropFirst(operation.rawValue.count).drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest = rest.dropLast() }
        return try AlertMatcher(name, operation, value(Array(rest)))
    }

    private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
    }

    private static func value(_ raw: [Unicode.Scalar]) throws(AlertMatcherError) -> String {
        var shown = String.UnicodeScalarView()
        shown.append(contentsOf: raw)
        let unescapedQuote = AlertMatcherError("matcher value contains unescaped double quote: \(String(shown))")
        var expectsQuote = raw.first == "\""
        let content = expectsQuote ? Array(raw.dropFirst()) : raw
        var value = String.UnicodeScalarView()
        var isEscaped = false
        for (index, scalar) in content.enumerated() {
            let isLast = index == content.count - 1
            if isEscaped {
                isEscaped = false
                switch scalar {
                case "n": value.append("\n")
                case "\"", "\\": value.append(scalar)
                default: value.append(contentsOf: ["\\", scalar])
                }
            } else if scalar == "\\" {
                if isLast { value.append("\\") } else { isEscaped = true }
            } else if scalar == "\"" {
                guard expectsQuote, isLast else { throw unescapedQuote }
                expectsQuote = false
            } else {
                value.append(scalar)
            }
        }
        if expectsQuote { throw unescapedQuote }
        return String(value)
    }
}
