import APIModel
import Basics
import HTTPTypes
import JSON
import Tasks
import Testing

@Suite("Plans")
struct PlanRoutesTests {
    private func project(_ api: APIHarness) async throws -> String {
        try #require(try await api.send(.post, "projects", #"{"name":"P","type":"research"}"#).string("id"))
    }

    private func coordinate(
        _ api: APIHarness,
        _ project: String,
        _ members: String,
        _ fields: HTTPFields = [:]
    ) async throws -> Reply {
        let body = #"{"project_id":"\#(project)",\#(members)}"#
        return try await api.send(.post, "rnd/coordinate", as: .researcher, body, fields)
    }

    /// The plan in a line: role, purpose and how many it depends on.
    private func shape(_ reply: Reply) -> String {
        (reply.json?["tasks"]?.array ?? []).map { task in
            let count = task["depends_on"]?.array?.count ?? -1
            return "\(task["role"]?.string ?? "?") (\(task["purpose"]?.string ?? "?")) \(count)"
        }.joined(separator: "; ")
    }

    private func lease(_ api: APIHarness, _ count: Int = 1) async throws -> [JSONValue] {
        let body = #"{"count":\#(count)}"#
        let reply = try await api.send(.post, "agents/\(api.agentID)/leases", as: .agent, body)
        return reply.json?["leases"]?.array ?? []
    }

    private func complete(_ api: APIHarness, _ id: String, _ output: String) async throws {
        let body = #"{"token":1,"output":\#(output)}"#
        #expect(try await api.send(.post, "tasks/\(id)/complete", as: .agent, body).status == 200)
    }

    @Test("Each strategy gives its plan")
    func strategies() async throws {
        try await APIHarness.run { api in
            let project = try await project(api)
            func f(_ members: String, _ expected: String) async throws {
                let reply = try await coordinate(api, project, members)
                #expect(reply.status == 201, "\(reply.text)")
                #expect(shape(reply) == expected)
                let id = try #require(reply.string("plan_id"))
                #expect(reply["Location"] == "/api/v1/tasks?plan=\(id)")
                let listed = try await api.send(.get, "tasks?plan=\(id)").items("id")
                #expect(Set(listed) == Set(reply.json?["tasks"]?.array?.compactMap { $0["task_id"]?.string } ?? []))
            }
            let one = #"{"kind":"shell"}"#
            try await f(
                #""strategy":"sequential","tasks":[\#(one),\#(one)]"#,
                "step (step 1 of 2) 0; step (step 2 of 2) 1"
            )
            try await f(
                #""strategy":"parallel","tasks":[\#(one)],"merge":{"kind":"shell","condition":"always"}"#,
                "part (part 1 of 1) 0; merge (merges) 1"
            )
            try await f(
                #""strategy":"hierarchical","task":\#(one),"merge":\#(one)"#,
                "coordinator (makes tasks while it runs) 0; merge (merges what the coordinator's tasks gave) 1"
            )
            try await f(
                #""strategy":"collaborative","task":\#(one),"members":2,"vote":{"members":["x"],"quorum":1}"#,
                "member (opinion 1 of 2) 0; member (opinion 2 of 2) 0; vote (counts the opinions) 2"
            )
        }
    }

