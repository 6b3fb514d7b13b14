import Basics
import Client
import JSON
import Testing

@Suite("The client of agents")
struct AgentClientTests {
    private static let lease = LeaseKey(taskID: "t 1", token: 7)

    private func client(_ transport: StubTransport) -> AgentClient {
        AgentClient(address: .standard, transport: transport, token: "kma_x")
    }

    @Test("Each call is one request, with the agent's token")
    func requests() async throws {
        let transport = StubTransport { request in
            switch request.target.split(separator: "?").first.map(String.init) ?? "" {
            case let path where path.hasSuffix("/agents/me"):
                .json(#"{"id":"a","name":"n","type":"coder","status":"idle","capabilities":["shell"]}"#)
            case let path where path.hasSuffix("/renew"): .json(#"{"deadline":"2026-11-23T08:00:00Z"}"#)
            case let path where path.hasSuffix("/logs"): .json(#"{"next_sequence":3,"dropped":2}"#)
            case let path where path.hasSuffix("/metrics"): .json(#"{"accepted":1,"rejected":4,"reasons":{}}"#)
            case let path where path.contains("/artefacts"):
                .json(#"{"id":"f","name":"x","bytes":3,"sha256":"","media_type":null,"offset":1,"complete":false}"#)
            default: .json(#"{"draining":true}"#)
            }
        }
        let client = client(transport)
        let (lease, none) = (Self.lease, Double?.none)
        #expect(try await client.me().capabilities == ["shell"])
        let orders = try await client.heartbeat(agent: "a", load: 0.5)
        #expect(orders.isDraining && !orders.isStopping)
        #expect(try await client.renew(lease, fraction: 0.5, cost: 1.5).rfc3339 == "2026-11-23T08:00:00.000Z")
        try await client.complete(lease, output: ["x": 1], cost: none)
        try await client.fail(lease, errorClass: "c", message: "m", cost: 2)
        let line = TaskLogLine(sequence: 1, at: Timestamp(milliseconds: 0), stream: .stderr, text: "\"")
        #expect(try await client.appendLogs(lease, [line]) == 2)
        #expect(try await client.pushMetrics(lease, text: Array("a 1\n".utf8)).rejected == 4)
        #expect(try await client.createArtefact(lease, name: "x", bytes: 3, sha256: "ab").offset == 1)
        _ = try await client.uploadChunk(lease, artefact: "f", offset: 1, [1, 2])
        _ = try await client.artefact(lease, id: "f")
        let sent = transport.sent.map { "\($0.method.rawValue) \($0.target) \($0.bodyText)" }
        let task = "/api/v1/tasks/t%201"
        #expect(
            sent == [
                "GET /api/v1/agents/me ", #"POST /api/v1/agents/a/heartbeat {"load":0.5}"#,
                #"POST \#(task)/renew {"token":7,"cost":1.5,"fraction":0.5}"#,
                #"POST \#(task)/complete {"token":7,"output":{"x":1}}"#,
                #"POST \#(task)/fail {"token":7,"cost":2,"error":{"class":"c","message":"m"}}"#,
                #"POST \#(task)/logs {"token":7,"lines":[{"sequence":1,"at":"1970-01-01T00:00:00.000Z","#
                    + #""stream":"stderr","text":"\""}]}"#,
                "POST \(task)/metrics?token=7 a 1\n",
                #"POST \#(task)/artefacts {"token":7,"name":"x","bytes":3,"sha256":"ab"}"#,
                "PATCH \(task)/artefacts/f?token=7 \u{1}\u{2}", "GET \(task)/artefacts/f ",
            ]
        )
        #expect(transport.sent.allSatisfy { $0.header("Authorization") == "Bearer kma_x" })
        #expect(transport.sent[6].header("Content-Type") == "text/plain; version=0.0.4")
        #expect(transport.sent[8].header("Upload-Offset") == "1")
    }

    @Test("Leases are read; how long one lasts is the task's word")
    func leases() async throws {
        let transport = StubTransport { _ in
            .json(
                #"""
                {"leases":[{"token":2,"deadline":"2026-11-23T08:00:00Z","task":{"id":"t","project_id":"p","kind":"shell",
                "name":"n","input":{"program":"x"},"timeouts":{"heartbeat_seconds":5}},
                "upstream":[{"task_id":"u","output":{"x":1}}]}],"stop":true}
                """#
            )
        }
        let answer = try await client(transport).lease(agent: "a", count: 3, wait: .seconds(99))
        let grants = answer.grants
        #expect(answer.isStopping && grants.first?.upstream == [["task_id": "u", "output": ["x": 1]]])
        #expect(grants.map(\.key) == [LeaseKey(taskID: "t", token: 2)] && grants.first?.length == .seconds(5))
        #expect(grants.first?.input["program"]?.string == "x" && grants.first?.projectID == "p")
        #expect(transport.sent.first?.bodyText == #"{"count":3,"wait_seconds":30}"#)
    }

    @Test("What the server answers is told apart by what the agent does next")
    func errors() async throws {
        let retry = [APIRequest.Header("Retry-After", "4")]
        let cases: [(APIResponse, AgentCallError)] = [
            (.json(#"{"title":"T","detail":"d"}"#, status: 409), .leaseLost("T: d")),
            (
                .json("{}", status: 409, headers: [APIRequest.Header("upload-offset", "12")]), .wrongOffset(12)
            ),
            (.json(#"{"type":"urn:kaskman:problem:lease_lost","title":"T"}"#, status: 409), .leaseLost("T")),
            (
                .json(#"{"type":"urn:kaskman:problem:conflict","title":"T"}"#, status: 409),
                .refused(status: 409, "T")
            ),
            (.json(#"{"title":"T"}"#, status: 507), .refused(status: 507, "T")),
            (.json(#"{"title":"T"}"#, status: 404), .notFound("T")),
            (.json(#"{"title":"T"}"#, status: 401), .notAllowed("T")),
            (.json(#"{"title":"T"}"#, status: 403), .notAllowed("T")),
            (.json(#"{"title":"T"}"#, status: 422), .refused(status: 422, "T")),
            (.json(#"{"title":"T"}"#, status: 503, headers: retry), .later("T", retryAfter: .seconds(4))),
            (.json(#"{"title":"T"}"#, status: 429), .later("T", retryAfter: nil)),
            (
                .json(#"{"title":"T"}"#, status: 503, headers: [APIRequest.Header("Retry-After", "99999999999999")]),
                .later("T", retryAfter: .seconds(3600))
            ),
            (.json("nonsense", status: 500), .later("HTTP status 500", retryAfter: nil)),
            (.json(#"{"x":1}"#), .unexpectedAnswer("a renewal without deadline")),
        ]
        for (response, expected) in cases {
            await #expect(throws: expected) { try await client(StubTransport { _ in response }).renew(Self.lease) }
        }
    }
}
