import Client
import Testing

@testable import kaskman

@Suite("kaskman events")
struct EventsCommandTests {
    private static func event(_ position: Int, _ kind: String) -> String {
        """
        {"id":"x","position":\(position),"occurred_at":"2026-01-01T00:00:0\(position)Z","kind":"\(kind)","subject_type":"project",
        "subject_id":"p\(position)","actor":{"kind":"user","id":"u"},"request_id":null,"data":{"name":"n\\u001b[31m"}}
        """
    }

    private static let page =
        #"{"items":[\#(event(4, "project.deleted")),\#(event(3, "project.created"))],"next_cursor":null}"#

    @Test("The newest are printed oldest first, without what would colour a terminal; -o json is one object a line")
    func list() async {
        let harness = CommandHarness.loggedIn { _ in .json(Self.page) }
        var outcome = await harness.run(
            "events",
            "--kind",
            "project.created",
            "--kind",
            "project.deleted",
            "--limit",
            "2"
        )
        #expect(outcome.status == 0)
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("2026-01-01T00:00:03Z  project.created  p3  n"))
        #expect(lines[0].hasSuffix("by user u"))
        #expect(!outcome.output.contains("\u{1B}"))
        #expect(
            harness.requests.first?.target
                == "http://127.0.0.1:8080/api/v1/activities?kind=project.created&kind=project.deleted&limit=2"
        )
        outcome = await harness.run("events", "--after", "3", "-o", "json")
        #expect(outcome.output.split(separator: "\n").count == 1)
        #expect(outcome.output.hasPrefix(#"{"id":"x","position":4,"#))
    }

    @Test("--follow goes on behind the newest; a refusal ends it")
    func follow() async {
        let harness = CommandHarness.loggedIn { request in
            guard request.target.hasPrefix("/api/v1/events") else { return .json(Self.page) }
            return .json(#"{"title":"Forbidden"}"#, status: 403)
        }
        let outcome = await harness.run("events", "--follow")
        #expect(outcome.status == 1)
        #expect(outcome.output.split(separator: "\n").count == 2)
        #expect(outcome.messages.contains("Forbidden"))
        #expect(harness.requests.last?.header("Last-Event-ID") == "4")
    }

    @Test("What makes no sense is refused")
    func usage() async {
        let harness = CommandHarness.loggedIn { _ in .json(Self.page) }
        for arguments in [["--limit", "-1"], ["--after", "-1"], ["-o", "yaml"], ["--after", "x"]] {
            #expect(await harness.run(list: ["events"] + arguments).status == 2)
        }
        #expect(harness.requests.isEmpty)
    }
}
