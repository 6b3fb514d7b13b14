import APIModel
import Basics
import HTTPTypes
import JSON
import Testing

@Suite("Agents")
struct AgentRoutesTests {
    private let whole = """
        {"name":"Worker-1","type":"coder","description":"d","capabilities":["swift"],"labels":{"zone":"a"},
        "concurrency":3,"heartbeat_timeout_seconds":10}
        """

    private func bearer(_ token: String) -> HTTPFields { [.authorization: "Bearer \(token)"] }

    @Test("An agent lives through registration, heartbeats, draining and its end")
    func life() async throws {
        try await APIHarness.run { api in
            let created = try await api.send(.post, "agents", whole)
            #expect(created.status == 201)
            #expect(created["ETag"] == #""1""#)
            let path = try #require(created["Location"])
            let token = try #require(created.string("token"))
            for member in try JSONValue(parsing: whole).object?.members ?? [] {
                #expect(created.json?[member.name] == member.value, "\(member.name)")
            }
            #expect(created.string("status") == "never_seen")
            #expect(try await api.send(.get, path).json?["token"] == nil, "the token is shown once")

            let beat = try await api.send(
                .post,
                path + "/heartbeat",
                as: .nobody,
                #"{"load":0.5,"message":"m"}"#,
                bearer(token)
            )
            #expect(beat.text == #"{"draining":false,"stop":false,"version":1}"#)
            let online = try await api.send(.get, path)
            #expect(online.string("status") == "online")
            #expect(online.json?["load"]?.double == 0.5)
            #expect(online.string("last_heartbeat_at") == APIHarness.start.rfc3339)

            api.clock.advance(by: .seconds(11))
            #expect(try await api.send(.get, path).string("status") == "late")
            api.clock.advance(by: .seconds(30))
            #expect(try await api.send(.get, path).string("status") == "offline")
            #expect(try await api.send(.get, "agents?status=offline").items("name") == ["Worker-1"])

            let drained = try await api.send(.post, path + "/drain")
            #expect(drained.json?["draining"]?.boolean == true)
            #expect(drained["ETag"] == #""2""#)
            let told = try await api.send(.post, path + "/heartbeat", as: .nobody, nil, bearer(token))
            #expect(told.text == #"{"draining":true,"stop":false,"version":2}"#)
            #expect(try await api.send(.get, path).string("status") == "draining")
            #expect(try await api.send(.post, path + "/undrain").string("status") == "online")

            let goodbye = try await api.send(
                .post,
                path + "/heartbeat",
                as: .nobody,
                #"{"ending":true}"#,
                bearer(token)
            )
            #expect(goodbye.status == 200)
            #expect(try await api.send(.get, path).string("status") == "stopped")
            #expect(try await api.send(.get, "agents?status=stopped").items("name") == ["Worker-1"])

            #expect(try await api.send(.delete, path).status == 204)
            #expect(try await api.send(.get, path).summary == "404 not_found")
            let dead = try await api.send(.post, path + "/heartbeat", as: .nobody, nil, bearer(token))
            #expect(dead.summary == "401 unauthenticated")
            #expect(try await api.send(.post, "agents", whole).status == 201, "the name is free again")
        }
    }

    @Test("A replacement resets what it leaves out; names are unique; versions count")
    func replacement() async throws {
        try await APIHarness.run { api in
            let path = try #require(try await api.send(.post, "agents", whole)["Location"])
            #expect(try await api.send(.post, "agents", whole).summary == "409 conflict /name")
            let taken = #"{"name":"HARNESS","type":"coder"}"#
            #expect(try await api.send(.post, "agents", taken).summary == "409 conflict /name")
            #expect(try await api.send(.put, path, taken).summary == "409 conflict /name")
            let plain = #"{"name":"Worker-1","type":"tester"}"#
            #expect(try await api.send(.put, path, plain, [.ifMatch: #""9""#]).summary == "412 precondition_failed")
            let reply = try await api.send(.put, path, plain, [.ifMatch: #""1""#])
            #expect(reply.string("type") == "tester")
            #expect(reply.json?["capabilities"]?.array == [])
            #expect(reply.json?["concurrency"]?.integer == 1)
            #expect(reply["ETag"] == #""2""#)
            for action in ["drain", "undrain", "token"] {
                let refused = try await api.send(.post, "\(path)/\(action)", nil, [.ifMatch: #""1""#])
                #expect(refused.summary == "412 precondition_failed", "\(action)")
            }
            #expect(try await api.send(.delete, path, nil, [.ifMatch: #""1""#]).summary == "412 precondition_failed")
        }
    }

    @Test("An agent learns from its token who it is; nobody else is one")
    func me() async throws {
        try await APIHarness.run { api in
            let me = try await api.send(.get, "agents/me", as: .agent)
            #expect(me.status == 200 && me.string("id") == api.agentID.description)
            #expect(try await api.send(.get, "agents/me", as: .researcher).summary == "404 not_found")
        }
    }

    @Test("Only the agent itself, or who may change agents, says that it lives")
    func heartbeats() async throws {
        try await APIHarness.run { api in
            let other = try #require(try await api.send(.post, "agents", whole)["Location"])
            func f(_ path: String, _ who: Who, _ expected: String) async throws {
                #expect(try await api.send(.post, path + "/heartbeat", as: who).summary == expected, "\(who)")
            }
            try await f("agents/\(api.agentID)", .agent, "200")
            try await f(other, .agent, "403 forbidden")
            try await f(other, .viewer, "403 forbidden")
            try await f(other, .nobody, "401 unauthenticated")
            for who in [Who.administrator, .operator, .researcher] { try await f(other, who, "200") }
        }
    }

    @Test("A new token takes the place of the old one")
    func rotation() async throws {
        try await APIHarness.run { api in
            let created = try await api.send(.post, "agents", whole)
            let path = try #require(created["Location"])
            let old = try #require(created.string("token"))
            let new = try #require(try await api.send(.post, path + "/token").string("token"))
            #expect(new != old)
            #expect(try await api.send(.post, path + "/heartbeat", as: .nobody, nil, bearer(old)).status == 401)
            #expect(try await api.send(.post, path + "/heartbeat", as: .nobody, nil, bearer(new)).status == 200)
        }
    }

    @Test("Filters, orders and pages")
    func lists() async throws {
        try await APIHarness.run { api in
            for (name, type) in [("a1", "coder"), ("b2", "tester"), ("c3", "tester")] {
                let body = #"{"name":"\#(name)","type":"\#(type)","capabilities":["\#(name)"]}"#
                #expect(try await api.send(.post, "agents", body).status == 201)
            }
            func f(_ query: String, _ expected: [String]) async throws {
                #expect(try await api.send(.get, "agents?" + query, as: .agent).items("name") == expected, "\(query)")
            }
            try await f("sort=name", ["a1", "b2", "c3", "harness"])
            try await f("sort=-name&limit=2", ["harness", "c3"])
            try await f("type=tester&sort=name", ["b2", "c3"])
            try await f("capability=b2", ["b2"])
            try await f("q=c3", ["c3"])
            try await f("status=online", [])
            let first = try await api.send(.get, "agents?sort=name&limit=3")
            let cursor = try #require(first.string("next_cursor"))
            let last = try await api.send(.get, "agents?sort=name&limit=3&cursor=\(cursor)")
            #expect(last.items("name") == ["harness"])
            #expect(last.json?["next_cursor"]?.isNull == true)
        }
    }
}
