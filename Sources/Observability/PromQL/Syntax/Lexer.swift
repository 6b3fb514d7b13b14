import MetricModel

/// Cuts a text into tokens, one at a time.
///
/// What a character means depends on where it stands (in braces, in brackets, in a series description), so the lexer is
/// a state machine; the states are those of Prometheus' lexer, because error messages and positions follow from them.
struct Lexer {
    enum State {
        case statements, insideBraces, durationExpression, values, histogram, buckets, finished
    }

    /// What comes after a histogram's `}}` without a blank.
    enum HistogramState {
        case none, open, afterClose
    }

    static let endOfText: Int32 = -1

    let bytes: [UInt8]
    var position = 0
    /// Where the token begins that is being read.
    var start = 0
    /// The bytes of the character read last.
    var width = 0
    var state = State.statements
    var item: Token?

    var parenDepth = 0
    var braceOpen = false
    var bracketOpen = false
    var gotColon = false
    var gotDuration = false
    let isSeriesDescription: Bool
    var histogramState = HistogramState.none

    init(_ text: String, isSeriesDescription: Bool = false) {
        bytes = Array(text.utf8)
        self.isSeriesDescription = isSeriesDescription
    }

    /// The next token, comments left out; after the end, and after an error, end tokens.
    mutating func nextToken() -> Token {
        item = nil
        while true {
            if let item { return item }
            switch state {
            case .finished: emit(.endOfText)
            case .statements: state = lexStatements()
            case .insideBraces: state = lexInsideBraces()
            case .durationExpression: state = lexDurationExpression()
            case .values: state = lexValues()
            case .histogram: state = lexHistogram()
            case .buckets: state = lexBuckets()
            }
        }
    }

    // MARK: Characters

    mutating func next() -> Int32 {
        guard position < bytes.count else {
            width = 0
            return Self.endOfText
        }
        let first = bytes[position]
        if first < 0x80 {
            width = 1
            position += 1
            return Int32(first)
        }
        let length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
        let end = Swift.min(position + length, bytes.count)
        var value = Int32(first) & (length == 4 ? 0x07 : length == 3 ? 0x0f : 0x1f)
        for byte in bytes[(position + 1)..<end] { value = value << 6 | Int32(byte & 0x3f) }
        width = end - position
        position = end
        return value
    }

    mutating func backUp() { position -= width }

    mutating func peek() -> Int32 {
        let character = next()
        backUp()
        return character
    }

    /// Reads the next byte if it is one of these.
    mutating func accept(_ set: String) -> Bool {
        guard position < bytes.count, set.utf8.contains(bytes[position]) else {
            width = 0
            return false
        }
        width = 1
        position += 1
        return true
    }

    func isNext(in set: String) -> Bool {
        position < bytes.count && set.utf8.contains(bytes[position])
    }

    var word: String { String(decoding: bytes[start..<position], as: UTF8.self) }

    mutating func emit(_ kind: TokenKind) {
        item = Token(kind: kind, position: SourceRange(start, position), text: word)
        start = position
    }

    mutating func fail(_ message: String) -> State {
        item = Token(kind: .error, position: SourceRange(start, bytes.count), text: message)
        return .finished
    }

    static func isSpace(_ character: Int32) -> Bool {
        character == 0x20 || character == 0x09 || character == 0x0a || character == 0x0d
    }

    static func isDigit(_ character: Int32) -> Bool { character >= 0x30 && character <= 0x39 }

    static func isAlpha(_ character: Int32) -> Bool {
        character == 0x5f || (character >= 0x61 && character <= 0x7a) || (character >= 0x41 && character <= 0x5a)
    }

    static func isAlphanumeric(_ character: Int32) -> Bool { isAlpha(character) || isDigit(character) }

    /// A character as Go's `%q` writes it.
    static func quoted(_ character: Int32) -> String {
        if character == endOfText { return "'\u{FFFD}'" }
        if character == 0x27 { return "'\\''" }
        if character == 0x22 { return "'\"'" }
        guard let scalar = Unicode.Scalar(UInt32(character)) else { return "'\u{FFFD}'" }
        return "'" + QuotedText.quote(String(Character(scalar))).dropFirst().dropLast() + "'"
    }

    // MARK: States

