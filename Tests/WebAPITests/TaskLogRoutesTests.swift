import APIModel
import Basics
import DatabaseTesting
import HTTPTypes
import JSON
import Tasks
import Testing

@Suite("Logs of tasks")
struct TaskLogRoutesTests {
    private func line(_ sequence: Int, _ text: String, _ stream: String = "stdout") -> String {
        #"{"sequence":\#(sequence),"at":"2026-01-02T03:04:05.678Z","stream":"\#(stream)","text":"\#(text)"}"#
    }

    private func report(_ running: ArtefactUpload, _ lines: [String], token: Int64? = nil, as who: Who = .agent)
        async throws -> Reply
    {
        let body = #"{"token":\#(token ?? running.token),"lines":[\#(lines.joined(separator: ","))]}"#
        return try await running.api.send(.post, "tasks/\(running.task)/logs", as: who, body)
    }

    private func texts(_ reply: Reply) -> [String] { reply.items("text") }

    @Test("Lines are stored once, read in pages, and waited for")
    func following() async throws {
        try await APIHarness.run { api in
            let running = try await ArtefactUpload(api)
            let path = "tasks/\(running.task)/logs"
            let first = try await report(running, [line(1, "one"), line(2, "two", "stderr")])
            #expect(first.text == #"{"next_sequence":3,"dropped":0}"#)
            let repeated = try await report(running, [line(2, "other"), line(4, "four")])
            #expect(repeated.json?["next_sequence"]?.integer == 5)
            let all = try await api.send(.get, path, as: .viewer)
            #expect(texts(all) == ["one", "two", "four"] && all.items("stream") == ["stdout", "stderr", "stdout"])
            #expect(all.items("at").first == "2026-01-02T03:04:05.678Z")
            #expect(all.json?["next_after"]?.integer == 4 && all.json?["ended"]?.boolean == false)
            let page = try await api.send(.get, path + "?limit=2")
            #expect(texts(page) == ["one", "two"] && page.json?["next_after"]?.integer == 2)

            async let waiting = api.send(.get, path + "?after=4&wait_seconds=60")
            await api.clock.waitForSleepers()
            _ = try await report(running, [line(5, "five")])
            #expect(try await texts(waiting) == ["five"])
            async let ending = api.send(.get, path + "?after=5&wait_seconds=60")
            await api.clock.waitForSleepers()
            try await running.end()
            let ended = try await ending
            #expect(texts(ended).isEmpty && ended.json?["ended"]?.boolean == true)
            #expect(ended.json?["next_after"]?.integer == 5)
            // In pages, the end is told with the last.
            #expect(try await api.send(.get, path + "?limit=3").json?["ended"]?.boolean == false)
            #expect(try await api.send(.get, path + "?limit=4").json?["ended"]?.boolean == true)
            #expect(api.registry.value(of: "kaskman_task_log_lines_total") == 4)
            #expect(api.registry.value(of: "kaskman_task_log_followers") == 0)
        }
    }

    @Test("A wait ends with its time, and looks for what other servers store each second")
    func waiting() async throws {
        try await APIHarness.run { api in
            let running = try await ArtefactUpload(api)
            async let waiting = api.send(.get, "tasks/\(running.task)/logs?wait_seconds=2")
            await api.clock.waitForSleepers(1, dueWithin: .seconds(1))
            api.clock.advance(by: .seconds(1))
            await api.clock.waitForSleepers(1, dueWithin: .seconds(1))
            api.clock.advance(by: .seconds(1))
            #expect(try await texts(waiting).isEmpty)
        }
    }

