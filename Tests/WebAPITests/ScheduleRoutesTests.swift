import APIModel
import Basics
import HTTPTypes
import JSON
import Schedules
import Testing

@testable import HTTP

@Suite("Schedules")
struct ScheduleRoutesTests {
    private func project(_ api: APIHarness) async throws -> String {
        try #require(try await api.send(.post, "projects", #"{"name":"P","type":"research"}"#).string("id"))
    }

    private func body(_ project: String, _ members: String = "", task: String = #"{"kind":"shell"}"#) -> String {
        #"{"name":"nightly","project_id":"\#(project)","cron":"0 * * * *","task":\#(task)\#(members)}"#
    }

    private func schedule(_ api: APIHarness, _ members: String = "") async throws -> String {
        let reply = try await api.send(.post, "schedules", as: .researcher, body(try await project(api), members))
        #expect(reply.status == 201, "\(reply.text)")
        return try #require(reply.string("id"))
    }

    @Test("A schedule is made, shown, changed, paused, run and deleted")
    func life() async throws {
        try await APIHarness.run { api in
            let whole = #"""
                ,"time_zone":"Europe/Berlin","catch_up":"all","catch_up_max":3,"jitter_seconds":0,"skip_if_running":true,
                "start_at":"2023-11-01T00:00:00.000Z","end_at":"2027-01-01T00:00:00.000Z"
                """#
            let id = try await schedule(api, whole)
            let shown = try await api.send(.get, "schedules/\(id)", as: .viewer)
            for member in try JSONValue(parsing: "{\(whole.dropFirst())}").object?.members ?? [] {
                #expect(shown.json?[member.name] == member.value, "\(member.name)")
            }
            #expect(shown["ETag"] == #""1""# && shown.json?["paused"] == false && shown.json?["runs"] == 0)
            // 2023-11-14T22:13:20Z is now.
            #expect(shown.string("next_due_at") == "2023-11-14T23:00:00.000Z")
            #expect(shown.json?["task"]?["retry"]?["attempts_max"]?.integer == 3, "with the defaults of a task")

            let patch = #"{"name":"often","cron":"*/5 * * * *","end_at":null,"task":{"priority":9,"input":{"a":1}}}"#
            let patched = try await api.send(.patch, "schedules/\(id)", patch, [.ifMatch: #""1""#])
            #expect(patched.status == 200 && patched["ETag"] == #""2""# && patched.string("name") == "often")
            #expect(patched.json?["end_at"] == .null && patched.json?["start_at"] != .null)
            #expect(patched.json?["task"]?["priority"] == 9 && patched.json?["task"]?["kind"] == "shell")
            #expect(patched.string("next_due_at") == "2023-11-14T22:15:00.000Z")
            let stale = try await api.send(.patch, "schedules/\(id)", patch, [.ifMatch: #""1""#])
            #expect(stale.summary == "412 precondition_failed" && stale["ETag"] == #""2""#)

            api.clock.advance(by: .seconds(120))
            #expect(try await api.schedules.look().runs == 1)
            let ran = try await api.send(.get, "schedules/\(id)")
            #expect(ran.json?["runs"] == 1 && ran.string("last_due_at") == "2023-11-14T22:15:00.000Z")
            let task = try #require(ran.string("last_task_id"))
            #expect(try await api.send(.get, "tasks/\(task)").json?["input"] == ["a": 1])

            #expect(try await api.send(.post, "schedules/\(id)/pause").json?["paused"] == true)
            let asked = try await api.send(.post, "schedules/\(id)/run", as: .operator)
            #expect(asked.status == 201 && asked["Location"] == "/api/v1/tasks/\(asked.string("id") ?? "")")
            #expect(try await api.send(.post, "schedules/\(id)/resume").string("next_due_at") != nil)
            #expect(try await api.send(.delete, "schedules/\(id)").status == 204)
            #expect(try await api.send(.get, "schedules/\(id)").summary == "404 not_found")
            let kinds = try await api.send(.get, "activities?subject_type=schedule", as: .viewer).items("kind")
            let expected = ["created", "updated", "ran", "paused", "ran", "resumed", "deleted"]
            #expect(kinds.reversed() == expected.map { "schedule.\($0)" })
        }
    }

    @Test("What is wrong is told with its place")
    func refusals() async throws {
        try await APIHarness.run { api in
            let project = try await project(api)
            func f(_ members: String, task: String = #"{"kind":"shell"}"#, _ expected: String) async throws {
                let reply = try await api.send(.post, "schedules", body(project, members, task: task))
                #expect(reply.summary == expected, "\(members) \(task)")
            }
            try await f(#","time_zone":"Nowhere/Else""#, "422 validation_failed /time_zone")
            try await f(#","time_zone":"""#, "422 validation_failed /time_zone")
            try await f(#","catch_up":"some""#, "422 validation_failed /catch_up")
            try await f(#","jitter_seconds":-1"#, "422 validation_failed /jitter_seconds")
            try await f(
                #","end_at":"2023-01-01T00:00:00Z","start_at":"2024-01-01T00:00:00Z""#,
                "422 validation_failed /end_at"
            )
            try await f(#","start_at":"2016-12-31T23:59:60Z""#, "422 validation_failed /start_at")
            try await f("", task: "{}", "422 validation_failed /task/kind")
            try await f("", task: #"{"kind":"Shell"}"#, "422 validation_failed /task/kind")
            try await f("", task: #"{"kind":"shell","run_at":null}"#, "422 validation_failed /task/run_at")
            try await f("", task: #"{"kind":"shell","project_id":"x"}"#, "422 validation_failed /task/project_id")
            let keys = #"[{"key":"k","limit":1},{"key":"k","limit":2}]"#
            try await f(
                "",
                task: #"{"kind":"shell","concurrency_keys":\#(keys)}"#,
                "422 validation_failed /task/concurrency_keys/1/key"
            )
            let bad = body(project).replacing("0 * * * *", with: "0 0 30 2 *")
            let reply = try await api.send(.post, "schedules", bad)
            #expect(reply.summary == "422 validation_failed /cron")
            #expect(reply.text.contains("column 5: none of these months has such a day"))
            let nowhere = body("018bcfe5-6800-7000-8000-000000000000")
            #expect(try await api.send(.post, "schedules", nowhere).summary == "422 validation_failed /project_id")
            let id = try await schedule(api)
            let gone = try await api.send(.patch, "schedules/\(id)", #"{"task":{"kind":null}}"#)
            #expect(gone.summary == "422 validation_failed /task/kind")
            #expect(try await api.send(.patch, "schedules/\(id)", #"{"paused":true}"#).status == 422)
        }
    }

    @Test("Lists, repeated creations and runs")
    func lists() async throws {
        try await APIHarness.run { api in
            let project = try await project(api)
            let key = try #require(HTTPField.Name("Idempotency-Key"))
            let first = try await api.send(.post, "schedules", body(project), [key: "k"])
            let again = try await api.send(.post, "schedules", body(project), [key: "k"])
            #expect(first.string("id") == again.string("id") && again["Idempotency-Replayed"] == "true")
            let other = try await api.send(.post, "schedules", body(project, #","catch_up":"skip""#), [key: "k"])
            #expect(other.summary == "409 idempotency_conflict")
            let id = try #require(first.string("id"))
            let one = try await api.send(.post, "schedules/\(id)/run", nil, [key: "r"])
            let two = try await api.send(.post, "schedules/\(id)/run", nil, [key: "r"])
            #expect(one.string("id") == two.string("id") && two["Idempotency-Replayed"] == "true")
            let paused = try await schedule(api)
            _ = try await api.send(.post, "schedules/\(paused)/pause")
            func f(_ query: String, _ expected: [String]) async throws {
                #expect(try await api.send(.get, "schedules?\(query)", as: .viewer).items("id") == expected, "\(query)")
            }
            try await f("", [paused, id])
            try await f("paused=true", [paused])
            try await f("paused=false", [id])
            try await f("project=\(project)", [id])
            try await f("q=night&sort=name&limit=1", [id])
            #expect(try await api.send(.get, "schedules?project=x").summary == "400 invalid_parameter project")
        }
    }

    @Test("Due times are shown before they come, also those of an expression that nobody has stored")
    func previews() async throws {
        try await APIHarness.run { api in
            let id = try await schedule(api, #","jitter_seconds":600"#)
            let next = try await api.send(.get, "schedules/\(id)/next?count=2", as: .viewer)
            #expect(next.items("due_at") == ["23", "00"].enumerated().map { "2023-11-1\(4 + $0)T\($1):00:00.000Z" })
            let shown = try await api.send(.get, "schedules/\(id)")
            #expect(next.items("run_at").first == shown.string("next_at"))
            #expect(try await api.send(.get, "schedules/\(id)/next").items("due_at").count == 10)
            #expect(try await api.send(.get, "schedules/\(id)/next?count=201").status == 400)

            let expression =
                #"{"cron":"30 2 * * *","time_zone":"Europe/Berlin","start_at":"2026-03-28T12:00:00Z","count":2}"#
            let preview = try await api.send(.post, "schedules/preview", as: .viewer, expression)
            #expect(preview.items("local_time") == ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"])
            #expect(preview.items("due_at") == preview.items("run_at"))
            func f(_ body: String, _ expected: String) async throws {
                #expect(try await api.send(.post, "schedules/preview", body).summary == expected, "\(body)")
            }
            try await f(#"{"cron":"60 * * * *"}"#, "422 validation_failed /cron")
            try await f(#"{"cron":"@daily","time_zone":"GMT+1"}"#, "422 validation_failed /time_zone")
            try await f(#"{"cron":"@daily","count":0}"#, "422 validation_failed /count")
            let over = try await api.send(
                .post,
                "schedules/preview",
                #"{"cron":"@daily","end_at":"2020-01-01T00:00:00Z"}"#
            )
            #expect(over.status == 200 && over.items("due_at").isEmpty)
        }
    }
}
