import MetricModel

/// A recursive-descent parser that recovers from syntax errors at the places where Prometheus' generated parser does,
/// so that the same list of complaints comes out.
///
/// After a complaint `recovery` is 3: tokens that do not fit are skipped silently until three fitting ones were read.
struct Parser {
    /// How a rule ends when it cannot go on.
    enum Interruption: Error {
        /// The next token does not fit: the nearest enclosing rule that can recover complains.
        case syntaxError
        /// Nothing can be recovered.
        case abort
    }

    /// Tokens to be read before complaints are made again.
    static let recoveryTokens = 3

    let options: ParserOptions
    var lexer: Lexer
    private var lookahead: Token?
    /// The token read last, be it used up or not.
    private(set) var lastToken = Token(kind: .endOfText, position: SourceRange(0, 0), text: "")
    /// The end of the last token that may end an expression.
    private(set) var lastClosing = 0
    var recovery = 0
    /// Errors of syntax.
    var errors: [ParseError.Issue] = []
    /// Errors of type, which count only when there are none of syntax.
    var typeErrors: [ParseError.Issue] = []
    /// Set when the tree was cut off because it has too many levels.
    var tooDeepAt: SourceRange?
    /// Set when the tree was cut off because too many operators follow one another.
    var tooLongAt: SourceRange?
    var level = 0

    init(_ text: String, options: ParserOptions, isSeriesDescription: Bool = false) {
        self.options = options
        lexer = Lexer(text, isSeriesDescription: isSeriesDescription)
    }

    /// What there is to complain about; not empty.
    var finalIssues: [ParseError.Issue] {
        if !errors.isEmpty { return errors }
        if let tooLongAt, tooDeepAt == nil {
            let message = "expression has more than \(options.chainedOperatorsMax) operators in a row"
            return [.init(message, tooLongAt)]
        }
        let position = tooDeepAt ?? lastToken.position
        return [.init("expression is nested more than \(options.nestingLevelsMax) levels deep", position)]
    }

    // MARK: Tokens

    mutating func peek() -> Token {
        if let lookahead { return lookahead }
        let token = lexer.nextToken()
        lastToken = token
        lookahead = token
        switch token.kind {
        case .error: complain(token.text, token.position)
        case .rightBrace, .rightParen, .rightBracket, .duration, .number: lastClosing = token.position.end
        default: break
        }
        return token
    }

    /// Uses up the next token.
    @discardableResult
    mutating func shift() -> Token {
        let token = peek()
        lookahead = nil
        if recovery > 0 { recovery -= 1 }
        return token
    }

    /// Whether the next token fits, after skipping those that do not while recovering.
    mutating func awaits(_ fits: (TokenKind) -> Bool) throws(Interruption) -> Bool {
        while true {
            let token = peek()
            if fits(token.kind) { return true }
            guard recovery == Self.recoveryTokens else { return false }
            if token.kind == .error || token.kind == .endOfText { throw .abort }
            lookahead = nil
        }
    }

    /// Whether the next token is one wanted rather than an alternative; one that is neither is an error.
    mutating func awaits(
        _ fits: (TokenKind) -> Bool,
        or alternative: (TokenKind) -> Bool
    ) throws(Interruption) -> Bool {
        guard try awaits({ fits($0) || alternative($0) }) else { throw .syntaxError }
        return fits(peek().kind)
    }

    /// Uses up a token of this kind.
    @discardableResult
    mutating func require(_ kind: TokenKind) throws(Interruption) -> Token {
        guard try awaits({ $0 == kind }) else { throw .syntaxError }
        return shift()
    }

    // MARK: Complaints

    mutating func complain(_ message: String, _ position: SourceRange) {
        errors.append(.init(message, position))
    }

    /// Complains about the next token and begins to recover.
    mutating func recover(context: String = "", expected: String = "") {
        recovery = Self.recoveryTokens
        let token = peek()
        // The lexer has complained already.
        if token.kind == .error { return }
        var message = "unexpected " + token.describedForMessage
        if !context.isEmpty { message += " in " + context }
        if !expected.isEmpty { message += ", expected " + expected }
        complain(message, token.position)
    }

    // MARK: Whole texts

    /// Reads an expression up to the end; nil when there are errors or it is nested too deeply.
    mutating func parseWhole() -> Expression? {
        do throws(Interruption) {
            if peek().kind == .endOfText {
                complain("no expression found in input", SourceRange(0, 0))
                return nil
            }
            let operand = try parseExpression(above: 0)
            try parseEnd()
            if errors.isEmpty { errors = typeErrors }
            return errors.isEmpty && tooDeepAt == nil && tooLongAt == nil ? operand.expression : nil
        } catch {
            finish(after: error)
            return nil
        }
    }

    mutating func parseWholeSelector() -> [LabelMatcher]? {
        do throws(Interruption) {
            guard try awaits({ $0.isMetricName || $0 == .leftBrace }) else { throw .syntaxError }
            let selector = try parseVectorSelector()
            try parseEnd()
            return selector.matchers
        } catch {
            finish(after: error)
            return nil
        }
    }

    private mutating func parseEnd() throws(Interruption) {
        guard try awaits({ $0 == .endOfText || $0 == .error }) else { throw .syntaxError }
    }

    /// Complains about what no rule could recover from, and reads the rest for the lexer's complaints.
    mutating func finish(after interruption: Interruption) {
        guard interruption == .syntaxError else { return }
        recover()
        while peek().kind != .endOfText, peek().kind != .error { lookahead = nil }
    }
}