    @Test("Each attempt has a log of its own; the newest is shown")
    func attempts() async throws {
        try await APIHarness.run { api in
            let made = try await api.send(.post, "projects", #"{"name":"P","type":"research"}"#)
            let project = try #require(made.string("id"))
            let retry = #","retry":{"first_delay_seconds":0}"#
            let running = try await ArtefactUpload(api, in: project, retry)
            let path = "tasks/\(running.task)/logs"
            _ = try await report(running, [line(1, "first")])
            let failure = #"{"token":1,"error":{"class":"oom"}}"#
            _ = try await api.send(.post, "tasks/\(running.task)/fail", as: .agent, failure)
            #expect(try await report(running, [line(2, "late")]).summary == "409 lease_lost")
            _ = try await api.send(.post, "agents/\(api.agentID)/leases", as: .agent, "{}")
            #expect(try await report(running, [line(2, "late")]).summary == "409 lease_lost")
            #expect(try await report(running, [line(1, "second")], token: 2).status == 200)
            #expect(try await texts(api.send(.get, path)) == ["second"])
            let old = try await api.send(.get, path + "?attempt=1")
            #expect(texts(old) == ["first"] && old.json?["ended"]?.boolean == true)
            #expect(try await api.send(.get, path + "?attempt=3").summary == "400 invalid_parameter attempt")
            let kept = try await texts(api.send(.get, path + "?attempt=1"))
            #expect(kept == ["first"])
        }
    }

    @Test("What is wrong with a report is named, and stores nothing")
    func badInput() async throws {
        try await APIHarness.run { api in
            let running = try await ArtefactUpload(api)
            func f(_ lines: [String], _ expected: String) async throws {
                #expect(try await report(running, lines).summary == expected, "\(lines.first?.prefix(60) ?? "")")
            }
            try await f([], "422 validation_failed /lines")
            try await f([line(0, "x")], "422 validation_failed /lines/0/sequence")
            try await f([line(2, "x"), line(2, "y")], "422 validation_failed /lines/1/sequence")
            try await f([line(1, "x", "stdin")], "422 validation_failed /lines/0/stream")
            let long = String(repeating: "x", count: TaskLimits.logLineBytesMax + 1)
            try await f([line(1, long)], "422 validation_failed /lines/0/text")
            let wide = String(repeating: "é", count: TaskLimits.logLineBytesMax / 2 + 1)
            try await f([line(1, wide)], "422 validation_failed /lines/0/text")
            try await f((1...1001).map { line($0, "") }, "422 validation_failed /lines")
            let leap = line(1, "x").replacing("03:04:05.678", with: "23:59:60")
            #expect(try await report(running, [leap]).status == 422)
            #expect(try await report(running, [line(1, "x")], token: 2).summary == "409 lease_lost")
            #expect(try await report(running, [line(1, "x")], as: .administrator).summary == "409 lease_lost")
            #expect(try await report(running, [line(1, "x")], as: .viewer).summary == "403 forbidden")
            #expect(try await texts(api.send(.get, "tasks/\(running.task)/logs")).isEmpty)
            // A NUL is no reason to lose a line.
            try await f([line(1, "a\\u0000b")], "200")
            #expect(try await texts(api.send(.get, "tasks/\(running.task)/logs")) == ["a\u{fffd}b"])
        }
    }

    @Test("A log that is full says so in its last line, and counts what it drops")
    func full() async throws {
        var limits = TaskReportLimits()
        limits.logBytesMax = 1000
        try await APIHarness.run(reportLimits: limits) { api in
            let running = try await ArtefactUpload(api)
            let text = String(repeating: "x", count: 436)
            let reply = try await report(running, (1...5).map { line($0, text) })
            #expect(reply.text == #"{"next_sequence":6,"dropped":3}"#)
            #expect(try await report(running, [line(6, "")]).json?["dropped"]?.integer == 4)
            let log = try await api.send(.get, "tasks/\(running.task)/logs")
            #expect(log.items("stream") == ["stdout", "stdout", "system"] && log.json?["dropped"]?.integer == 4)
            #expect(texts(log).last?.contains("tasks.log_bytes_max") == true)
            #expect(api.registry.value(of: "kaskman_task_log_lines_dropped_total") == 4)
        }
    }
}
