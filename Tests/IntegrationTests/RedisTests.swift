import Foundation
import RedisTesting
import Testing

extension Integration {
    /// Two servers that share a Redis, which dies and comes back.
    @Suite(
        "Redis",
        .serialized,
        .onSQLite("it has servers of its own"),
        .enabled(if: RedisServer.isInstalled),
        .timeLimit(.minutes(3))
    )
    struct RedisTests {
        /// Requests a minute that one address may send to the public routes.
        private static let quota = 30

        @Test("Servers share limits; without Redis they serve, degraded, and an alert tells; it comes back")
        func outage() async throws {
            try await withRedisServer { redis in
                let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
                try ShortenedRules.write(to: first)
                let settings = [
                    "redis.url": redis.url, "limits.monitoring_requests_per_minute": "\(Self.quota)",
                    "sampler.interval": ShortenedRules.samplingInterval, "supervisor.health_interval": "250ms",
                    "rules.evaluation_interval": ShortenedRules.evaluationInterval,
                ]
                try await Server.run(in: first, settings) { one in
                    try await Server.run(in: second, settings) { two in
                        try await untilRedis(one, "healthy")
                        try await untilRedis(two, "healthy")
                        try await expectAllowed([one, two], shared: true)
                        redis.kill()
                        try await untilRedis(one, "degraded")
                        try await expectAllowed([one, two], shared: false)
                        try await eventually("the alert fires", within: .seconds(60)) {
                            try await isFiring("RedisDown", one)
                        }
                        #expect(try await one.get("/api/v1/projects", headers: [Self.administrator]).status == 200)
                        #expect(try await one.prometheus.value("sum(kaskman_redis_up)") == 0)
                        try redis.start()
                        try await untilRedis(one, "healthy")
                        try await untilRedis(two, "healthy")
                        try await expectAllowed([one, two], shared: true)
                        try await eventually("the alert resolves", within: .seconds(60)) {
                            try await !isFiring("RedisDown", one)
                        }
                    }
                }
            }
        }

        @Test("A wrong URL is a mistake of the configuration, and a password in it is not told")
        func wrongURL() async throws {
            let folder = try TemporaryFolder()
            let child = try await Server.start(in: folder, ["redis.url": "redis://secret@h:99999"])
            #expect(try await child.exit().status == 1)
            #expect(child.log.contains("redis.url has a port that is no number from 1 to 65535"))
            #expect(!child.log.contains("secret"))
            withExtendedLifetime(folder) {}
        }

        private static let administrator = Server.basic("admin", Server.password)

        /// Sends more than one caller may, to the servers in turn.
        private func expectAllowed(_ servers: [Server], shared: Bool) async throws {
            // An address of its own, which has its whole quota.
            let caller = "127.1.\(UInt8.random(in: 1...250)).\(UInt8.random(in: 2...250))"
            var allowed = 0
            for turn in 0..<(Self.quota * 4) {
                let server = servers[turn % servers.count]
                let answer = try await WireClient.send(.get, "/api/v1/health/live", port: server.port, from: caller)
                #expect([200, 429].contains(answer.status))
                if answer.status == 200 { allowed += 1 }
            }
            let quota = shared ? Self.quota : Self.quota * servers.count
            // One comes back every two seconds while this runs.
            #expect((quota...(quota + 8)).contains(allowed), "\(allowed) of \(Self.quota * 4), shared: \(shared)")
        }

        private func untilRedis(_ server: Server, _ status: String) async throws {
            try await eventually("Redis is \(status)", within: .seconds(30)) {
                // Asked as an API, which a public route's limit does not hold up.
                try await server.prometheus.value(#"kaskman_component_health{component="redis"}"#)
                    == (status == "healthy" ? 1 : 0.5)
            }
            let health = try await WireClient.send(
                .get,
                "/api/v1/health",
                port: server.port,
                from: "127.2.0.\(UInt8.random(in: 2...250))"
            )
            #expect(health.status == 200)
            #expect(health.text.contains(#""component":"redis","status":"\#(status)""#), "\(health.text)")
        }

        private func isFiring(_ name: String, _ server: Server) async throws -> Bool {
            try await server.prometheus.alerts().contains { $0.name == name && $0.state == "firing" }
        }
    }
}
