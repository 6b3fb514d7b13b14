import MetricModel
import Testing

@testable import PromQL

/// Prometheus' own lists of queries; they lie outside of the package, so without `KASKMAN_CONFORMANCE` they do not run.
@Suite(.enabled(if: ConformanceData.isPresent, "KASKMAN_CONFORMANCE must name the folder of the conformance data"))
struct ParserConformanceTests {
    /// What passed before must go on passing.
    static let parserPassedMin = 267
    static let printerPassedMin = 69
    static let prettyPassedMin = 46
    static let selectorPassedMin = 6

    @Test func parserCases() throws {
        let options = ParserOptions(experimentalFunctions: true, extendedRangeSelectors: true)
        var tally = Tally(name: "parser.json")
        for entry in try ConformanceData.cases("parser.json", "cases") {
            let input = ConformanceData.input(entry)
            tally.record(problem(PromQLParser(options: options), input, entry), String(input.prefix(200)))
        }
        tally.report()
        #expect(tally.passed >= Self.parserPassedMin)
    }

    private func problem(_ parser: PromQLParser, _ input: String, _ entry: [String: Any]) -> String? {
        do {
            let expression = try parser.parse(input)
            guard let tree = entry["ast"] as? TreeComparison.Node else { return "parsed as \(expression)" }
            return TreeComparison.difference(expression, tree)
        } catch {
            guard entry["ok"] as? Bool == false else { return error.description }
            if error.description != entry["rendered"] as? String { return error.description }
            if let count = entry["error_count"] as? Int {
                return error.issues.count == count ? nil : "\(error.issues.count)"
            }
            let expected = (entry["errors"] as? [[String: Any]] ?? []).map { issue in
                "\(issue["pos"] as? [Int] ?? []) \(issue["message"] as? String ?? "")"
            }
            let actual = error.issues.map { "[\($0.position.start), \($0.position.end)] \($0.message)" }
            return actual == expected ? nil : "\(actual) instead of \(expected)"
        }
    }

    @Test func printedOnOneLine() throws {
        let options = ParserOptions(experimentalFunctions: true, extendedRangeSelectors: true, fillModifiers: true)
        let tally = try printed("printer.json string", "string", options) { $0.description }
        #expect(tally.passed >= Self.printerPassedMin)
    }

    @Test func printedOnSeveralLines() throws {
        let tally = try printed("printer.json pretty", "pretty", .init()) { $0.prettyPrinted(lineLimit: 10) }
        #expect(tally.passed >= Self.prettyPassedMin)
    }

    private func printed(
        _ name: String,
        _ list: String,
        _ options: ParserOptions,
        _ print: (Expression) -> String
    ) throws -> Tally {
        var tally = Tally(name: name)
        for entry in try ConformanceData.cases("printer.json", list) {
            let input = ConformanceData.input(entry)
            do {
                let text = print(try PromQLParser(options: options).parse(input))
                tally.record(text == entry["out"] as? String ? nil : text, input)
            } catch {
                tally.record("\(error)", input)
            }
        }
        tally.report()
        return tally
    }

    @Test func printedSelectors() throws {
        var tally = Tally(name: "printer.json selector_string")
        for entry in try ConformanceData.cases("printer.json", "selector_string") {
            let matchers = try (entry["matchers"] as? [[String: String]] ?? []).map { matcher in
                let operation = try #require(LabelMatcher.Operation(rawValue: matcher["op"] ?? ""))
                return try LabelMatcher(matcher["name"] ?? "", operation, matcher["value"] ?? "")
            }
            let name = entry["name"] as? String ?? ""
            let selector = VectorSelector(name: name, matchers: matchers, position: SourceRange(0, 0))
            tally.record(selector.description == entry["out"] as? String ? nil : selector.description, name)
        }
        tally.report()
        #expect(tally.passed >= Self.selectorPassedMin)
    }
}
