import Client
import JSON
import Testing

@testable import kaskman

@Suite("The command agent register")
struct AgentRegisterTests {
    private static let answer = #"{"id":"01","name":"w","type":"coder","capabilities":["shell"],"token":"kma_x"}"#

    @Test("It shows the identifier and the token, and nothing else")
    func shown() async throws {
        let harness = CommandHarness.loggedIn { _ in .json(Self.answer, status: 201) }
        let outcome = await harness.run("agent", "register", "w", "--capability", "shell", "-o", "json")
        #expect(outcome.status == 0)
        #expect(try JSONValue(parsing: outcome.output) == ["id": "01", "token": "kma_x"])
        let request = try #require(harness.requests.first)
        #expect(request.method == .post && request.target.hasSuffix("/api/v1/agents"))
        let body = #"{"name":"w","type":"coder","capabilities":["shell"]}"#
        #expect(String(decoding: request.body, as: UTF8.self) == body)
    }

    @Test("Every option becomes a field")
    func options() async {
        let harness = CommandHarness.loggedIn { _ in .json(Self.answer, status: 201) }
        let arguments = [
            "agent", "register", "w", "--capability", "shell", "--capability", "http", "--type", "tester",
            "--concurrency", "4", "--description", "d",
        ]
        #expect(await harness.run(list: arguments).status == 0)
        let body =
            #"{"name":"w","type":"tester","capabilities":["shell","http"],"concurrency":4,"description":"d"}"#
        #expect(harness.requests.first.map { String(decoding: $0.body, as: UTF8.self) } == body)
    }
}
