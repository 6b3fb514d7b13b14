/// Reads a page in the text format byte by byte and token by token; knows nothing of families.
struct PageScanner {
    let bytes: [UInt8]
    var position = 0
    /// The line that is being read, from 1; 0 before the first.
    var line = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Whether everything has been read.
    var isAtEnd: Bool { position >= bytes.count }

    /// The next byte, which must be there.
    func peek() throws(ExpositionError) -> UInt8 {
        guard position < bytes.count else { throw failure(.unexpectedEnd, "unexpected end of input stream") }
        return bytes[position]
    }

    mutating func skipBlanks() {
        while position < bytes.count && Self.isBlank(bytes[position]) { position += 1 }
    }

    /// Skips the rest of the line and its end.
    mutating func skipLine() throws(ExpositionError) {
        while try peek() != UInt8(ascii: "\n") { position += 1 }
        position += 1
    }

    /// The bytes up to a blank or the end of the line, which must come.
    mutating func readWord() throws(ExpositionError) -> ArraySlice<UInt8> {
        let start = position
        while true {
            let byte = try peek()
            if Self.isBlank(byte) || byte == UInt8(ascii: "\n") { return bytes[start..<position] }
            position += 1
        }
    }

    /// The bytes up to the end of the line, which is read too.
    mutating func readRestOfLine() throws(ExpositionError) -> ArraySlice<UInt8> {
        let start = position
        try skipLine()
        return bytes[start..<position - 1]
    }

    /// A help text up to the end of the line, which is read too.
    mutating func readHelp() throws(ExpositionError) -> [UInt8] {
        var text: [UInt8] = []
        while true {
            let byte = try peek()
            position += 1
            switch byte {
            case UInt8(ascii: "\n"): return text
            case UInt8(ascii: "\\"): text.append(try readEscaped())
            default: text.append(byte)
            }
        }
    }

    /// A name, in quotes or not; empty when none begins here.
    mutating func readName(allowingColon: Bool, what: String) throws(ExpositionError) -> [UInt8] {
        let first = try peek()
        if first == UInt8(ascii: "\"") {
            position += 1
            return try readQuoted(what: what)
        }
        guard Self.isNameStart(first) || (allowingColon && first == UInt8(ascii: ":")) else { return [] }
        let start = position
        while true {
            let byte = try peek()
            let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            guard Self.isNameStart(byte) || isDigit || (allowingColon && byte == UInt8(ascii: ":")) else {
                return Array(bytes[start..<position])
            }
            position += 1
        }
    }

    /// A text in quotes, of which the first has been read.
    mutating func readQuoted(what: String) throws(ExpositionError) -> [UInt8] {
        var text: [UInt8] = []
        while true {
            let byte = try peek()
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return text
            case UInt8(ascii: "\\"): text.append(try readEscaped())
            case UInt8(ascii: "\n"):
                throw failure(.invalidEscape, "\(what) \(GoText.quote(text)) contains unescaped new-line")
            default: text.append(byte)
            }
        }
    }

    private mutating func readEscaped() throws(ExpositionError) -> UInt8 {
        let byte = try peek()
        position += 1
        switch byte {
        case UInt8(ascii: "\\"), UInt8(ascii: "\""): return byte
        case UInt8(ascii: "n"): return UInt8(ascii: "\n")
        default: throw failure(.invalidEscape, "invalid escape sequence '\\\(Unicode.Scalar(byte))'")
        }
    }

    func failure(_ code: ExpositionError.Code, _ message: String) -> ExpositionError {
        ExpositionError(code: code, line: line, message: message)
    }

    static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    private static func isNameStart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
