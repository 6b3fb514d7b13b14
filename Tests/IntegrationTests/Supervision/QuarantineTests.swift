import Basics
import ChaosTesting
import Foundation
import Synchronization
import Testing

extension Integration {
    /// A component that throws, in the real process, by a real fault: the database has lost the table of agents, and the
    /// component `agents` cannot begin without having looked at them once.
    @Suite("Restarts and quarantine", .serialized, .onSQLite("its fault is of SQLite's file"))
    struct QuarantineTests {
        /// In the long form as many as without the setting: two minutes.
        private static let failuresMax = Chaos.isLong ? 10 : 6
        private static let settings = [
            "supervisor.failures_max": "\(failuresMax)", "supervisor.health_interval": "250ms", "log.level": "notice",
            "sampler.interval": ShortenedRules.samplingInterval, "limits.user_requests_per_minute": "1000000",
            "limits.monitoring_requests_per_minute": "1000000", "limits.query_requests_per_minute": "1000000",
            "rules.evaluation_interval": ShortenedRules.evaluationInterval, "limits.address_requests_per_minute": "0",
        ]
        /// Routes that do not need agents.
        private static let others = [
            "/api/v1/health", "/api/v1/health/live", "/api/v1/health/ready", "/metrics", "/api/v1/projects",
            "/api/v1/users", "/api/v1/activities", "/api/v1/status", "/prometheus/api/v1/query?query=up",
            "/prometheus/api/v1/rules", "/api/v1/openapi.json",
        ]
        private static let labels = ["component": "agents"]

