/// Parses RE2 syntax, as Go's `regexp/syntax` does with its Perl flags.
///
/// Groups are kept on an explicit stack, so a hostile pattern cannot exhaust the call stack.
struct PatternParser {
    /// The flags of `(?imsU)`.
    struct Flags: OptionSet {
        let rawValue: UInt8
        static let foldCase = Flags(rawValue: 1)
        static let multiLine = Flags(rawValue: 2)
        static let dotMatchesNewline = Flags(rawValue: 4)
        static let lazy = Flags(rawValue: 8)
    }

    /// What a pattern means.
    struct Result {
        var node: SyntaxNode
        /// The names of the groups by index; index 0, the whole match, has none.
        var captureNames: [String?]
    }

    /// A group that is still open; the first one is the pattern itself.
    private struct Group {
        var captureIndex: Int?
        /// The flags to return to when the group is closed.
        var outerFlags: Flags
        var branches: [MeasuredNode] = []
        var items: [MeasuredNode] = []
    }

    let scalars: [Unicode.Scalar]
    var position = 0
    var flags: Flags
    private var groups: [Group]
    private var captureNames: [String?] = [nil]
    /// Where the repetition operator just read began, if the last thing read was one.
    private var lastRepeat: Int?
    private var classRanges = 0

    private init(_ pattern: String, flags: Flags) {
        scalars = Array(pattern.unicodeScalars)
        self.flags = flags
        groups = [Group(captureIndex: nil, outerFlags: flags)]
    }

    /// Parses a pattern.
    static func parse(_ pattern: String, flags: Flags) throws(RegularExpressionError) -> Result {
        guard pattern.utf8.count <= RegularExpression.Limits.patternBytesMax else {
            throw RegularExpressionError(.patternTooLong, String(pattern.unicodeScalars.prefix(32)) + "…")
        }
        var parser = PatternParser(pattern, flags: flags)
        return try parser.parseAll()
    }

    /// The scalar at the position, or nil at the end.
    var current: Unicode.Scalar? { peek(0) }

    /// The scalar so many places after the position, or nil past the end.
    func peek(_ offset: Int) -> Unicode.Scalar? {
        position + offset < scalars.count ? scalars[position + offset] : nil
    }

