import Foundation
import Testing

extension Integration {
    @Suite("Reload")
    struct ReloadTests {
        private static func rules(_ name: String, _ expression: String = "vector(1)") -> String {
            "groups:\n- name: g\n  rules:\n  - alert: \(name)\n    expr: \(expression)\n"
        }

        /// The names of the rules in force.
        private static func names(_ server: Server) async throws -> [String] {
            let data = try await server.prometheus.get("rules")["data"] as? [String: Any]
            let groups = try #require(data?["groups"] as? [[String: Any]])
            return groups.flatMap { $0["rules"] as? [[String: Any]] ?? [] }.compactMap { $0["name"] as? String }
        }

        @Test("SIGHUP brings new rules into force; with a broken file the old ones stay, and the metric tells")
        func hangup() async throws {
            let folder = try TemporaryFolder()
            try folder.write(Self.rules("First"), to: "rules/a.yml")
            try await Server.run(in: folder, ["sampler.interval": "200ms"]) { server in
                func expectSuccess(_ expected: Double) async throws {
                    try await eventually("the metric is \(expected)") {
                        try await server.prometheus.value("kaskman_config_last_reload_successful") == expected
                    }
                }
                func loadedAt() async throws -> Double? {
                    try await server.prometheus.value("kaskman_config_last_reload_success_timestamp_seconds")
                }
                try await expectSuccess(1)
                #expect(try await Self.names(server) == ["First"])
                let start = try await loadedAt()
                try folder.write(Self.rules("Second"), to: "rules/a.yml")
                try folder.write(Self.rules("Third"), to: "rules/b.yml")
                server.child.signal(SIGHUP)
                try await eventually("the new rules are in force") {
                    try await Self.names(server) == ["Second", "Third"]
                }
                try await eventually("the time of the reload is told") { try await loadedAt() != start }
                try folder.write(Self.rules("Fourth"), to: "rules/a.yml")
                try folder.write(Self.rules("Third", "sum("), to: "rules/b.yml")
                server.child.signal(SIGHUP)
                try await expectSuccess(0)
                #expect(try await Self.names(server) == ["Second", "Third"])
                let fault = server.child.log.split(separator: "\n").first {
                    $0.contains("the rules cannot be reloaded")
                }
                #expect(fault?.contains("/rules/b.yml:5:") == true, "\(server.child.log)")
                try folder.write(Self.rules("Third"), to: "rules/b.yml")
                server.child.signal(SIGHUP)
                try await expectSuccess(1)
                #expect(try await Self.names(server) == ["Fourth", "Third"])
                server.child.signal(SIGTERM)
                #expect(try await server.child.exit(within: .seconds(15)) == .success)
            }
        }
    }
}
