/// A pattern simple enough to be answered by comparing bytes.
enum TextShape: Sendable {
    /// The text is one of some strings.
    case exact(SortedStrings)
    /// Any text of at least a length.
    case any(countMin: Int)
    /// The text begins with a literal, and may have to be longer.
    case prefix([UInt8], countMin: Int)
    /// The text ends with a literal, and may have to be longer.
    case suffix([UInt8], countMin: Int)
    /// The text has a literal in it.
    case contains(LiteralFinder)

    /// One part of a pattern that is a sequence of literals and gaps.
    private enum Part {
        case literal([UInt8])
        /// `.*` or `.+`, newlines included.
        case gap(countMin: Int)
    }

    /// The shape of a pattern, or nil if it has none.
    init?(_ node: SyntaxNode) {
        var nodes = LiteralAnalysis.topLevel(node)
        var leading: [Part] = [.gap(countMin: 0)]
        var trailing: [Part] = [.gap(countMin: 0)]
        if case .assertion(.textBegin)? = nodes.first {
            leading = []
            nodes.removeFirst()
        }
        if case .assertion(.textEnd)? = nodes.last {
            trailing = []
            nodes.removeLast()
        }
        if leading.isEmpty, trailing.isEmpty, let strings = Self.strings(of: nodes) {
            self = .exact(SortedStrings(strings.map(\.utf8Bytes)))
            return
        }
        var parts: [Part] = []
        for node in nodes {
            guard let part = Self.part(node) else { return nil }
            parts.append(part)
        }
        self.init(parts: Self.merged(leading + parts + trailing))
    }

    private init?(parts: [Part]) {
        switch parts.count {
        case 1:
            guard case .gap(let countMin) = parts[0] else { return nil }
            self = .any(countMin: countMin)
        case 2:
            switch (parts[0], parts[1]) {
            case (.literal(let bytes), .gap(let more)): self = .prefix(bytes, countMin: bytes.count + more)
            case (.gap(let more), .literal(let bytes)): self = .suffix(bytes, countMin: bytes.count + more)
            default: return nil
            }
        case 3:
            guard case .gap(0) = parts[0], case .literal(let bytes) = parts[1], case .gap(0) = parts[2] else {
                return nil
            }
            self = .contains(LiteralFinder(bytes))
        default:
            return nil
        }
    }

    /// All strings of a sequence of nodes.
    static func strings(of nodes: [SyntaxNode]) -> [[UInt32]]? {
        switch nodes.count {
        case 0: [[]]
        case 1: LiteralAnalysis.strings(of: nodes[0])
        default: LiteralAnalysis.strings(of: .concatenation(nodes))
        }
    }

    private static func part(_ node: SyntaxNode) -> Part? {
        switch node {
        case .literal(let scalars):
            guard !scalars.contains(where: { (0xD800...0xDFFF).contains($0) }) else { return nil }
            return .literal(scalars.utf8Bytes)
        case .repetition(.set(.all), let min, nil, _) where min <= 1:
            return .gap(countMin: min)
        default:
            return nil
        }
    }

    /// Joins neighbouring parts of a kind.
    ///
    /// Two gaps that each want a scalar are left alone: scalars are not bytes.
    private static func merged(_ parts: [Part]) -> [Part] {
        var result: [Part] = []
        for part in parts {
            switch (result.last, part) {
            case (.gap(let one)?, .gap(let two)) where one + two <= 1:
                result[result.count - 1] = .gap(countMin: one + two)
            case (.literal(let one)?, .literal(let two)):
                result[result.count - 1] = .literal(one + two)
            default:
                result.append(part)
            }
        }
        return result
    }

    /// Whether a text has the shape.
    func matches(_ text: Span<UInt8>) -> Bool {
        switch self {
        case .exact(let strings):
            return strings.contains(text)
        case .any(let countMin):
            return text.count >= countMin
        case .prefix(let bytes, let countMin):
            return text.count >= countMin && Self.isEqual(text, at: 0, bytes)
        case .suffix(let bytes, let countMin):
            return text.count >= countMin && Self.isEqual(text, at: text.count - bytes.count, bytes)
        case .contains(let finder):
            return finder.isFound(in: text)
        }
    }

    private static func isEqual(_ text: Span<UInt8>, at start: Int, _ bytes: [UInt8]) -> Bool {
        for index in 0..<bytes.count where text[start + index] != bytes[index] {
            return false
        }
        return true
    }
}

/// Byte strings in order, searched without allocation.
struct SortedStrings: Sendable {
    private let strings: [[UInt8]]

    init(_ strings: [[UInt8]]) {
        self.strings = strings.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Whether a text is one of the strings.
    func contains(_ text: Span<UInt8>) -> Bool {
        var low = 0
        var high = strings.count
        while low < high {
            let middle = (low + high) / 2
            let order = Self.compare(text, strings[middle])
            if order == 0 { return true }
            if order < 0 {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return false
    }

    /// Less than, equal to or greater than zero, as the first string is before, equal to or after the second.
    private static func compare(_ one: Span<UInt8>, _ two: [UInt8]) -> Int {
        for index in 0..<min(one.count, two.count) where one[index] != two[index] {
            return one[index] < two[index] ? -1 : 1
        }
        return one.count - two.count
    }
}

/// Finds a literal in time linear in the text (Knuth, Morris and Pratt).
struct LiteralFinder: Sendable {
    private let literal: [UInt8]
    /// For each length matched, the length still matched after a byte that does not continue it.
    private let fallback: [Int]

    init(_ literal: [UInt8]) {
        self.literal = literal
        var fallback = [Int](repeating: 0, count: literal.count + 1)
        var length = 0
        for index in literal.indices.dropFirst() {
            while length > 0, literal[index] != literal[length] {
                length = fallback[length]
            }
            if literal[index] == literal[length] {
                length += 1
            }
            fallback[index + 1] = length
        }
        self.fallback = fallback
    }

    /// Whether the literal is somewhere in a text.
    func isFound(in text: Span<UInt8>) -> Bool {
        guard let first = literal.first else { return true }
        var length = 0
        for index in 0..<text.count {
            let byte = text[index]
            if length == 0 && byte != first { continue }
            while length > 0, literal[length] != byte {
                length = fallback[length]
            }
            if literal[length] == byte {
                length += 1
            }
            if length == literal.count { return true }
        }
        return false
    }
}
