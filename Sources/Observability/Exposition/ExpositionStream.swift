import Basics
public import MetricModel

/// Why a page cannot be read as a stream: upstream's words.
public struct ExpositionStreamError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The message.
    public let description: String
}

/// Reads a page in the text format entry by entry, as leniently as a Prometheus server does when it scrapes.
///
/// Types are not checked against samples, nothing is put together, and commas between labels may be missing. A
/// missing final line end is added. Samples come with the range of their text, so that a scraper that has seen the
/// text before need not build labels. After an error the stream cannot go on.
///
/// Threading: a value for one owner. Complexity: linear in the page.
public struct ExpositionStream {
    /// One line, or one comment.
    public enum Entry: Sendable, Equatable {
        case help(metric: String, text: String)
        /// `unknown` and `untyped` are the same.
        case type(metric: String, MetricType)
        /// With the `#`.
        case comment(String)
        /// The value and time, in milliseconds, of the series that ``ExpositionStream/seriesText`` and
        /// ``ExpositionStream/labels()`` tell.
        case sample(value: Double, timestamp: Int64?)
    }

    private var lexer: StreamLexer
    /// Where the entry begins.
    private var start = 0
    private var type = MetricType.untyped
    private var series = 0..<0
    private var name: Range<Int>?
    private var labelRanges: [(name: Range<Int>, value: Range<Int>)] = []

    /// Makes a stream at the beginning of a page.
    public init(_ page: [UInt8]) {
        lexer = StreamLexer(page.last == UInt8(ascii: "\n") ? page : page + [UInt8(ascii: "\n")])
    }

    /// The metric and labels of the last sample as they stand on the page, without the blanks behind.
    public var seriesText: ArraySlice<UInt8> { lexer.bytes[series] }

