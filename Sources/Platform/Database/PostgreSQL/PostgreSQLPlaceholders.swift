/// Rewrites the parameters `?1`, `?2`, … of our statements to PostgreSQL's `$1`, `$2`, ….
///
/// A question mark in a text, a quoted name or a comment is left alone, and so is one that no digit follows: PostgreSQL has
/// operators of that name. The lexer knows what the server's own does (PostgreSQL's documentation, 4.1 "Lexical Structure"):
/// `'…'` with doubled quotes, `E'…'` with backslashes, `"…"`, `$tag$…$tag$`, `-- …` and nested `/* … */`.
///
/// Pure.
struct PostgreSQLPlaceholders {
    private let source: [UInt8]
    private var position = 0
    private var output: [UInt8] = []

    /// The statement as PostgreSQL reads it.
    static func rewrite(_ sql: String) -> String {
        var lexer = PostgreSQLPlaceholders(source: Array(sql.utf8))
        return lexer.run()
    }

    private init(source: [UInt8]) {
        self.source = source
        output.reserveCapacity(source.count)
    }

    private mutating func run() -> String {
        while position < source.count {
            let byte = source[position]
            switch byte {
            case UInt8(ascii: "?") where isDigit(at: position + 1):
                output.append(UInt8(ascii: "$"))
                position += 1
            case UInt8(ascii: "'"):
                quoted(UInt8(ascii: "'"), hasEscapes: isEscapeText)
            case UInt8(ascii: "\""):
                quoted(byte, hasEscapes: false)
            case UInt8(ascii: "-") where byteAt(position + 1) == byte:
                copy(until: endOfLine())
            case UInt8(ascii: "/") where byteAt(position + 1) == UInt8(ascii: "*"):
                copy(until: endOfComment())
            case UInt8(ascii: "$"):
                dollarQuoted()
            default:
                copy(until: position + 1)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Whether the quote at the position begins a text with backslashes: a lone `E` stands before it.
    private var isEscapeText: Bool {
        guard let before = byteAt(position - 1), before | 0x20 == UInt8(ascii: "e") else { return false }
        return !isNamePart(at: position - 2)
    }

    private mutating func quoted(_ quote: UInt8, hasEscapes: Bool) {
        var end = position + 1
        while end < source.count {
            if hasEscapes, source[end] == UInt8(ascii: "\\") {
                end += 2
            } else if source[end] == quote {
                end += 1
                // A doubled quote stands for itself.
                if byteAt(end) != quote { break }
                end += 1
            } else {
                end += 1
            }
        }
        copy(until: end)
    }

    /// `$tag$ … $tag$`; anything else that begins with a dollar is copied as it is.
    private mutating func dollarQuoted() {
        var tagEnd = position + 1
        while isNamePart(at: tagEnd) { tagEnd += 1 }
        guard byteAt(tagEnd) == UInt8(ascii: "$"), !isDigit(at: position + 1), !isNamePart(at: position - 1) else {
            copy(until: position + 1)
            return
        }
        let tag = source[position...tagEnd]
        var end = tagEnd + 1
        while end < source.count, !source[end...].starts(with: tag) { end += 1 }
        copy(until: end + tag.count)
    }

    private func endOfLine() -> Int {
        source[position...].firstIndex(of: UInt8(ascii: "\n")) ?? source.count
    }

    private func endOfComment() -> Int {
        var end = position
        var depth = 0
        while end < source.count {
            let pair = (source[end], byteAt(end + 1))
            switch pair {
            case (UInt8(ascii: "/"), UInt8(ascii: "*")):
                depth += 1
                end += 2
            case (UInt8(ascii: "*"), UInt8(ascii: "/")):
                depth -= 1
                end += 2
                if depth == 0 { return end }
            default:
                end += 1
            }
        }
        return end
    }

    private mutating func copy(until end: Int) {
        let end = min(end, source.count)
        output.append(contentsOf: source[position..<end])
        position = end
    }

    private func byteAt(_ index: Int) -> UInt8? { source.indices.contains(index) ? source[index] : nil }

    private func isDigit(at index: Int) -> Bool {
        byteAt(index).map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
    }

    private func isNamePart(at index: Int) -> Bool {
        guard let byte = byteAt(index) else { return false }
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        return letters.contains(byte | 0x20) || byte == UInt8(ascii: "_") || byte >= 0x80 || isDigit(at: index)
    }
}
