import MetricModel
import Testing

@testable import PromQL

/// Every query and every series of the evaluation scripts must parse; without `KASKMAN_CONFORMANCE` this does not run.
@Suite(.enabled(if: ConformanceData.isPresent, "KASKMAN_CONFORMANCE must name the folder of the conformance data"))
struct ScriptSyntaxTests {
    let parser = PromQLParser(
        options: .init(experimentalFunctions: true, extendedRangeSelectors: true, fillModifiers: true)
    )

    @Test func queries() throws {
        var tally = Tally(name: "queries of the scripts")
        for line in try ConformanceData.scriptLines() {
            guard let query = query(line) else { continue }
            do {
                let expression = try parser.parse(query)
                let printed = expression.description
                let again = try parser.parse(printed).description
                let pretty = try parser.parse(expression.prettyPrinted(lineLimit: 10)).description
                tally.record(again == printed && pretty == printed ? nil : "\(printed) | \(again) | \(pretty)", query)
            } catch {
                tally.record("\(error)", query)
            }
        }
        tally.report()
        #expect(tally.failures.isEmpty)
        #expect(tally.passed > 1000)
    }

    private func query(_ line: Substring) -> String? {
        let instant = /^eval(_\w+)?\s+instant\s+at\s+\S+\s+(.+)$/
        let range = /^eval(_\w+)?\s+range\s+from\s+\S+\s+to\s+\S+\s+step\s+\S+\s+(.+)$/
        if let match = line.wholeMatch(of: instant) { return String(match.2) }
        if let match = line.wholeMatch(of: range) { return String(match.2) }
        return nil
    }

    @Test func series() throws {
        var tally = Tally(name: "series of the scripts")
        var isLoading = false
        for line in try ConformanceData.scriptLines() {
            if line.hasPrefix("load") {
                isLoading = true
            } else if line.isEmpty || line.hasPrefix("#") || line.hasPrefix("eval") || line.hasPrefix("clear") {
                isLoading = false
            } else if isLoading, !line.contains("@st") {
                do {
                    let values = try SeriesDescription.parse(String(line)).values
                    tally.record(values.isEmpty ? "no values" : nil, String(line))
                } catch {
                    tally.record("\(error)", String(line))
                }
            }
        }
        tally.report()
        #expect(tally.failures.isEmpty)
        #expect(tally.passed > 500)
    }
}
