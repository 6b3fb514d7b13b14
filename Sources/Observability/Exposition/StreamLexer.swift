/// Cuts a page in the text format into tokens; what a byte means depends on what came before it.
struct StreamLexer {
    /// The kinds of token, named as upstream names them in messages.
    enum Token: String {
        case invalid = "INVALID"
        case end = "EOF"
        case lineBreak = "LINEBREAK"
        case help = "HELP"
        case type = "TYPE"
        case text = "TEXT"
        case comment = "COMMENT"
        case metricName = "MNAME"
        case quotedText = "QSTRING"
        case openBrace = "BOPEN"
        case closeBrace = "BCLOSE"
        case labelName = "LNAME"
        case labelValue = "LVALUE"
        case comma = "COMMA"
        case equal = "EQUAL"
        case timestamp = "TIMESTAMP"
        case value = "VALUE"
    }

    private enum State {
        case line, metadataName, metadataText, labels, labelValue, value, timestamp
    }

    let bytes: [UInt8]
    /// Behind the last token.
    private(set) var position = 0
    /// Where the last token begins.
    private(set) var start = 0
    private var state = State.line

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The last token's bytes.
    var text: ArraySlice<UInt8> { bytes[start..<position] }

    /// The next token; blanks between tokens are skipped.
    ///
    /// An invalid token has no bytes, or those of a text that does
    /// not end.
    mutating func next() -> Token {
        if state != .metadataText { skipBlanks() }
        start = position
        guard position < bytes.count else { return .end }
        let byte = bytes[position]
        switch state {
        case .line: return startOfLine(byte)
        case .metadataName:
            if byte == UInt8(ascii: "\"") { return quoted(.metricName, .metadataText) }
            return name(.metricName, allowingColon: true, .metadataText)
        case .metadataText:
            take { $0 != UInt8(ascii: "\n") }
            return enter(.line, .text)
        case .labels: return label(byte)
        case .labelValue: return byte == UInt8(ascii: "\"") ? quoted(.labelValue, .labels) : .invalid
        case .value:
            if byte == UInt8(ascii: "{") { return single(.openBrace, .labels) }
            take {
                $0 != UInt8(ascii: "{") && $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t")
                    && $0 != UInt8(ascii: "\n")
            }
            return position == start ? .invalid : enter(.timestamp, .value)
        case .timestamp:
            if byte == UInt8(ascii: "\n") { return single(.lineBreak, .line) }
            // The format has signed times; a sign alone is no token.
            if byte == UInt8(ascii: "-") && position + 1 < bytes.count && Self.isDigit(bytes[position + 1]) {
                position += 1
            }
            take(Self.isDigit)
            return position == start ? .invalid : .timestamp
        }
    }

    private mutating func startOfLine(_ byte: UInt8) -> Token {
        switch byte {
        case UInt8(ascii: "\n"): return single(.lineBreak, .line)
        case UInt8(ascii: "{"): return single(.openBrace, .labels)
        case UInt8(ascii: "#"): return comment()
        default: return name(.metricName, allowingColon: true, .value)
        }
    }

    private mutating func comment() -> Token {
        position += 1
        if skipBlanks() {
            for (keyword, token) in [("HELP", Token.help), ("TYPE", Token.type)] {
                let beginning = position
                guard bytes[position...].starts(with: keyword.utf8) else { continue }
                position += keyword.utf8.count
                if skipBlanks() { return enter(.metadataName, token) }
                position = beginning
            }
        }
        take { $0 != UInt8(ascii: "\n") }
        return .comment
    }

    private mutating func label(_ byte: UInt8) -> Token {
        switch byte {
        case UInt8(ascii: "}"): single(.closeBrace, .value)
        case UInt8(ascii: "="): single(.equal, .labelValue)
        case UInt8(ascii: ","): single(.comma, .labels)
        case UInt8(ascii: "\""): quoted(.quotedText, .labels)
        default: name(.labelName, allowingColon: false, .labels)
        }
    }

    private mutating func name(_ token: Token, allowingColon: Bool, _ next: State) -> Token {
        take { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
            case UInt8(ascii: ":"): allowingColon
            default: false
            }
        }
        if position == start { return .invalid }
        take { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
            case UInt8(ascii: ":"): allowingColon
            default: Self.isDigit(byte)
            }
        }
        return enter(next, token)
    }

    /// A text in quotes, which may hold line ends; when the last quote is missing the rest of the page is an invalid
    /// token.
    private mutating func quoted(_ token: Token, _ next: State) -> Token {
        position += 1
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return enter(next, token)
            case UInt8(ascii: "\\"): position = min(bytes.count, position + 2)
            default: position += 1
            }
        }
        return .invalid
    }

    private mutating func single(_ token: Token, _ next: State) -> Token {
        position += 1
        return enter(next, token)
    }

    private mutating func enter(_ next: State, _ token: Token) -> Token {
        state = next
        return token
    }

    @discardableResult
    private mutating func skipBlanks() -> Bool {
        let before = position
        take { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        return position > before
    }

    private mutating func take(_ isWanted: (UInt8) -> Bool) {
        while position < bytes.count && isWanted(bytes[position]) { position += 1 }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
