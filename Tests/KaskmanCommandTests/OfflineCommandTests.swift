import Testing

@testable import kaskman

@Suite("Commands without a server")
struct OfflineCommandTests {
    private let good = """
        load 1m
            metric 1 2 3

        eval instant at 1m metric
            metric 2

        eval instant at 2m metric * 2
            {} 6
        """
    private let bad = """
        load 1m
            metric 1 2 3

        eval instant at 1m metric
            metric 5

        nonsense
        """

    @Test("test promql counts, and closes with the sum")
    func promql() async throws {
        let harness = CommandHarness()
        try harness.write(good, to: "/t/good.test")
        try harness.write(bad, to: "/t/bad.test")
        #expect(
            await harness.run("test", "promql", "/t/good.test")
                == .init(status: 0, output: "/t/good.test: 2 passed, 0 failed\n2 passed, 0 failed\n", messages: "")
        )
        let both = await harness.run("test", "promql", "/t/good.test", "/t/bad.test", "-v")
        #expect(both.status == 1)
        let lines = both.output.split(separator: "\n").map(String.init)
        #expect(lines.first == "/t/good.test: 2 passed, 0 failed")
        #expect(lines.last == "2 passed, 2 failed")
        #expect(lines.contains("/t/bad.test: 0 passed, 2 failed"))
        #expect(lines.contains { $0.hasPrefix("/t/bad.test:4: metric: ") })
        #expect(lines.contains { $0.hasPrefix("/t/bad.test:7: ") })
    }

    @Test("A script that cannot be read has failed")
    func missingScript() async {
        let outcome = await CommandHarness().run("test", "promql", "/none.test")
        #expect(outcome.status == 1)
        #expect(outcome.output == "/none.test: 0 passed, 1 failed\n0 passed, 1 failed\n")
        #expect(outcome.messages.contains("/none.test"))
    }

    @Test("Progress is shown on a terminal alone, and taken away")
    func progress() async throws {
        let harness = CommandHarness(isTerminal: true)
        try harness.write(good, to: "/t/good.test")
        let outcome = await harness.run("test", "promql", "/t/good.test")
        #expect(outcome.messages == "\r\u{1b}[K1/1 /t/good.test\r\u{1b}[K")
    }

    @Test("check rules says file, line and reason")
    func rules() async throws {
        let harness = CommandHarness()
        try harness.write("groups:\n- name: g\n  rules:\n  - record: a\n    expr: up\n", to: "/r/good.yml")
        #expect(
            await harness.run("check", "rules", "/r/good.yml")
                == .init(status: 0, output: "Checking /r/good.yml\n  SUCCESS: 1 rule found\n", messages: "")
        )
        try harness.write("groups:\n- name: g\n  rules:\n  - record: a\n    expr: up +\n", to: "/r/bad.yml")
        let bad = await harness.run("check", "rules", "/r/good.yml", "/r/bad.yml")
        #expect(bad.status == 1)
        #expect(
            bad.output.contains("Checking /r/bad.yml\n  FAILED: 1 error\n/r/bad.yml:5: group \"g\", rule 1, \"a\": ")
        )
        let missing = await harness.run("check", "rules", "/r/none.yml")
        #expect(missing.status == 1)
    }

    @Test("Duplicate rules are reported with their lines")
    func duplicates() async throws {
        let harness = CommandHarness()
        let rules = "groups:\n- name: g\n  rules:\n  - {record: a, expr: up}\n  - {record: a, expr: down}\n"
        try harness.write(rules, to: "/r.yml")
        let outcome = await harness.run("check", "rules", "/r.yml")
        #expect(outcome.status == 0)
        #expect(
            outcome.output == """
                Checking /r.yml
                  SUCCESS: 2 rules found
                /r.yml:4: duplicate rule: a with the labels {} stands here 2 times
                /r.yml:5: duplicate rule: a with the labels {} stands here 2 times

                """
        )
        #expect(await harness.run("check", "rules", "--lint-fatal", "/r.yml").status == 1)
    }

    @Test("check metrics reads the standard input, and finds the line")
    func metrics() async throws {
        let page = "# HELP a_total Things.\n# TYPE a_total counter\na_total 1\n# TYPE b gauge\nb 2\n"
        let harness = CommandHarness(input: page)
        for arguments in [["check", "metrics", "-"], ["check", "metrics"]] {
            let outcome = await harness.run(list: arguments)
            #expect(outcome == .init(status: 1, output: "-:4: b no help text\n", messages: ""), "\(arguments)")
        }
        try harness.write("# HELP a_total Things.\n# TYPE a_total counter\na_total 1\n", to: "/good")
        #expect(await harness.run("check", "metrics", "/good").status == 0)
        try harness.write("a_total 1\nb {\n", to: "/broken")
        let broken = await harness.run("check", "metrics", "/broken")
        #expect(broken.status == 1 && broken.output.hasPrefix("/broken:2: "))
    }

    @Test("check notifications says file, line and reason")
    func notifications() async throws {
        let harness = CommandHarness()
        try harness.write("route:\n  receiver: a\nreceivers:\n- name: a\n", to: "/n.yml")
        #expect(
            await harness.run("check", "notifications", "/n.yml")
                == .init(status: 0, output: "Checking /n.yml\n  SUCCESS: 1 receiver found\n", messages: "")
        )
        try harness.write("route:\n  receiver: b\nreceivers:\n- name: a\n", to: "/bad.yml")
        let bad = await harness.run("check", "notifications", "/bad.yml")
        #expect(bad.status == 1)
        #expect(bad.output.contains("/bad.yml:2: undefined receiver \"b\" used in route"))
    }

    @Test("test rules runs unit tests")
    func ruleTests() async throws {
        let harness = CommandHarness()
        try harness.write("groups:\n- name: g\n  rules:\n  - {record: a, expr: up * 2}\n", to: "/u/rules.yml")
        func test(_ value: Int) -> String {
            """
            rule_files: [rules.yml]
            tests:
            - name: doubles
              input_series: [{series: up, values: 1}]
              promql_expr_test:
              - expr: a
                eval_time: 1m
                exp_samples: [{labels: a, value: \(value)}]
            """
        }
        try harness.write(test(2), to: "/u/good.yml")
        try harness.write(test(3), to: "/u/bad.yml")
        #expect(
            await harness.run("test", "rules", "/u/good.yml")
                == .init(status: 0, output: "/u/good.yml: SUCCESS\n1 passed, 0 failed\n", messages: "")
        )
        #expect(
            await harness.run("test", "rules", "/u/bad.yml")
                == .init(
                    status: 1,
                    output: """
                        /u/bad.yml: FAILED
                        /u/bad.yml:6: test "doubles": expr: "a", time: 1m
                            exp:
                                a 3
                            got:
                                a 2
                        0 passed, 1 failed

                        """,
                    messages: ""
                )
        )
        #expect(await harness.run("test", "rules", "--run", "other", "/u/bad.yml").status == 0)
    }
}
