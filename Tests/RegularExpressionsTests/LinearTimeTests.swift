import Testing

@testable import RegularExpressions

/// The guarantee: steps are bounded by the text's bytes times the program's size, for patterns made to be slow.
struct LinearTimeTests {
    private static let evil = [
        "(a*)*b", "(a|aa)+$", "(a+)+b", "^(a?){50}a{50}$", "(a|a)*b", "(.*)(.*)(.*)(.*)x", "(a*a*)*b", "(?:a?){100}b",
        "(a|b|ab)*c", "((a{1,10}){1,10})b", "^(\\w+\\s?)*$", "(x+x+)+y", "[^b]*a[^b]{40}b",
    ]

    /// The steps of the automaton and of the capture machine on a text.
    private func steps(_ expression: RegularExpression, _ text: String) -> (automaton: Int, machine: Int) {
        var machine = CaptureMachine(program: expression.engine.program, capturing: true)
        _ = machine.run(text.utf8.span, from: 0)
        return (expression.engine.run(text.utf8.span).steps, machine.steps)
    }

    @Test(arguments: evil) func stepsAreBounded(pattern: String) throws {
        let expression = try RegularExpression(pattern)
        let program = expression.engine.program
        let text = String(repeating: "a", count: 2_000) + "!"
        let steps = steps(expression, text)
        // A place costs at most a visit to each instruction and a step for each thread.
        let perPlace = 2 * program.instructions.count + 2
        #expect(steps.machine <= (text.utf8.count + 1) * perPlace)
        #expect(steps.automaton <= (text.utf8.count + 1) * 2 * perPlace)
    }

    @Test func stepsGrowInProportion() throws {
        for pattern in ["(a*)*b", "(a|aa)+$", "(a+)+b"] {
            let short = steps(try RegularExpression(pattern), String(repeating: "a", count: 1_000) + "!")
            let long = steps(try RegularExpression(pattern), String(repeating: "a", count: 10_000) + "!")
            #expect(long.machine <= 11 * short.machine, "\(pattern)")
            // The automaton makes its few states once; then each byte is one step.
            #expect(long.automaton <= 10_000 + 2_000, "\(pattern)")
        }
    }

    @Test func longTexts() throws {
        let text = String(repeating: "a", count: 10_000)
        #expect(try !RegularExpression("(a*)*b").matches(text))
        #expect(try RegularExpression("(a|aa)+$").matches(text))
        #expect(try RegularExpression("(a|aa)+$").firstMatch(in: text)?.range == 0..<10_000)
        #expect(try !RegularExpression("(a|aa)+", options: .anchored).matches(text + "b"))
    }

    /// `[ab]*a[ab]{n}` has 2^n states: the cache is flushed, then given up, and the answers stay right.
    @Test func stateExplosionIsBounded() throws {
        var random = SeededGenerator(seed: 7)
        let expression = try RegularExpression("a[ab]{14}c")
        let program = expression.engine.program
        let letters = (0..<20_000).map { _ in UInt8(random.next() & 1) + 0x61 }
        var automaton = LazyAutomaton(program: program, bytesMax: 16_384)
        let outcome = automaton.run(letters.span)
        guard case .thrashing = outcome else {
            Issue.record("the cache was expected to be given up, got \(outcome)")
            return
        }
        #expect(automaton.flushCount > 1)
        #expect(!expression.matches(letters))
        #expect(expression.matches(letters + Array("abababababababac".utf8)))
        #expect(automaton.steps <= (letters.count + 1) * (4 * program.instructions.count + 4))
    }

    /// A small cache that is flushed but still of use gives the same answers.
    @Test func flushedCacheAnswersTheSame() throws {
        let expression = try RegularExpression("(?:ab|ba|[c-f]x){3}\\d$")
        var automaton = LazyAutomaton(program: expression.engine.program, bytesMax: 512)
        for text in ["abbacx1", "xxabbadx9", "abba1", "cxdxex7", "cxdxex7 ", ""] {
            let expected = expression.firstMatch(in: text) != nil
            switch automaton.run(text.utf8.span) {
            case .matched: #expect(expected, "\(text)")
            case .notMatched: #expect(!expected, "\(text)")
            case .thrashing: break
            }
        }
        #expect(automaton.flushCount > 1)
    }

    @Test func concurrentCallersAgree() async throws {
        let expression = try RegularExpression("(?:a|b)*c[^d]{3}$")
        let results = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<64 {
                group.addTask {
                    let text = String(repeating: "ab", count: index) + "cxyz"
                    return expression.matches(text) && !expression.matches(text + "!")
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.count == 64 && results.allSatisfy { $0 })
    }
}
