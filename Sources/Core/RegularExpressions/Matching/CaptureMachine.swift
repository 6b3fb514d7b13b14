/// Runs a program by all its threads at once (Pike's algorithm), with the captures of the preferred match.
///
/// Threads are kept in order of preference and no instruction is entered twice at one place, so a text of n bytes takes
/// at most n + 1 passes over the program.
struct CaptureMachine {
    /// The threads at one place: where they are, and their slots one after another.
    private struct Threads {
        var visited: SparseSet
        var instructions: [Int32] = []
        var slots: [Int] = []

        init(capacity: Int) {
            visited = SparseSet(capacity: capacity)
        }

        mutating func removeAll() {
            visited.removeAll()
            instructions.removeAll(keepingCapacity: true)
            slots.removeAll(keepingCapacity: true)
        }
    }

    /// Something left to do while threads are followed to where they consume.
    private enum Job {
        case follow(Int32)
        case restore(slot: Int, value: Int)
    }

    /// The value of a slot that was not passed.
    static let unset = -1

    private let program: Program
    private let slotCount: Int
    private var threads: Threads
    private var following: Threads
    private var jobs: [Job] = []
    private var scratch: [Int]

    /// The slots of the match that was found.
    private(set) var slots: [Int]

    /// Instructions visited and threads advanced since creation.
    private(set) var steps = 0

    /// Creates a machine; without captures it only answers whether there is a match.
    init(program: Program, capturing: Bool) {
        self.program = program
        slotCount = capturing ? program.slotCount : 0
        threads = Threads(capacity: program.instructions.count)
        following = Threads(capacity: program.instructions.count)
        scratch = [Int](repeating: Self.unset, count: slotCount)
        slots = scratch
    }

    /// Finds the leftmost match that begins at a place or after it; what is before it still counts as context.
    mutating func run(_ text: Span<UInt8>, from start: Int) -> Bool {
        var hasMatched = false
        var position = start
        threads.removeAll()
        while position <= text.count {
            if threads.instructions.isEmpty {
                if hasMatched || (program.isAnchoredAtBegin && position > 0) { break }
                if let firstBytes = program.firstBytes {
                    while position < text.count, !firstBytes[Int(text[position])] {
                        position += 1
                        steps += 1
                    }
                    // What was visited was visited at the place before the skip.
                    threads.removeAll()
                }
            }
            let before = position > 0 ? BoundaryContext.of(text[position - 1]) : .textEdge
            if !hasMatched, isStart(text, position) {
                for slot in 0..<slotCount {
                    scratch[slot] = Self.unset
                }
                let after = position < text.count ? BoundaryContext.of(text[position]) : .textEdge
                Self.add(
                    program.start,
                    at: position,
                    before,
                    after,
                    program,
                    slotCount,
                    to: &threads,
                    &jobs,
                    &scratch,
                    &steps
                )
            }
            if advance(text, position) {
                hasMatched = true
                if slotCount == 0 { return true }
            }
            swap(&threads, &following)
            position += 1
        }
        return hasMatched
    }

    /// Whether a match may begin at a place: not inside a scalar, and only at the beginning if anchored.
    private func isStart(_ text: Span<UInt8>, _ position: Int) -> Bool {
        if program.isAnchoredAtBegin {
            return position == 0
        }
        return position == text.count || text[position] & 0xC0 != 0x80
    }

    /// Lets every thread consume the byte at the position; true if one of them had matched before it.
    private mutating func advance(_ text: Span<UInt8>, _ position: Int) -> Bool {
        following.removeAll()
        let isEnd = position >= text.count
        let byte = isEnd ? 0 : text[position]
        let before = BoundaryContext.of(byte)
        let after = position + 1 < text.count ? BoundaryContext.of(text[position + 1]) : .textEdge
        for (place, index) in threads.instructions.enumerated() {
            steps += 1
            let instruction = program.instructions[Int(index)]
            if case .match = instruction {
                for slot in 0..<slotCount {
                    slots[slot] = threads.slots[place * slotCount + slot]
                }
                // The threads after this one are less preferred.
                return true
            }
            guard !isEnd, let next = program.target(of: instruction, byte: byte) else { continue }
            for slot in 0..<slotCount {
                scratch[slot] = threads.slots[place * slotCount + slot]
            }
            Self.add(
                next,
                at: position + 1,
                before,
                after,
                program,
                slotCount,
                to: &following,
                &jobs,
                &scratch,
                &steps
            )
        }
        return false
    }

    /// Follows a thread through everything that consumes nothing, in order of preference.
    private static func add(
        _ index: Int32,
        at position: Int,
        _ before: BoundaryContext,
        _ after: BoundaryContext,
        _ program: Program,
        _ slotCount: Int,
        to threads: inout Threads,
        _ jobs: inout [Job],
        _ scratch: inout [Int],
        _ steps: inout Int
    ) {
        jobs.append(.follow(index))
        while let job = jobs.popLast() {
            var index: Int32
            switch job {
            case .restore(let slot, let value):
                scratch[slot] = value
                continue
            case .follow(let target):
                index = target
            }
            follow: while threads.visited.insert(index) {
                steps += 1
                switch program.instructions[Int(index)] {
                case .split(let one, let two):
                    jobs.append(.follow(two))
                    index = one
                case .save(let slot, let next):
                    let slot = Int(slot)
                    if slot < slotCount {
                        jobs.append(.restore(slot: slot, value: scratch[slot]))
                        scratch[slot] = position
                    }
                    index = next
                case .assert(let assertion, let next):
                    guard assertion.holds(before: before, after: after) else { break follow }
                    index = next
                case .bytes, .table, .match:
                    threads.instructions.append(index)
                    threads.slots.append(contentsOf: scratch)
                    break follow
                case .fail:
                    break follow
                }
            }
        }
    }
}
