import APIModel
import Basics
import HTTPTypes
import JSON
import Tasks
import Testing

@Suite("Tasks")
struct TaskRoutesTests {
    /// Makes a project, and in it a task with further members.
    private func task(_ api: APIHarness, _ members: String = "") async throws -> (project: String, id: String) {
        let made = try await api.send(.post, "projects", #"{"name":"P","type":"research"}"#)
        let project = try #require(made.string("id"))
        return (project, try await self.task(api, in: project, members))
    }

    private func task(_ api: APIHarness, in project: String, _ members: String = "") async throws -> String {
        let body = #"{"project_id":"\#(project)","kind":"shell"\#(members)}"#
        let reply = try await api.send(.post, "tasks", as: .researcher, body)
        #expect(reply.status == 201)
        return try #require(reply.string("id"))
    }

    private func lease(_ api: APIHarness, _ body: String = "{}") async throws -> Reply {
        try await api.send(.post, "agents/\(api.agentID)/leases", as: .agent, body)
    }

    @Test("A task is leased, renewed and done, and everything about it can be read")
    func life() async throws {
        try await APIHarness.run { api in
            let whole = #"""
                ,"name":"Grid 1","input":{"rate":0.1},"priority":9,"unique_key":"g1","capabilities":[],
                "retry":{"attempts_max":2,"first_delay_seconds":1,"factor":3,"delay_seconds_max":9,"jitter":0,
                "non_retryable":["oom"]},"timeouts":{"schedule_to_start_seconds":60,"start_to_close_seconds":30,
                "heartbeat_seconds":10,"total_seconds":600}
                """#
            let (_, id) = try await task(api, whole)
            let shown = try await api.send(.get, "tasks/\(id)", as: .viewer)
            for member in try JSONValue(parsing: "{\(whole.dropFirst())}").object?.members ?? [] {
                #expect(shown.json?[member.name] == member.value, "\(member.name)")
            }
            #expect(shown.string("status") == "queued" && shown["ETag"] == #""1""#)
            #expect(try await api.send(.get, "tasks/\(id)/why").text.contains("no_agent"))

            let leases = try await lease(api, #"{"count":5}"#).json?["leases"]?.array ?? []
            #expect(leases.count == 1 && leases.first?["task"]?["id"]?.string == id)
            #expect(leases.first?["token"]?.integer == 1)
            let deadline = APIHarness.start.advanced(by: .seconds(10)).rfc3339
            #expect(leases.first?["deadline"]?.string == deadline)
            let agent = try await api.send(.get, "agents/\(api.agentID)")
            #expect(agent.string("status") == "online", "asking for work is a sign of life")
            api.clock.advance(by: .seconds(5))
            let half = #"{"token":1,"fraction":0.5,"message":"half"}"#
            let renewed = try await api.send(.post, "tasks/\(id)/renew", as: .agent, half)
            #expect(renewed.string("deadline") == APIHarness.start.advanced(by: .seconds(15)).rfc3339)

            let result = #"{"token":1,"output":{"loss":0.25}}"#
            let done = try await api.send(.post, "tasks/\(id)/complete", as: .agent, result)
            #expect(done.string("status") == "succeeded" && done.json?["output"]?["loss"]?.double == 0.25)
            let attempt = try await api.send(.get, "tasks/\(id)").json?["attempts"]?.array?.first
            #expect(attempt?["outcome"]?.string == "succeeded" && attempt?["message"]?.string == "half")
            let kinds = try await api.send(.get, "activities?subject_type=task").items("kind")
            #expect(kinds == ["task.succeeded", "task.started", "task.created"])
        }
    }

    @Test("Results that are late, foreign, doubled or made up are refused, each with its reason")
    func refusals() async throws {
        try await APIHarness.run { api in
            let (_, id) = try await task(api)
            func f(_ word: String, _ body: String, as who: Who = .agent, _ detail: String) async throws {
                let reply = try await api.send(.post, "tasks/\(id)/\(word)", as: who, body)
                #expect(reply.summary == "409 lease_lost" && reply.string("detail") == detail, "\(word) \(body)")
            }
            try await f("complete", #"{"token":1}"#, "no attempt of the task has this token")
            #expect(try await lease(api).status == 200)
            try await f("complete", #"{"token":2}"#, "no attempt of the task has this token")
            try await f("complete", #"{"token":1}"#, as: .administrator, "the attempt is another agent's")
            let failure = #"{"token":1,"error":{"class":"oom","message":"too big"}}"#
            let failed = try await api.send(.post, "tasks/\(id)/fail", as: .agent, failure)
            #expect(failed.string("status") == "queued" && failed.json?["error"]?["class"]?.string == "oom")
            try await f("fail", failure, "the attempt has ended already: failed")
            try await f("renew", #"{"token":1}"#, "the attempt has ended already: failed")
            api.clock.advance(by: .seconds(10))
            #expect(try await lease(api).status == 200)
            #expect(try await api.send(.post, "tasks/\(id)/cancel", as: .researcher).string("status") == "cancelled")
            try await f("complete", #"{"token":2}"#, "the attempt has ended already: cancelled")
            let other = "agents/018bcfe5-6800-7000-8000-000000000000/leases"
            #expect(try await api.send(.post, other, as: .agent, "{}").summary == "403 forbidden")
            #expect(try await api.send(.post, other, "{}").summary == "404 not_found")
        }
    }

    @Test("Results that are handed in together are accepted or refused each by itself")
    func results() async throws {
        try await APIHarness.run { api in
            let many = #"{"name":"harness","type":"coder","concurrency":5}"#
            #expect(try await api.send(.put, "agents/\(api.agentID)", many).status == 200)
            let (project, first) = try await task(api)
            let second = try await task(api, in: project)
            let waiting = try await task(api, in: project, #","dependencies":[{"task_id":"\#(first)"}]"#)
            #expect(try await lease(api, #"{"count":5}"#).json?["leases"]?.array?.count == 2)
            let path = "agents/\(api.agentID)/results"
            let nobody = "018bcfe5-6800-7000-8000-00000000abcd"
            let body = #"""
                {"results":[{"task_id":"\#(first)","token":1,"output":{"loss":0.5}},{"task_id":"\#(nobody)","token":1},
                {"task_id":"\#(second)","token":1,"error":{"class":"oom","message":"too big"}},
                {"task_id":"\#(first)","token":1},{"task_id":"\#(waiting)","token":1}]}
                """#
            let reply = try await api.send(.post, path, as: .agent, body)
            let answers = reply.json?["results"]?.array ?? []
            #expect(
                reply.status == 200 && answers.map { $0["task_id"]?.string } == [first, nobody, second, first, waiting]
            )
            #expect(answers.map { $0["accepted"]?.boolean } == [true, false, true, false, false])
            #expect(answers.map { $0["status"]?.string } == ["succeeded", nil, "queued", nil, nil])
            #expect(answers.map { $0["problem"]?["status"]?.integer } == [nil, 404, nil, 409, 409])
            #expect(answers[3]["problem"]?["detail"]?.string == "the attempt has ended already: succeeded")
            #expect(answers[4]["problem"]?["type"]?.string == "urn:kaskman:problem:lease_lost")
            let done = try await api.send(.get, "tasks/\(first)")
            #expect(done.string("status") == "succeeded" && done.json?["output"]?["loss"]?.double == 0.5)
            #expect(
                try await api.send(.get, "tasks/\(waiting)").string("status") == "queued",
                "what depends on it goes on"
            )
            #expect(try await api.send(.get, "tasks/\(second)").json?["error"]?["class"]?.string == "oom")

            #expect(try await api.send(.post, path, body).summary == "403 forbidden")
            let other = "agents/\(nobody)/results"
            #expect(try await api.send(.post, other, as: .agent, body).summary == "403 forbidden")
            #expect(try await api.send(.post, path, as: .agent, #"{"results":[]}"#).status == 422)
            let odd = #"{"results":[{"task_id":"00000000-0000-4000-8000-000000000000","token":1}]}"#
            #expect(
                try await api.send(.post, path, as: .agent, odd).summary == "422 validation_failed /results/0/task_id"
            )
        }
    }

    @Test("A drained agent gets nothing; a wait ends with its time")
    func draining() async throws {
        try await APIHarness.run { api in
            _ = try await task(api)
            _ = try await api.send(.post, "agents/\(api.agentID)/drain")
            #expect(try await lease(api).text == #"{"leases":[]}"#)
            let asked = try await api.send(.post, "agents/\(api.agentID)/leases", "{}")
            #expect(asked.summary == "409 conflict", "who asks in its name is told why")
            async let waiting = lease(api, #"{"wait_seconds":1}"#)
            await api.clock.waitForSleepers(1, dueWithin: .seconds(1))
            api.clock.advance(by: .seconds(1))
            #expect(try await waiting.text == #"{"leases":[]}"#)
        }
    }

    @Test("Dependencies, cycles, unique keys and idempotency are told")
    func creation() async throws {
        try await APIHarness.run { api in
            let (project, first) = try await task(api)
            let second = try await task(api, in: project, #","dependencies":[{"task_id":"\#(first)"}]"#)
            #expect(try await api.send(.get, "tasks/\(second)/why").text.contains(first))
            let cycle = try await api.send(.post, "tasks/\(first)/dependencies", #"{"task_id":"\#(second)"}"#)
            #expect(cycle.summary == "409 dependency_cycle /task_id")
            #expect(cycle.string("detail") == "\(first) depends on \(second) depends on \(first)")
            func f(_ members: String, _ expected: String, _ fields: HTTPFields = [:]) async throws {
                let body = #"{"project_id":"\#(project)","kind":"shell"\#(members)}"#
                #expect(try await api.send(.post, "tasks", body, fields).summary == expected, "\(members)")
            }
            try await f(#","unique_key":"k""#, "201")
            try await f(#","unique_key":"k""#, "409 conflict /unique_key")
            let foreign = #","dependencies":[{"task_id":"\#(project)"}]"#
            try await f(foreign, "422 validation_failed /dependencies/0/task_id")
            try await f(#","run_at":"2016-12-31T23:59:60Z""#, "422 validation_failed /run_at")
            let key = try #require(HTTPField.Name("Idempotency-Key"))
            try await f("", "201", [key: "a"])
            try await f("", "201", [key: "a"])
            try await f(#","name":"n""#, "409 idempotency_conflict", [key: "a"])
            #expect(try await api.send(.get, "tasks?project=\(project)&limit=200").items("id").count == 4)
        }
    }

    @Test("Labels and concurrency keys come back as they were sent; what is wrong with them is told")
    func selection() async throws {
        try await APIHarness.run { api in
            let keys = #"[{"key":"data=1","limit":1},{"key":"gpu","limit":2}]"#
            let (project, id) = try await task(api, #","concurrency_keys":\#(keys)"#)
            let shown = try await api.send(.get, "tasks/\(id)")
            #expect(shown.json?["concurrency_keys"] == (try JSONValue(parsing: keys)))
            #expect(shown.json?["approval"] == ["required": false, "expires_seconds": .null])
            let second = try await task(api, in: project, #","concurrency_keys":[{"key":"data=1","limit":1}]"#)
            let leases = try await lease(api, #"{"count":5}"#).json?["leases"]?.array ?? []
            #expect(leases.map { $0["task"]?["id"]?.string } == [id])
            let why = try await api.send(.get, "tasks/\(second)/why").json
            #expect(why?["reasons"]?.array?.first?["kind"]?.string == "concurrency_key")
            #expect(why?["reasons"]?.array?.first?["holders"]?.strings == [id])
            let decision = try await api.send(.get, "tasks/\(id)/why").json?["decision"]
            #expect(decision?["rule"]?.string == "fair_share" && decision?["candidates"]?.integer == 1)
            let labelled = try await task(api, in: project, #","labels":{"zone":"a"}"#)
            let reasons = try await api.send(.get, "tasks/\(labelled)/why").json?["reasons"]?.array
            #expect(reasons?.first?["kind"]?.string == "no_capable_agent")
            func f(_ members: String, _ pointer: String) async throws {
                let body = #"{"project_id":"\#(project)","kind":"shell",\#(members)}"#
                #expect(
                    try await api.send(.post, "tasks", body).summary == "422 validation_failed \(pointer)",
                    "\(members)"
                )
            }
            try await f(#""labels":{"No":"a"}"#, "/labels/No")
            try await f(#""concurrency_keys":[{"key":"a","limit":0}]"#, "/concurrency_keys/0/limit")
            try await f(
                #""concurrency_keys":[{"key":"a","limit":1},{"key":"a","limit":2}]"#,
                "/concurrency_keys/1/key"
            )
            try await f(#""approval":{"required":true,"expires_seconds":0}"#, "/approval/expires_seconds")
        }
    }

    @Test("A task that needs approval waits for a person")
    func approval() async throws {
        try await APIHarness.run { api in
            let approval = #","approval":{"required":true,"expires_seconds":60}"#
            let (project, id) = try await task(api, approval)
            let shown = try await api.send(.get, "tasks/\(id)").json
            #expect(shown?["status"]?.string == "awaiting_approval")
            #expect(shown?["awaiting_approval_since"]?.string == APIHarness.start.rfc3339)
            #expect(try await lease(api).text == #"{"leases":[]}"#)
            #expect(try await api.send(.post, "tasks/\(id)/approve", as: .agent).summary == "403 forbidden")
            #expect(try await api.send(.post, "tasks/\(id)/approve", as: .viewer).summary == "403 forbidden")
            let approved = try await api.send(.post, "tasks/\(id)/approve", as: .operator)
            #expect(approved.string("status") == "queued" && approved.string("approved_at") == APIHarness.start.rfc3339)
            #expect(try await api.send(.post, "tasks/\(id)/reject").summary == "409 invalid_transition")
            let other = try await task(api, in: project, approval)
            let rejected = try await api.send(
                .post,
                "tasks/\(other)/reject",
                as: .researcher,
                #"{"reason":"too dear"}"#
            )
            #expect(rejected.string("status") == "dead" && rejected.string("reason") == "rejected")
            #expect(rejected.json?["error"]?["message"]?.string == "too dear")
            let plain = try await task(api, in: project, approval)
            #expect(try await api.send(.post, "tasks/\(plain)/reject").string("reason") == "rejected")
        }
    }

    @Test("An agent whose attempts keep failing is quarantined, probed and restored")
    func quarantine() async throws {
        try await APIHarness.run { api in
            let (project, _) = try await task(api, #","retry":{"attempts_max":1}"#)
            for index in 0..<8 {
                let leased = try await lease(api).json?["leases"]?.array?.first?["task"]?["id"]?.string
                let failure = #"{"token":1,"error":{"class":"disk"}}"#
                let id = try #require(leased, "attempt \(index)")
                #expect(try await api.send(.post, "tasks/\(id)/fail", as: .agent, failure).status == 200)
                _ = try await task(api, in: project, #","retry":{"attempts_max":1}"#)
            }
            let agent = try await api.send(.get, "agents/\(api.agentID)").json
            let probeAt = APIHarness.start.advanced(by: .seconds(10)).rfc3339
            #expect(agent?["quarantine"]?["probe_at"]?.string == probeAt)
            #expect(try await lease(api).text == #"{"leases":[]}"#)
            #expect(try await api.send(.post, "agents/\(api.agentID)/leases", "{}").summary == "409 conflict")
            _ = try await task(api, in: project)
            api.clock.advance(by: .seconds(10))
            let probe = try await lease(api, #"{"count":5}"#).json?["leases"]?.array ?? []
            #expect(probe.count == 1, "one at a time")
            let id = try #require(probe.first?["task"]?["id"]?.string)
            _ = try await api.send(.post, "tasks/\(id)/complete", as: .agent, #"{"token":1}"#)
            #expect(try await api.send(.get, "agents/\(api.agentID)").json?["quarantine"] == .null)
            let kinds = try await api.send(.get, "activities?subject_type=agent").items("kind")
            #expect(kinds.prefix(2) == ["agent.restored", "agent.quarantined"])
            #expect(try await lease(api, #"{"count":5}"#).json?["leases"]?.array?.count == 1)
        }
    }

    @Test("Steps that the status does not allow are refused")
    func steps() async throws {
        try await APIHarness.run { api in
            let (_, id) = try await task(api)
            func f(_ word: String, _ expected: String) async throws {
                let reply = try await api.send(.post, "tasks/\(id)/\(word)")
                #expect((reply.string("status") ?? reply.summary) == expected, "\(word)")
            }
            try await f("pause", "paused")
            #expect(try await api.send(.get, "tasks?status=paused").items("id") == [id])
            #expect(try await api.send(.post, "tasks/\(id)/pause").summary == "409 invalid_transition")
            try await f("resume", "queued")
            #expect(try await api.send(.post, "tasks/\(id)/retry").summary == "409 invalid_transition")
            #expect(try await api.send(.delete, "tasks/\(id)").summary == "409 invalid_transition")
            try await f("cancel", "cancelled")
            try await f("retry", "queued")
            try await f("cancel", "cancelled")
            #expect(try await api.send(.delete, "tasks/\(id)").status == 204)
            #expect(try await api.send(.get, "tasks/\(id)").status == 404)
        }
    }

    @Test("Tasks are counted by the list's filters, drawn with their neighbours, and told with their agent")
    func overviews() async throws {
        try await APIHarness.run { api in
            let (project, first) = try await task(api, #","name":"first""#)
            let second = try await task(api, in: project, #","name":"second","dependencies":[{"task_id":"\#(first)"}]"#)
            let counts = try await api.send(.get, "tasks/counts?project=\(project)&q=sec", as: .viewer)
            #expect(counts.json?["statuses"]?["waiting"]?.integer == 1 && counts.json?["complete"]?.boolean == true)
            #expect(counts.json?["statuses"]?["queued"]?.integer == 0)
            #expect(try await api.send(.get, "tasks/counts?limit=1").summary == "400 invalid_parameter limit")

            let graph = try await api.send(.get, "tasks/\(second)/graph", as: .viewer)
            #expect(graph.json?["nodes"]?.array?.map { $0["name"]?.string } == ["second", "first"])
            let edge = graph.json?["edges"]?.array?.first
            #expect(edge?["task_id"]?.string == second && edge?["depends_on"]?.string == first)
            #expect(try await api.send(.get, "tasks/\(second)/graph?limit=501").status == 400)

            #expect(try await lease(api).status == 200)
            let work = try await api.send(.get, "agents/work?id=\(api.agentID)", as: .viewer)
            let item = work.json?["items"]?.array?.first
            #expect(item?["running"]?.integer == 1)
            #expect(item?["current"]?.array?.first?["task_name"]?.string == "first")
            _ = try await api.send(.post, "tasks/\(first)/complete", as: .agent, #"{"token":1}"#)
            let attempts = try await api.send(.get, "agents/\(api.agentID)/attempts?limit=5")
            #expect(attempts.items("task_id") == [first] && attempts.items("outcome") == ["succeeded"])
            #expect(try await api.send(.get, "agents/work").status == 400)
            #expect(try await api.send(.get, "agents/\(first)/attempts").status == 404)
        }
    }
}
