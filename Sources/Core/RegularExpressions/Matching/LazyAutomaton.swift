/// A deterministic automaton for the yes/no question, whose states are made when they are first reached.
///
/// A state is the set of instructions the program may be at, before conditions on the next byte are decided, and the
/// context the last byte made. A transition first decides those conditions, knowing the next byte (or the end of the
/// text), then consumes it. So every text of n bytes takes at most n + 1 transitions, each of which costs at most one
/// pass over the program to make. When the states exceed their memory they are dropped and made anew.
struct LazyAutomaton: Sendable {
    /// What a run found.
    enum Outcome {
        case matched
        case notMatched
        /// States are used up too fast for the cache to be of use: run the other engine.
        case thrashing
    }

    private struct Key: Hashable {
        var members: [Int32]
        var context: BoundaryContext
    }

    private static let unknown: Int32 = -1
    private static let dead: Int32 = 0
    private static let matched: Int32 = 1
    private static let initial: Int32 = 2
    /// After a flush, fewer bytes than this per state made mean that the cache is of no use.
    private static let bytesPerStateMin = 10

    private let program: Program
    private let bytesMax: Int
    private let stride: Int
    private var table: [Int32] = []
    private var states: [Key] = []
    private var numbers: [Key: Int32] = [:]
    private var bytesUsed = 0
    private var closure: SparseSet
    private var following: SparseSet
    private var stack: [Int32] = []

    /// Work done since creation: bytes consumed from known transitions, and instructions visited to make new ones.
    private(set) var steps = 0
    private(set) var flushCount = 0

    init(program: Program, bytesMax: Int = RegularExpression.Limits.automatonBytesMax) {
        self.program = program
        self.bytesMax = bytesMax
        stride = program.endSymbol + 1
        closure = SparseSet(capacity: program.instructions.count)
        following = SparseSet(capacity: program.instructions.count)
        flush()
    }

    /// The outcome of a run and the steps it took.
    mutating func runCounting(_ text: Span<UInt8>) -> (Outcome, Int) {
        let before = steps
        let outcome = run(text)
        return (outcome, steps - before)
    }

    /// Whether the program matches anywhere in a text.
    mutating func run(_ text: Span<UInt8>) -> Outcome {
        let classOfByte = program.classOfByte
        var state = Self.initial
        var position = 0
        var flushes = 0
        var lastFlush = 0
        while true {
            let before = position
            (state, position) = Self.scan(text, position, state, table.span, classOfByte.span, stride)
            steps += position - before
            let symbol = position < text.count ? Int(classOfByte[Int(text[position])]) : program.endSymbol
            var target = table[Int(state) * stride + symbol]
            if target == Self.unknown {
                let key = makeTarget(of: state, symbol: symbol)
                switch key {
                case .matched: target = Self.matched
                case .dead: target = Self.dead
                case .state(let key):
                    if let known = numbers[key] {
                        target = known
                    } else {
                        if isFull {
                            let made = states.count
                            flushes += 1
                            if flushes > 1, position - lastFlush < made * Self.bytesPerStateMin {
                                return .thrashing
                            }
                            lastFlush = position
                            flush()
                            state = Self.unknown
                        }
                        target = addState(key)
                    }
                }
                if state != Self.unknown {
                    table[Int(state) * stride + symbol] = target
                }
            }
            if target == Self.matched { return .matched }
            if target == Self.dead { return .notMatched }
            state = target
            position += 1
            steps += 1
        }
    }

    /// Follows known transitions; stops before one that is unknown or final.
    private static func scan(
        _ text: Span<UInt8>,
        _ position: Int,
        _ state: Int32,
        _ table: Span<Int32>,
        _ classes: Span<UInt8>,
        _ stride: Int
    ) -> (Int32, Int) {
        var position = position
        var state = state
        while position < text.count {
            let target = table[Int(state) * stride + Int(classes[Int(text[position])])]
            if target < Self.initial { break }
            state = target
            position += 1
        }
        return (state, position)
    }

    private enum Target {
        case matched
        case dead
        case state(Key)
    }

    private mutating func makeTarget(of state: Int32, symbol: Int) -> Target {
        let isEnd = symbol == program.endSymbol
        let byte = isEnd ? 0 : program.byteOfClass[symbol]
        let before = states[Int(state)].context
        let after: BoundaryContext = isEnd ? .textEdge : .of(byte)
        closure.removeAll()
        var hasMatched = false
        for index in states[Int(state)].members where closure.insert(index) {
            stack.append(index)
        }
        // A match may begin at any scalar, unless the pattern is anchored.
        if !program.isAnchoredAtBegin, isEnd || byte & 0xC0 != 0x80, closure.insert(program.start) {
            stack.append(program.start)
        }
        while let index = stack.popLast() {
            steps += 1
            switch program.instructions[Int(index)] {
            case .split(let one, let two):
                if closure.insert(one) { stack.append(one) }
                if closure.insert(two) { stack.append(two) }
            case .save(_, let next):
                if closure.insert(next) { stack.append(next) }
            case .assert(let assertion, let next):
                if assertion.holds(before: before, after: after), closure.insert(next) { stack.append(next) }
            case .match:
                hasMatched = true
            case .bytes, .table, .fail:
                break
            }
        }
        if hasMatched { return .matched }
        if isEnd { return .dead }
        return consume(byte)
    }

    private mutating func consume(_ byte: UInt8) -> Target {
        following.removeAll()
        for place in 0..<closure.count {
            steps += 1
            let instruction = program.instructions[Int(closure.members[place])]
            if let next = program.target(of: instruction, byte: byte), following.insert(next) {
                stack.append(next)
            }
        }
        var members: [Int32] = []
        var hasMatched = false
        while let index = stack.popLast() {
            steps += 1
            switch program.instructions[Int(index)] {
            case .split(let one, let two):
                if following.insert(one) { stack.append(one) }
                if following.insert(two) { stack.append(two) }
            case .save(_, let next):
                if following.insert(next) { stack.append(next) }
            case .bytes, .table, .assert:
                members.append(index)
            case .match:
                hasMatched = true
            case .fail:
                break
            }
        }
        if hasMatched { return .matched }
        if members.isEmpty && program.isAnchoredAtBegin { return .dead }
        members.sort()
        return .state(Key(members: members, context: BoundaryContext.of(byte).intersection(program.contextMask)))
    }

    private var isFull: Bool { bytesUsed > bytesMax }

    private mutating func addState(_ key: Key) -> Int32 {
        let number = Int32(truncatingIfNeeded: states.count)
        states.append(key)
        numbers[key] = number
        table.append(contentsOf: repeatElement(Self.unknown, count: stride))
        // Rows, members, and a round figure for the dictionary's entry and the array headers.
        bytesUsed += 4 * (stride + key.members.count) + 96
        return number
    }

    private mutating func flush() {
        flushCount += 1
        bytesUsed = 0
        states.removeAll(keepingCapacity: true)
        numbers.removeAll(keepingCapacity: true)
        table.removeAll(keepingCapacity: true)
        let none = Key(members: [], context: [])
        for _ in 0..<2 {
            states.append(none)
            table.append(contentsOf: repeatElement(Self.unknown, count: stride))
        }
        _ = addState(
            Key(
                members: program.isAnchoredAtBegin ? [program.start] : [],
                context: .textEdge
            )
        )
    }
}