        @Test("A component that throws is restarted with growing delays, and runs as soon as its fault is mended")
        func restarts() async throws {
            let (folder, receiver) = try await prepare()
            try await Server.run(in: folder, settings(folder, failuresMax: 50)) { server in
                try await eventually("five restarts", within: .seconds(30), every: .milliseconds(20)) {
                    Self.restarts(server).count >= 5
                }
                let noticed = ["alertname": "ComponentRestarting"].merging(Self.labels) { $1 }
                try await eventually("ComponentRestarting is told") { receiver.has("firing", noticed) }
                try await Intruder.execute(["ALTER TABLE agents_away RENAME TO agents"], in: folder)
                try await eventually("the component runs", within: .seconds(60)) {
                    try await Self.entry(server).contains(#""status":"healthy","state":"running""#)
                }
                let count = Self.restarts(server).count
                let api = server.prometheus
                try await eventually("the metrics say so") {
                    try await api.value(#"kaskman_component_up{component="agents"}"#) == 1
                }
                #expect(try await api.value(#"kaskman_component_health{component="agents"}"#) == 1)
                #expect(try await api.value(#"kaskman_component_restarts_total{component="agents"}"#) == Double(count))
                try await eventually("ComponentRestarting is resolved", within: .seconds(90)) {
                    receiver.has("resolved", noticed)
                }
                #expect(try await server.get("/api/v1/agents", headers: Self.headers).status == 200)
                try expectGrowth(server)
            }
            try await receiver.stop()
        }

        @Test("A component that keeps throwing is quarantined: health, metrics and an alert say so, the rest serves on")
        func quarantine() async throws {
            let (folder, receiver) = try await prepare()
            try await Server.run(in: folder, settings(folder, failuresMax: Self.failuresMax)) { server in
                let load = Load()
                let requests = Task { await load.run(server, Self.others) }
                defer { requests.cancel() }
                try await eventually("the component is in quarantine", within: .seconds(180)) {
                    try await Self.entry(server).contains(#""state":"quarantined""#)
                }
                #expect(Self.restarts(server).count == Self.failuresMax)
                #expect(server.child.log.contains("component quarantined"))
                let health = try await server.get("/api/v1/health")
                #expect(health.status == 200 && health.text.hasPrefix(#"{"status":"degraded""#), "\(health.text)")
                let entry = try await Self.entry(server)
                #expect(
                    entry.contains("\"restarts\":\(Self.failuresMax)") && entry.contains("is not restarted any more")
                )
                try await expectMetrics(server)
                let noticed = ["alertname": "ComponentQuarantined", "severity": "critical"].merging(Self.labels) { $1 }
                try await eventually("ComponentQuarantined is told") { receiver.has("firing", noticed) }
                try expectGrowth(server)
                // Longer than the next delay would have been.
                let before = load.total
                try await eventually("hundreds of further requests") { load.total > before + 500 }
                #expect(Self.restarts(server).count == Self.failuresMax, "nobody starts it again")
                requests.cancel()
                await requests.value
                let (total, failed) = (load.total, load.failed)
                print(
                    "\(total) requests to \(Self.others.count) other routes meanwhile, \(failed.count) not answered 200"
                )
                #expect(failed.isEmpty, "\(failed.prefix(5))")
            }
            // Whoever mends it and starts the server again has the component back.
            try await Intruder.execute(["ALTER TABLE agents_away RENAME TO agents"], in: folder)
            try await Server.run(in: folder, settings(folder, failuresMax: Self.failuresMax)) { server in
                try await eventually("healthy again") {
                    try await server.get("/api/v1/health").text.hasPrefix(#"{"status":"healthy""#)
                }
            }
            try await receiver.stop()
        }

        /// A database that has lost the table of agents, the shipped rules shortened, and someone who is told.
        private func prepare() async throws -> (TemporaryFolder, WebhookReceiver) {
            let folder = try TemporaryFolder()
            try await Server.run(in: folder) { _ in }
            try await Intruder.execute(["ALTER TABLE agents RENAME TO agents_away"], in: folder)
            let receiver = try await WebhookReceiver()
            try ShortenedRules.write(to: folder)
            try folder.write(
                """
                route: {receiver: first, group_by: ["..."], group_wait: 200ms, group_interval: 1s}
                receivers: [{name: first, webhook_configs: [{url: "\(receiver.url)"}]}]
                """,
                to: "notifications.yml"
            )
            return (folder, receiver)
        }

        private func settings(_ folder: TemporaryFolder, failuresMax: Int) -> [String: String] {
            Self.settings.merging([
                "notifications.file": folder.path + "/notifications.yml", "supervisor.failures_max": "\(failuresMax)",
            ]) { $1 }
        }

        // MARK: What is seen

        private static let headers = [Server.basic("admin", Server.password)]

        /// The line of the health page.
        private static func entry(_ server: Server) async throws -> String {
            let page = try await server.get("/api/v1/health").text
            return page.firstMatch(of: /\{"component":"agents"[^}]*\}/).map { String($0.0) } ?? ""
        }

        /// When the component failed, and the delay that followed, as the log tells them.
        private static func restarts(_ server: Server) -> [(time: Timestamp, delay: Double)] {
            let pattern =
                /time=(\S+) [^\n]*component failed, restarting[^\n]*component=agents delay_seconds=([0-9.e-]+)/
            return server.child.log.matches(of: pattern).compactMap { match in
                guard let time = Timestamp(rfc3339: String(match.1)), let delay = Double(match.2) else { return nil }
                return (time, delay)
            }
        }

        /// Each delay is longer than the one before, and each failure came after the delay that was said.
        private func expectGrowth(_ server: Server) throws {
            let restarts = Self.restarts(server)
            let gaps = zip(restarts.dropFirst(), restarts).map { $0.time.since($1.time).inSeconds }
            func text(_ values: [Double]) -> String {
                values.map { String(format: "%.2f", $0) }.joined(separator: ", ")
            }
            print("agents: delays \(text(restarts.map(\.delay))) s; seconds from failure to failure \(text(gaps))")
            #expect(restarts.count >= 5)
            for (index, gap) in gaps.enumerated() {
                #expect(gap >= restarts[index].delay - 0.002, "restart \(index + 1)")
                // The longest delay is 30 s, less a quarter at most.
                #expect(restarts[index + 1].delay > min(restarts[index].delay * 1.4, 22.4), "restart \(index + 1)")
            }
        }

        private func expectMetrics(_ server: Server) async throws {
            let page = try await server.get("/metrics").text
            func f(_ name: String, _ value: Int) async throws {
                let series = "\(name){component=\"agents\"}"
                #expect(page.contains("\n\(series) \(value)\n"), "\(name)")
                // The store has it a sample later.
                try await eventually("\(series) is \(value)") {
                    try await server.prometheus.value(series) == Double(value)
                }
            }
            try await f("kaskman_component_quarantined", 1)
            try await f("kaskman_component_up", 0)
            try await f("kaskman_component_health", 0)
            try await f("kaskman_component_restarts_total", Self.failuresMax)
        }
    }

    /// Requests one after the other, until cancelled.
    private final class Load: Sendable {
        private let seen = Mutex((total: 0, failed: [String]()))

        var total: Int { seen.withLock { $0.total } }
        var failed: [String] { seen.withLock { $0.failed } }

        func run(_ server: Server, _ targets: [String]) async {
            while !Task.isCancelled {
                for target in targets where !Task.isCancelled {
                    let fields = [Server.basic("admin", server.password)]
                    let answer = try? await server.get(target, headers: fields)
                    if Task.isCancelled { return }
                    seen.withLock { seen in
                        seen.total += 1
                        if answer?.status != 200 { seen.failed.append("\(target): \(answer?.status ?? 0)") }
                    }
                }
            }
        }
    }
}
