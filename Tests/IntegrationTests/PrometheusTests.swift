import Foundation
import Testing

extension Integration {
    @Suite("Beside Debian's Prometheus", .serialized)
    struct PrometheusTests {
        @Test("promtool has no complaint about the metrics")
        func metrics() async throws {
            let folder = try TemporaryFolder()
            let page = try await Server.run(in: folder) { try await $0.get("/metrics") }
            #expect(page.status == 200)
            let path = try folder.write(page.text, to: "metrics.txt")
            let check = try await ChildProcess.run(
                "/bin/sh",
                ["-c", "promtool check metrics < \(path)"],
                directory: folder.path
            )
            #expect(check.output == "")
            #expect(check.exit == .success)
        }

        @Test("promtool accepts the shipped rules and their tests")
        func rules() async throws {
            let folders = [
                ("check", "alerts"), ("test", "alerts/tests"),
                ("check", "deploy/prometheus/rules"), ("test", "deploy/prometheus/rules/tests"),
            ]
            for (command, folder) in folders {
                let files = try Repository.files(in: folder, suffix: ".yml")
                #expect(!files.isEmpty)
                let run = try await ChildProcess.run(
                    "/usr/bin/promtool",
                    [command, "rules"] + files,
                    directory: Repository.root + "/" + folder
                )
                #expect(run.exit == .success, "\(run.output)")
            }
        }

        @Test("Prometheus with deploy/prometheus/prometheus.yml scrapes the server and evaluates the rules")
        func scrape() async throws {
            let folder = try TemporaryFolder()
            try await Server.run(in: folder) { server in
                let shipped = try Repository.text("deploy/prometheus/prometheus.yml")
                let configuration = shipped.replacing("127.0.0.1:8080", with: "127.0.0.1:\(server.port)")
                    .replacing("../../alerts", with: Repository.root + "/alerts")
                    .replacing("- rules/", with: "- \(Repository.root)/deploy/prometheus/rules/")
                    .replacing("scrape_interval: 5s", with: "scrape_interval: 1s")
                    .replacing("evaluation_interval: 15s", with: "evaluation_interval: 1s")
                #expect(configuration.contains(":\(server.port)\""))
                try await DebianPrometheus.run(in: folder, configuration: configuration) { prometheus in
                    try await eventually("the target is up") {
                        try await prometheus.value(#"up{job="kaskman"}"#) == 1
                    }
                    #expect(try await prometheus.value(#"kaskman_build_info{job="kaskman"}"#) == 1)
                    let files =
                        try Repository.files(in: "alerts", suffix: ".yml")
                        + Repository.files(in: "deploy/prometheus/rules", suffix: ".yml")
                    try await eventually("every rule has been evaluated") {
                        let data = try await prometheus.get("rules")["data"] as? [String: Any]
                        let groups = data?["groups"] as? [[String: Any]] ?? []
                        let rules = groups.flatMap { $0["rules"] as? [[String: Any]] ?? [] }
                        return groups.count >= files.count && rules.allSatisfy { $0["health"] as? String == "ok" }
                    }
                }
            }
        }
    }
}
