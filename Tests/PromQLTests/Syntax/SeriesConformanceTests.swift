import MetricModel
import Testing

@testable import PromQL

/// The series descriptions of Prometheus' lists; without `KASKMAN_CONFORMANCE` they do not run.
@Suite(.enabled(if: ConformanceData.isPresent, "KASKMAN_CONFORMANCE must name the folder of the conformance data"))
struct SeriesConformanceTests {
    /// What passed before must go on passing.
    static let passedMin = 43

    @Test func seriesCases() throws {
        var tally = Tally(name: "parser.json series_cases")
        for entry in try ConformanceData.cases("parser.json", "series_cases") {
            let input = ConformanceData.input(entry)
            tally.record(problem(input, entry), input)
        }
        tally.report()
        #expect(tally.passed >= Self.passedMin)
    }

    private func problem(_ input: String, _ entry: [String: Any]) -> String? {
        do {
            let (labels, values) = try SeriesDescription.parse(input)
            guard entry["ok"] as? Bool == true else { return "parsed as \(labels) \(values)" }
            let expected = entry["labels"] as? [String: String] ?? [:]
            if labels != Labels(expected.map { Label($0.key, $0.value) }) { return "labels \(labels)" }
            if let canonical = entry["canonical"] as? String {
                guard case .histogram(let histogram)? = values.first else { return "no histogram" }
                return histogram.description == canonical ? nil : histogram.description
            }
            return valuesProblem(values, entry["values"] as? [Any] ?? [])
        } catch {
            if entry["ok"] as? Bool == true { return error.description }
            if let message = entry["error"] as? String, message != error.description { return error.description }
            if let part = entry["error_contains"] as? String, !error.description.contains(part) {
                return error.description
            }
            return nil
        }
    }

    private func valuesProblem(_ values: [SeriesValue], _ expected: [Any]) -> String? {
        if values.count != expected.count { return "\(values.count) values" }
        for (value, wanted) in zip(values, expected) {
            let fits =
                switch value {
                case .missing: ConformanceData.isNull(wanted)
                case .float(let float): float == ConformanceData.number(wanted)
                case .stale: false
                case .histogram(let histogram): fits(histogram, wanted)
                }
            if !fits { return "\(value) instead of \(wanted)" }
        }
        return nil
    }

    private func fits(_ histogram: HistogramLiteral, _ wanted: Any) -> Bool {
        guard let object = wanted as? [String: Any], let fields = object["histogram"] as? [String: Any] else {
            return false
        }
        func number(_ key: String) -> Double { ConformanceData.number(fields[key]) ?? 0 }
        func list(_ key: String) -> [Double] { (fields[key] as? [Any] ?? []).compactMap(ConformanceData.number) }
        let spans = fields["spans"] as? [[Int]] ?? []
        let negativeSpans = fields["n_spans"] as? [[Int]] ?? []
        return Double(histogram.schema) == number("schema") && histogram.sum == number("sum")
            && histogram.count == number("count") && histogram.zeroCount == number("z_bucket")
            && histogram.zeroThreshold == number("z_bucket_w") && histogram.positiveBuckets == list("buckets")
            && histogram.negativeBuckets == list("n_buckets") && histogram.customValues == list("custom_values")
            && (spans.first.map { $0 == [Int(histogram.positiveOffset), histogram.positiveBuckets.count] } ?? true)
            && (negativeSpans.first.map { $0 == [Int(histogram.negativeOffset), histogram.negativeBuckets.count] }
                ?? true)
            && histogram.resetHint?.rawValue == fields["counter_reset_hint"] as? String
    }
}
