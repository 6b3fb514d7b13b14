/// What a syntax tree says about the literals in its matches.
enum LiteralAnalysis {
    /// All strings a node without assertions matches, in order of preference, or nil if there are too many.
    static func strings(of node: SyntaxNode) -> [[UInt32]]? {
        switch node {
        case .empty:
            return [[]]
        case .literal(let scalars):
            // A surrogate is in no text.
            return scalars.contains(where: { (0xD800...0xDFFF).contains($0) }) ? [] : [scalars]
        case .set(let set):
            let set = set.withoutSurrogates
            guard set.scalarCount <= AnalysisLimits.exactStringsMax else { return nil }
            return set.ranges.flatMap { range in (range.low...range.high).map { [$0] } }
        case .assertion:
            return nil
        case .capture(let body, _):
            return strings(of: body)
        case .concatenation(let nodes):
            return product(nodes)
        case .alternation(let nodes):
            return union(nodes)
        case .repetition(let body, let min, let max, _):
            guard let max, let once = strings(of: body) else { return nil }
            return repeated(once, min: min, max: max)
        }
    }

    private static func union(_ nodes: [SyntaxNode]) -> [[UInt32]]? {
        var result: [[UInt32]] = []
        var size = 0
        for node in nodes {
            guard let more = strings(of: node) else { return nil }
            result += more
            size += scalarCount(more)
            guard result.count <= AnalysisLimits.exactStringsMax, size <= AnalysisLimits.exactScalarsMax else {
                return nil
            }
        }
        return result
    }

    private static func scalarCount(_ strings: [[UInt32]]) -> Int {
        strings.reduce(0) { $0 + $1.count }
    }

    private static func isSmall(_ strings: [[UInt32]]) -> Bool {
        strings.count <= AnalysisLimits.exactStringsMax
            && scalarCount(strings) <= AnalysisLimits.exactScalarsMax
    }

    private static func product(_ nodes: [SyntaxNode]) -> [[UInt32]]? {
        var result: [[UInt32]] = [[]]
        var size = 0
        for node in nodes {
            guard let tails = strings(of: node) else { return nil }
            if tails.count == 1 {
                // In place: copying all heads for every node would take time quadratic in the pattern.
                size += result.count * tails[0].count
                guard size <= AnalysisLimits.exactScalarsMax else { return nil }
                for index in result.indices where !tails[0].isEmpty {
                    result[index] += tails[0]
                }
            } else {
                guard let joined = joined(result, tails) else { return nil }
                result = joined
                size = scalarCount(result)
            }
        }
        return result
    }

    private static func joined(_ heads: [[UInt32]], _ tails: [[UInt32]]) -> [[UInt32]]? {
        guard heads.count * tails.count <= AnalysisLimits.exactStringsMax else { return nil }
        let size = scalarCount(heads) * tails.count + scalarCount(tails) * heads.count
        guard size <= AnalysisLimits.exactScalarsMax else { return nil }
        return heads.flatMap { head in tails.map { head + $0 } }
    }

    private static func repeated(_ once: [[UInt32]], min: Int, max: Int) -> [[UInt32]]? {
        var result: [[UInt32]] = []
        var power: [[UInt32]] = [[]]
        for count in 0...max {
            if count > 0 {
                guard let next = joined(power, once) else { return nil }
                power = next
            }
            if count >= min {
                result += power
                guard isSmall(result) else { return nil }
            }
        }
        return result
    }

    /// A literal every match of a node begins with, and whether it is the whole match.
    static func prefix(of node: SyntaxNode) -> (scalars: [UInt32], isWhole: Bool) {
        switch node {
        case .empty: return ([], true)
        case .literal(let scalars): return (scalars, true)
        case .set, .assertion: return ([], false)
        case .capture(let body, _): return prefix(of: body)
        case .concatenation(let nodes):
            var result: [UInt32] = []
            for node in nodes {
                let next = prefix(of: node)
                result += next.scalars
                if !next.isWhole { return (result, false) }
            }
            return (result, true)
        case .alternation(let nodes):
            guard let first = nodes.first else { return ([], true) }
            var (common, isWhole) = prefix(of: first)
            for node in nodes.dropFirst() {
                let next = prefix(of: node)
                let count = zip(common, next.scalars).prefix { $0 == $1 }.count
                isWhole = isWhole && next.isWhole && count == common.count && count == next.scalars.count
                common.removeSubrange(count...)
            }
            return (common, isWhole)
        case .repetition(let body, let min, let max, _):
            guard min > 0 else { return ([], false) }
            let once = prefix(of: body)
            return (once.scalars, once.isWhole && min == 1 && max == 1)
        }
    }

    /// The nodes of a concatenation, without groups around all of it and with the groups at its top level opened.
    static func topLevel(_ node: SyntaxNode) -> [SyntaxNode] {
        switch node {
        case .empty: []
        case .capture(let body, _): topLevel(body)
        case .concatenation(let nodes): nodes.flatMap(topLevel)
        default: [node]
        }
    }
}

extension [UInt32] {
    /// The UTF-8 form of the scalars; the caller has made sure there is no surrogate.
    var utf8Bytes: [UInt8] { flatMap(UTF8Ranges.encode) }
}
