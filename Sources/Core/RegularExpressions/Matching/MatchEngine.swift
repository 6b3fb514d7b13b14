import Synchronization

/// A compiled pattern with the automata its callers share.
///
/// One automaton is used in place by whoever finds its lock free. A caller that finds it taken does not wait: it
/// borrows another one, whose lock is held only to take it and give it back.
final class MatchEngine: Sendable {
    let program: Program
    let shape: TextShape?
    private let first = Mutex<LazyAutomaton?>(nil)
    private let automata = Mutex<[LazyAutomaton]>([])

    init(program: Program, shape: TextShape?) {
        self.program = program
        self.shape = shape
    }

    /// Whether the pattern matches in a text.
    func matches(_ text: Span<UInt8>) -> Bool {
        if let shape {
            return shape.matches(text)
        }
        return run(text).isMatch
    }

    /// The general engine's answer and the steps it took, fast paths left out.
    func run(_ text: Span<UInt8>) -> (isMatch: Bool, steps: Int) {
        // In place if nobody else is at it; else with an automaton of the caller's own.
        let inPlace = first.withLockIfAvailable { automaton in
            if automaton == nil {
                automaton = LazyAutomaton(program: program)
            }
            return automaton?.runCounting(text)
        }
        let (outcome, steps) = (inPlace ?? nil) ?? runWithOwn(text)
        switch outcome {
        case .matched: return (true, steps)
        case .notMatched: return (false, steps)
        case .thrashing:
            var machine = CaptureMachine(program: program, capturing: false)
            let isMatch = machine.run(text, from: 0)
            return (isMatch, steps + machine.steps)
        }
    }

    /// Runs with an automaton lent to this caller alone.
    private func runWithOwn(_ text: Span<UInt8>) -> (LazyAutomaton.Outcome, Int) {
        var automaton = automata.withLock { $0.popLast() } ?? LazyAutomaton(program: program)
        let result = automaton.runCounting(text)
        automata.withLock { kept in
            if kept.count < RegularExpression.Limits.automataKeptMax {
                kept.append(automaton)
            }
        }
        return result
    }
}
