import Foundation
import Testing

@testable import PromQL

@Suite struct NestingTests {
    /// What the service's worker threads have.
    static let stackBytes = 512 << 10

    /// Runs `body` on a thread with a small stack.
    private func onSmallStack(_ body: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let thread = Thread {
                body()
                continuation.resume()
            }
            thread.stackSize = Self.stackBytes
            thread.start()
        }
    }

    private static func nested(_ levels: Int) -> [String] {
        func repeated(_ text: String) -> String { String(repeating: text, count: levels) }
        return [
            repeated("(") + "a" + repeated(")"), repeated("-") + "a", "a" + repeated("+a"), repeated("a^") + "a",
            repeated("abs(") + "a" + repeated(")"), repeated("sum by (x) (") + "a" + repeated(")"),
            "a" + repeated("[1m:]"), "a[" + repeated("(") + "1s" + repeated(")") + "]",
            "a[" + repeated("-") + "step()]",
            "a[1s" + repeated("+1s") + "]", repeated("topk(1, -(") + "a" + repeated("))"), repeated("{"),
            repeated("a["),
            repeated("a{b=\"c\"} offset "), repeated("sum("), repeated("a ^ -"), "a[" + repeated("2^") + "2]",
        ]
    }

    @Test func theDeepestTreesFitASmallStack() async {
        await onSmallStack {
            let parser = PromQLParser()
            let levels = ParserOptions.defaultNestingLevelsMax - 2
            var parsed = 0
            for text in Self.nested(levels) + Self.nested(levels / 2) {
                guard let expression = try? parser.parse(text) else { continue }
                parsed += 1
                #expect(expression == expression)
                let printed = expression.description
                #expect(throws: Never.self) { try parser.parse(printed) == parser.parse(printed) }
                #expect(expression.prettyPrinted(lineLimit: 10).utf8.count >= printed.utf8.count)
                #expect(!expression.selectors.isEmpty)
            }
            #expect(parsed >= 20)
        }
    }

    @Test func deeperTreesAreRefused() async {
        await onSmallStack {
            let parser = PromQLParser()
            for text in Self.nested(20_000) {
                #expect(throws: ParseError.self) { try parser.parse(text) }
            }
        }
    }

    @Test func theLimitIsNamedInTheError() {
        let parser = PromQLParser(options: .init(nestingLevelsMax: 3))
        let expected = "expression is nested more than 3 levels deep"
        for text in ["((((1))))", "1^1^1^1", "a ^ b ^ c ^ d", "a + ((b + c))", "-(a + (b))", "((a) + b) + c"] {
            #expect { try parser.parse(text) } throws: { ($0 as? ParseError)?.message == expected }
        }
        for text in ["a + b + c", "a + b + c + d - e * f", "a + (b) + c", "(a) + b + c + d"] {
            #expect(throws: Never.self, "\(text)") { try parser.parse(text) }
        }
    }

    @Test func theLimitOfChainsIsNamedInTheError() {
        let parser = PromQLParser(options: .init(chainedOperatorsMax: 3))
        for text in ["1+1+1+1+1", "a or b and c or d unless e or f or g", "sum(a - b - c - d - e)"] {
            #expect { try parser.parse(text) } throws: { error in
                (error as? ParseError)?.message == "expression has more than 3 operators in a row"
            }
        }
        for text in ["1+1+1+1", "(a+b+c)+(d+e+f)+g", "a*b*c + e*f*g*h"] {
            #expect(throws: Never.self, "\(text)") { try parser.parse(text) }
        }
        #expect { try PromQLParser().parse("1" + String(repeating: "+1", count: 20_000)) } throws: { error in
            (error as? ParseError)?.message == "expression has more than 10000 operators in a row"
        }
    }

    @Test func longTextsAreRefused() {
        let parser = PromQLParser(options: .init(textBytesMax: 5))
        #expect { try parser.parse("123456") } throws: { error in
            (error as? ParseError)?.message == "expression is longer than 5 bytes"
        }
    }
}
