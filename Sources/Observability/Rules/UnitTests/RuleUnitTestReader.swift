import Basics
import MetricModel
import PromQL

/// Walks a test file's tree and collects what is wrong.
struct RuleUnitTestReader {
    private static let defaultInterval: Int64 = 60_000

    let path: String
    let options: RuleUnitTestOptions
    private(set) var problems: [YAMLProblem] = []

    init(path: String, options: RuleUnitTestOptions) {
        self.path = path
        self.options = options
    }

    /// The file; meaningless when there are `problems`.
    mutating func file(_ root: YAMLValue) -> RuleUnitTestFile {
        var reader = YAMLMappingReader(root, typeName: "main.unitTestFile")
        let patterns = reader.texts("rule_files").map(\.text)
        let interval = duration("evaluation_interval", &reader) ?? Self.defaultInterval
        let order = reader.texts("group_eval_order")
        let isFuzzy = reader.boolean("fuzzy_compare") ?? false
        var seen: Set<String> = []
        for (name, position) in order where !seen.insert(name).inserted {
            reader.fail("group name repeated in evaluation order: \(name)", at: position)
        }
        var tests: [RuleUnitTest] = []
        for item in reader.items("tests") {
            tests.append(test(item, defaultInterval: interval == 0 ? Self.defaultInterval : interval))
        }
        finish(&reader)
        return RuleUnitTestFile(
            path: path,
            rulePatterns: patterns,
            evaluationInterval: interval == 0 ? Self.defaultInterval : interval,
            groupOrder: order.map(\.text),
            isFuzzy: isFuzzy,
            tests: tests
        )
    }

    private mutating func finish(_ reader: inout YAMLMappingReader) {
        reader.finish()
        problems += reader.problems
    }

    private mutating func test(_ value: YAMLValue, defaultInterval: Int64) -> RuleUnitTest {
        var reader = YAMLMappingReader(value, typeName: "main.testGroup")
        let name = reader.text("name") ?? ""
        let interval = duration("interval", &reader) ?? 0
        let start = startTime(&reader)
        let external = reader.textMapping("external_labels")
        let externalURL = reader.text("external_url") ?? ""
        let input = reader.items("input_series").compactMap { inputSeries($0) }
        let alerts = reader.items("alert_rule_test").compactMap { alertCheck($0) }
        let queries = reader.items("promql_expr_test").compactMap { queryCheck($0) }
        finish(&reader)
        return RuleUnitTest(
            name: name,
            start: start,
            interval: interval == 0 ? defaultInterval : interval,
            input: input,
            alertChecks: alerts,
            queryChecks: queries,
            externalLabels: Self.labels(external),
            externalURL: externalURL,
            position: value.position
        )
    }

    // MARK: Parts

    private mutating func inputSeries(_ value: YAMLValue) -> RuleUnitTest.InputSeries? {
        var reader = YAMLMappingReader(value, typeName: "main.series")
        let metric = reader.text("series") ?? ""
        let values = reader.text("values") ?? ""
        let position = reader.positionOf("series")
        defer { finish(&reader) }
        do throws(ParseError) {
            let (labels, values) = try SeriesDescription.parse("\(metric) \(values)")
            var points: [Double?] = []
            points.reserveCapacity(values.count)
            for value in values {
                switch value {
                case .missing: points.append(nil)
                case .float(let value): points.append(value)
                case .stale: points.append(StaleMarker.value)
                case .histogram:
                    reader.fail("native histograms are not supported in unit tests", at: position)
                    return nil
                }
            }
            return RuleUnitTest.InputSeries(labels: labels, points: points)
        } catch {
            reader.fail("\(error)", at: position)
            return nil
        }
    }