    /// The labels of the last sample.
    ///
    /// As upstream, `le` after a TYPE histogram and `quantile` after a TYPE summary are brought to one form (`1` to
    /// `1.0`).
    public func labels() -> Labels {
        var builder = LabelsBuilder()
        if let name { builder.set(Array(Label.metricName.utf8), unescaped(name)) }
        for (name, value) in labelRanges {
            let label = unescaped(name)
            var content = unescaped(value)
            let isStructure =
                (type == .histogram && label.elementsEqual(Label.bucketBound.utf8))
                || (type == .summary && label.elementsEqual(Label.quantile.utf8))
            if isStructure, let number = NumberText.parse(content) {
                let text = FloatText.shortest(number)
                let isWhole =
                    number.isFinite && !text.utf8.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "e") }
                content = Array((isWhole ? text + ".0" : text).utf8)
            }
            builder.set(label, content)
        }
        return builder.labels
    }

    /// The next entry; nil at the end of the page.
    public mutating func next() throws(ExpositionStreamError) -> Entry? {
        while true {
            start = lexer.position
            let token = lexer.next()
            switch token {
            case .end: return nil
            case .lineBreak: continue
            case .help, .type: return try readMetadata(token)
            case .comment:
                let text = String(decoding: lexer.text, as: UTF8.self)
                try expect(.lineBreak, "linebreak expected after comment")
                return .comment(text)
            case .openBrace:
                name = nil
                try readLabels()
                series = start..<lexer.position
                return try readValue(lexer.next())
            case .metricName:
                name = lexer.start..<lexer.position
                labelRanges.removeAll(keepingCapacity: true)
                series = start..<lexer.position
                var following = lexer.next()
                if following == .openBrace {
                    try readLabels()
                    series = start..<lexer.position
                    following = lexer.next()
                }
                return try readValue(following)
            default: throw unexpected(token, "expected a valid start token")
            }
        }
    }

    private mutating func readMetadata(_ keyword: StreamLexer.Token) throws(ExpositionStreamError) -> Entry {
        try expect(.metricName, "expected metric name after \(keyword.rawValue)")
        var range = lexer.start..<lexer.position
        if lexer.bytes[range.lowerBound] == UInt8(ascii: "\"") { range = range.lowerBound + 1..<range.upperBound - 1 }
        let metric = String(decoding: unescaped(range), as: UTF8.self)
        try expect(.text, "expected text in \(keyword.rawValue)")
        // The first byte is the blank behind the name.
        let text = lexer.text.dropFirst()
        var newType = MetricType.untyped
        if keyword == .type {
            let word = String(decoding: text, as: UTF8.self)
            guard let known = word == "unknown" ? .untyped : MetricType(rawValue: word) else {
                throw ExpositionStreamError(description: "invalid metric type \(GoText.quote(text))")
            }
            newType = known
        } else if String(validating: text, as: UTF8.self) == nil {
            throw ExpositionStreamError(description: "help text \(GoText.quote(text)) is not a valid utf8 string")
        }
        let content = Array(text)
        try expect(.lineBreak, "linebreak expected after metadata")
        guard keyword == .type else {
            let help = Self.unescape(content, quotes: false)
            return .help(metric: metric, text: String(decoding: help, as: UTF8.self))
        }
        type = newType
        return .type(metric: metric, newType)
    }

    private mutating func readLabels() throws(ExpositionStreamError) {
        labelRanges.removeAll(keepingCapacity: true)
        var token = lexer.next()
        while token != .closeBrace {
            guard token == .labelName || token == .quotedText else { throw unexpected(token, "expected label name") }
            let isQuoted = token == .quotedText
            let range = isQuoted ? lexer.start + 1..<lexer.position - 1 : lexer.start..<lexer.position
            token = lexer.next()
            if isQuoted && (token == .comma || token == .closeBrace) {
                guard name == nil else { throw failure("metric name already set") }
                name = range
                if token == .comma { token = lexer.next() }
                continue
            }
            guard token == .equal else { throw unexpected(token, "expected equal") }
            try expect(.labelValue, "expected label value")
            guard String(validating: lexer.text, as: UTF8.self) != nil else {
                throw ExpositionStreamError(description: "invalid UTF-8 label value: \(GoText.quote(lexer.text))")
            }
            labelRanges.append((range, lexer.start + 1..<lexer.position - 1))
            token = lexer.next()
            if token == .comma { token = lexer.next() }
        }
    }

    private mutating func readValue(_ token: StreamLexer.Token) throws(ExpositionStreamError) -> Entry {
        guard name != nil else { throw failure("metric name not set") }
        guard token == .value else { throw unexpected(token, "expected value after metric") }
        guard let value = NumberText.parse(lexer.text) else {
            let hasForeign = lexer.text.contains { "pP_".utf8.contains($0) }
            let text = GoText.quote(lexer.text)
            throw failure(
                hasForeign ? "unsupported character in float" : "strconv.ParseFloat: parsing \(text): invalid syntax"
            )
        }
        let following = lexer.next()
        if following == .lineBreak { return .sample(value: value, timestamp: nil) }
        guard following == .timestamp else { throw unexpected(following, "expected timestamp or new record") }
        guard let timestamp = Int64(String(decoding: lexer.text, as: UTF8.self)) else {
            throw failure("strconv.ParseInt: parsing \(GoText.quote(lexer.text)): value out of range")
        }
        try expect(.lineBreak, "expected next entry after timestamp")
        return .sample(value: value, timestamp: timestamp)
    }

    private mutating func expect(_ token: StreamLexer.Token, _ message: String) throws(ExpositionStreamError) {
        let found = lexer.next()
        if found != token { throw unexpected(found, message) }
    }

    /// The token and the byte behind it, and the entry up to there.
    private func unexpected(_ token: StreamLexer.Token, _ message: String) -> ExpositionStreamError {
        let end = min(lexer.bytes.count, lexer.position + 1)
        let found = "got \(GoText.quote(lexer.bytes[lexer.start..<end])) (\"\(token.rawValue)\")"
        return ExpositionStreamError(
            description: "\(message), \(found) while parsing: \(GoText.quote(lexer.bytes[start..<end]))"
        )
    }

    private func failure(_ message: String) -> ExpositionStreamError {
        ExpositionStreamError(
            description: "\(message) while parsing: \(GoText.quote(lexer.bytes[start..<lexer.position]))"
        )
    }

    private func unescaped(_ range: Range<Int>) -> [UInt8] {
        Self.unescape(lexer.bytes[range], quotes: true)
    }

    /// Replaces `\\`, `\n` and perhaps `\"`; other escapes stay as they are.
    private static func unescape(_ text: some Collection<UInt8>, quotes: Bool) -> [UInt8] {
        guard text.contains(UInt8(ascii: "\\")) else { return Array(text) }
        var result: [UInt8] = []
        var isEscaped = false
        for byte in text {
            if isEscaped {
                switch byte {
                case UInt8(ascii: "\\"): result.append(byte)
                case UInt8(ascii: "n"): result.append(UInt8(ascii: "\n"))
                case UInt8(ascii: "\"") where quotes: result.append(byte)
                default: result.append(contentsOf: [UInt8(ascii: "\\"), byte])
                }
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else {
                result.append(byte)
            }
        }
        if isEscaped { result.append(UInt8(ascii: "\\")) }
        return result
    }
}
