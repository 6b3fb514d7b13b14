public import MetricModel

/// Reads PromQL expressions, and selectors alone.
///
/// Error messages, their order and their positions are those of Prometheus 3.x. A value without state: it may be shared
/// between threads, and every call is independent.
public struct PromQLParser: Sendable {
    /// What it accepts, and its limits.
    public let options: ParserOptions

    /// Makes a parser.
    public init(options: ParserOptions = .init()) {
        self.options = options
    }

    /// Reads an expression and checks its types.
    /// - Throws: ``ParseError`` with everything that is wrong; also when a limit of the options is exceeded.
    public func parse(_ text: String) throws(ParseError) -> Expression {
        try checkLength(text)
        var parser = Parser(text, options: options)
        let expression = parser.parseWhole()
        guard let expression, parser.errors.isEmpty else { throw ParseError(text: text, issues: parser.finalIssues) }
        return expression
    }

    /// Reads a selector alone, as in the parameter `match[]`; it may be one that selects everything.
    /// - Throws: ``ParseError``.
    public func parseMetricSelector(_ text: String) throws(ParseError) -> [LabelMatcher] {
        try checkLength(text)
        var parser = Parser(text, options: options)
        let matchers = parser.parseWholeSelector()
        guard let matchers, parser.errors.isEmpty else { throw ParseError(text: text, issues: parser.finalIssues) }
        return matchers
    }

    private func checkLength(_ text: String) throws(ParseError) {
        guard text.utf8.count > options.textBytesMax else { return }
        let message = "expression is longer than \(options.textBytesMax) bytes"
        throw ParseError(text: text, issues: [.init(message, SourceRange(0, text.utf8.count))])
    }
}
