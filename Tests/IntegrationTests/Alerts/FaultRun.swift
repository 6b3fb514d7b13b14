import Foundation
import Supervision
import Synchronization

/// Takes one row through its life: calm, fault, pending, firing, notice, mended, resolved.
struct FaultRun {
    let row: FaultRow

    func record() async -> FaultRecord {
        var record = FaultRecord(row: row)
        do {
            let folder = try TemporaryFolder()
            try await row.prepare(folder)
            let receiver = try await WebhookReceiver()
            let second = try await WebhookReceiver()
            try write(to: folder, receiver, second)
            let settings = [
                "sampler.interval": ShortenedRules.samplingInterval,
                "rules.evaluation_interval": ShortenedRules.evaluationInterval,
                "supervisor.health_interval": "250ms", "database.busy_timeout": "100ms",
                "notifications.file": folder.path + "/notifications.yml", "log.level": "notice",
            ].merging(row.settings) { $1 }
            do {
                record = try await Server.run(in: folder, settings) { server in
                    let scene = FaultScene(server: server, folder: folder, receiver: receiver)
                    return try await DebianPrometheus.run(in: folder, configuration: beside(server)) { prometheus in
                        try await observe(scene, second, prometheus)
                    }
                }
            } catch {
                record.problems.append("\(error)")
            }
            try await row.cleanUp(folder)
            for fault in receiver.faults + second.faults {
                record.problems.append("a body that is no payload: \(fault)")
            }
            try? await receiver.stop()
            try await second.stop()
        } catch let refusal as NotRun {
            record.notRun = refusal.reason
        } catch {
            record.problems.append("\(error)")
        }
        return record
    }

    private func write(to folder: TemporaryFolder, _ receiver: WebhookReceiver, _ second: WebhookReceiver) throws {
        try ShortenedRules.write(to: folder)
        if !row.rules.isEmpty { try folder.write(row.rules, to: "rules/test.yml") }
        try folder.write(
            """
            route:
              receiver: first
              group_by: ["..."]
              group_wait: 200ms
              group_interval: 1s
              routes:
                - receiver: second
                  matchers: [component="notifications"]
            receivers:
              - name: first
                webhook_configs: [{url: "\(receiver.url)"}]
              - name: second
                webhook_configs: [{url: "\(second.url)"}]
            """,
            to: "notifications.yml"
        )
    }

    /// Debian's Prometheus with the same rules, scraping the same server.
    private func beside(_ server: Server) -> String {
        """
        global:
          scrape_interval: \(ShortenedRules.samplingInterval)
          evaluation_interval: \(ShortenedRules.evaluationInterval)
        rule_files: ["rules/*.yml"]
        scrape_configs:
          - job_name: kaskman
            static_configs: [{targets: ["127.0.0.1:\(server.port)"]}]
        """
    }

    private func observe(
        _ scene: FaultScene,
        _ second: WebhookReceiver,
        _ prometheus: PrometheusAPI
    ) async throws -> FaultRecord {
        var record = FaultRecord(row: row)
        let api = scene.server.prometheus
        try await eventually("calm before the fault", within: .seconds(60)) {
            let samples = try await api.value("count_over_time(up[1m])") ?? 0
            let alerts = try await api.alerts()
            return samples >= 6 && alerts.isEmpty
        }
        let labels = ["alertname": row.rule, "component": row.component.rawValue]
        let listener = row.component == .notifications ? second : scene.receiver
        let begin = ContinuousClock.now
        let seen = Sightings()
        let cause = Task { [row] in try await row.cause(scene) }
        let watch = Task {
            await repeatedly(every: .milliseconds(100)) {
                let alerts = try await api.alerts()
                seen.note(alerts)
            }
        }
        defer {
            cause.cancel()
            watch.cancel()
        }
        func until(_ what: String, _ limit: Duration, since: ContinuousClock.Instant, _ probe: () -> Bool) async throws
            -> Duration
        {
            try await eventually("\(row.component.rawValue): \(what)", within: limit) { probe() }
            return .now - since
        }
        func isSeen(_ rule: String, _ state: String) -> Bool {
            seen.read {
                $0.contains { $0.name == rule && $0.component == row.component.rawValue && $0.state == state }
            }
        }
        do {
            record.pending = try await until("\(row.rule) is pending", .seconds(60), since: begin) {
                isSeen(row.rule, "pending")
            }
            record.firing = try await until("\(row.rule) fires", .seconds(60), since: begin) {
                isSeen(row.rule, "firing")
            }
            record.noticed = try await until("the notice", .seconds(20), since: begin) {
                listener.has("firing", labels)
            }
            // Before the fault is mended: some of them wait longer than the row's own rule.
            for rule in row.alsoOwn.sorted() {
                _ = try await until("\(rule) fires", .seconds(60), since: begin) { isSeen(rule, "firing") }
            }
            record.agreed = try await agreement(api, prometheus, since: begin)
            cause.cancel()
            try await cause.value
            let mended = ContinuousClock.now
            record.resolved = try await until("the resolved notice", .seconds(60), since: mended) {
                listener.has("resolved", labels)
            }
        } catch {
            let states = seen.read { $0.map { "\($0.name)/\($0.component)/\($0.state)" } }.sorted()
            record.problems.append("\(error); seen: \(states)")
        }
        let fired = seen.read { $0.filter { $0.state == "firing" } }
        record.fired = Set(fired.map(\.name))
        let expected = row.consequences.union(ShortenedRules.ofHaste)
        for alert in fired where alert.component != row.component.rawValue && !expected.contains(alert.name) {
            record.problems.append("an unrelated alert fired: \(alert.labels)")
        }
        record.problems += payloadProblems(listener)
        return record
    }

    /// When Prometheus had reached the same set of firing alerts.
    private func agreement(
        _ ours: PrometheusAPI,
        _ theirs: PrometheusAPI,
        since begin: ContinuousClock.Instant
    ) async throws -> Duration {
        func firing(_ api: PrometheusAPI) async throws -> Set<String> {
            Set(try await api.alerts().filter { $0.state == "firing" }.map { "\($0.name) \($0.component)" })
        }
        try await eventually("\(row.component.rawValue): the same alerts fire in Prometheus") {
            let (own, other) = (try await firing(ours), try await firing(theirs))
            guard own == other, own.contains("\(row.rule) \(row.component.rawValue)") else {
                throw Unexpected(text: "ours \(own.sorted()), Prometheus \(other.sorted())")
            }
            return true
        }
        return .now - begin
    }

    /// What is wrong with the payloads that arrived.
    private func payloadProblems(_ listener: WebhookReceiver) -> [String] {
        listener.notices.flatMap { notice in
            var problems: [String] = []
            if notice.version != "4" { problems.append("version \(notice.version)") }
            if notice.truncatedAlerts != 0 { problems.append("truncated alerts") }
            if notice.groupKey.isEmpty || !notice.externalURL.hasPrefix("http") {
                problems.append("no group key or address")
            }
            for alert in notice.alerts {
                let isOver = alert.endsAt != "0001-01-01T00:00:00Z"
                if isOver != (alert.status == "resolved") {
                    problems.append("\(alert.status) but ends at \(alert.endsAt)")
                }
            }
            return problems
        }
    }
}

/// Every alert that was seen, in every state.
private final class Sightings: Sendable {
    private let alerts = Mutex<Set<PrometheusAPI.Alert>>([])

    func note(_ seen: [PrometheusAPI.Alert]) { alerts.withLock { $0.formUnion(seen) } }

    func read<Result: Sendable>(_ body: (Set<PrometheusAPI.Alert>) -> Result) -> Result { body(alerts.withLock { $0 }) }
}
