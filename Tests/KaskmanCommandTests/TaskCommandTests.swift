import Basics
import Client
import Synchronization
import Testing

@testable import kaskman

@Suite("Commands about tasks")
struct TaskCommandTests {
    private static func task(_ status: String, ended: Bool = false) -> String {
        """
        {"id":"01","name":"train","kind":"shell","status":"\(status)","priority":5,"attempt":1,\
        "created_at":"2026-11-23T08:00:00.000Z","ended_at":\(ended ? "\"2026-11-23T09:00:00.000Z\"" : "null")}
        """
    }

    @Test(
        "Arguments become requests",
        arguments: [
            (
                [
                    "list", "--project", "01936f00-0000-7000-8000-0000000000aa", "--status", "dead", "--kind", "shell",
                    "--search", "q",
                ],
                "GET /api/v1/tasks?status=dead&project=01936f00-0000-7000-8000-0000000000aa&kind=shell&q=q&limit=100",
                ""
            ),
            (
                ["list", "--plan", "p", "--reason", "rejected", "--error-class", "oom"],
                "GET /api/v1/tasks?plan=p&reason=rejected&error_class=oom&limit=100", ""
            ),
            (
                [
                    "create", "--project", "01936f00-0000-7000-8000-0000000000aa", "--kind", "shell", "--input",
                    #"{"program":"echo"}"#, "--capability",
                    "gpu", "--priority", "7", "--after", "t",
                ], "POST /api/v1/tasks",
                #"{"project_id":"01936f00-0000-7000-8000-0000000000aa","kind":"shell","input":{"program":"echo"},"capabilities":["gpu"],"#
                    + #""priority":7,"dependencies":[{"task_id":"t"}]}"#
            ),
            (
                ["create", "--project", "01936f00-0000-7000-8000-0000000000aa", "--kind", "http"], "POST /api/v1/tasks",
                #"{"project_id":"01936f00-0000-7000-8000-0000000000aa","kind":"http","capabilities":["http"]}"#
            ),
            (
                [
                    "create", "--project", "01936f00-0000-7000-8000-0000000000aa", "--kind", "shell", "--label",
                    "zone=a", "--concurrency-key", "x=y=2",
                    "--approval-expires-seconds", "60",
                ], "POST /api/v1/tasks",
                #"{"project_id":"01936f00-0000-7000-8000-0000000000aa","kind":"shell","capabilities":["shell"],"labels":{"zone":"a"},"#
                    + #""concurrency_keys":[{"key":"x=y","limit":2}],"approval":{"required":true,"expires_seconds":60}}"#
            ),
            (
                [
                    "create", "--project", "01936f00-0000-7000-8000-0000000000aa", "--kind", "shell", "--unique-key",
                    "k", "--attempts", "5",
                    "--attempt-seconds", "600", "--cost-max", "2.5",
                ], "POST /api/v1/tasks",
                #"{"project_id":"01936f00-0000-7000-8000-0000000000aa","kind":"shell","capabilities":["shell"],"unique_key":"k","#
                    + #""retry":{"attempts_max":5},"timeouts":{"start_to_close_seconds":600},"budget":{"cost_max":2.5}}"#
            ),
            (["approve", "01"], "POST /api/v1/tasks/01/approve", ""),
            (["reject", "01"], "POST /api/v1/tasks/01/reject", ""),
            (["reject", "01", "--reason", "no"], "POST /api/v1/tasks/01/reject", #"{"reason":"no"}"#),
            (["show", "a b"], "GET /api/v1/tasks/a%20b", ""), (["why", "01"], "GET /api/v1/tasks/01/why", ""),
            (["cancel", "01"], "POST /api/v1/tasks/01/cancel", ""),
            (["pause", "01"], "POST /api/v1/tasks/01/pause", ""),
            (["resume", "01"], "POST /api/v1/tasks/01/resume", ""),
            (["retry", "01"], "POST /api/v1/tasks/01/retry", ""),
        ]
    )
    func requests(_ arguments: [String], _ line: String, _ body: String) async {
        let harness = CommandHarness.loggedIn { request in
            if request.target.contains("?") { return .json("{\"items\":[],\"next_cursor\":null}") }
            return .json(Self.task("queued"))
        }
        #expect(await harness.run(list: ["task"] + arguments).status == 0)
        let request = harness.requests.first
        let asked = request.map { "\($0.method.rawValue) \($0.target)" }
        #expect(asked?.replacing("http://127.0.0.1:8080", with: "") == line)
        #expect(request.map { String(decoding: $0.body, as: UTF8.self) } == body)
    }

    @Test("A wait ends with the task, and says how that ended")
    func waiting() async {
        for (status, expected) in [("succeeded", Int32(0)), ("dead", 1), ("cancelled", 1)] {
            let looks = Mutex(0)
            let harness = CommandHarness.loggedIn { _ in
                let look = looks.withLock { looks in
                    looks += 1
                    return looks
                }
                return .json(look < 3 ? Self.task("running") : Self.task(status, ended: true))
            }
            async let outcome = harness.run("task", "wait", "01")
            for _ in 0..<2 {
                await harness.clock.waitForSleepers()
                harness.clock.advance(by: TaskWaitCommand.interval)
            }
            #expect(await outcome == CommandHarness.Outcome(status: expected, output: status + "\n", messages: ""))
        }
    }

    @Test("A task comes from a file, and options replace what stands in it")
    func file() async throws {
        let harness = CommandHarness.loggedIn { _ in .json(Self.task("queued")) }
        try harness.write(
            "{project_id: p, kind: shell, input: {program: echo}, retry: {attempts_max: 2, factor: 3}, capabilities: [gpu]}",
            to: "task.yaml"
        )
        #expect(
            await harness.run(
                "task",
                "create",
                "--file",
                "task.yaml",
                "--project",
                "01936f00-0000-7000-8000-0000000000bb",
                "--attempts",
                "4"
            ).status == 0
        )
        #expect(
            harness.requests.map { String(decoding: $0.body, as: UTF8.self) } == [
                #"{"project_id":"01936f00-0000-7000-8000-0000000000bb","kind":"shell","input":{"program":"echo"},"retry":{"attempts_max":4,"factor":3},"#
                    + #""capabilities":["gpu"]}"#
            ]
        )
        for cost in ["nan", "inf", "-1"] {
            let arguments = ["task", "create", "--file", "task.yaml", "--cost-max=\(cost)"]
            #expect(await harness.run(list: arguments).status == 2, "\(cost)")
        }
        for arguments in [["--project", "01936f00-0000-7000-8000-0000000000aa"], ["--kind", "shell"]] {
            #expect(await harness.run(list: ["task", "create"] + arguments).status == 2)
        }
        #expect(harness.requests.count == 1)
    }

    @Test("A server that is away in between is waited for; one that never answered is not")
    func away() async {
        @Sendable func away() -> String { #"{"type":"about:blank","title":"Service Unavailable","status":503}"# }
        let looks = Mutex(0)
        let harness = CommandHarness.loggedIn { _ in
            let look = looks.withLock { looks in
                looks += 1
                return looks
            }
            return switch look {
            case 1: .json(Self.task("running"))
            case 2, 3: .json(away(), status: 503)
            default: .json(Self.task("succeeded", ended: true))
            }
        }
        async let outcome = harness.run("task", "wait", "01")
        for interval in [TaskWaitCommand.interval, Patience.interval, Patience.interval] {
            await harness.clock.waitForSleepers()
            harness.clock.advance(by: interval)
        }
        let messages = "kaskman: Service Unavailable; trying again\n"
        #expect(await outcome == CommandHarness.Outcome(status: 0, output: "succeeded\n", messages: messages))
        let gone = CommandHarness.loggedIn { _ in
            looks.withLock { looks in
                looks += 1
                return looks == 5 ? .json(Self.task("running")) : .json(away(), status: 503)
            }
        }
        async let given = gone.run("task", "wait", "01", "--give-up-after", "4")
        for interval in [TaskWaitCommand.interval, Patience.interval, .seconds(1)] {
            await gone.clock.waitForSleepers()
            gone.clock.advance(by: interval)
        }
        #expect(await given.status == 1, "also a server that stays away is given up")
        let never = CommandHarness.loggedIn { _ in .json(#"{"title":"T"}"#, status: 503) }
        #expect(await never.run("task", "wait", "01").status == 1)
        #expect(never.requests.count == 1)
    }

    @Test("An input that is no object is the caller's mistake")
    func input() async {
        let harness = CommandHarness.loggedIn { _ in .json("{}") }
        let outcome = await harness.run(
            "task",
            "create",
            "--project",
            "01936f00-0000-7000-8000-0000000000aa",
            "--kind",
            "shell",
            "--input",
            "[]"
        )
        #expect(outcome.status == 2 && harness.requests.isEmpty)
    }
}
