/// A compiled regular expression: instructions over the bytes of UTF-8.
///
/// A class, so that lending an automaton counts one reference and not one for each table.
final class Program: Sendable {
    let instructions: [Instruction]
    let transitions: [Transition]
    let start: Int32
    /// Two for each group, the whole match being group 0.
    let slotCount: Int
    /// Whether every match begins at the beginning of the text.
    let isAnchoredAtBegin: Bool

    /// The class of each byte: bytes of one class are never told apart by the program.
    let classOfByte: [UInt8]
    /// A byte of each class.
    let byteOfClass: [UInt8]
    /// The parts of the context before a place that any assertion depends on.
    let contextMask: BoundaryContext
    /// Whether a byte can begin a match, or nil if a match may be empty or begin with an assertion.
    let firstBytes: [Bool]?

    init(
        instructions: [Instruction],
        transitions: [Transition],
        start: Int32,
        slotCount: Int,
        isAnchoredAtBegin: Bool
    ) {
        self.instructions = instructions
        self.transitions = transitions
        self.start = start
        self.slotCount = slotCount
        self.isAnchoredAtBegin = isAnchoredAtBegin
        let classes = ByteClasses(instructions: instructions, transitions: transitions)
        classOfByte = classes.classOfByte
        byteOfClass = classes.byteOfClass
        var mask: BoundaryContext = []
        for case .assert(let assertion, _) in instructions {
            mask.formUnion(assertion.contextBefore)
        }
        contextMask = mask
        firstBytes = Self.firstBytes(instructions, transitions, start)
    }

    /// The symbol that stands for the end of the text, after those of the byte classes.
    var endSymbol: Int { byteOfClass.count }

    /// The instruction after consuming a byte, or nil if the byte is not taken.
    @inline(__always)
    func target(of instruction: Instruction, byte: UInt8) -> Int32? {
        switch instruction {
        case .bytes(let low, let high, let next):
            return low <= byte && byte <= high ? next : nil
        case .table(let start, let count):
            var low = Int(start)
            var high = low + Int(count)
            while low < high {
                let middle = (low + high) / 2
                let transition = transitions[middle]
                if byte < transition.low {
                    high = middle
                } else if byte > transition.high {
                    low = middle + 1
                } else {
                    return transition.next
                }
            }
            return nil
        case .split, .save, .assert, .match, .fail:
            return nil
        }
    }

    private static func firstBytes(
        _ instructions: [Instruction],
        _ transitions: [Transition],
        _ start: Int32
    ) -> [Bool]? {
        var result = [Bool](repeating: false, count: 256)
        var seen: Set<Int32> = [start]
        var stack = [start]
        while let index = stack.popLast() {
            switch instructions[Int(index)] {
            case .bytes(let low, let high, _):
                for byte in low...high { result[Int(byte)] = true }
            case .table(let first, let count):
                for transition in transitions[Int(first)..<Int(first + count)] {
                    for byte in transition.low...transition.high { result[Int(byte)] = true }
                }
            case .split(let one, let two):
                for next in [two, one] where seen.insert(next).inserted { stack.append(next) }
            case .save(_, let next):
                if seen.insert(next).inserted { stack.append(next) }
            case .assert, .match:
                return nil
            case .fail:
                break
            }
        }
        return result
    }
}

/// The partition of the bytes into classes a program cannot tell apart.
struct ByteClasses {
    let classOfByte: [UInt8]
    let byteOfClass: [UInt8]

    init(instructions: [Instruction], transitions: [Transition]) {
        // begins[b]: a class begins at byte b.
        var begins = [Bool](repeating: false, count: 257)
        begins[0] = true
        func mark(_ low: UInt8, _ high: UInt8) {
            begins[Int(low)] = true
            begins[Int(high) + 1] = true
        }
        // Continuation bytes of UTF-8: a match does not begin at one.
        mark(0x80, 0xBF)
        var hasContext = false
        for instruction in instructions {
            switch instruction {
            case .bytes(let low, let high, _): mark(low, high)
            case .assert: hasContext = true
            default: break
            }
        }
        for transition in transitions {
            mark(transition.low, transition.high)
        }
        if hasContext {
            mark(0x0A, 0x0A)
            mark(0x30, 0x39)
            mark(0x41, 0x5A)
            mark(0x5F, 0x5F)
            mark(0x61, 0x7A)
        }
        var classes: [UInt8] = []
        var bytes: [UInt8] = []
        for byte in UInt8.min...UInt8.max {
            if begins[Int(byte)] {
                bytes.append(byte)
            }
            classes.append(UInt8(truncatingIfNeeded: bytes.count - 1))
        }
        classOfByte = classes
        byteOfClass = bytes
    }
}