    /// The pattern's text from a place up to another; the position unless told.
    func text(from start: Int, to end: Int? = nil) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[start..<(end ?? position)])
        return String(view)
    }

    /// The pattern.
    var wholePattern: String { text(from: 0, to: scalars.count) }

    /// Adds a node to the innermost group.
    mutating func push(_ node: SyntaxNode) throws(RegularExpressionError) {
        if case .set(let set) = node {
            classRanges += set.ranges.count
            guard classRanges <= RegularExpression.Limits.classRangesMax else {
                throw RegularExpressionError(.tooLarge, wholePattern)
            }
        }
        groups[groups.count - 1].items.append(MeasuredNode(leaf: node))
    }

    /// Adds one scalar, in all its cases if they are folded.
    mutating func pushScalar(_ value: UInt32) throws(RegularExpressionError) {
        if flags.contains(.foldCase) {
            let set = CaseFolding.folded(ScalarSet([(value, value)]))
            if set.scalarCount > 1 {
                return try push(.set(set))
            }
        }
        try push(.literal([value]))
    }

    /// Adds a class; one of a single scalar becomes a literal.
    mutating func pushSet(_ set: ScalarSet) throws(RegularExpressionError) {
        if set.scalarCount == 1, let only = set.ranges.first {
            try push(.literal([only.low]))
        } else {
            try push(.set(set))
        }
    }

    /// Opens a group.
    mutating func openGroup(
        capturing: Bool,
        name: String? = nil,
        inner: Flags
    ) throws(RegularExpressionError) {
        guard groups.count <= RegularExpression.Limits.nestingDepthMax else {
            throw RegularExpressionError(.nestingTooDeep, wholePattern)
        }
        groups.append(Group(captureIndex: capturing ? captureNames.count : nil, outerFlags: flags))
        if capturing {
            captureNames.append(name)
        }
        flags = inner
    }

    private mutating func parseAll() throws(RegularExpressionError) -> Result {
        while let scalar = current {
            var repeatStart: Int?
            switch scalar {
            case "(": try parseGroupStart()
            case ")": try closeGroup()
            case "|":
                position += 1
                endBranch()
            case "^":
                position += 1
                try push(.assertion(flags.contains(.multiLine) ? .lineBegin : .textBegin))
            case "$":
                position += 1
                try push(.assertion(flags.contains(.multiLine) ? .lineEnd : .textEnd))
            case ".":
                position += 1
                try push(.set(flags.contains(.dotMatchesNewline) ? .all : .allButNewline))
            case "[": try parseClass()
            case "\\": try parseEscapedItem()
            case "*", "+", "?", "{": repeatStart = try parseRepetition(scalar)
            default:
                position += 1
                try pushScalar(scalar.value)
            }
            lastRepeat = repeatStart
        }
        guard groups.count == 1 else {
            throw RegularExpressionError(.missingParenthesis, wholePattern)
        }
        endBranch()
        let whole = MeasuredNode.alternation(groups[0].branches)
        try checkHeight(whole)
        return Result(node: whole.node, captureNames: captureNames)
    }

    private func checkHeight(_ node: MeasuredNode) throws(RegularExpressionError) {
        guard node.height <= RegularExpression.Limits.nestingDepthMax else {
            throw RegularExpressionError(.nestingTooDeep, wholePattern)
        }
    }

    private mutating func endBranch() {
        let last = groups.count - 1
        let items = groups[last].items
        groups[last].items = []
        groups[last].branches.append(.concatenation(items))
    }

    private mutating func closeGroup() throws(RegularExpressionError) {
        guard groups.count > 1 else {
            throw RegularExpressionError(.unexpectedParenthesis, wholePattern)
        }
        position += 1
        endBranch()
        let group = groups.removeLast()
        flags = group.outerFlags
        var node = MeasuredNode.alternation(group.branches)
        if let index = group.captureIndex {
            node = .capture(node, index: index)
        }
        try checkHeight(node)
        groups[groups.count - 1].items.append(node)
    }

    /// Reads a repetition operator; returns where it began, or nil if a `{` turned out to be a literal.
    private mutating func parseRepetition(
        _ scalar: Unicode.Scalar
    ) throws(RegularExpressionError) -> Int? {
        let start = position
        var minimum = scalar == "+" ? 1 : 0
        var maximum: Int? = scalar == "?" ? 1 : nil
        position += 1
        if scalar == "{" {
            guard let counts = parseCounts() else {
                position = start + 1
                try pushScalar(scalar.value)
                return nil
            }
            let limit = RegularExpression.Limits.repeatCountMax
            (minimum, maximum) = (counts.minimum, counts.maximum)
            guard minimum <= limit, maximum.map({ $0 <= limit && minimum <= $0 }) ?? true else {
                throw RegularExpressionError(.invalidRepeatCount, text(from: start))
            }
        }
        var lazy = flags.contains(.lazy)
        if current == "?" {
            position += 1
            lazy.toggle()
        }
        if let lastRepeat {
            throw RegularExpressionError(.invalidRepeatOperator, text(from: lastRepeat))
        }
        guard let body = groups[groups.count - 1].items.popLast() else {
            throw RegularExpressionError(.missingRepeatArgument, text(from: start))
        }
        let node = MeasuredNode.repetition(body, min: minimum, max: maximum, greedy: !lazy)
        try checkHeight(node)
        if scalar == "{", node.repeatProduct > RegularExpression.Limits.repeatCountMax {
            throw RegularExpressionError(.invalidRepeatCount, text(from: start))
        }
        groups[groups.count - 1].items.append(node)
        return start
    }

    /// Reads the rest of `{n}`, `{n,}` or `{n,m}`, or returns nil if it is none of these.
    private mutating func parseCounts() -> (minimum: Int, maximum: Int?)? {
        guard let minimum = parseCount() else { return nil }
        var maximum: Int? = minimum
        if current == "," {
            position += 1
            if current == "}" {
                maximum = nil
            } else {
                guard let count = parseCount() else { return nil }
                maximum = count
            }
        }
        guard current == "}" else { return nil }
        position += 1
        return (minimum, maximum)
    }

    /// Reads a decimal number without leading zeros; one that is far too large stays at a value over every limit.
    private mutating func parseCount() -> Int? {
        func digit(_ scalar: Unicode.Scalar?) -> Int? {
            guard let scalar, ("0"..."9").contains(scalar) else { return nil }
            return Int(scalar.value) - 0x30
        }
        guard let first = digit(current), first != 0 || digit(peek(1)) == nil else { return nil }
        var value = 0
        while let next = digit(current) {
            value = min(value * 10 + next, 100_000_000)
            position += 1
        }
        return value
    }
}
