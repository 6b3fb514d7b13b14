import Basics
import Foundation
import MetricModel
import PromQL
import Testing

@testable import Rules

/// Reading rule files.
struct RuleFileTests {
    /// Of the public list of files and texts.
    static let ratchet = 35

    private func loader(_ names: RuleFileLoader.NameScheme = .utf8, features: [String] = []) -> RuleFileLoader {
        let options = ParserOptions(
            experimentalFunctions: features.contains("promql-experimental-functions"),
            extendedRangeSelectors: features.contains("promql-extended-range-selectors"),
            fillModifiers: features.contains("promql-binop-fill-modifiers")
        )
        return RuleFileLoader(names: names) { text in try PromQLParser(options: options).parse(text) }
    }

    @Test func loadingAgreesWithPrometheus() throws {
        guard let file = try Conformance.json("rules/manifest.json") else { return }
        let folder = try #require(Conformance.folder)
        var passed = 0
        var failures: [String] = []
        let cases = Conformance.cases(file["load"])
        for item in cases {
            let name = item["file"] as? String ?? "inline.yml"
            let text = try item["yaml"] as? String ?? String(contentsOfFile: "\(folder)/rules/\(name)", encoding: .utf8)
            let loader = loader(
                item["names"] as? String == "legacy" ? .legacy : .utf8,
                features: item["features"] as? [String] ?? []
            )
            let fault = check(item, loader, text, name)
            if let fault { failures.append("\(name): \(fault)") } else { passed += 1 }
        }
        Conformance.ratchet("rule files", passed: passed, of: cases.count, atLeast: Self.ratchet, failures: failures)
    }

    /// What is wrong about the outcome, or nil.
    private func check(_ item: [String: Any], _ loader: RuleFileLoader, _ text: String, _ name: String) -> String? {
        do {
            let file = try loader.load(text: text, path: name)
            if item["ok"] as? Bool != true { return "was accepted" }
            if let groups = item["groups"] as? Int, groups != file.groups.count { return "\(file.groups.count) groups" }
            if let warns = item["warns_multiple_documents"] as? Bool, warns != file.hasFurtherDocuments {
                return "further documents: \(file.hasFurtherDocuments)"
            }
            if let duplicates = item["duplicates"] as? [[String: Any]] {
                let names = duplicates.compactMap { $0["name"] as? String }
                if names != file.duplicates.map(\.name) { return "duplicates \(file.duplicates.map(\.name))" }
            }
            return nil
        } catch {
            if item["ok"] as? Bool == true { return error.description }
            if let count = item["error_count"] as? Int, count != error.errors.count {
                return "\(error.errors.count) errors"
            }
            if let part = item["error_contains"] as? String, !error.description.contains(part) {
                return error.description
            }
            return error.errors.allSatisfy { $0.position != nil } ? nil : "no position"
        }
    }

    private func errors(_ text: String, _ names: RuleFileLoader.NameScheme = .utf8) -> [String] {
        do {
            _ = try loader(names).load(text: text, path: "f.yml")
            return []
        } catch {
            return error.errors.map(\.description)
        }
    }

    @Test func everyErrorIsReportedWithItsPlace() {
        let text = """
            groups:
              - name: g
                interval: 1x
                colour: red
                rules:
                  - record: a
                    alert: b
                    expr: sum(
                  - alert: c
                    expr: up == 0
                    labels:
                      x: "{{ $nope }}"
              - name: g
            """
        let found = errors(text)
        #expect(found.contains("f.yml:3:15: not a valid duration string: \"1x\""))
        #expect(found.contains("f.yml:4:5: field colour not found in type rulefmt.RuleGroup"))
        #expect(found.contains("f.yml:6:17: group \"g\", rule 1, \"a\": only one of 'record' and 'alert' must be set"))
        #expect(found.contains { $0.hasPrefix("f.yml:8:15: group \"g\", rule 1, \"a\": could not parse expression: ") })
        #expect(
            found.contains(
                "f.yml:12:14: group \"g\", rule 2, \"c\": label \"x\": error parsing template __alert_c: "
                    + "template: __alert_c:1: undefined variable \"$nope\""
            )
        )
        #expect(found.contains { $0.hasSuffix("groupname: \"g\" is repeated in the same file") })
        #expect(found.count == 6)
    }

    @Test(arguments: [
        ("groups: 5", "cannot unmarshal !!str into a list"),
        ("groups:\n- name: a\n  name: b", "given more than once"),
        ("groups: [", "yaml:"),
        ("groups:\n- name: ''", "Groupname must not be empty"),
        ("groups:\n- name: a\n  limit: many", "cannot unmarshal !!str `many` into int"),
        ("groups:\n- name: a\n  rules:\n  - record: x", "field 'expr' must be set in rule"),
        ("groups:\n- name: a\n  rules:\n  - {record: x, expr: up, annotations: {a: b}}", "invalid field 'annotations'"),
        (
            "groups:\n- name: a\n  rules:\n  - {record: x, expr: up, keep_firing_for: 1m}",
            "invalid field 'keep_firing_for'"
        ),
        ("groups: \(String(repeating: "[", count: 5000))", "nested more than"),
    ])
    func refuses(_ text: String, _ part: String) {
        let found = errors(text)
        #expect(found.contains { $0.contains(part) }, "\(found)")
    }

    @Test func intervalsHaveAShortest() throws {
        func f(_ interval: String, _ expected: [String]) {
            #expect(errors("groups:\n- name: a\n  interval: \(interval)") == expected)
        }
        f("1ms", ["f.yml:3:13: interval must not be below 10ms"])
        f("9ms", ["f.yml:3:13: interval must not be below 10ms"])
        f("10ms", [])
        f("0s", [])
    }

    @Test func aNegativeLimitIsNone() throws {
        let text = "groups:\n- name: a\n  limit: -1\n  rules: [{record: m, expr: up}]"
        #expect(try loader().load(text: text, path: "f.yml").groups.first?.limit == -1)
    }

    @Test func aliasesCannotExplode() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<9 {
            text += "a\(level): &a\(level) [" + (0..<10).map { _ in "*a\(level - 1)" }.joined(separator: ", ") + "]\n"
        }
        #expect(errors(text).contains { $0.contains("more than 1000000 values") })
    }

    @Test func groupLabelsAreOverriddenByTheRules() throws {
        let text = """
            groups:
              - name: g
                labels: {team: a, zone: b}
                query_offset: 30s
                rules:
                  - {record: m, expr: up, labels: {team: c}}
            """
        let file = try loader().load(text: text, path: "f.yml")
        let group = try #require(file.groups.first)
        #expect(group.queryOffset == .seconds(30))
        #expect(group.rules.first?.labels.map { "\($0.name)=\($0.value)" } == ["team=c", "zone=b"])
    }
}
