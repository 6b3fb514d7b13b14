import MetricModel

/// Go's `%q`.
enum GoQuote {
    static func quote(_ text: String) -> String { QuotedText.quote(text) }
}

/// Cuts a template into tokens, as Go's `text/template/parse` does; the first fault ends the list with an error token.
struct TemplateLexer {
    private let bytes: [UInt8]
    private var position = 0
    private var parenthesisDepth = 0
    private var tokens: [TemplateToken] = []

    static func tokens(of text: String) -> [TemplateToken] {
        var lexer = TemplateLexer(bytes: Array(text.utf8))
        lexer.run()
        return lexer.tokens
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func run() {
        var isTrimmingLeft = false
        while true {
            let start = position
            guard let open = find("{{", from: position) else {
                emitText(start, bytes.count, trimLeft: isTrimmingLeft, trimRight: false)
                position = bytes.count
                emit(.end, position, position)
                return
            }
            let trims = byte(open + 2) == UInt8(ascii: "-") && isSpace(byte(open + 3))
            emitText(start, open, trimLeft: isTrimmingLeft, trimRight: trims)
            position = open + (trims ? 4 : 2)
            if starts("/*", at: open + (trims ? 4 : 2)) {
                guard let isTrimming = skipComment() else { return }
                isTrimmingLeft = isTrimming
                continue
            }
            emit(.leftDelimiter, open, open + 2)
            parenthesisDepth = 0
            guard let isTrimming = lexAction() else { return }
            isTrimmingLeft = isTrimming
        }
    }

    private mutating func emitText(_ start: Int, _ end: Int, trimLeft: Bool, trimRight: Bool) {
        var start = start
        var end = end
        if trimLeft { while start < end, isSpace(bytes[start]) { start += 1 } }
        if trimRight { while end > start, isSpace(bytes[end - 1]) { end -= 1 } }
        if end > start { emit(.text, start, end) }
    }

    /// Whether the comment's end trims the text after it; nil after a fault.
    private mutating func skipComment() -> Bool? {
        guard let close = find("*/", from: position + 2) else {
            fail("unclosed comment")
            return nil
        }
        position = close + 2
        if let trims = rightDelimiter() { return trims }
        fail("comment ends before closing delimiter")
        return nil
    }

    /// At `}}` or ` -}}`: moves behind it and says whether it trims.
    private mutating func rightDelimiter() -> Bool? {
        if isSpace(byte(position)), starts("-}}", at: position + 1) {
            position += 4
            return true
        }
        if starts("}}", at: position) {
            position += 2
            return false
        }
        return nil
    }

    private var isAtRightDelimiter: Bool {
        starts("}}", at: position) || (isSpace(byte(position)) && starts("-}}", at: position + 1))
    }

    /// Lexes up to the closing delimiter; nil after a fault.
    private mutating func lexAction() -> Bool? {
        while true {
            let start = position
            if isAtRightDelimiter {
                if parenthesisDepth > 0 { return fail("unclosed left paren") }
                let trims = rightDelimiter()
                emit(.rightDelimiter, start, position)
                return trims
            }
            guard let current = byte(position) else { return fail("unclosed action") }
            guard lexToken(current, start) else { return nil }
        }
    }

    /// Lexes one token; false after a fault.
    private mutating func lexToken(_ current: UInt8, _ start: Int) -> Bool {
        switch current {
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
            while isSpace(byte(position)), position == start || !isAtRightDelimiter { position += 1 }
            emit(.space, start, position)
        case UInt8(ascii: "="): advance(.assign)
        case UInt8(ascii: ":"):
            guard byte(position + 1) == UInt8(ascii: "=") else { return fail("expected :=") != nil }
            position += 2
            emit(.declare, start, position)
        case UInt8(ascii: "|"): advance(.pipe)
        case UInt8(ascii: ","): advance(.comma)
        case UInt8(ascii: "\""): return lexQuoted(current, .string, "unterminated quoted string")
        case UInt8(ascii: "'"): return lexQuoted(current, .characterConstant, "unterminated character constant")
        case UInt8(ascii: "`"):
            guard let close = find("`", from: position + 1) else {
                return fail("unterminated raw quoted string") != nil
            }
            position = close + 1
            emit(.rawString, start, position)
        case UInt8(ascii: "$"): return lexName(.variable)
        case UInt8(ascii: "."):
            if let next = byte(position + 1), isDigit(next) { return lexNumber() }
            return lexName(.field)
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return lexNumber()
        case UInt8(ascii: "("):
            parenthesisDepth += 1
            advance(.leftParenthesis)
        case UInt8(ascii: ")"):
            parenthesisDepth -= 1
            guard parenthesisDepth >= 0 else { return fail("unexpected right paren") != nil }
            advance(.rightParenthesis)
        default: return lexOther(current)
        }
        return true
    }

    private mutating func lexOther(_ current: UInt8) -> Bool {
        if isAlphanumeric(current) { return lexIdentifier() }
        if current < 0x7f, current > 0x20 {
            advance(.character)
            return true
        }
        return fail("unrecognized character in action: \(describeCharacter(at: position))") != nil
    }

    private mutating func lexQuoted(_ quote: UInt8, _ kind: TemplateToken.Kind, _ message: String) -> Bool {
        let start = position
        position += 1
        while let current = byte(position), current != UInt8(ascii: "\n") {
            position += 1
            if current == UInt8(ascii: "\\") {
                guard let escaped = byte(position), escaped != UInt8(ascii: "\n") else { break }
                position += 1
            } else if current == quote {
                emit(kind, start, position)
                return true
            }
        }
        return fail(message) != nil
    }

    private mutating func lexName(_ kind: TemplateToken.Kind) -> Bool {
        let start = position
        position += 1
        if isAtTerminator {
            emit(kind == .variable ? .variable : .dot, start, position)
            return true
        }
        while let current = byte(position), isAlphanumeric(current) { position += 1 }
        guard isAtTerminator else { return fail("bad character \(describeCharacter(at: position))") != nil }
        emit(kind, start, position)
        return true
    }

    private mutating func lexIdentifier() -> Bool {
        let start = position
        while let current = byte(position), isAlphanumeric(current) { position += 1 }
        guard isAtTerminator else { return fail("bad character \(describeCharacter(at: position))") != nil }
        let word = String(decoding: bytes[start..<position], as: UTF8.self)
        let kind: TemplateToken.Kind =
            TemplateToken.keywords.contains(word)
            ? .keyword : word == "true" || word == "false" ? .boolean : .identifier
        emit(kind, start, position)
        return true
    }

    private mutating func lexNumber() -> Bool {
        let start = position
        if let sign = byte(position), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
        while let current = byte(position) {
            let isExponentSign =
                (current == UInt8(ascii: "+") || current == UInt8(ascii: "-")) && isExponentMark(byte(position - 1))
            guard isAlphanumeric(current) || current == UInt8(ascii: ".") || isExponentSign else { break }
            position += 1
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard TemplateNumber(text) != nil else { return fail("bad number syntax: \(GoQuote.quote(text))") != nil }
        emit(.number, start, position)
        return true
    }

    private func isExponentMark(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return [UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "p"), UInt8(ascii: "P")].contains(byte)
    }

    /// Whether what follows may follow a name.
    private var isAtTerminator: Bool {
        guard let current = byte(position) else { return true }
        if isSpace(current) || ".,|:()".utf8.contains(current) { return true }
        return starts("}}", at: position)
    }

    private mutating func advance(_ kind: TemplateToken.Kind) {
        position += 1
        emit(kind, position - 1, position)
    }

    private mutating func emit(_ kind: TemplateToken.Kind, _ start: Int, _ end: Int) {
        let text = String(decoding: bytes[start..<end], as: UTF8.self)
        tokens.append(TemplateToken(kind: kind, text: text, position: start))
    }

    @discardableResult
    private mutating func fail(_ message: String) -> Bool? {
        tokens.append(TemplateToken(kind: .error, text: message, position: min(position, bytes.count)))
        return nil
    }

    private func byte(_ index: Int) -> UInt8? { bytes.indices.contains(index) ? bytes[index] : nil }

    private func starts(_ text: String, at index: Int) -> Bool {
        index <= bytes.count && bytes[index...].starts(with: text.utf8)
    }

    private func find(_ text: String, from start: Int) -> Int? {
        guard start <= bytes.count, let first = text.utf8.first else { return nil }
        var index = start
        while let next = bytes[index...].firstIndex(of: first) {
            if starts(text, at: next) { return next }
            index = next + 1
        }
        return nil
    }

    private func isSpace(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
    }

    private func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    /// Letters, digits, `_`, and everything beyond ASCII.
    private func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 0x5f || byte >= 0x80
    }

    private func describeCharacter(at index: Int) -> String {
        let text = String(decoding: bytes[min(index, bytes.count)...].prefix(4), as: UTF8.self)
        guard let scalar = text.unicodeScalars.first else { return "U+FFFD" }
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + " '\(scalar)'"
    }
}
