import Testing

@testable import kaskman

@Suite("Exit statuses")
struct ExitStatusTests {
    @Test(
        "Wrong usage is 2, on the standard error",
        arguments: [
            ["nonsense"], ["project", "show"], ["project", "list", "--limit", "0"],
            ["query", "instant", "-o", "chart", "up"],
            ["query", "range", "--step", "x", "up"], ["health", "--timeout", "0"], ["test", "promql"],
            ["project", "update", "1"],
        ]
    )
    func usage(arguments: [String]) async {
        let harness = CommandHarness()
        let outcome = await harness.run(list: arguments)
        #expect(outcome.status == 2, "\(arguments): \(outcome)")
        #expect(outcome.output.isEmpty && !outcome.messages.isEmpty)
    }

    @Test(
        "Help and the version are no failures, on the standard output",
        arguments: [["--help"], ["--version"], ["help", "project"]]
    )
    func help(arguments: [String]) async {
        let outcome = await CommandHarness().run(list: arguments)
        #expect(outcome.status == 0 && !outcome.output.isEmpty && outcome.messages.isEmpty)
    }

    @Test("A command that needs a login ends with 4")
    func needsLogin() async {
        for arguments in [["project", "list"], ["status"], ["auth", "status"], ["query", "instant", "up"]] {
            let outcome = await CommandHarness().run(list: arguments)
            #expect(outcome.status == 4)
            #expect(outcome.messages.hasSuffix("not logged in to http://127.0.0.1:8080: run 'kaskman auth login'\n"))
        }
    }

    @Test("A refused token ends with 4")
    func refusedToken() async {
        let harness = CommandHarness.loggedIn { _ in .json("{}", status: 401) }
        #expect(await harness.run("project", "list").status == 4)
    }

    @Test("What the server refuses ends with 1 and its reason")
    func refused() async {
        let harness = CommandHarness.loggedIn { _ in
            .json(#"{"title":"Not found","detail":"no such project"}"#, status: 404)
        }
        let outcome = await harness.run("project", "show", "1")
        #expect(outcome == .init(status: 1, output: "", messages: "kaskman: Not found: no such project\n"))
    }

    @Test("health ends with 1 when the platform is unhealthy, and shows why")
    func health() async {
        let component =
            #"{"component":"database","status":"unhealthy","state":"failed","essential":true,"restarts":2,"reason":"disk full"}"#
        let sick = CommandHarness { _ in
            .json(#"{"status":"unhealthy","draining":false,"components":[\#(component)]}"#, status: 503)
        }
        let outcome = await sick.run("health")
        #expect(outcome.status == 1)
        #expect(
            outcome.output == """
                COMPONENT  STATUS     STATE   RESTARTS  REASON
                database   unhealthy  failed  2         disk full

                """
        )
        let well = CommandHarness { _ in .json(#"{"status":"degraded","draining":false,"components":[]}"#) }
        #expect(await well.run("health").status == 0)
    }

    @Test("Completion scripts name the commands", arguments: ["bash", "zsh", "fish"])
    func completion(shell: String) async {
        let outcome = await CommandHarness().run("completion", shell)
        #expect(outcome.status == 0 && outcome.output.contains("kaskman") && outcome.output.contains("project"))
    }
}
