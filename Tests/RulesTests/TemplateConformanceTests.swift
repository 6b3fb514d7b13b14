import Basics
import Foundation
import Testing

@testable import Rules

/// Template expansion as Prometheus' own tests expect it.
struct TemplateConformanceTests {
    /// Of the public list; HTML escaping and native histograms are not built.
    static let ratchet = 60

    @Test func expansionsAgreeWithPrometheus() throws {
        guard let file = try Conformance.json("templates.json") else { return }
        let context = try #require(file["context"] as? [String: Any])
        let now = Timestamp(milliseconds: try #require(context["now_ms"] as? Int64))
        let url = try #require(context["external_url"] as? String)
        var passed = 0
        var failures: [String] = []
        let cases = Conformance.cases(file["cases"]).filter { $0["html"] == nil }
        for item in cases {
            let text = try #require(item["text"] as? String)
            let options = item["options"] as? [String] ?? []
            let samples = Conformance.cases(item["query_result"]).map { sample in
                TemplateSample(
                    labels: sample["labels"] as? [String: String] ?? [:],
                    value: sample["value"] as? Double ?? .nan
                )
            }
            let templateContext = TemplateContext(
                now: now,
                externalURL: url,
                missingKeyIsError: options.contains("missingkey=error")
            ) { _ in samples }
            let outcome = expand(text, input(item["input"]), templateContext)
            let expected = item["ok"] as? Bool == true ? item["output"] as? String : item["error"] as? String
            if outcome == expected {
                passed += 1
            } else {
                failures.append("\(text)\n    got  \(outcome)\n    want \(expected ?? "")")
            }
        }
        Conformance.ratchet(
            "templates",
            passed: passed,
            of: cases.count,
            atLeast: Self.ratchet,
            failures: failures
        )
    }

    private func expand(_ text: String, _ input: TemplateValue, _ context: TemplateContext) -> String {
        do {
            return try Template(text, name: "test").expand(input, context: context)
        } catch {
            return error.description
        }
    }

    private func input(_ value: Any?) -> TemplateValue {
        guard let value = value as? [String: Any], let type = value["list_of"] as? String,
            let values = value["values"] as? [Any]
        else { return .none }
        let items: [TemplateValue] = values.map { item in
            if let number = item as? Double, type == "float64" { return .float(number) }
            guard let text = item as? String else { return .none }
            switch type {
            case "int64", "int": return Int64(text).map { .integer($0, type: type) } ?? .none
            case "uint64", "uint": return UInt64(text).map { .unsigned($0, type: type) } ?? .none
            default: return .string(text)
            }
        }
        return .list(items, type: "[]\(type)")
    }
}
