import Basics
import ChaosTesting
import MetricModel
import Testing

@testable import Exposition

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

func family(
    _ name: String,
    _ type: MetricType,
    help: String = "",
    _ series: [(labels: [String: String], value: Double)],
    seriesName: String? = nil
) -> FamilySnapshot {
    FamilySnapshot(
        metadata: MetricMetadata(name: name, type: type, help: help),
        list: SeriesList(
            series.enumerated().map { index, entry in
                let labels =
                    [Label(Label.metricName, seriesName ?? name)] + entry.labels.map { Label($0.key, $0.value) }
                return RegistrySeries(number: index, labels: Labels(labels), role: .value)
            }
        ),
        values: series.map(\.value)
    )
}

@Suite("Text encoder")
struct EncoderTests {
    @Test("a page")
    func page() {
        let snapshot = RegistrySnapshot(families: [
            family("empty", .gauge, help: "Without series.", []),
            family(
                "queue_depth",
                .gauge,
                help: "Back\\slash\nand \"quotes\".",
                [([:], 3), (["queue": "a\"\\\n"], -0.5)]
            ),
            family("requests_total", .counter, [(["code": "200", "method": "GET"], 1e15)]),
            family("with.dot", .untyped, help: "UTF-8.", [(["é.x": "ü"], .infinity)]),
        ])
        var output = Array("# kept\n".utf8)
        TextExposition.encode(snapshot, into: &output)
        #expect(
            text(output) == #"""
                # kept
                # HELP queue_depth Back\\slash\nand "quotes".
                # TYPE queue_depth gauge
                queue_depth 3
                queue_depth{queue="a\"\\\n"} -0.5
                # TYPE requests_total counter
                requests_total{code="200",method="GET"} 1000000000000000
                # HELP "with.dot" UTF-8.
                # TYPE "with.dot" untyped
                {"with.dot","é.x"="ü"} +Inf

                """#
        )
    }

    @Test("a fraction reads as the standard library writes it", arguments: [UInt64(1), 2, 3])
    func fractions(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            let scale: Double = [1e3, 1e6, 1e7, 1, 1e-3][Int.random(in: 0..<5, using: &random)]
            let whole = Double(Int64.random(in: -1_000_000_000_000...1_000_000_000_000, using: &random))
            let drawn = Double(bitPattern: UInt64.random(in: .min ... .max, using: &random))
            for value in [whole / scale, (whole / scale).nextUp, drawn, Double.random(in: -2...2, using: &random)]
            where value.isFinite && value.rounded() != value {
                var output: [UInt8] = []
                NumberText.append(value, to: &output)
                #expect(text(output) == value.description, "seed \(seed)")
            }
        }
    }

    @Test("numbers have the shortest digits that read back as the same number")
    func numbers() {
        func f(_ value: Double, _ expected: String) {
            var output: [UInt8] = []
            NumberText.append(value, to: &output)
            #expect(text(output) == expected)
        }
        f(0, "0")
        f(-0.0, "-0")
        f(9, "9")
        f(10, "10")
        f(-123_456_789, "-123456789")
        f(999_999_999_999_999, "999999999999999")
        f(1e15, "1000000000000000")
        f(9_007_199_254_740_992, "9007199254740992")
        f(1e16, "1e+16")
        f(-1.5e300, "-1.5e+300")
        f(0.1, "0.1")
        f(1.5, "1.5")
        f(.leastNonzeroMagnitude, "5e-324")
        f(.greatestFiniteMagnitude, "1.7976931348623157e+308")
        f(.infinity, "+Inf")
        f(-.infinity, "-Inf")
        f(.nan, "NaN")
        f(StaleMarker.value, "NaN")
    }

    @Test("numbers are read as Go reads them")
    func parseNumbers() {
        func f(_ text: String, _ expected: Double?) {
            #expect(NumberText.parse(Array(text.utf8))?.bitPattern == expected?.bitPattern, "\(text)")
        }
        for (text, value) in [
            ("1", 1), ("+1", 1), ("08", 8), (".5", 0.5), ("5.", 5), ("-3e3", -3000), ("1E+2", 100), ("1e-400", 0),
        ] {
            f(text, value)
        }
        for text in ["inf", "+Inf", "INFINITY", "+infinity"] { f(text, .infinity) }
        for text in ["-inf", "-Infinity"] { f(text, -.infinity) }
        for text in ["nan", "NaN", "NAN"] { #expect(NumberText.parse(Array(text.utf8))?.isNaN == true, "\(text)") }
        for text in [
            "", "+", ".", "e5", "1e", "1e+", "1_0", "0x1", "0x1p3", "0b1", "+nan", "infin", "1 ", " 1", "1e400",
            "1.2.3", "١",
        ] {
            f(text, nil)
        }
    }

    @Test("what is encoded is read back", arguments: Chaos.seeds(1...100))
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let texts = ["", "a", "a b", "\"", "\\", "\n", "\\n", "é", "{}", ",", "=", "#", "\u{0}", "日本", " x "]
        let names = ["a", "_b", "c:d", "e.f", "g h", "é", "i\"j", "k\\l", "m\nn"]
        func text() -> String { texts.randomElement(using: &random) ?? "" }
        let families = names.sorted().compactMap { name -> FamilySnapshot? in
            guard Bool.random(using: &random) else { return nil }
            let type = [MetricType.counter, .gauge, .untyped].randomElement(using: &random) ?? .gauge
            let series = (0..<Int.random(in: 1...5, using: &random)).map { index in
                let bits = Bool.random(using: &random) ? random.next() : UInt64.random(in: 0..<9, using: &random)
                let value = Bool.random(using: &random) ? Double(bitPattern: bits) : Double(bits)
                let labels = ["n": "\(index)", "x": text(), "y.z": text(), "é\"": text() + text()]
                return (labels: labels, value: value)
            }
            return family(name, type, help: "help " + text() + "x", series)
        }
        var page: [UInt8] = []
        TextExposition.encode(RegistrySnapshot(families: families), into: &page)
        let parsed = try ExpositionParser().parse(page)
        try #require(parsed.map(\.name) == families.map(\.metadata.name), "SEED=\(seed)")
        for (one, other) in zip(parsed, families) {
            #expect(one.help == other.metadata.help, "SEED=\(seed)")
            #expect(one.type == ExpositionType(other.metadata.type), "SEED=\(seed)")
            let labels = one.metrics.map { Labels($0.labels + [Label(Label.metricName, one.name)]) }
            #expect(labels == other.series.map(\.labels), "SEED=\(seed)")
            for (metric, value) in zip(one.metrics, other.values) {
                guard case .single(let read) = metric.value else { Issue.record("SEED=\(seed)"); continue }
                #expect(read.bitPattern == value.bitPattern || (read.isNaN && value.isNaN), "SEED=\(seed)")
            }
        }
    }
}
