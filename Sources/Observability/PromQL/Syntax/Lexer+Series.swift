/// The part of the lexer that reads the values of a series description.
extension Lexer {
    mutating func lexValues() -> State {
        if histogramState != .none { return .histogram }
        let character = next()
        if character == Self.endOfText { return .statements }
        if Self.isSpace(character) {
            emit(.space)
            return skipSpaces(.values)
        }
        if Self.isDigit(character) || (character == 0x2e && Self.isDigit(peek())) {
            if character == 0x2e { width = 1 }
            backUp()
            return lexNumber(.values)
        }
        switch UInt8(exactly: character) {
        case UInt8(ascii: "{") where peek() == 0x7b:
            histogramState = .open
            position += 1
            emit(.openHistogram)
            return .histogram
        case UInt8(ascii: "+"): emit(.plus)
        case UInt8(ascii: "-"): emit(.minus)
        case UInt8(ascii: "x"): emit(.repeats)
        case UInt8(ascii: "_"): emit(.blank)
        default:
            guard Self.isAlpha(character) else {
                return fail("unexpected character in series sequence: \(Self.quoted(character))")
            }
            backUp()
            return lexKeywordOrIdentifier()
        }
        return .values
    }

    mutating func lexHistogram() -> State {
        if histogramState == .afterClose { return lexBehindHistogram() }
        if bracketOpen { return .buckets }
        let character = next()
        if Self.isSpace(character) {
            emit(.space)
            return skipSpaces(.histogram)
        }
        if Self.isAlpha(character) {
            backUp()
            return lexHistogramWord()
        }
        if Self.isDigit(character) {
            backUp()
            return lexNumber(.histogram)
        }
        switch UInt8(exactly: character) {
        case UInt8(ascii: ":"): emit(.colon)
        case UInt8(ascii: "-"): emit(.minus)
        case UInt8(ascii: "["):
            bracketOpen = true
            emit(.leftBracket)
            return .buckets
        case UInt8(ascii: "}") where peek() == 0x7d:
            position += 1
            emit(.closeHistogram)
            histogramState = isNext(in: "x+-") ? .afterClose : .none
            return histogramState == .none ? .values : .histogram
        default: return fail("histogram description incomplete unexpected: \(Self.quoted(character))")
        }
        return .histogram
    }

    private mutating func lexBehindHistogram() -> State {
        histogramState = .none
        switch next() {
        case 0x78: emit(.repeats)
        case 0x2b: emit(.plus)
        default: emit(.minus)
        }
        return .values
    }

    private mutating func lexHistogramWord() -> State {
        while Self.isAlpha(next()) {}
        backUp()
        let lower = word.lowercased()
        if HistogramKey(rawValue: lower) != nil {
            guard peek() == 0x3a else { return fail("missing `:` for histogram descriptor") }
            emit(.histogramKey)
        } else if TokenKind.keywords[lower] == .number {
            emit(.number)
        } else if HistogramLiteral.ResetHint(rawValue: lower) != nil {
            emit(.resetHint)
        } else {
            return fail("bad histogram descriptor found: \(StringLiteralText.quote(word))")
        }
        return .histogram
    }

    mutating func lexBuckets() -> State {
        let character = next()
        if Self.isSpace(character) {
            emit(.space)
            return skipSpaces(.histogram)
        }
        if Self.isDigit(character) {
            backUp()
            return lexNumber(.histogram)
        }
        if Self.isAlpha(character) {
            // Letters are taken until they make `Inf` or `NaN`.
            if TokenKind.keywords[word.lowercased()] == .number { emit(.number) }
            return .buckets
        }
        switch UInt8(exactly: character) {
        case UInt8(ascii: "-"): emit(.minus)
        case UInt8(ascii: "]"):
            bracketOpen = false
            emit(.rightBracket)
        default: return fail("invalid character in buckets description: \(Self.quoted(character))")
        }
        return .histogram
    }
}
