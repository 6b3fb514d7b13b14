import Foundation
import MetricModel
import Testing

@testable import PromQL

/// Long chains of operators, on the stack that the service's threads have: nothing may recurse along them.
@Suite("Chains of operators")
struct ChainTests {
    private static let terms = 10_000

    private func onSmallStack(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let thread = Thread { continuation.resume(with: Result { try body() }) }
            thread.stackSize = NestingTests.stackBytes
            thread.start()
        }
    }

    /// One series `a` of ones, a minute apart.
    private struct Ones: SeriesReader {
        private static let labels = Labels([Label(Label.metricName, "a"), Label("x", "y")])

        func select(
            _ matchers: [LabelMatcher],
            from start: Int64,
            through end: Int64,
            samplesMax: Int
        ) throws(SeriesReadError) -> [SeriesColumns] {
            let times = (0...10).map { Int64($0) * 60_000 }.filter { (start...end).contains($0) }
            return [SeriesColumns(labels: Self.labels, timestamps: times, values: times.map { _ in 1 })]
        }

        func series(_: [LabelMatcher], from: Int64, through: Int64) throws(SeriesReadError) -> [Labels] { [] }

        func labelNames(_: [LabelMatcher], from: Int64, through: Int64) throws(SeriesReadError) -> [String] { [] }

        func labelValues(
            _: String,
            _: [LabelMatcher],
            from: Int64,
            through: Int64
        ) throws(SeriesReadError) -> [String] { [] }
    }

    private static func chain(_ term: String, _ separator: String = " + ") -> String {
        Array(repeating: term, count: terms).joined(separator: separator)
    }

    @Test("They are parsed, compared, walked, printed and released")
    func syntax() async throws {
        try await onSmallStack {
            for text in [Self.chain("1"), Self.chain("a", " or "), Self.chain("a * 2", " - ")] {
                let expression = try PromQLParser().parse(text)
                #expect(expression == (try PromQLParser().parse(text)))
                #expect(expression.description == text)
                var nodes = 0
                expression.forEachNode { _ in nodes += 1 }
                #expect(nodes >= 2 * Self.terms - 1)
                // A part that someone else keeps outlives the whole.
                var part: Expression? = expression
                for _ in 0..<5000 { if case .binary(let operation)? = part { part = operation.left } }
                #expect(part?.description.isEmpty == false)
            }
        }
    }

    @Test("They are printed on several lines in time that grows with the text")
    func pretty() throws {
        let text = Array(repeating: "a", count: 1000).joined(separator: " + ")
        let lines = try PromQLParser().parse(text).prettyPrinted(lineLimit: 10).split(separator: "\n")
        #expect(lines.count == 2 * 1000 - 1 - 4)
    }

    @Test("They are evaluated, at one time and over a range")
    func values() async throws {
        try await onSmallStack {
            let engine = QueryEngine(options: EngineOptions())
            func f(_ text: String, _ expected: Double) throws {
                let expression = try PromQLParser().parse(text)
                let instant = try engine.instant(expression, at: 600_000, reader: Ones())
                switch instant.value {
                case .scalar(let value, _): #expect(value == expected, "\(text.prefix(30))")
                case .vector(let samples): #expect(samples.map(\.value) == [expected], "\(text.prefix(30))")
                default: Issue.record("\(instant.value)")
                }
                let range = try engine.range(
                    expression,
                    from: 0,
                    through: 600_000,
                    step: 300_000,
                    reader: Ones()
                )
                guard case .matrix(let matrix) = range.value else {
                    Issue.record("\(range.value)")
                    return
                }
                #expect(matrix.map(\.values) == [[expected, expected, expected]], "\(text.prefix(30))")
            }
            let terms = Double(Self.terms)
            try f(Self.chain("1"), terms)
            try f(Self.chain("a"), terms)
            try f(Self.chain("a", " or "), 1)
            try f(Self.chain("a @ 0"), terms)
            try f("sum(" + Self.chain("a * 2", " - ") + ")", 2 * (2 - terms))
        }
    }

    @Test("A beginning that is the same at every step, a middle that is not, and the other way round")
    func invariantParts() throws {
        let engine = QueryEngine(options: EngineOptions())
        func f(_ text: String, _ expected: [Double]) throws {
            let range = try engine.range(
                try PromQLParser().parse(text),
                from: 0,
                through: 120_000,
                step: 60_000,
                reader: Ones()
            )
            guard case .matrix(let matrix) = range.value else {
                Issue.record("\(range.value)")
                return
            }
            #expect(matrix.map(\.values) == [expected], "\(text)")
        }
        try f("a @ 0 + 1 + time()", [2, 62, 122])
        try f("time() + a @ 0 + 1", [2, 62, 122])
        try f("1 + 2 + time() + a @ 0 - 1", [3, 63, 123])
        try f("1 + 2 * 3", [7, 7, 7])
        try f("a @ 0 + a @ 60 > bool 1", [1, 1, 1])
        try f("1 + 1 + a", [3, 3, 3])
    }
}
