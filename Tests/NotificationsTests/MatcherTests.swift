import Foundation
import MetricModel
import Testing

@testable import Notifications

/// Matchers as Alertmanager's tests expect them.
struct MatcherTests {
    static let ratchet = 156

    private typealias Parser = (String) throws(AlertMatcherError) -> [AlertMatcher]

    @Test func parsersAgreeWithAlertmanager() throws {
        guard let file = try Conformance.json("alertmanager/matchers.json") else { return }
        let parsers: [(String, Parser)] = [
            ("utf8", UTF8MatcherParser.parseList),
            ("utf8_single", { text throws(AlertMatcherError) in [try UTF8MatcherParser.parse(text)] }),
            ("classic", ClassicMatcherParser.parseList),
            ("classic_and_utf8", UTF8MatcherParser.parseList),
            ("fallback", MatcherParser.parseList),
            ("fallback_single", { text throws(AlertMatcherError) in [try MatcherParser.parse(text)] }),
        ]
        var passed = 0
        var total = 0
        var failures: [String] = []
        for (list, parser) in parsers {
            for item in Conformance.cases(file[list]) {
                total += 1
                let input = try #require(item["input"] as? String)
                if let fault = check(item, input, parser) {
                    failures.append("\(list) \(input): \(fault)")
                } else {
                    passed += 1
                }
            }
        }
        for item in Conformance.cases(file["match"]) {
            total += 1
            let matcher = try matcher(item, value: "pattern", name: "x")
            let isRight = matcher.matches(try #require(item["value"] as? String)) == (item["match"] as? Bool)
            if isRight { passed += 1 } else { failures.append("match \(item)") }
        }
        for (list, print) in [("string", { $0.description }), ("json", { $0.json })]
            as [(String, (AlertMatcher) -> String)]
        {
            for item in Conformance.cases(file[list]) {
                total += 1
                let text = print(try matcher(item, value: "value", name: item["name"] as? String ?? ""))
                if text == item["out"] as? String { passed += 1 } else { failures.append("\(list) \(item): \(text)") }
            }
        }
        Conformance.ratchet("matchers", passed: passed, of: total, atLeast: Self.ratchet, failures: failures)
    }

    private func matcher(_ item: [String: Any], value: String, name: String) throws -> AlertMatcher {
        let operation = try #require(LabelMatcher.Operation(rawValue: item["op"] as? String ?? ""))
        return try AlertMatcher(name, operation, item[value] as? String ?? "")
    }

    private func check(_ item: [String: Any], _ input: String, _ parser: Parser) -> String? {
        func text(_ item: [String: Any]) -> String {
            "\(item["name"] as? String ?? "") \(item["op"] as? String ?? "") \(item["value"] as? String ?? "")"
        }
        do {
            let matchers = try parser(input).map { "\($0.name) \($0.operation.rawValue) \($0.value)" }
            if item["ok"] as? Bool != true { return "was accepted: \(matchers)" }
            let expected = Conformance.cases(item["matchers"]) + [item["matcher"] as? [String: Any]].compactMap { $0 }
            return matchers == expected.map(text) ? nil : "got \(matchers)"
        } catch {
            if item["ok"] as? Bool == true { return error.description }
            // The wording of the regular expression library is its own.
            guard let expected = item["error"] as? String, !expected.hasPrefix("error parsing regexp") else {
                return nil
            }
            return error.description == expected ? nil : error.description
        }
    }

    @Test(arguments: [
        "", "{", "{a", "{a=", "{a=\"", "a=b,", "a=\"\\", "a!", "!", "=", "\"", "{}}", ",,", "a=b c=d", "{a=b},",
    ])
    func oddInputIsHandled(_ text: String) {
        _ = try? UTF8MatcherParser.parseList(text)
        _ = try? ClassicMatcherParser.parseList(text)
        _ = try? MatcherParser.parse(text)
    }
}
