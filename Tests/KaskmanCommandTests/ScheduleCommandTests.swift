import Basics
import Client
import Testing

@testable import kaskman

@Suite("Commands about schedules")
struct ScheduleCommandTests {
    private static let id = "01936f00-0000-7000-8000-000000000001"
    private static let schedule = """
        {"id":"\(id)","name":"nightly","cron":"0 3 * * *","time_zone":"Europe/Berlin","paused":false,\
        "next_at":"2026-11-23T02:00:00.000Z","last_task_id":null}
        """

    @Test(
        "Arguments become requests",
        arguments: [
            (
                ["list", "--project", "01936f00-0000-7000-8000-0000000000aa", "--no-paused", "--search", "q"],
                "GET /api/v1/schedules?project=01936f00-0000-7000-8000-0000000000aa&paused=false&q=q&limit=100", ""
            ),
            (["list", "--paused"], "GET /api/v1/schedules?paused=true&limit=100", ""),
            (
                [
                    "create", "n", "--project", "01936f00-0000-7000-8000-0000000000aa", "--cron", "0 3 * * *", "--kind",
                    "shell",
                ], "POST /api/v1/schedules",
                #"{"cron":"0 3 * * *","task":{"kind":"shell","capabilities":["shell"]},"name":"n","project_id":"01936f00-0000-7000-8000-0000000000aa"}"#
            ),
            (
                [
                    "create", "n", "--project", "01936f00-0000-7000-8000-0000000000aa", "--cron", "@daily", "--kind",
                    "shell", "--time-zone",
                    "Asia/Kolkata",
                    "--catch-up", "all", "--catch-up-max", "5", "--jitter-seconds", "60", "--skip-if-running",
                    "--start-at", "2026-01-01T00:00:00Z", "--input", #"{"program":"echo"}"#, "--capability", "gpu",
                    "--priority", "7", "--task-name", "t", "--task", #"{"unique_key":"k","priority":1}"#,
                ], "POST /api/v1/schedules",
                #"{"cron":"@daily","time_zone":"Asia/Kolkata","catch_up":"all","catch_up_max":5,"jitter_seconds":60,"#
                    + #""skip_if_running":true,"start_at":"2026-01-01T00:00:00Z","task":{"unique_key":"k","priority":7,"#
                    + #""kind":"shell","name":"t","input":{"program":"echo"},"capabilities":["gpu"]},"name":"n","#
                    + #""project_id":"01936f00-0000-7000-8000-0000000000aa"}"#
            ),
            (["show", id], "GET /api/v1/schedules/\(id)", ""),
            (["pause", id], "POST /api/v1/schedules/\(id)/pause", ""),
            (["resume", id], "POST /api/v1/schedules/\(id)/resume", ""),
            (["run", id], "POST /api/v1/schedules/\(id)/run", ""),
            (["delete", id, "--yes"], "DELETE /api/v1/schedules/\(id)", ""),
            (["next", id, "--count", "3"], "GET /api/v1/schedules/\(id)/next?count=3", ""),
            (
                ["next", "--cron", "*/5 * * * *", "--time-zone", "UTC"], "POST /api/v1/schedules/preview",
                #"{"count":10,"cron":"*/5 * * * *","time_zone":"UTC"}"#
            ),
        ]
    )
    func requests(_ arguments: [String], _ line: String, _ body: String) async {
        let harness = CommandHarness.loggedIn { request in
            if request.method == .delete { return APIResponse(status: 204) }
            if request.target.contains("limit=") { return .json(#"{"items":[],"next_cursor":null}"#) }
            return .json(Self.schedule)
        }
        let outcome = await harness.run(list: ["schedule"] + arguments)
        #expect(outcome.status == 0, "\(outcome.messages)")
        let request = harness.requests.first
        let asked = request.map { "\($0.method.rawValue) \($0.target)" }
        #expect(asked?.replacing("http://127.0.0.1:8080", with: "") == line)
        #expect(request.map { String(decoding: $0.body, as: UTF8.self) } == body)
    }

    @Test("An update reads the version first, and changes what was given")
    func update() async {
        let harness = CommandHarness.loggedIn { request in
            request.target.contains("q=")
                ? .json(#"{"items":[\#(Self.schedule)],"next_cursor":null}"#) : .json(Self.schedule)
        }
        let outcome = await harness.run(
            "schedule",
            "update",
            "Nightly",
            "--cron",
            "@weekly",
            "--no-skip-if-running",
            "--clear",
            "end-at"
        )
        #expect(outcome.status == 0, "\(outcome.messages)")
        let asked = harness.requests.map {
            "\($0.method.rawValue) \($0.target.replacing("http://127.0.0.1:8080", with: ""))"
        }
        #expect(asked.last == "PATCH /api/v1/schedules/\(Self.id)" && asked.count == 3, "found by name, read, changed")
        let body = harness.requests.last.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(body == #"{"cron":"@weekly","skip_if_running":false,"end_at":null}"#)
    }

    @Test("A list shows when the next task is made")
    func list() async {
        let harness = CommandHarness.loggedIn { _ in .json(#"{"items":[\#(Self.schedule)],"next_cursor":null}"#) }
        let outcome = await harness.run("schedule", "list")
        #expect(outcome.output.contains("nightly") && outcome.output.contains("2026-11-23T02:00:00.000Z"))
        let due = #"{"items":[{"due_at":"D","run_at":"R","local_time":"L"}]}"#
        let next = await CommandHarness.loggedIn { _ in .json(due) }.run("schedule", "next", "--cron", "@daily")
        #expect(next.status == 0 && next.output.contains("LOCAL TIME") && next.output.contains("L"))
    }

    @Test("Wrong usage asks no server")
    func usage() async {
        for arguments in [
            ["next"], ["next", Self.id, "--cron", "@daily"], ["next", Self.id, "--time-zone", "UTC"],
            ["next", Self.id, "--count", "0"], ["update", Self.id],
            ["create", "n", "--project", "01936f00-0000-7000-8000-0000000000aa", "--kind", "k"],
            [
                "create", "n", "--project", "01936f00-0000-7000-8000-0000000000aa", "--cron", "@daily", "--kind", "k",
                "--input", "[]",
            ],
            ["update", Self.id, "--end-at", "x", "--clear", "end-at"], ["delete", Self.id],
        ] {
            let harness = CommandHarness.loggedIn { _ in .json("{}") }
            let outcome = await harness.run(list: ["schedule"] + arguments)
            #expect(outcome.status == 2 && harness.requests.isEmpty, "\(arguments)")
        }
    }
}
