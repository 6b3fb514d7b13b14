import Basics
import Testing

@testable import Rules

/// Unit tests of rules, run from files in memory.
struct RuleUnitTestTests {
    private let rules = """
        groups:
        - name: second
          rules:
          - {record: twice, expr: once * 2}
        - name: first
          rules:
          - {record: once, expr: sum(input)}
          - alert: Down
            expr: input == 0
            for: 2m
            labels: {severity: page}
            annotations: {summary: "{{ $labels.job }} in {{ $externalLabels.zone }}"}
        """

    private func run(
        _ test: String,
        _ options: RuleUnitTestOptions = RuleUnitTestOptions()
    ) throws -> RuleUnitTestReport {
        let files = FaultyFileSystem()
        try files.createDirectory("/t/rules", mode: .sharedDirectory)
        try files.writeAtomically(Array(rules.utf8), to: "/t/rules/a.yml", mode: .shared)
        try files.writeAtomically(Array(test.utf8), to: "/t/test.yml", mode: .shared)
        return try RuleUnitTestRunner(options: options).run("/t/test.yml", from: files)
    }

    private func test(_ checks: String, head: String = "") -> String {
        """
        rule_files: ["rules/*.yml"]
        group_eval_order: [first, second]
        \(head)
        tests:
        - name: one
          interval: 1m
          external_labels: {zone: eu}
          input_series:
          - series: 'input{job="a"}'
            values: '1 0x10'
        \(checks)
        """
    }

    @Test func groupsAreEvaluatedInTheirOrder() throws {
        let report = try run(
            test("  promql_expr_test:\n  - {expr: twice, eval_time: 0, exp_samples: [{labels: twice, value: 2}]}")
        )
        #expect(report.isPassed && report.passed == 1 && report.warnings.isEmpty)
    }

    @Test func onlyFiringAlertsCount() throws {
        let report = try run(
            test(
                """
                  alert_rule_test:
                  - {eval_time: 2m, alertname: Down}
                  - eval_time: 3m30s
                    alertname: Down
                    exp_alerts:
                    - exp_labels: {severity: page, job: a}
                      exp_annotations: {summary: a in eu}
                """
            )
        )
        #expect(report.isPassed, "\(report.failures)")
    }

    @Test func failuresSayWhatWasExpectedAndWhatCame() throws {
        let report = try run(
            test(
                """
                  alert_rule_test:
                  - {eval_time: 5m, alertname: Down}
                  promql_expr_test:
                  - {expr: once, eval_time: 1m, exp_samples: [{labels: once, value: 7}]}
                """
            )
        )
        #expect(report.passed == 0 && report.failed == 1)
        #expect(report.failures.map(\.line) == [12, 14])
        #expect(report.failures.map(\.test) == ["one", "one"])
        #expect(
            report.failures.last?.reason
                == "expr: \"once\", time: 1m\n    exp:\n        once 7\n    got:\n        once 0"
        )
    }

    @Test func fuzzyComparisonAllowsOneUnitInTheLastPlace() throws {
        let check = "  promql_expr_test:\n  - {expr: '0.1 + 0.2 + once * 0', eval_time: 0, exp_samples: [{value: 0.3}]}"
        #expect(try !run(test(check)).isPassed)
        #expect(try run(test(check, head: "fuzzy_compare: true")).isPassed)
    }

    @Test func patternsWithoutAFileAreAWarning() throws {
        let report = try run("rule_files: ['none*.yml']\ntests: []\n")
        #expect(report.warnings == ["no file matches the pattern none*.yml"] && report.isPassed)
    }

    @Test(arguments: [
        ("tests:\n- nonsense: 1\n", "/t/test.yml:2:3: field nonsense not found in type main.testGroup"),
        ("tests:\n- input_series: [{series: 'a{', values: 1}]\n", "parse error"),
        (
            "tests:\n- alert_rule_test: [{eval_time: 1m}]\n",
            "an item under alert_rule_test misses required attribute alertname at eval_time 1m"
        ),
        ("group_eval_order: [a, a]\n", "group name repeated in evaluation order: a"),
        ("tests:\n- promql_expr_test: [{expr: 'a +', eval_time: 1m}]\n", "parse error"),
        ("tests:\n- start_timestamp: yesterday\n", "is neither RFC 3339 nor seconds"),
        ("tests:\n- promql_expr_test: [{expr: a, eval_time: 1x}]\n", "not a valid duration string: \"1x\""),
        ("tests:\n- promql_expr_test: [{expr: a, exp_samples: [{value: 0x10}]}]\n", "into float64"),
    ])
    func mistakesAreRefused(text: String, message: String) {
        #expect {
            _ = try run(text)
        } throws: { error in
            "\(error)".contains(message)
        }
    }

    @Test func aTestOfTooManyEvaluationsIsRefused() throws {
        var options = RuleUnitTestOptions()
        options.evaluationsMax = 10
        let report = try run(
            test("  promql_expr_test:\n  - {expr: once, eval_time: 1h, exp_samples: [{labels: once, value: 0}]}"),
            options
        )
        #expect(report.failures.map(\.reason) == ["the test needs more than 10 evaluations"])
    }

    @Test(arguments: [
        ("a*.yml", "abc.yml", true), ("a*.yml", "b.yml", false), ("?.yml", "a.yml", true), ("[a-c].yml", "b.yml", true),
        ("[^a-c].yml", "b.yml", false), ("[a", "a", false), ("\\*", "*", true), ("*", "", true), ("**a", "xya", true),
        ("\\", "a", false),
    ])
    func patterns(pattern: String, name: String, isMatch: Bool) {
        #expect(Wildcards.matches(name, pattern) == isMatch)
    }

    // MARK: Conformance

    /// How many files of upstream come out as there: raise it when more do.
    private static let conformingMin = 15

    @Test func conformance() throws {
        guard let manifest = try Conformance.json("rules/manifest.json"), let folder = Conformance.folder else {
            return
        }
        let cases = Conformance.cases(manifest["unit_tests"])
        var failures: [String] = []
        for one in cases {
            var options = RuleUnitTestOptions()
            options.namePatterns = one["run"] as? [String] ?? []
            options.ignoresUnknownFields = one["ignore_unknown_fields"] as? Bool ?? false
            options.allowsAtModifier = one["at_modifier"] as? Bool ?? true
            options.allowsNegativeOffset = one["negative_offset"] as? Bool ?? true
            let runner = RuleUnitTestRunner(options: options)
            var reasons: [String] = []
            for file in one["files"] as? [String] ?? [] {
                do {
                    let report = try runner.run("\(folder)/rules/\(file)", from: DiskFileSystem())
                    reasons += report.failures.map(\.reason)
                } catch {
                    reasons.append("\(error)")
                }
            }
            if reasons.isEmpty != (one["pass"] as? Bool) {
                failures.append("\(one["name"] ?? ""): \(reasons.joined(separator: "; "))")
            }
        }
        Conformance.ratchet(
            "rule unit tests",
            passed: cases.count - failures.count,
            of: cases.count,
            atLeast: Self.conformingMin,
            failures: failures
        )
    }
}
