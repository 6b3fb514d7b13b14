import APIModel
import Basics
import HTTPTypes
import KeyValue
import Logging
import NIOCore
import Synchronization
import Testing

@testable import HTTP

struct AdmissionTests {
    private struct BrokenLimiter: RateLimitStore {
        struct Down: Error {}
        func take(_ key: String, quota: RateQuota, now: Timestamp) async throws -> RateLimitDecision { throw Down() }
    }

    @Test("an address that sends too much is refused before anything else is looked at")
    func addressLimit() async throws {
        let harness = ServiceHarness([wordRoute(.get, "/words")], addressQuota: Quota(2, perSeconds: 10))
        func f(_ path: String, _ peer: String, _ status: Int) async throws {
            #expect(try await harness.send(.get, path, from: peer).status == status)
        }
        try await f("/words", "1.1.1.1", 200)
        try await f("/nothing", "1.1.1.1", 404)
        try await f("/words", "1.1.1.1", 429)
        try await f("/nothing", "1.1.1.1", 429)
        try await f("/words", "1.1.1.2", 200)
        // A site has a /64 of its own.
        try await f("/words", "2001:db8::1", 200)
        try await f("/words", "2001:db8::2", 200)
        try await f("/words", "2001:db8::3", 429)
        let refused = try await harness.send(.get, "/words", from: "1.1.1.1")
        #expect(refused.problem == "rate_limited")
        #expect(refused["Retry-After"] == "5")
        #expect(refused["RateLimit-Policy"] == "\"address\";q=2;w=10")
        #expect(refused["RateLimit"] == "\"address\";r=0;t=5")
        #expect(harness.metric("kaskman_http_rejections_total", ["reason": "address_rate"]) == 4)
        harness.clock.advance(by: .seconds(5))
        try await f("/words", "1.1.1.1", 200)
    }

    @Test("callers have quotas by class of routes, counted by who they are")
    func classLimit() async throws {
        let costly = RateClass("costly", Quota(1, perSeconds: 60))
        let read = Access.requires(Permission(rawValue: "read"))
        let harness = ServiceHarness([
            wordRoute(.get, "/a", access: read, rateClass: costly),
            wordRoute(.get, "/b", access: read, rateClass: costly),
            wordRoute(.get, "/c", access: read),
            wordRoute(.get, "/open", rateClass: costly),
        ])
        func f(_ path: String, _ user: String?, _ peer: String, _ status: Int) async throws {
            let fields: HTTPFields = user.map { [.authorization: "Bearer \($0)"] } ?? [:]
            #expect(try await harness.send(.get, path, fields, from: peer).status == status, "\(path)")
        }
        try await f("/a", "viewer", "1.1.1.1", 200)
        try await f("/b", "viewer", "1.1.1.2", 429)
        try await f("/c", "viewer", "1.1.1.1", 200)
        try await f("/a", "editor", "1.1.1.1", 200)
        try await f("/open", nil, "1.1.1.1", 200)
        try await f("/open", nil, "1.1.1.1", 429)
        try await f("/open", nil, "1.1.1.9", 200)
        func decisions(_ outcome: String) -> Double? {
            harness.metric("kaskman_http_rate_limit_decisions_total", ["class": "costly", "outcome": outcome])
        }
        #expect(decisions("allowed") == 4)
        #expect(decisions("refused") == 2)
    }

    @Test("a limiter that is down lets requests through and is counted")
    func limiterDown() async throws {
        let harness = ServiceHarness([wordRoute(.get, "/words")], limiter: BrokenLimiter())
        let reply = try await harness.send(.get, "/words")
        #expect(reply.status == 200)
        #expect(reply["RateLimit"] == nil)
        let failed = harness.metric(
            "kaskman_http_rate_limit_decisions_total",
            ["class": "standard", "outcome": "failed"]
        )
        #expect(failed == 1)
    }

    @Test("credentials are not looked at where everyone may")
    func publicRoutes() async throws {
        let harness = ServiceHarness([wordRoute(.get, "/words")])
        #expect(try await harness.send(.get, "/words", [.authorization: "Bearer broken"]).status == 200)
    }

    @Test("a refused caller does not use up the quota of the class")
    func order() async throws {
        let costly = RateClass("costly", Quota(1, perSeconds: 60))
        let write = Access.requires(Permission(rawValue: "write"))
        let harness = ServiceHarness([wordRoute(.get, "/a", access: write, rateClass: costly)])
        for _ in 0..<3 {
            #expect(try await harness.send(.get, "/a", [.authorization: "Bearer viewer"]).status == 403)
            #expect(try await harness.send(.get, "/a").status == 401)
        }
        #expect(try await harness.send(.get, "/a", [.authorization: "Bearer editor"]).status == 200)
    }

    @Test("the client behind a trusted proxy is limited and logged, not the proxy")
    func proxies() async throws {
        var settings = HTTPSettings()
        settings.trustedProxies = [try #require(AddressRange("10.0.0.0/8"))]
        let harness = ServiceHarness(
            [wordRoute(.get, "/words")],
            addressQuota: Quota(1, perSeconds: 60),
            settings: settings
        )
        let name = try #require(HTTPField.Name("X-Forwarded-For"))
        #expect(try await harness.send(.get, "/words", [name: "1.1.1.1"], from: "10.0.0.1").status == 200)
        #expect(try await harness.send(.get, "/words", [name: "1.1.1.1"], from: "10.0.0.2").status == 429)
        #expect(try await harness.send(.get, "/words", [name: "1.1.1.2"], from: "10.0.0.1").status == 200)
        #expect(try await harness.send(.get, "/words", [name: "1.1.1.3"], from: "8.8.8.8").status == 200)
        #expect(try await harness.send(.get, "/words", [name: "1.1.1.4"], from: "8.8.8.8").status == 429)
        #expect(harness.log.all.first?.metadata["remote"]?.description == "1.1.1.1")
    }
}