    private mutating func lexStatements() -> State {
        if histogramState != .none { return .histogram }
        if braceOpen { return .insideBraces }
        if skipComment() { return .statements }
        let character = next()
        if character == Self.endOfText { return lexEnd() }
        if Self.isSpace(character) { return skipSpaces(.statements) }
        if Self.isDigit(character) || (character == 0x2e && Self.isDigit(peek())) {
            if character == 0x2e { width = 1 }
            backUp()
            return lexNumberOrDuration()
        }
        if Self.isAlpha(character) || character == 0x3a { return lexWordOrColon(character) }
        guard let ascii = UInt8(exactly: character) else { return unexpected(character) }
        switch ascii {
        case UInt8(ascii: ","): emit(.comma)
        case UInt8(ascii: "*"): emit(.times)
        case UInt8(ascii: "/"): emit(.divide)
        case UInt8(ascii: "%"): emit(.modulo)
        case UInt8(ascii: "+"): emit(.plus)
        case UInt8(ascii: "-"): emit(.minus)
        case UInt8(ascii: "^"): emit(.power)
        case UInt8(ascii: "@"): emit(.at)
        case UInt8(ascii: "="), UInt8(ascii: "!"), UInt8(ascii: "<"), UInt8(ascii: ">"): return lexComparison(ascii)
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): return lexString(quote: ascii)
        case UInt8(ascii: "("), UInt8(ascii: ")"): return lexParenthesis(ascii, .statements)
        case UInt8(ascii: "{"):
            emit(.leftBrace)
            braceOpen = true
            return .insideBraces
        case UInt8(ascii: "["), UInt8(ascii: "]"): return lexBracket(ascii)
        default: return unexpected(character)
        }
        return .statements
    }

    private mutating func unexpected(_ character: Int32) -> State {
        fail("unexpected character: \(Self.quoted(character))")
    }

    private mutating func lexEnd() -> State {
        if parenDepth != 0 { return fail("unclosed left parenthesis") }
        if bracketOpen { return fail("unclosed left bracket") }
        emit(.endOfText)
        return .finished
    }

    private mutating func lexComparison(_ first: UInt8) -> State {
        let following = next()
        switch (first, following) {
        case (UInt8(ascii: "="), 0x3d): emit(.equalCompare)
        case (UInt8(ascii: "="), 0x7e): return fail("unexpected character after '=': '~'")
        case (UInt8(ascii: "!"), 0x3d): emit(.notEqual)
        case (UInt8(ascii: "!"), _): return fail("unexpected character after '!': \(Self.quoted(following))")
        case (UInt8(ascii: "<"), 0x3d): emit(.lessOrEqual)
        case (UInt8(ascii: "<"), 0x2f): emit(.trimUpper)
        case (UInt8(ascii: ">"), 0x3d): emit(.greaterOrEqual)
        case (UInt8(ascii: ">"), 0x2f): emit(.trimLower)
        default:
            backUp()
            emit(first == UInt8(ascii: "=") ? .equal : first == UInt8(ascii: "<") ? .less : .greater)
        }
        return .statements
    }

    private mutating func lexParenthesis(_ character: UInt8, _ following: State) -> State {
        if character == UInt8(ascii: "(") {
            emit(.leftParen)
            parenDepth += 1
            return following
        }
        emit(.rightParen)
        parenDepth -= 1
        return parenDepth < 0 ? fail("unexpected right parenthesis ')'") : following
    }

    private mutating func lexBracket(_ character: UInt8) -> State {
        if character == UInt8(ascii: "[") {
            if bracketOpen { return fail("unexpected left bracket '['") }
            gotColon = false
            emit(.leftBracket)
            bracketOpen = true
            return .durationExpression
        }
        if !bracketOpen { return fail("unexpected right bracket ']'") }
        emit(.rightBracket)
        bracketOpen = false
        return .statements
    }

    private mutating func lexWordOrColon(_ character: Int32) -> State {
        if !bracketOpen {
            backUp()
            return lexKeywordOrIdentifier()
        }
        if character == 0x3a {
            if gotColon { return fail("unexpected colon ':'") }
            emit(.colon)
            gotColon = true
            return .statements
        }
        if lexDurationKeyword() { return .statements }
        return fail("unexpected character: \(Self.quoted(character)), expected ':'")
    }

    private mutating func lexDurationExpression() -> State {
        let character = next()
        if character == Self.endOfText { return fail("unexpected end of input in duration expression") }
        if Self.isSpace(character) { return skipSpaces(.durationExpression) }
        if Self.isDigit(character) || (character == 0x2e && Self.isDigit(peek())) {
            if character == 0x2e { width = 1 }
            backUp()
            gotDuration = true
            return lexNumberOrDuration()
        }
        switch UInt8(exactly: character) {
        case UInt8(ascii: "]"):
            emit(.rightBracket)
            bracketOpen = false
            gotColon = false
            return .statements
        case UInt8(ascii: ":"):
            emit(.colon)
            if !gotDuration { return fail("unexpected colon before duration in duration expression") }
            if gotColon { return fail("unexpected repeated colon in duration expression") }
            gotColon = true
        case UInt8(ascii: "("): return lexParenthesis(UInt8(ascii: "("), .durationExpression)
        case UInt8(ascii: ")"): return lexParenthesis(UInt8(ascii: ")"), .durationExpression)
        case UInt8(ascii: "+"): emit(.plus)
        case UInt8(ascii: "-"): emit(.minus)
        case UInt8(ascii: "*"): emit(.times)
        case UInt8(ascii: "/"): emit(.divide)
        case UInt8(ascii: "%"): emit(.modulo)
        case UInt8(ascii: "^"): emit(.power)
        case UInt8(ascii: ","): emit(.comma)
        default:
            if Self.isAlpha(character), lexDurationKeyword() { return .durationExpression }
            return fail("unexpected character in duration expression: \(Self.quoted(character))")
        }
        return .durationExpression
    }

    /// The words that may stand between brackets: `step`, `range`, `min_of`, `max_of`.
    private mutating func lexDurationKeyword() -> Bool {
        while Self.isAlpha(next()) {}
        backUp()
        switch word.lowercased() {
        case "step": emit(.step)
        case "range": emit(.range)
        case "min_of", "max_of": emit(.identifier)
        default: return false
        }
        gotDuration = true
        return true
    }

    private mutating func lexInsideBraces() -> State {
        if skipComment() { return .statements }
        let character = next()
        if character == Self.endOfText { return fail("unexpected end of input inside braces") }
        if Self.isSpace(character) { return skipSpaces(.statements) }
        if Self.isAlpha(character) {
            while Self.isAlphanumeric(next()) {}
            backUp()
            emit(.identifier)
            return .statements
        }
        switch UInt8(exactly: character) {
        case UInt8(ascii: ","): emit(.comma)
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"):
            return lexString(quote: UInt8(truncatingIfNeeded: character))
        case UInt8(ascii: "="):
            if next() == 0x7e {
                emit(.matchRegex)
            } else {
                backUp()
                emit(.equal)
            }
        case UInt8(ascii: "!"):
            let following = next()
            switch following {
            case 0x7e: emit(.notMatchRegex)
            case 0x3d: emit(.notEqual)
            default: return fail("unexpected character after '!' inside braces: \(Self.quoted(following))")
            }
        case UInt8(ascii: "{"): return fail("unexpected left brace '{'")
        case UInt8(ascii: "}"):
            emit(.rightBrace)
            braceOpen = false
            return isSeriesDescription ? .values : .statements
        default: return fail("unexpected character inside braces: \(Self.quoted(character))")
        }
        return .insideBraces
    }

    // MARK: Pieces

    /// Skips blanks behind one that was read already.
    mutating func skipSpaces(_ following: State) -> State {
        while position < bytes.count, Self.isSpace(Int32(bytes[position])) { position += 1 }
        start = position
        return following
    }

    private mutating func skipComment() -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "#") else { return false }
        while position < bytes.count, bytes[position] != 0x0a, bytes[position] != 0x0d { position += 1 }
        start = position
        return true
    }

    mutating func lexKeywordOrIdentifier() -> State {
        var hasColon = false
        while true {
            let character = next()
            if character == 0x3a { hasColon = true } else if !Self.isAlphanumeric(character) { break }
        }
        backUp()
        if let keyword = TokenKind.keywords[word.lowercased()] {
            let isFill = keyword == .fill || keyword == .fillLeft || keyword == .fillRight
            emit(isFill && !isFollowedByParenthesis ? .identifier : keyword)
        } else {
            emit(hasColon ? .metricIdentifier : .identifier)
        }
        return isSeriesDescription && peek() != 0x7b ? .values : .statements
    }

    /// The fill modifiers are words like any other unless a parenthesis follows.
    private var isFollowedByParenthesis: Bool {
        bytes[position...].first { !Self.isSpace(Int32($0)) } == UInt8(ascii: "(")
    }
}
