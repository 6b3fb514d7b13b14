/// A regular expression in RE2 syntax, matched in time linear in the text.
///
/// The syntax and its meaning are those of Go's `regexp` package: leftmost-first matching, no backreferences, no
/// lookaround. Matching takes at most (bytes of the text + 1) × (size of the program) steps, whatever the pattern, so
/// patterns of users are safe to run; ``Limits`` bound the pattern and its program.
///
/// Text is UTF-8 and is expected to be valid. Bytes that are not valid UTF-8 are safe to pass, but no class and no `.`
/// matches them, where Go would see U+FFFD; only an anchored `.*` or `.+` beside a literal takes them in its stride.
///
/// A value may be used from any number of threads at once; they do not wait for each other.
public struct RegularExpression: Sendable {
    /// How a pattern is read and what it must match.
    public struct Options: OptionSet, Hashable, Sendable {
        /// The options as bits.
        public let rawValue: UInt8

        /// Creates options from their bits.
        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// The whole text must match, as if the pattern stood in `\A(?:…)\z`.
        public static let anchored = Options(rawValue: 1)

        /// `.` also matches a newline, as if the pattern began with `(?s)`.
        public static let dotMatchesNewline = Options(rawValue: 2)
    }

    /// The pattern as it was given.
    public let pattern: String

    /// The options as they were given.
    public let options: Options

    /// The names of the groups by index, nil where a group has none; index 0 is the whole match.
    ///
    /// As in Go, two groups may have the same name.
    public let captureNames: [String?]

    /// The strings the whole text may be, if the pattern is anchored at both ends and a finite choice of literals.
    ///
    /// Nil if it is not, or if there are more than ``Limits/literalSetCountMax``. The strings are distinct and in the
    /// pattern's order; an empty array means that nothing matches. The pattern matches these texts and no others.
    public let literalSet: [String]?

    /// What every matching text begins with, if the pattern is anchored at the beginning; else empty.
    public let literalPrefix: String

    let engine: MatchEngine

    /// Parses and compiles a pattern.
    ///
    /// - Throws: ``RegularExpressionError`` if the syntax is not RE2's or the pattern exceeds one of ``Limits``.
    public init(_ pattern: String, options: Options = []) throws(RegularExpressionError) {
        let parsed = try PatternParser.parse(
            pattern,
            flags: options.contains(.dotMatchesNewline) ? .dotMatchesNewline : []
        )
        var node = parsed.node
        if options.contains(.anchored) {
            node = .concatenation([.assertion(.textBegin), node, .assertion(.textEnd)])
        }
        let program = try Compiler.compile(node, groupCount: parsed.captureNames.count - 1, pattern: pattern)
        self.pattern = pattern
        self.options = options
        captureNames = parsed.captureNames
        engine = MatchEngine(program: program, shape: TextShape(node))
        (literalSet, literalPrefix) = Self.literals(node)
    }

    /// Whether the expression matches in a text, or the whole of it if anchored.
    public func matches(_ text: String) -> Bool {
        engine.matches(text.utf8.span)
    }

    /// Whether the expression matches in a text of UTF-8 bytes; allocates nothing once the automaton is warm.
    public func matches(_ utf8: Span<UInt8>) -> Bool {
        engine.matches(utf8)
    }

    /// Whether the expression matches in a text of UTF-8 bytes; the slice is not copied.
    public func matches(_ utf8: ArraySlice<UInt8>) -> Bool {
        engine.matches(utf8.span)
    }

    /// Whether the expression matches in a text of UTF-8 bytes.
    public func matches(_ utf8: [UInt8]) -> Bool {
        engine.matches(utf8.span)
    }

    private static func literals(_ node: SyntaxNode) -> (set: [String]?, prefix: String) {
        var nodes = LiteralAnalysis.topLevel(node)
        var count = nodes.count
        nodes = Array(nodes.drop(while: isTextBegin))
        guard nodes.count < count else { return (nil, "") }
        let prefix = LiteralAnalysis.prefix(of: .concatenation(nodes)).scalars
        count = nodes.count
        while let last = nodes.last, isTextEnd(last) {
            nodes.removeLast()
        }
        var set: [String]?
        if nodes.count < count, let strings = TextShape.strings(of: nodes) {
            var seen: Set<[UInt32]> = []
            let distinct = strings.filter { seen.insert($0).inserted }
            if distinct.count <= Limits.literalSetCountMax {
                set = distinct.map { String(decoding: $0.utf8Bytes, as: UTF8.self) }
            }
        }
        // A surrogate is in no text: such a pattern never matches, and what follows it is of no use as a prefix.
        let valid = prefix.prefix { !(0xD800...0xDFFF).contains($0) }
        return (set, String(decoding: Array(valid).utf8Bytes, as: UTF8.self))
    }

    private static func isTextBegin(_ node: SyntaxNode) -> Bool {
        if case .assertion(.textBegin) = node { true } else { false }
    }

    private static func isTextEnd(_ node: SyntaxNode) -> Bool {
        if case .assertion(.textEnd) = node { true } else { false }
    }
}

extension RegularExpression: Hashable {
    /// Two expressions are equal if their patterns and options are.
    public static func == (one: RegularExpression, two: RegularExpression) -> Bool {
        // By scalars: String's own equality takes canonically equivalent patterns, which match differently, for equal.
        one.options == two.options && one.pattern.unicodeScalars.elementsEqual(two.pattern.unicodeScalars)
    }

    /// Hashes the pattern and the options.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(options)
        for scalar in pattern.unicodeScalars {
            hasher.combine(scalar)
        }
    }
}

extension RegularExpression: CustomStringConvertible {
    /// The pattern.
    public var description: String { pattern }
}
