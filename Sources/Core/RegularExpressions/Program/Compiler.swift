/// Compiles a syntax tree to a program, from its end to its beginning, so that targets are known when they are needed.
struct Compiler {
    private var instructions: [Instruction] = []
    private var transitions: [Transition] = []
    private let pattern: String

    private init(pattern: String) {
        self.pattern = pattern
    }

    /// Compiles a tree; the pattern is for the error's text.
    static func compile(
        _ node: SyntaxNode,
        groupCount: Int,
        pattern: String
    ) throws(RegularExpressionError) -> Program {
        var compiler = Compiler(pattern: pattern)
        let match = try compiler.emit(.match)
        let end = try compiler.emit(.save(slot: 1, next: match))
        let body = try compiler.compile(node, next: end)
        let start = try compiler.emit(.save(slot: 0, next: body))
        let slotCount = 2 * (groupCount + 1)
        let threadsMax = compiler.instructions.count { instruction in
            switch instruction {
            case .bytes, .table, .match: true
            case .split, .save, .assert, .fail: false
            }
        }
        guard threadsMax * slotCount <= RegularExpression.Limits.captureCellsMax else {
            throw RegularExpressionError(.tooLarge, pattern)
        }
        return Program(
            instructions: compiler.instructions,
            transitions: compiler.transitions,
            start: start,
            slotCount: slotCount,
            isAnchoredAtBegin: node.isAnchoredAtBegin
        )
    }

    private mutating func emit(_ instruction: Instruction) throws(RegularExpressionError) -> Int32 {
        try checkSize()
        instructions.append(instruction)
        return Int32(instructions.count - 1)
    }

    private func checkSize() throws(RegularExpressionError) {
        guard instructions.count + transitions.count < RegularExpression.Limits.programUnitsMax else {
            throw RegularExpressionError(.tooLarge, pattern)
        }
    }

    /// Compiles a node that continues at an instruction; returns where it begins.
    private mutating func compile(_ node: SyntaxNode, next: Int32) throws(RegularExpressionError) -> Int32 {
        switch node {
        case .empty:
            return next
        case .literal(let scalars):
            return try compile(literal: scalars, next: next)
        case .set(let set):
            return try compile(set: set, next: next)
        case .assertion(let assertion):
            return try emit(.assert(assertion, next: next))
        case .concatenation(let nodes):
            var next = next
            for node in nodes.reversed() {
                next = try compile(node, next: next)
            }
            return next
        case .alternation(let nodes):
            var entry: Int32?
            for node in nodes.reversed() {
                let branch = try compile(node, next: next)
                entry = if let other = entry { try emit(.split(branch, other)) } else { branch }
            }
            return entry ?? next
        case .repetition(let body, let min, let max, let greedy):
            return try compile(body, min: min, max: max, greedy: greedy, next: next)
        case .capture(let body, let index):
            let end = try emit(.save(slot: Int32(2 * index + 1), next: next))
            let begin = try compile(body, next: end)
            return try emit(.save(slot: Int32(2 * index), next: begin))
        }
    }

    private mutating func compile(literal scalars: [UInt32], next: Int32) throws(RegularExpressionError) -> Int32 {
        var next = next
        for scalar in scalars.reversed() {
            if (0xD800...0xDFFF).contains(scalar) {
                return try emit(.fail)
            }
            for byte in UTF8Ranges.encode(scalar).reversed() {
                next = try emit(.bytes(low: byte, high: byte, next: next))
            }
        }
        return next
    }

    private mutating func compile(
        _ body: SyntaxNode,
        min: Int,
        max: Int?,
        greedy: Bool,
        next: Int32
    ) throws(RegularExpressionError) -> Int32 {
        var entry = next
        var copies = min
        if let max {
            // x{2,4} is xx(x(x)?)?: giving up at any depth leads to the same place.
            for _ in 0..<(max - min) {
                let begin = try compile(body, next: entry)
                entry = try emit(greedy ? .split(begin, next) : .split(next, begin))
            }
        } else if min == 0, !body.isNullable {
            let loop = try emit(.fail)
            let begin = try compile(body, next: loop)
            instructions[Int(loop)] = greedy ? .split(begin, next) : .split(next, begin)
            return loop
        } else {
            // A body that can be empty goes through x+ even for x*, as (x+)?: its preferred way may be the empty one,
            // which then ends the loop instead of being lost as a step already taken.
            let loop = try emit(.fail)
            let begin = try compile(body, next: loop)
            instructions[Int(loop)] = greedy ? .split(begin, next) : .split(next, begin)
            entry = begin
            if min == 0 {
                return try emit(greedy ? .split(begin, next) : .split(next, begin))
            }
            copies -= 1
        }
        for _ in 0..<copies {
            entry = try compile(body, next: entry)
        }
        return entry
    }
}

extension Compiler {
    /// Compiles a set to a tree of byte ranges; equal subtrees are emitted once.
    private mutating func compile(set: ScalarSet, next: Int32) throws(RegularExpressionError) -> Int32 {
        let sequences = UTF8Ranges.sequences(of: set.withoutSurrogates)
        guard !sequences.isEmpty else {
            return try emit(.fail)
        }
        var known: [[Transition]: Int32] = [:]
        return try compile(sequences[...], depth: 0, next: next, known: &known)
    }

    private mutating func compile(
        _ sequences: ArraySlice<UTF8Sequence>,
        depth: Int,
        next: Int32,
        known: inout [[Transition]: Int32]
    ) throws(RegularExpressionError) -> Int32 {
        var ways: [Transition] = []
        var index = sequences.startIndex
        while index < sequences.endIndex {
            // Sequences that share this byte follow each other, and then share exactly its range.
            let range = sequences[index].bytes[depth]
            var end = index + 1
            while end < sequences.endIndex, sequences[end].bytes[depth] == range {
                end += 1
            }
            var target = next
            if sequences[index].bytes.count > depth + 1 {
                target = try compile(sequences[index..<end], depth: depth + 1, next: next, known: &known)
            }
            if let last = ways.last, last.next == target, last.high + 1 == range.lowerBound {
                ways[ways.count - 1].high = range.upperBound
            } else {
                ways.append(Transition(low: range.lowerBound, high: range.upperBound, next: target))
            }
            index = end
        }
        if let entry = known[ways] {
            return entry
        }
        let entry = try emit(ways)
        known[ways] = entry
        return entry
    }

    private mutating func emit(_ ways: [Transition]) throws(RegularExpressionError) -> Int32 {
        if ways.count == 1 {
            return try emit(.bytes(low: ways[0].low, high: ways[0].high, next: ways[0].next))
        }
        let start = Int32(transitions.count)
        transitions += ways
        return try emit(.table(start: start, count: Int32(ways.count)))
    }
}

extension SyntaxNode {
    /// Whether every match of the node begins at the beginning of the text.
    var isAnchoredAtBegin: Bool {
        switch self {
        case .assertion(let assertion): assertion == .textBegin
        case .concatenation(let nodes): nodes.first?.isAnchoredAtBegin ?? false
        case .alternation(let nodes): nodes.allSatisfy(\.isAnchoredAtBegin)
        case .capture(let node, _): node.isAnchoredAtBegin
        case .repetition(let node, let min, _, _): min > 0 && node.isAnchoredAtBegin
        case .empty, .literal, .set: false
        }
    }
}
