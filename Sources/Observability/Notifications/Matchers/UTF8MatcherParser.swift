import MetricModel
import Rules

/// The newer syntax of matchers: any UTF-8 name, quoted where it has reserved characters.
public enum UTF8MatcherParser {
    /// Reads `{a="b", "c d"=~"e"}`, with or without braces.
    /// - Throws: ``AlertMatcherError`` with `start:end:` in characters.
    public static func parseList(_ text: String) throws(AlertMatcherError) -> [AlertMatcher] {
        var parser = Parser(text)
        return try parser.parse()
    }

    /// Reads exactly one matcher.
    /// - Throws: ``AlertMatcherError``.
    public static func parse(_ text: String) throws(AlertMatcherError) -> AlertMatcher {
        try MatcherParser.only(of: parseList(text))
    }

    private struct Token {
        enum Kind {
            case openBrace, closeBrace, comma, operation, quoted, unquoted, end
        }

        let kind: Kind
        let text: String
        let start: Int
        let end: Int
    }

    private struct Parser {
        private let scalars: [Unicode.Scalar]
        private var position = 0
        private var peeked: Token?

        init(_ text: String) { scalars = Array(text.unicodeScalars) }

        mutating func parse() throws(AlertMatcherError) -> [AlertMatcher] {
            var matchers: [AlertMatcher] = []
            if try peek().kind == .end { return [] }
            let hasBrace = try peek().kind == .openBrace
            if hasBrace { _ = try next() }
            let first = try peek().kind
            if first == .closeBrace || (hasBrace && first == .end) {
                try close(hasBrace)
                return []
            }
            while true {
                matchers.append(try matcher())
                switch try peek().kind {
                case .comma:
                    _ = try next()
                    let following = try peek()
                    switch following.kind {
                    case .quoted, .unquoted: continue
                    case .closeBrace, .end: break
                    default: throw unexpected(following, "expected a matcher or close brace after comma")
                    }
                case .closeBrace, .end: break
                default: throw unexpected(try peek(), "expected a comma or close brace")
                }
                try close(hasBrace)
                return matchers
            }
        }

        private mutating func close(_ hasBrace: Bool) throws(AlertMatcherError) {
            let token = try next()
            let wanted: Token.Kind = hasBrace ? .closeBrace : .end
            guard token.kind == wanted else {
                let what = token.kind == .end ? "end of input" : token.text
                throw AlertMatcherError(
                    "0:\(token.end): \(what): expected \(hasBrace ? "close" : "opening") brace"
                )
            }
            guard hasBrace else { return }
            let after = try next()
            if after.kind != .end { throw unexpected(after, "expected end of input") }
        }

        private mutating func matcher() throws(AlertMatcherError) -> AlertMatcher {
            let name = try text(try next(), "expected label name")
            let token = try next()
            guard token.kind == .operation, let operation = LabelMatcher.Operation(rawValue: token.text) else {
                throw unexpected(token, "expected an operator such as '=', '!=', '=~' or '!~'")
            }
            let value = try text(try next(), "expected label value")
            do {
                return try AlertMatcher(name, operation, value)
            } catch {
                throw AlertMatcherError("failed to create matcher: \(error.description)")
            }
        }

        private func text(_ token: Token, _ expected: String) throws(AlertMatcherError) -> String {
            switch token.kind {
            case .unquoted: return token.text
            case .quoted:
                guard let text = GoUnquote.unquote(token.text) else { throw invalid(token.start, token.end) }
                return text
            default: throw unexpected(token, expected)
            }
        }

        private func unexpected(_ token: Token, _ expected: String) -> AlertMatcherError {
            if token.kind == .end { return AlertMatcherError("0:\(token.end): end of input: \(expected)") }
            return AlertMatcherError("\(token.start):\(token.end): unexpected \(token.text): \(expected)")
        }

        private func invalid(_ start: Int, _ end: Int) -> AlertMatcherError {
            AlertMatcherError("\(start):\(end): \(slice(start, end)): invalid input")
        }

        private func slice(_ start: Int, _ end: Int) -> String {
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars[start..<min(end, scalars.count)])
            return String(view)
        }

        // MARK: Tokens

        private mutating func peek() throws(AlertMatcherError) -> Token {
            if let peeked { return peeked }
            let token = try scan()
            peeked = token
            return token
        }

        private mutating func next() throws(AlertMatcherError) -> Token {
            let token = try peek()
            peeked = nil
            return token
        }

        private mutating func scan() throws(AlertMatcherError) -> Token {
            while position < scalars.count, scalars[position].properties.isWhitespace { position += 1 }
            let start = position
            guard position < scalars.count else { return Token(kind: .end, text: "", start: start, end: start) }
            position += 1
            switch scalars[start] {
            case "{": return token(.openBrace, start)
            case "}": return token(.closeBrace, start)
            case ",": return token(.comma, start)
            case "=":
                if position < scalars.count, scalars[position] == "~" { position += 1 }
                return token(.operation, start)
            case "!":
                guard position < scalars.count else {
                    throw AlertMatcherError("\(start):\(position): unexpected end of input, expected one of '=~'")
                }
                guard scalars[position] == "=" || scalars[position] == "~" else {
                    throw AlertMatcherError(
                        "\(position):\(position + 1): \(scalars[position]): expected one of '=~'"
                    )
                }
                position += 1
                return token(.operation, start)
            case "\"": return try quoted(start)
            default:
                guard !AlertMatcher.isReserved(scalars[start]) else { throw invalid(start, position) }
                while position < scalars.count, !AlertMatcher.isReserved(scalars[position]) { position += 1 }
                return token(.unquoted, start)
            }
        }

        private mutating func quoted(_ start: Int) throws(AlertMatcherError) -> Token {
            var isEscaped = false
            while position < scalars.count {
                let scalar = scalars[position]
                position += 1
                if isEscaped {
                    isEscaped = false
                } else if scalar == "\\" {
                    isEscaped = true
                } else if scalar == "\"" {
                    return token(.quoted, start)
                }
            }
            throw AlertMatcherError("\(start):\(position): \(slice(start, position)): missing end \"")
        }

        private func token(_ kind: Token.Kind, _ start: Int) -> Token {
            Token(kind: kind, text: slice(start, position), start: start, end: position)
        }
    }
}

/// Reads matchers as Alertmanager does by default: in both syntaxes, the older one deciding where they differ.
public enum MatcherParser {
    /// Reads a list of matchers.
    /// - Throws: ``AlertMatcherError`` of the older syntax when the text fits neither.
    public static func parseList(_ text: String) throws(AlertMatcherError) -> [AlertMatcher] {
        let newer = try? UTF8MatcherParser.parseList(text)
        do throws(AlertMatcherError) {
            return try ClassicMatcherParser.parseList(text)
        } catch {
            if let newer { return newer }
            throw error
        }
    }

    /// Reads exactly one matcher.
    /// - Throws: ``AlertMatcherError``.
    public static func parse(_ text: String) throws(AlertMatcherError) -> AlertMatcher {
        let newer = try? UTF8MatcherParser.parse(text)
        do throws(AlertMatcherError) {
            return try ClassicMatcherParser.parse(text)
        } catch {
            if let newer { return newer }
            throw error
        }
    }

    static func only(of matchers: [AlertMatcher]) throws(AlertMatcherError) -> AlertMatcher {
        guard let matcher = matchers.first else { throw AlertMatcherError("no matchers") }
        guard matchers.count == 1 else {
            throw AlertMatcherError("expected 1 matcher, found \(matchers.count)")
        }
        return matcher
    }
}
