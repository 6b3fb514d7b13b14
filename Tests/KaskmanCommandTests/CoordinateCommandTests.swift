import Basics
import Client
import JSON
import Synchronization
import Testing

@testable import kaskman

@Suite("Commands about plans, dead letters and agents")
struct CoordinateCommandTests {
    private static let plan = #"""
        {"plan_id":"p1","strategy":"sequential","project_id":"p","tasks":[
        {"task_id":"01","name":"a","kind":"shell","role":"step","purpose":"step 1 of 2","status":"queued","depends_on":[]},
        {"task_id":"02","name":"b","kind":"shell","role":"step","purpose":"step 2 of 2","status":"waiting",
        "depends_on":[{"task_id":"01","condition":"success"}]}]}
        """#

    private static func task(_ id: String, _ status: String) -> String {
        let ended = ["succeeded", "dead"].contains(status) ? "\"2026-11-23T09:00:00.000Z\"" : "null"
        return #"{"id":"\#(id)","name":"n","kind":"shell","status":"\#(status)","created_at":"x","ended_at":\#(ended)}"#
    }

    private func bodies(_ harness: CommandHarness) -> [String] {
        harness.requests.map { String(decoding: $0.body, as: UTF8.self) }
    }

    @Test(
        "Options become the request",
        arguments: [
            (
                [
                    "--strategy", "sequential", "--project", "01936f00-0000-7000-8000-0000000000aa", "--input",
                    #"{"a":1}"#, "--input", "{}",
                ],
                #"{"strategy":"sequential","project_id":"01936f00-0000-7000-8000-0000000000aa","tasks":[{"kind":"shell","capabilities":["shell"],"#
                    + #""input":{"a":1}},{"kind":"shell","capabilities":["shell"],"input":{}}]}"#
            ),
            (
                [
                    "--strategy", "collaborative", "--project", "01936f00-0000-7000-8000-0000000000aa", "--kind",
                    "http", "--input", "{}", "--members",
                    "3",
                    "--vote-on", "x", "--quorum", "2",
                ],
                #"{"strategy":"collaborative","project_id":"01936f00-0000-7000-8000-0000000000aa","task":{"kind":"http","capabilities":["http"],"input":{}},"#
                    + #""members":3,"vote":{"members":["x"],"quorum":2}}"#
            ),
            (
                [
                    "--strategy", "hierarchical", "--project", "01936f00-0000-7000-8000-0000000000aa", "--input", "{}",
                    "--merge", #"{"b":2}"#,
                ],
                #"{"strategy":"hierarchical","project_id":"01936f00-0000-7000-8000-0000000000aa","task":{"kind":"shell","capabilities":["shell"],"input":{}},"#
                    + #""merge":{"kind":"shell","capabilities":["shell"],"input":{"b":2}}}"#
            ),
            (["--file", "plan.json"], #"{"strategy":"parallel","project_id":"p","tasks":[{"kind":"shell"}]}"#),
            (
                ["--file", "plan.yaml", "--project", "01936f00-0000-7000-8000-0000000000bb"],
                #"{"strategy":"parallel","tasks":[{"kind":"shell","priority":7,"approval":{"required":true},"#
                    + #""input":{"program":"echo","arguments":["1","2.5"]},"unique_key":null}],"project_id":"01936f00-0000-7000-8000-0000000000bb"}"#
            ),
        ]
    )
    func coordinates(_ arguments: [String], _ body: String) async throws {
        let harness = CommandHarness.loggedIn { _ in .json(Self.plan, status: 201) }
        try harness.write(
            #"{"strategy":"parallel","project_id":"p","tasks":[{"kind":"shell"}]}"#,
            to: "plan.json"
        )
        try harness.write(
            """
            strategy: parallel
            tasks:
              - kind: shell
                priority: 7
                approval: {required: true}
                input:
                  program: echo
                  arguments: ["1", '2.5']
                unique_key: ~
            """,
            to: "plan.yaml"
        )
        let outcome = await harness.run(list: ["rnd", "coordinate"] + arguments)
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(
            harness.requests.map { "\($0.method.rawValue) \($0.target)" }.first?.hasSuffix("rnd/coordinate") == true
        )
        #expect(harness.requests.first?.header("Idempotency-Key") == "key-1")
        #expect(bodies(harness) == [body])
        #expect(outcome.output.contains("step 2 of 2") && outcome.output.contains("AFTER"))
    }

    @Test("What is no plan is the caller's mistake, and nothing is sent")
    func mistakes() async {
        let harness = CommandHarness.loggedIn { _ in .json("{}") }
        for (arguments, status) in [
            (["--project", "01936f00-0000-7000-8000-0000000000aa"], Int32(2)),
            (["--strategy", "sequential", "--input", "[]"], 2),
            (["--strategy", "hierarchical", "--input", "{}", "--input", "{}"], 2), (["--file", "none.yaml"], 1),
        ] {
            #expect(await harness.run(list: ["rnd", "coordinate"] + arguments).status == status, "\(arguments)")
        }
        #expect(harness.requests.isEmpty)
    }

    @Test("A wait ends with the plan's tasks, and fails with those that did not succeed")
    func waits() async {
        for (last, status) in [("succeeded", Int32(0)), ("dead", 1)] {
            let looks = Mutex(0)
            let harness = CommandHarness.loggedIn { request in
                if request.method == .post { return .json(Self.plan, status: 201) }
                let look = looks.withLock { looks in
                    looks += 1
                    return looks
                }
                let second = look < 2 ? "running" : last
                return .json(
                    #"{"items":[\#(Self.task("01", "succeeded")),\#(Self.task("02", second)),\#(Self.task("03", last))],"#
                        + #""next_cursor":null}"#
                )
            }
            async let outcome = harness.run(
                list: [
                    "rnd", "coordinate", "--strategy", "sequential", "--project",
                    "01936f00-0000-7000-8000-0000000000aa", "--input", "{}", "--wait",
                ]
            )
            await harness.clock.waitForSleepers()
            harness.clock.advance(by: TaskWaitCommand.interval)
            let ended = await outcome
            #expect(ended.status == status)
            #expect(ended.messages.contains("02 n: dead") == (status == 1))
            let shown = ended.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            #expect(shown.count == 4 && shown[1].contains("succeeded"), "the plan as it ended")
            #expect(shown[2].contains(last) && shown[3].first == "03", "what the coordinator made too")
            #expect(harness.requests.last?.target.contains("/api/v1/tasks?plan=p1") == true)
        }
    }

    @Test("Dead letters are tried again by filters, or only counted")
    func deadLetters() async {
        let harness = CommandHarness.loggedIn { _ in
            .json(
                #"""
                {"dry_run":true,"retried":1,"refused":1,"has_more":true,"tasks":["01"],
                "refusals":[{"task_id":"02","detail":"its unique key is that of the open task 03"}]}
                """#
            )
        }
        let outcome = await harness.run(
            list: [
                "task", "retry", "--all", "--project", "01936f00-0000-7000-8000-0000000000aa", "--kind", "shell",
                "--reason", "attempts_exhausted",
                "--error-class", "exit_code", "--before", "2026-12-24T18:00:00Z", "--dry-run", "--limit", "5",
            ]
        )
        #expect(outcome.status == 0 && outcome.messages.contains("There are more"))
        #expect(outcome.output.contains("WOULD BE") && outcome.output.contains("refused"))
        #expect(harness.requests.first?.target.hasSuffix("/api/v1/tasks/retry") == true)
        #expect(
            bodies(harness) == [
                #"{"filter":{"project_id":"01936f00-0000-7000-8000-0000000000aa","kind":"shell","reason":"attempts_exhausted","error_class":"exit_code","#
                    + #""before":"2026-12-24T18:00:00Z"},"dry_run":true,"limit":5}"#
            ]
        )
        for arguments in [[], ["01", "--all"], ["01", "--dry-run"], ["01", "--kind", "shell"]] {
            #expect(await harness.run(list: ["task", "retry"] + arguments).status == 2, "\(arguments)")
        }
    }

    @Test("An agent is named, and something is done to it", arguments: ["drain", "undrain", "stop"])
    func verbs(_ word: String) async {
        let agent = #"{"id":"a1","name":"w","type":"coder","status":"online","capabilities":[]}"#
        let harness = CommandHarness.loggedIn { request in
            request.method == .get ? .json(#"{"items":[\#(agent)],"next_cursor":null}"#) : .json(agent)
        }
        #expect(await harness.run("agent", word, "W").status == 0)
        let done = harness.requests.first { $0.method == .post }
        #expect(done?.target.hasSuffix("/api/v1/agents/a1/\(word)") == true)
    }

    @Test("A monitor shows what an agent does, until it has stopped")
    func monitor() async throws {
        let looks = Mutex(0)
        let harness = CommandHarness.loggedIn { request in
            if request.target.contains("agents/work") {
                return .json(
                    #"{"items":[{"agent_id":"a1","running":2,"current":[{"task_name":"train"}],"outcomes":{}}]}"#
                )
            }
            let look = looks.withLock { looks in
                looks += 1
                return looks
            }
            let status = look < 2 ? "draining" : "stopped"
            let agent =
                #"{"id":"a1","name":"w","type":"coder","status":"\#(status)","capabilities":[],"load":0.5,"#
                + #""last_heartbeat_at":"2026-11-23T08:00:00.000Z"}"#
            return .json(#"{"items":[\#(agent)],"next_cursor":null}"#)
        }
        async let outcome = harness.run("agent", "monitor", "w", "-o", "json")
        await harness.clock.waitForSleepers()
        harness.clock.advance(by: WatchOptions.interval)
        let output = await outcome.output
        #expect(output.contains("draining") && output.contains("stopped") && output.contains("train"))
        #expect(harness.requests.contains { $0.target.contains("/api/v1/agents/work?id=a1") })
        let all = CommandHarness.loggedIn { _ in .json(#"{"title":"T"}"#, status: 403) }
        #expect(await all.run("agent", "monitor").status == 1)
        #expect(all.requests.map(\.target).allSatisfy { $0.contains("/api/v1/agents?sort=name&limit=50") })
    }

    @Test("A list is watched", arguments: [["task", "list"], ["agent", "list"], ["project", "list"]])
    func watches(_ command: [String]) async {
        let looks = Mutex(0)
        let harness = CommandHarness.loggedIn { _ in
            let look = looks.withLock { looks in
                looks += 1
                return looks
            }
            // The third look is refused, which ends the watch.
            return look < 3 ? .json(#"{"items":[],"next_cursor":null}"#) : .json(#"{"title":"T"}"#, status: 403)
        }
        async let outcome = harness.run(list: command + ["--watch"])
        for _ in 0..<2 {
            await harness.clock.waitForSleepers()
            harness.clock.advance(by: WatchOptions.interval)
        }
        #expect(await outcome.status == 1 && harness.requests.count == 3)
    }
}
