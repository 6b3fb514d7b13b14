import MetricModel

/// Reads pages in the text format 0.0.4, with the quoted names of its UTF-8 extension, strictly.
///
/// Behaves like the decoder of prometheus/common (`expfmt`), which `promtool check metrics` uses: lines become
/// families, a second HELP or TYPE of a family, a label twice, a negative count and a missing last line end are
/// errors. Like there, a line of a summary or histogram that is neither a quantile, bucket, sum nor count adds
/// nothing, a member that is on the page twice is there twice, and families without samples are left out.
///
/// Threading: a value without state; pages of any size and content give families or an error.
/// Complexity: linear in the page.
public struct ExpositionParser: Sendable {
    /// Which names a page may use.
    public enum NameScheme: Sendable {
        /// Any UTF-8 text, quoted where the classic character set is left.
        case utf8
        /// The classic character set alone, in quotes or not.
        case legacy
    }

    let names: NameScheme

    /// Makes a parser.
    public init(names: NameScheme = .utf8) {
        self.names = names
    }

    /// Reads a whole page; families in the order in which they first appear.
    public func parse(_ page: [UInt8]) throws(ExpositionError) -> [ExpositionFamily] {
        var reader = PageReader(PageScanner(page), names)
        while try reader.readLine() {}
        return reader.builder.families
    }
}

/// The grammar of lines; hands what it reads to the builder.
private struct PageReader {
    var scanner: PageScanner
    var builder: FamilyBuilder
    let names: ExpositionParser.NameScheme

    init(_ scanner: PageScanner, _ names: ExpositionParser.NameScheme) {
        self.scanner = scanner
        self.names = names
        builder = FamilyBuilder()
    }

    /// Reads a line; false at the end of the page.
    mutating func readLine() throws(ExpositionError) -> Bool {
        scanner.line += 1
        scanner.skipBlanks()
        if scanner.isAtEnd { return false }
        switch try scanner.peek() {
        case UInt8(ascii: "#"):
            scanner.position += 1
            try readComment()
        case UInt8(ascii: "\n"):
            scanner.position += 1
        case UInt8(ascii: "{"):
            try readSample(named: nil)
        default:
            let name = try scanner.readName(allowingColon: true, what: "metric name")
            if name.isEmpty { throw scanner.failure(.invalidName, "invalid metric name") }
            try checkMetricName(name)
            scanner.skipBlanks()
            try readSample(named: name)
        }
        return true
    }

    private mutating func readComment() throws(ExpositionError) {
        scanner.skipBlanks()
        let keyword = Array(try scanner.readWord())
        let isHelp = keyword == Array("HELP".utf8)
        guard isHelp || keyword == Array("TYPE".utf8) else { return try scanner.skipLine() }
        scanner.skipBlanks()
        let name = try scanner.readName(allowingColon: true, what: "metric name")
        // A keyword, or a keyword and a name, and nothing else is a comment.
        if try scanner.peek() == UInt8(ascii: "\n") { return try scanner.skipLine() }
        guard PageScanner.isBlank(try scanner.peek()), !name.isEmpty else {
            throw scanner.failure(.invalidMetadata, "invalid metric name in comment")
        }
        try checkMetricName(name)
        builder.enterFamily(name)
        scanner.skipBlanks()
        if try scanner.peek() == UInt8(ascii: "\n") { return try scanner.skipLine() }
        if isHelp { try readHelp() } else { try readType() }
    }

    private mutating func readHelp() throws(ExpositionError) {
        guard builder.current.help == nil else {
            let name = GoText.quote(builder.current.name)
            throw scanner.failure(.invalidMetadata, "second HELP line for metric name \(name)")
        }
        builder.setHelp(try scanner.readHelp())
    }

    private mutating func readType() throws(ExpositionError) {
        guard builder.current.type == nil else {
            let name = GoText.quote(builder.current.name)
            throw scanner.failure(
                .invalidMetadata,
                "second TYPE line for metric name \(name), or TYPE reported after samples"
            )
        }
        let text = Array(try scanner.readRestOfLine())
        guard let type = ExpositionType(text: text) else {
            throw scanner.failure(.invalidMetadata, "unknown metric type \(GoText.quote(text))")
        }
        builder.setType(type)
    }

    /// Reads the labels, value and time of a sample whose name has been read, or stands among the labels.
    private mutating func readSample(named name: [UInt8]?) throws(ExpositionError) {
        if let name { builder.enterFamily(forSample: name) }
        var sample = ParsedSample()
        if try scanner.peek() == UInt8(ascii: "{") {
            scanner.position += 1
            try readLabels(of: &sample, isNamed: name != nil)
        }
        let text = try scanner.readWord()
        guard let value = NumberText.parse(text) else {
            throw scanner.failure(.invalidValue, "expected float as value, got \(GoText.quote(text))")
        }
        sample.value = value
        if try scanner.peek() != UInt8(ascii: "\n") { try readTimestamp(of: &sample) }
        scanner.position += 1
        try builder.add(sample, scanner)
    }

