import Basics
import ChaosTesting
import Testing

@testable import PromQL

@Suite struct ParserPropertyTests {
    static let everything = ParserOptions(
        experimentalFunctions: true,
        extendedRangeSelectors: true,
        fillModifiers: true
    )
    let parser = PromQLParser(options: everything)

    @Test func printingAndParsingGivesTheSameExpression() {
        for seed in Chaos.seeds(0...2999) {
            var generator = ExpressionGenerator(seed: seed)
            let expression = generator.expression()
            let text = expression.description
            do {
                let parsed = try parser.parse(text).withoutPositions
                #expect(parsed == expression, "seed \(seed): \(text)")
                let pretty = try parser.parse(expression.prettyPrinted(lineLimit: 20)).withoutPositions
                #expect(pretty == expression, "seed \(seed): pretty \(text)")
            } catch {
                Issue.record("seed \(seed): \(text)\n\(error)")
            }
        }
    }

    @Test func mutatedQueriesNeverCrash() {
        let pieces = [
            "(", ")", "{", "}", "[", "]", ",", ":", "=", "!", "~", "<", ">", "/", "^", "@", "#", "\"", "'", "`", "\\",
            "\\x",
            "offset", "by", "on", "bool", "group_left", "sum", "rate", "step()", "min_of(", "1e", "0x", "5m", "5mm",
            "_", "é",
            "\u{FFFD}", "\n", " ", "-", "+", "Inf", "99999999999999999999", "9223372036854775807", "-9e18", "{{", "}}",
            "x",
        ]
        for seed in Chaos.seeds(0...9999) {
            var generator = ExpressionGenerator(seed: seed)
            var characters = Array(generator.expression(levels: 2).description)
            for _ in 0..<Int.random(in: 1...4, using: &generator.random) {
                let index = Int.random(in: 0...characters.count, using: &generator.random)
                let end = min(index + Int.random(in: 0...3, using: &generator.random), characters.count)
                characters.replaceSubrange(index..<end, with: generator.chance(3) ? "" : generator.pick(pieces))
            }
            let text = String(characters)
            do {
                let printed = try parser.parse(text).description
                #expect(throws: Never.self, "seed \(seed): \(text) printed as \(printed)") { try parser.parse(printed) }
            } catch {
                #expect(!error.issues.isEmpty && !error.description.isEmpty, "seed \(seed)")
            }
            _ = try? parser.parseMetricSelector(text)
            _ = try? SeriesDescription.parse(text, valuesMax: 1000)
        }
    }

    @Test func mutatedSeriesNeverCrash() {
        let line = "metric{a=\"b\"} 1 2+3x4 _x5 stale {{schema:1 buckets:[1 2] offset:-3}}+{{sum:1}}x2"
        let pieces = [
            "x", "+", "-", "_", "{{", "}}", "[", "]", ":", " ", "9223372036854775807", "-2147483648", "offset:", "NaN",
        ]
        for seed in Chaos.seeds(0...9999) {
            var generator = ExpressionGenerator(seed: seed)
            var characters = Array(line)
            for _ in 0..<Int.random(in: 1...4, using: &generator.random) {
                let index = Int.random(in: 0...characters.count, using: &generator.random)
                let end = min(index + Int.random(in: 0...3, using: &generator.random), characters.count)
                characters.replaceSubrange(index..<end, with: generator.chance(3) ? "" : generator.pick(pieces))
            }
            do {
                let series = try SeriesDescription.parse(String(characters), valuesMax: 1000)
                #expect(series.values.count <= 1000, "seed \(seed)")
            } catch {
                #expect(!error.issues.isEmpty, "seed \(seed)")
            }
        }
    }
}