    private mutating func alertCheck(_ value: YAMLValue) -> RuleUnitTest.AlertCheck? {
        var reader = YAMLMappingReader(value, typeName: "main.alertTestCase")
        let time = duration("eval_time", &reader) ?? 0
        let alert = reader.text("alertname") ?? ""
        var expected: [RuleUnitTest.ExpectedAlert] = []
        for item in reader.items("exp_alerts") {
            var inner = YAMLMappingReader(item, typeName: "main.alert")
            let labels = Self.labels(inner.textMapping("exp_labels")).setting(Label.alertName, to: alert)
            let annotations = Self.labels(inner.textMapping("exp_annotations"))
            finish(&inner)
            expected.append(RuleUnitTest.ExpectedAlert(labels: labels, annotations: annotations))
        }
        if alert.isEmpty {
            let time = PrometheusDuration.text(milliseconds: time)
            reader.fail(
                "an item under alert_rule_test misses required attribute alertname at eval_time \(time)",
                at: value.position
            )
        }
        finish(&reader)
        return RuleUnitTest.AlertCheck(time: time, alert: alert, expected: expected, position: value.position)
    }

    private mutating func queryCheck(_ value: YAMLValue) -> RuleUnitTest.QueryCheck? {
        var reader = YAMLMappingReader(value, typeName: "main.promqlTestCase")
        let text = reader.text("expr") ?? ""
        let time = duration("eval_time", &reader) ?? 0
        var expected: [RuleUnitTest.ExpectedSample] = []
        for item in reader.items("exp_samples") {
            if let sample = expectedSample(item) { expected.append(sample) }
        }
        defer { finish(&reader) }
        do {
            let expression = try options.readExpression(text)
            return RuleUnitTest.QueryCheck(
                expression: expression,
                text: text,
                time: time,
                expected: expected,
                position: value.position
            )
        } catch {
            reader.fail("expr \(QuotedText.quote(text)): \(error)", at: reader.positionOf("expr"))
            return nil
        }
    }

    private mutating func expectedSample(_ value: YAMLValue) -> RuleUnitTest.ExpectedSample? {
        var reader = YAMLMappingReader(value, typeName: "main.sample")
        let metric = reader.text("labels") ?? ""
        let number = reader.text("value") ?? "0"
        reader.refuse("histogram", because: "native histograms are not supported in unit tests")
        defer { finish(&reader) }
        guard let value = Self.number(number) else {
            reader.fail("cannot unmarshal !!str `\(number)` into float64", at: reader.positionOf("value"))
            return nil
        }
        do throws(ParseError) {
            let labels = metric.isEmpty ? .empty : try SeriesDescription.parse(metric + " _").labels
            return RuleUnitTest.ExpectedSample(labels: labels, value: value)
        } catch {
            reader.fail("labels \(QuotedText.quote(metric)): \(error.message)", at: reader.positionOf("labels"))
            return nil
        }
    }

    // MARK: Scalars

    private static func labels(_ entries: [YAMLTextEntry]) -> Labels {
        var builder = LabelsBuilder()
        for entry in entries { builder.set(entry.name, entry.text) }
        return builder.labels
    }

    private func duration(_ key: String, _ reader: inout YAMLMappingReader) -> Int64? {
        guard let text = reader.text(key) else { return nil }
        if let milliseconds = PrometheusDuration.milliseconds(parsing: text) { return milliseconds }
        let message = text.isEmpty ? "empty duration string" : "not a valid duration string: \(QuotedText.quote(text))"
        reader.fail(message, at: reader.positionOf(key))
        return nil
    }

    /// `start_timestamp`: RFC 3339 or seconds since the Unix epoch, in milliseconds.
    private func startTime(_ reader: inout YAMLMappingReader) -> Int64 {
        guard let text = reader.text("start_timestamp") else { return 0 }
        if let seconds = Double(text), seconds.magnitude <= 1e12 { return Timestamp(seconds: seconds).milliseconds }
        if let time = Timestamp(rfc3339: text) { return time.milliseconds }
        reader.fail(
            "start_timestamp \(QuotedText.quote(text)) is neither RFC 3339 nor seconds since the Unix epoch",
            at: reader.positionOf("start_timestamp")
        )
        return 0
    }

    /// A floating-point number as YAML 1.2 writes it.
    private static func number(_ text: String) -> Double? {
        switch text.lowercased() {
        case ".inf", "+.inf": return .infinity
        case "-.inf": return -.infinity
        case ".nan": return .nan
        default: break
        }
        let digits = text.utf8.filter { $0 != UInt8(ascii: "_") }
        guard digits.allSatisfy({ (48...57).contains($0) || "+-.eE".utf8.contains($0) }) else { return nil }
        return Double(String(decoding: digits, as: UTF8.self))
    }
}
