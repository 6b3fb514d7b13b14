import Basics
import Client
import Crypto
import Synchronization
import Testing

@testable import kaskman

@Suite("Commands about what tasks report")
struct TaskReportCommandTests {
    private static func task(_ status: String, attempt: Int = 1, ended: Bool = false) -> APIResponse {
        .json(
            """
            {"id":"01","name":"train","kind":"shell","status":"\(status)","priority":5,"attempt":\(attempt),\
            "created_at":"2026-11-23T08:00:00.000Z","ended_at":\(ended ? "\"2026-11-23T09:00:00.000Z\"" : "null")}
            """
        )
    }

    private static func log(_ texts: [String], attempt: Int = 1, next: Int, ended: Bool, dropped: Int = 0)
        -> APIResponse
    {
        let items = texts.map {
            #"{"attempt":\#(attempt),"sequence":1,"at":"2026-11-23T08:00:00.000Z","stream":"stdout","text":"\#($0)"}"#
        }
        return .json(
            """
            {"attempt":\(attempt),"items":[\(items.joined(separator: ","))],"next_after":\(next),"ended":\(ended),\
            "dropped":\(dropped)}
            """
        )
    }

    private static func targets(_ harness: CommandHarness) -> [String] {
        harness.requests.map { $0.target.replacing("http://127.0.0.1:8080/api/v1/tasks/01", with: "") }
    }

    @Test("A log is written to its present end, without what steers the terminal")
    func log() async {
        let harness = CommandHarness.loggedIn { request in
            request.target.contains("after=2")
                ? Self.log([], next: 2, ended: false)
                : Self.log(["one", "tw\\u001b[31mo"], next: 2, ended: false, dropped: 0)
        }
        let outcome = await harness.run("task", "logs", "01")
        #expect(outcome == CommandHarness.Outcome(status: 0, output: "one\ntw [31mo\n", messages: ""))
        #expect(Self.targets(harness) == ["/logs?after=0", "/logs?after=2&attempt=1"])
        let timed = await harness.run("task", "logs", "01", "--times", "--attempt", "1", "--after", "1")
        #expect(timed.output.hasPrefix("2026-11-23T08:00:00.000Z stdout one\n"))
        #expect(await harness.run("task", "logs", "01", "--after", "-1").status == 2)
    }

    @Test("Following goes on through the attempts until the task has ended")
    func following() async {
        let looks = Mutex(0)
        let harness = CommandHarness.loggedIn { request in
            if !request.target.contains("/logs") {
                let look = looks.withLock { looks in
                    looks += 1
                    return looks
                }
                return look == 1
                    ? Self.task("queued")
                    : look == 2 ? Self.task("running", attempt: 2) : Self.task("dead", ended: true)
            }
            if request.target.contains("attempt=2") {
                return Self.log(["again"], attempt: 2, next: 1, ended: true, dropped: 3)
            }
            return request.target.contains("after=1")
                ? Self.log([], next: 1, ended: true) : Self.log(["first"], next: 1, ended: false)
        }
        async let outcome = harness.run("task", "logs", "01", "-f")
        await harness.clock.waitForSleepers()
        harness.clock.advance(by: TaskLogsCommand.interval)
        let messages = "Attempt 2:\n3 lines were dropped by the server, since the log was full.\n"
        #expect(await outcome == CommandHarness.Outcome(status: 0, output: "first\nagain\n", messages: messages))
        #expect(Self.targets(harness).first == "/logs?after=0&wait_seconds=20")
    }

    @Test("Artefacts are listed, and downloaded in parts with their hash checked")
    func artefacts() async throws {
        let content = Array("hello world".utf8)
        let hash = SHA256.hash(data: content).hexadecimal
        func record(_ id: String, _ name: String, complete: Bool = true) -> String {
            """
            {"id":"\(id)","name":"\(name)","bytes":11,"sha256":"\(hash)","media_type":null,"offset":11,\
            "complete":\(complete),"attempt":1,"agent_id":"a","created_at":"2026-11-23T08:00:00.000Z"}
            """
        }
        let list = #"{"items":[\#(record("x", "out/model.bin")),\#(record("y", "open", complete: false))]}"#
        let isBroken = Mutex(false)
        let harness = CommandHarness.loggedIn { request in
            guard request.target.contains("/content") else { return .json(list) }
            let bytes = isBroken.withLock { $0 } ? Array("hello WORLD".utf8) : content
            #expect(request.header("Range") == "bytes=0-10")
            return APIResponse(status: 206, body: bytes)
        }
        let table = await harness.run("task", "artefacts", "01")
        #expect(table.output.contains("out/model.bin  11") && table.output.contains("open"))
        let saved = await harness.run("task", "download", "01", "out/model.bin")
        #expect(saved.status == 0 && saved.messages == "model.bin: 11 bytes\n")
        #expect(try harness.fileSystem.read("model.bin", bytesMax: 100) == content)
        #expect(await harness.run("task", "download", "01", "x", "-O", "here").status == 0)
        #expect(try harness.fileSystem.read("here", bytesMax: 100) == content)
        #expect(await harness.run("task", "download", "01", "open").status == 1)
        isBroken.withLock { $0 = true }
        #expect(await harness.run("task", "download", "01", "x").status == 1)
        #expect(try harness.fileSystem.read("model.bin", bytesMax: 100) == content, "what was there stays")
        #expect(try harness.fileSystem.attributes(of: "model.bin.part") == nil)
    }

    @Test("A watch writes what has changed, anew on a terminal, and ends with the task", arguments: [false, true])
    func watching(isTerminal: Bool) async {
        let looks = Mutex(0)
        let harness = CommandHarness.loggedIn(isTerminal: isTerminal) { _ in
            let look = looks.withLock { looks in
                looks += 1
                return looks
            }
            return look < 3 ? Self.task("running") : Self.task("succeeded", ended: true)
        }
        async let outcome = harness.run("task", "show", "01", "--watch", "-o", "json")
        for _ in 0..<2 {
            await harness.clock.waitForSleepers()
            harness.clock.advance(by: WatchOptions.interval)
        }
        let output = await outcome.output
        #expect(output.contains("running") && output.contains("succeeded"))
        #expect(output.split(separator: "\"status\"").count == 3, "what has not changed is not written")
        #expect(output.contains("\u{1b}[2J") == isTerminal)
    }
}