    @Test("What is wrong with a plan is told with its place")
    func refusals() async throws {
        try await APIHarness.run { api in
            let project = try await project(api)
            func f(_ members: String, _ expected: String) async throws {
                #expect(try await coordinate(api, project, members).summary == expected, "\(members)")
            }
            let one = #"{"kind":"shell"}"#
            try await f(#""strategy":"swarm""#, "422 validation_failed /strategy")
            try await f(#""strategy":"sequential""#, "422 validation_failed /tasks")
            try await f(#""strategy":"sequential","task":\#(one)"#, "422 validation_failed /task")
            try await f(#""strategy":"collaborative","task":\#(one)"#, "422 validation_failed /members")
            try await f(#""strategy":"parallel","tasks":[\#(one)],"members":2"#, "422 validation_failed /members")
            try await f(
                #""strategy":"collaborative","task":\#(one),"members":2,"vote":{},"merge":\#(one)"#,
                "422 validation_failed /vote"
            )
            try await f(
                #""strategy":"sequential","tasks":[{"kind":"shell","run_at":"2016-12-31T23:59:60Z"}]"#,
                "422 validation_failed /tasks/0/run_at"
            )
            try await f(
                #""strategy":"sequential","tasks":[{"kind":"shell","project_id":"\#(project)"}]"#,
                "422 validation_failed /tasks/0/project_id"
            )
            let key = try #require(HTTPField.Name("Idempotency-Key"))
            let chain = #""strategy":"sequential","tasks":[\#(one)]"#
            let first = try await coordinate(api, project, chain, [key: "k"])
            let second = try await coordinate(api, project, chain, [key: "k"])
            #expect(second.string("plan_id") == first.string("plan_id") && second["Idempotency-Replayed"] == "true")
            let other = try await coordinate(api, project, #""strategy":"parallel","tasks":[\#(one)]"#, [key: "k"])
            #expect(other.summary == "409 idempotency_conflict")
        }
    }

    @Test("A coordinator makes tasks, and the merge gets what they gave")
    func children() async throws {
        try await APIHarness.run { api in
            let project = try await project(api)
            let many = #"{"name":"harness","type":"coder","concurrency":10}"#
            #expect(try await api.send(.put, "agents/\(api.agentID)", many).status == 200)
            let plan = try await coordinate(
                api,
                project,
                #""strategy":"hierarchical","task":{"kind":"shell"},"merge":{"kind":"shell"}"#
            )
            let lead = try #require(try await lease(api).first?["task"]?["id"]?.string)
            let path = "tasks/\(lead)/children"
            let body = #"{"token":1,"tasks":[{"kind":"shell","name":"x"},{"kind":"shell","name":"y"}]}"#
            let key = try #require(HTTPField.Name("Idempotency-Key"))
            let made = try await api.send(.post, path, as: .agent, body, [key: "children"])
            #expect(made.status == 201 && made["Idempotency-Replayed"] == nil)
            let again = try await api.send(.post, path, as: .agent, body, [key: "children"])
            #expect(again.text == made.text && again["Idempotency-Replayed"] == "true")
            let planID = try #require(plan.string("plan_id"))
            #expect(made.json?["tasks"]?.array?.first?["plan"] == ["id": .string(planID), "role": "child"])
            #expect(try await api.send(.post, path, as: .researcher, body).summary == "403 forbidden")
            let lost = body.replacing(#""token":1"#, with: #""token":2"#)
            #expect(try await api.send(.post, path, as: .agent, lost).summary == "409 lease_lost")
            let bad = #"{"token":1,"tasks":[{"kind":"NO"}]}"#
            #expect(
                try await api.send(.post, path, as: .agent, bad).summary == "422 validation_failed /tasks/0/kind"
            )
            for name in ["x", "y"] {
                let task = try #require(try await lease(api).first?["task"])
                #expect(task["name"]?.string == name)
                try await complete(api, try #require(task["id"]?.string), #"{"said":"\#(name)"}"#)
            }
            #expect(try await lease(api).isEmpty, "the coordinator has not ended")
            try await complete(api, lead, "{}")
            let merge = try #require(try await lease(api).first)
            let upstream = merge["upstream"]?.array ?? []
            #expect(upstream.map { $0["role"]?.string } == ["coordinator", "child", "child"])
            #expect(upstream.map { $0["output"] } == [[:], ["said": "x"], ["said": "y"]])
            #expect(upstream.allSatisfy { $0["status"] == "succeeded" && $0["output_omitted"] == nil })
            let plain = try await api.send(.post, "tasks", #"{"project_id":"\#(project)","kind":"shell"}"#)
            #expect(try await lease(api).first?["upstream"] == nil)
            let id = try #require(plain.string("id"))
            let none = try await api.send(.post, "tasks/\(id)/children", as: .agent, body)
            #expect(none.summary == "409 conflict")
        }
    }

    @Test("Dead letters are listed by reason, and tried again many at a time, or only counted")
    func deadLetters() async throws {
        try await APIHarness.run { api in
            let project = try await project(api)
            for kind in ["shell", "http"] {
                let body = #"{"project_id":"\#(project)","kind":"\#(kind)","retry":{"attempts_max":1}}"#
                #expect(try await api.send(.post, "tasks", body).status == 201)
                let id = try #require(try await lease(api).first?["task"]?["id"]?.string)
                let failure = #"{"token":1,"error":{"class":"\#(kind)_failed"}}"#
                #expect(try await api.send(.post, "tasks/\(id)/fail", as: .agent, failure).status == 200)
            }
            let dead = try await api.send(.get, "tasks?status=dead&reason=attempts_exhausted").items("kind")
            #expect(dead.sorted() == ["http", "shell"])
            #expect(try await api.send(.get, "tasks?error_class=http_failed").items("kind") == ["http"])
            #expect(try await api.send(.get, "tasks?reason=rejected").items("kind").isEmpty)
            func f(_ body: String, as who: Who = .researcher) async throws -> Reply {
                try await api.send(.post, "tasks/retry", as: who, body)
            }
            #expect(try await f("{}").summary == "422 validation_failed /filter", "not everything by mistake")
            #expect(try await f(#"{"filter":{}}"#, as: .viewer).summary == "403 forbidden")
            #expect(
                try await f(#"{"filter":{"before":"2016-12-31T23:59:60Z"}}"#).summary
                    == "422 validation_failed /filter/before"
            )
            let dry = try await f(#"{"filter":{"kind":"http"},"dry_run":true}"#).json
            #expect(dry?["retried"] == 1 && dry?["dry_run"] == true && dry?["has_more"] == false)
            #expect(try await api.send(.get, "tasks?status=dead").items("id").count == 2)
            let first = try await f(#"{"filter":{"project_id":"\#(project)"},"limit":1}"#).json
            #expect(first?["retried"] == 1 && first?["has_more"] == true && first?["refusals"] == [])
            let queued = try await api.send(.get, "tasks?status=queued").items("id")
            #expect(first?["tasks"]?.strings == queued)
        }
    }

    @Test("A stop is told with heartbeats and answers to requests for work, until it is taken back")
    func stop() async throws {
        try await APIHarness.run { api in
            let agent = "agents/\(api.agentID)"
            var cursor = CoordinationCursor()
            try await api.tasks.coordinate(&cursor)
            async let waiting = api.send(.post, agent + "/leases", as: .agent, #"{"wait_seconds":30}"#)
            await api.clock.waitForSleepers(1, dueWithin: .seconds(1))
            #expect(try await api.send(.post, agent + "/stop", as: .viewer).summary == "403 forbidden")
            let stopped = try await api.send(.post, agent + "/stop")
            #expect(stopped.json?["stopping"] == true && stopped.json?["draining"] == true)
            let beat = try await api.send(.post, agent + "/heartbeat", as: .agent, "{}")
            #expect(beat.json?["stop"] == true && beat.json?["draining"] == true)
            // Who waits already is asked again when the coordinator follows the change.
            try await api.tasks.coordinate(&cursor)
            #expect(try await waiting.text == #"{"leases":[],"stop":true}"#)
            let next = try await api.send(.post, agent + "/leases", as: .agent, #"{"wait_seconds":30}"#)
            #expect(next.text == #"{"leases":[],"stop":true}"#, "told at once")
            let back = try await api.send(.post, agent + "/undrain")
            #expect(back.json?["stopping"] == false && back.json?["draining"] == false)
            #expect(try await api.send(.post, agent + "/leases", as: .agent, "{}").text == #"{"leases":[]}"#)
        }
    }
}
