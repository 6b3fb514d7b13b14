import Basics
import ChaosTesting
import MetricModel
import Testing

@testable import Exposition

@Suite("Text parser")
struct ParserTests {
    private func parse(_ page: String, _ names: ExpositionParser.NameScheme = .utf8) throws -> [ExpositionFamily] {
        try ExpositionParser(names: names).parse(Array(page.utf8))
    }

    @Test("lines become families")
    func families() throws {
        let parsed = try parse(
            """
            # HELP h A histogram.
            # TYPE h histogram
            h_bucket{le="0.5",a="1"} 2
            h_bucket{a="1",le="+Inf"} 3 500
            h_sum{a="1"} 1.5
            h_count{a="1"} 3 7
            h_count{a="2"} 0.5
            # TYPE s summary
            s{quantile="0.9"} 7
            s_sum 9
            plain{} 1
            # TYPE unused gauge
            {"quoted name",x="y"} 2 -3

            """
        )
        let histogram = ExpositionHistogram(
            count: 3,
            sum: 1.5,
            buckets: [.init(upperBound: 0.5, cumulativeCount: 2), .init(upperBound: .infinity, cumulativeCount: 3)]
        )
        #expect(
            parsed == [
                ExpositionFamily(
                    name: "h",
                    help: "A histogram.",
                    type: .histogram,
                    metrics: [
                        ExpositionMetric(labels: [Label("a", "1")], value: .histogram(histogram), timestamp: 7),
                        ExpositionMetric(labels: [Label("a", "2")], value: .histogram(ExpositionHistogram(count: 0.5))),
                    ]
                ),
                ExpositionFamily(
                    name: "s",
                    help: nil,
                    type: .summary,
                    metrics: [
                        ExpositionMetric(
                            labels: [],
                            value: .summary(ExpositionSummary(sum: 9, quantiles: [.init(quantile: 0.9, value: 7)]))
                        )
                    ]
                ),
                ExpositionFamily(
                    name: "plain",
                    help: nil,
                    type: .untyped,
                    metrics: [ExpositionMetric(labels: [], value: .single(1))]
                ),
                ExpositionFamily(
                    name: "quoted name",
                    help: nil,
                    type: .untyped,
                    metrics: [ExpositionMetric(labels: [Label("x", "y")], value: .single(2), timestamp: -3)]
                ),
            ]
        )
        #expect(try parse("") == [])
        #expect(try parse("  \t") == [])
    }

    @Test("mistakes are named with their line")
    func errors() throws {
        func f(_ page: String, _ code: ExpositionError.Code, _ line: Int, _ message: String) {
            #expect(throws: ExpositionError(code: code, line: line, message: message)) { try parse(page) }
        }
        f("a", .unexpectedEnd, 1, "unexpected end of input stream")
        f("# a comment", .unexpectedEnd, 1, "unexpected end of input stream")
        f("a 1\n9 1\n", .invalidName, 2, "invalid metric name")
        f("a 1\n{b=\"c\"} 1\n", .invalidName, 2, "invalid metric name")
        f("{} 1\n", .invalidName, 1, "invalid metric name")
        f("a{b=\"1\",b=\"2\"} 1\n", .invalidLabel, 1, "duplicate label names for metric \"a\"")
        f("a{b} 1\n", .invalidLabel, 1, "expected '=' after label name, found '}'")
        f("a \n", .invalidValue, 1, "expected float as value, got \"\"")
        f("a 1 \n", .invalidTimestamp, 1, "expected integer as timestamp, got \"\"")
        f(
            "a 1 9223372036854775808\n",
            .invalidTimestamp,
            1,
            "expected integer as timestamp, got \"9223372036854775808\""
        )
        f("a 1 2 \n", .invalidTimestamp, 1, "spurious string after timestamp: \" \"")
        f("# HELP a \\x\n", .invalidEscape, 1, "invalid escape sequence '\\x'")
        f(
            "a 1\n# TYPE a gauge\n",
            .invalidMetadata,
            2,
            "second TYPE line for metric name \"a\", or TYPE reported after samples"
        )
        f("# TYPE h histogram\nh_count -0.5\n", .negativeCount, 2, "negative count for histogram \"h\"")
        f("# TYPE h histogram\nh{le=\"x\"} 1\n", .invalidLabel, 2, "expected float as value for 'le' label, got \"x\"")
    }

    @Test("legacy names only, when asked")
    func legacy() throws {
        func f(_ page: String, _ message: String) {
            #expect { try parse(page, .legacy) } throws: { ($0 as? ExpositionError)?.message == message }
            #expect(throws: Never.self) { try parse(page) }
        }
        f("{\"a.b\"} 1\n", "invalid metric name \"a.b\"")
        f("# TYPE \"a.b\" gauge\n", "invalid metric name \"a.b\"")
        f("a{\"b.c\"=\"d\"} 1\n", "invalid label name \"b.c\"")
        #expect(try parse("{\"a\",\"b\"=\"c\"} 1\n", .legacy).map(\.name) == ["a"])
    }

    @Test("mutated pages give families or an error, never a crash")
    func mutations() throws {
        let page = Array(
            """
            # HELP h A "histogram".\\n
            # TYPE h histogram
            h_bucket{le="0.5",a="1"} 2
            h_sum{a="1"} 1.5 12
            # TYPE s summary
            s{quantile="0.9"} +Inf
            {"quoted \\" name",x="y\\n"} 2e-3 -3

            """.utf8
        )
        let alphabet = Array("{}\",=\\\n #_0.-eh+\u{e9}".utf8)
        let seeds = Chaos.seeds(1...10_000)
        var refused = 0
        for seed in seeds {
            var random = SeededGenerator(seed: seed)
            var bytes = page
            for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes[position] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[position] = alphabet.randomElement(using: &random) ?? 0
                case 2: bytes.insert(alphabet.randomElement(using: &random) ?? 0, at: position)
                case 3: bytes.removeSubrange(position..<min(bytes.count, position + 5))
                default: bytes.removeLast(bytes.count - position)
                }
            }
            do { _ = try ExpositionParser().parse(bytes) } catch { refused += 1 }
        }
        #expect(refused > 1000 && refused < seeds.count)
    }
}
