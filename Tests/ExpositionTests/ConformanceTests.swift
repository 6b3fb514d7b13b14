import Foundation
import MetricModel
import Testing

@testable import Exposition

/// Cases of the strict decoder that must pass; rises, never falls.
private let familiesPassedMin = 49

private let dataFolder = ProcessInfo.processInfo.environment["KASKMAN_CONFORMANCE"].map { $0 + "/exposition" }

/// A test case of `text.json`, as far as it is used.
private struct FamilyCase {
    let page: [UInt8]
    let object: [String: Any]

    init(_ object: [String: Any]) throws {
        self.object = object
        if let text = object["input"] as? String {
            page = Array(text.utf8)
        } else {
            let encoded = try #require(object["input_base64"] as? String)
            page = Array(try #require(Data(base64Encoded: encoded)))
        }
    }

    /// What is wrong with our answer; nil when it is right.
    func fault() -> String? {
        let isRight = object["ok"] as? Bool ?? false
        let prefix = object["error_prefix"] as? String
        if let fault = fault(.utf8, isRight: isRight, prefix: prefix) { return fault }
        guard let legacy = object["legacy_names_error_prefix"] as? String else { return nil }
        return fault(.legacy, isRight: false, prefix: legacy)
    }

    private func fault(_ names: ExpositionParser.NameScheme, isRight: Bool, prefix: String?) -> String? {
        do {
            let parsed = try ExpositionParser(names: names).parse(page)
            if !isRight { return "accepted, but expected \(prefix ?? "an error")" }
            guard let expected = object["families"] as? [[String: Any]] else { return nil }
            let wanted = expected.map(canonical(expected:)).sorted()
            let found = parsed.map(canonical(parsed:)).sorted()
            return wanted == found ? nil : "expected \(wanted), found \(found)"
        } catch {
            if isRight { return "refused: \(error)" }
            return error.description.hasPrefix(prefix ?? "") ? nil : "expected \(prefix ?? ""), found \(error)"
        }
    }

    private func number(_ value: Any?) -> String {
        switch value {
        case nil: "-"
        case let text as String: text
        case let number as NSNumber: "\(number.doubleValue)"
        default: "?"
        }
    }

    private func number(_ value: Double?) -> String {
        guard let value else { return "-" }
        if value.isNaN { return "NaN" }
        return value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(value)"
    }

    private func pairs(_ value: Any?) -> String {
        (value as? [[Any]] ?? []).map { "\(number($0[0])):\(number($0[1]))" }.joined(separator: ",")
    }

    private func labels(_ labels: [(String, String)]) -> String {
        labels.map { "\($0.0)=\($0.1)" }.sorted().joined(separator: ",")
    }

    private func canonical(expected family: [String: Any]) -> String {
        let metrics = (family["metrics"] as? [[String: Any]] ?? []).map { metric in
            let names = labels((metric["labels"] as? [String: String] ?? [:]).map { ($0.key, $0.value) })
            var value = number(metric["value"])
            if let summary = metric["summary"] as? [String: Any] {
                value = "s \(number(summary["count"])) \(number(summary["sum"])) \(pairs(summary["quantiles"]))"
            }
            if let histogram = metric["histogram"] as? [String: Any] {
                let count = histogram["count"] ?? histogram["count_float"]
                value = "h \(number(count)) \(number(histogram["sum"])) \(pairs(histogram["buckets"]))"
            }
            let time = (metric["timestamp_ms"] as? NSNumber)?.int64Value
            return "{\(names)} \(value) @\(time.map(String.init) ?? "-")"
        }
        return "\(family["name"] ?? "") \(family["type"] ?? "") \(family["help"] ?? "-") \(metrics)"
    }

    private func canonical(parsed family: ExpositionFamily) -> String {
        let metrics = family.metrics.map { metric in
            let value: String
            switch metric.value {
            case .single(let single): value = number(single)
            case .summary(let summary):
                let points = summary.quantiles.map { "\(number($0.quantile)):\(number($0.value))" }.joined(
                    separator: ","
                )
                value = "s \(number(summary.count)) \(number(summary.sum)) \(points)"
            case .histogram(let histogram):
                let points = histogram.buckets.map { "\(number($0.upperBound)):\(number($0.cumulativeCount))" }
                value = "h \(number(histogram.count)) \(number(histogram.sum)) \(points.joined(separator: ","))"
            }
            let names = labels(metric.labels.map { ($0.name, $0.value) })
            return "{\(names)} \(value) @\(metric.timestamp.map(String.init) ?? "-")"
        }
        return "\(family.name) \(family.type.rawValue) \(family.help ?? "-") \(metrics)"
    }
}

@Suite("Exposition conformance")
struct ConformanceTests {
    @Test("the strict decoder's cases")
    func families() throws {
        guard let dataFolder else {
            print("exposition conformance: not run, KASKMAN_CONFORMANCE is not set")
            return
        }
        let data = try Data(contentsOf: URL(fileURLWithPath: dataFolder + "/text.json"))
        let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let cases = try #require(root["families"] as? [[String: Any]])
        var passed = 0
        for (index, object) in cases.enumerated() {
            if let fault = try FamilyCase(object).fault() {
                print("exposition families \(index): \(fault)")
            } else {
                passed += 1
            }
        }
        print("exposition families: \(passed) passed, \(cases.count - passed) failed")
        #expect(passed >= min(familiesPassedMin, cases.count))
    }

    @Test("whole pages are read")
    func pages() throws {
        guard let dataFolder else {
            print("exposition pages: not run, KASKMAN_CONFORMANCE is not set")
            return
        }
        let pages = try FileManager.default.contentsOfDirectory(atPath: dataFolder + "/pages").filter {
            $0.hasSuffix(".prom.txt")
        }
        #expect(!pages.isEmpty)
        for page in pages {
            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: dataFolder + "/pages/" + page)))
            let parsed = try ExpositionParser().parse(bytes)
            let findings = ExpositionLint.findings(in: parsed)
            print("exposition page \(page): \(parsed.count) families, \(findings.count) lint findings")
            #expect(!parsed.isEmpty)
        }
    }
}