    private mutating func readTimestamp(of sample: inout ParsedSample) throws(ExpositionError) {
        scanner.skipBlanks()
        let text = try scanner.readWord()
        guard let timestamp = Int64(String(decoding: text, as: UTF8.self)) else {
            throw scanner.failure(.invalidTimestamp, "expected integer as timestamp, got \(GoText.quote(text))")
        }
        sample.timestamp = timestamp
        guard try scanner.peek() == UInt8(ascii: "\n") else {
            let rest = try scanner.readRestOfLine()
            throw scanner.failure(.invalidTimestamp, "spurious string after timestamp: \(GoText.quote(rest))")
        }
    }

    private mutating func readLabels(of sample: inout ParsedSample, isNamed: Bool) throws(ExpositionError) {
        var hasName = isNamed
        var known: Set<[UInt8]> = []
        while true {
            scanner.skipBlanks()
            if try scanner.peek() == UInt8(ascii: "}") { break }
            let name = try scanner.readName(allowingColon: false, what: "label name")
            if name.isEmpty {
                let family = GoText.quote(hasName ? builder.current.name : [])
                throw scanner.failure(.invalidLabel, "invalid label name for metric \(family)")
            }
            scanner.skipBlanks()
            if try scanner.peek() == UInt8(ascii: "=") {
                scanner.position += 1
                guard known.insert(name).inserted else {
                    let family = GoText.quote(hasName ? builder.current.name : [])
                    throw scanner.failure(.invalidLabel, "duplicate label names for metric \(family)")
                }
                try readLabelValue(of: name, into: &sample)
            } else {
                try enterFamily(inBraces: name, isNamed: isNamed, hasName: hasName)
                hasName = true
            }
            if try scanner.peek() == UInt8(ascii: "}") { break }
            scanner.position += 1
        }
        guard hasName else { throw scanner.failure(.invalidName, "invalid metric name") }
        scanner.position += 1
        scanner.skipBlanks()
    }

    /// Takes a name among the labels that no `=` follows for the metric's.
    private mutating func enterFamily(inBraces name: [UInt8], isNamed: Bool, hasName: Bool) throws(ExpositionError) {
        let next = try scanner.peek()
        if isNamed {
            let found = GoText.character(next)
            throw scanner.failure(.invalidLabel, "expected '=' after label name, found \(found)")
        }
        if hasName {
            let family = GoText.quote(builder.current.name)
            throw scanner.failure(.invalidName, "multiple metric names for metric \(family)")
        }
        guard next == UInt8(ascii: ",") || next == UInt8(ascii: "}") else {
            throw scanner.failure(.invalidName, "unexpected end of metric name \(GoText.character(next))")
        }
        try checkMetricName(name)
        builder.enterFamily(forSample: name)
    }

    private mutating func readLabelValue(of name: [UInt8], into sample: inout ParsedSample) throws(ExpositionError) {
        if name == Array(Label.metricName.utf8) {
            throw scanner.failure(.invalidLabel, "label name \"__name__\" is reserved")
        }
        try checkLabelName(name)
        scanner.skipBlanks()
        guard try scanner.peek() == UInt8(ascii: "\"") else {
            let found = GoText.character(try scanner.peek())
            throw scanner.failure(.invalidLabel, "expected '\"' at start of label value, found \(found)")
        }
        scanner.position += 1
        let value = try scanner.readQuoted(what: "label value")
        guard String(validating: value, as: UTF8.self) != nil else {
            throw scanner.failure(.invalidLabel, "invalid label value \(GoText.quote(value))")
        }
        scanner.skipBlanks()
        let next = try scanner.peek()
        guard next == UInt8(ascii: ",") || next == UInt8(ascii: "}") else {
            throw scanner.failure(.invalidLabel, "unexpected end of label value \(GoText.quote(value))")
        }
        sample.labels.append((name, value))
    }

    private func checkMetricName(_ name: [UInt8]) throws(ExpositionError) {
        let text = String(validating: name, as: UTF8.self)
        if let text, names == .utf8 || MetricNames.isLegacyMetricName(text) { return }
        throw scanner.failure(.invalidName, "invalid metric name \(GoText.quote(name))")
    }

    private func checkLabelName(_ name: [UInt8]) throws(ExpositionError) {
        let text = String(validating: name, as: UTF8.self)
        if let text, names == .utf8 || MetricNames.isLegacyLabelName(text) { return }
        throw scanner.failure(.invalidLabel, "invalid label name \(GoText.quote(name))")
    }
}
