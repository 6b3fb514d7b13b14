import Client
import Synchronization
import Testing

@testable import Worker

@Suite("The tasks that a program wants to have made")
struct ChildTasksTests {
    private func send(_ text: String, _ answers: [APIResponse]) async -> (outcome: AttemptOutcome?, sent: [APIRequest])
    {
        let left = Mutex(answers[...])
        let transport = StubTransport { _ in left.withLock { $0.popFirst() } ?? .json("{}", status: 500) }
        let children = ChildTasks(
            lease: LeaseKey(taskID: "t", token: 3),
            client: AgentClient(address: .standard, transport: transport, token: "k"),
            calls: PatientCalls(clock: FastClock(), stop: Latch<StopReason>())
        )
        return (await children.send(Array(text.utf8)), transport.sent)
    }

    @Test("They are asked for once for each task, whatever the attempt")
    func sent() async {
        let (outcome, sent) = await send(#"[{"kind":"shell"}]"#, [.json("{}", status: 503), .json("{}", status: 201)])
        #expect(outcome == nil && sent.count == 2, "asked again while the server does not answer")
        #expect(sent.first?.target == "/api/v1/tasks/t/children")
        #expect(sent.first?.bodyText == #"{"token":3,"tasks":[{"kind":"shell"}]}"#)
        #expect(sent.allSatisfy { $0.header("Idempotency-Key") == "children" })
        let (none, nothing) = await send("[]", [])
        #expect(none == nil && nothing.isEmpty)
    }

    @Test(
        "What the server does not take is a failure",
        arguments: [
            (#"{"kind":"shell"}"#, 201, "children_refused"), ("[", 201, "children_refused"),
            ("[{}]", 422, "children_refused"), ("[{}]", 404, "children_refused"), ("[{}]", 409, "worker_stopped"),
        ]
    )
    func refused(_ text: String, _ status: Int, _ expected: String) async {
        let (outcome, _) = await send(text, [.json("{}", status: status)])
        guard case .failed(let kind, _)? = outcome else {
            Issue.record("\(String(describing: outcome))")
            return
        }
        #expect(kind.rawValue == expected)
    }
}
