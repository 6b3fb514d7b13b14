/// One step of a compiled program; all targets are indices of instructions.
enum Instruction: Sendable {
    /// Consumes a byte in `low...high`.
    case bytes(low: UInt8, high: UInt8, next: Int32)
    /// Consumes a byte that one of `count` transitions from `start` takes.
    case table(start: Int32, count: Int32)
    /// Goes both ways, the first one preferred.
    case split(Int32, Int32)
    /// Remembers the place in a capture slot.
    case save(slot: Int32, next: Int32)
    /// Goes on if the condition holds here.
    case assert(Assertion, next: Int32)
    /// Succeeds.
    case match
    /// Never goes on.
    case fail
}

/// A way out of a ``Instruction/table(start:count:)``; the ranges of one table ascend and are disjoint.
struct Transition: Hashable, Sendable {
    var low: UInt8
    var high: UInt8
    var next: Int32
}

/// What a place in the text looks like on one of its sides.
struct BoundaryContext: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    /// There is no byte: the text begins or ends here.
    static let textEdge = BoundaryContext(rawValue: 1)
    /// The byte is a newline.
    static let newline = BoundaryContext(rawValue: 2)
    /// The byte is one of `0-9A-Za-z_`.
    static let word = BoundaryContext(rawValue: 4)

    /// The context a byte makes.
    static func of(_ byte: UInt8) -> BoundaryContext {
        switch byte {
        case 0x0A: .newline
        case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: .word
        default: []
        }
    }
}

extension Assertion {
    /// Whether the condition holds between two contexts.
    func holds(before: BoundaryContext, after: BoundaryContext) -> Bool {
        switch self {
        case .textBegin: before.contains(.textEdge)
        case .textEnd: after.contains(.textEdge)
        case .lineBegin: !before.isDisjoint(with: [.textEdge, .newline])
        case .lineEnd: !after.isDisjoint(with: [.textEdge, .newline])
        case .wordBoundary: before.contains(.word) != after.contains(.word)
        case .noWordBoundary: before.contains(.word) == after.contains(.word)
        }
    }

    /// The parts of the context before a place that the condition depends on.
    var contextBefore: BoundaryContext {
        switch self {
        case .textBegin: .textEdge
        case .lineBegin: [.textEdge, .newline]
        case .wordBoundary, .noWordBoundary: .word
        case .textEnd, .lineEnd: []
        }
    }
}
