import Basics
import Foundation
import MetricModel
import Rules
import Testing

@testable import Notifications

/// Configurations and routing trees.
struct ConfigurationTests {
    static let routingRatchet = 27
    static let configurationRatchet = 20

    private func route(_ text: String) throws -> Route {
        var reader = RouteReader()
        let route = reader.root(try YAMLDocument(text).root)
        #expect(reader.problems.isEmpty)
        return route
    }

    private func rootRoute(of item: [String: Any]) throws -> Route {
        if let text = item["route"] as? String { return try route(text) }
        let document = try YAMLDocument(try #require(item["config"] as? String))
        var mapping = YAMLMappingReader(document.root, typeName: "config")
        var reader = RouteReader()
        let found = mapping.field("route")
        let entry = try #require(found)
        return reader.root(entry.value)
    }

    @Test func routingAgreesWithAlertmanager() throws {
        guard let file = try Conformance.json("alertmanager/routing.json") else { return }
        var passed = 0
        var total = 0
        var failures: [String] = []
        for tree in Conformance.cases(file["trees"]) {
            let root = try rootRoute(of: tree)
            for item in Conformance.cases(tree["cases"]) {
                total += 1
                let labels = Labels((item["labels"] as? [String: String] ?? [:]).map { Label($0.key, $0.value) })
                let routes = root.matching(labels)
                if isRight(item, routes) { passed += 1 } else { failures.append("\(tree["name"] ?? "") \(labels)") }
            }
        }
        for item in Conformance.cases(file["structure"]) {
            total += 1
            let walk = try rootRoute(of: item).walk
            let receivers = item["receivers_in_walk_order"] as? [String] ?? walk.map(\.options.receiver)
            let ids = item["ids"] as? [String] ?? walk.map(\.id)
            let isRight = receivers == walk.map(\.options.receiver) && ids == walk.map(\.id)
            if isRight { passed += 1 } else { failures.append("structure \(item["name"] ?? ""): \(walk.map(\.id))") }
        }
        Conformance.ratchet("routing", passed: passed, of: total, atLeast: Self.routingRatchet, failures: failures)
    }

    private func isRight(_ item: [String: Any], _ routes: [Route]) -> Bool {
        if let receivers = item["receivers"] as? [String] { return receivers == routes.map(\.options.receiver) }
        if let labels = item["route_labels"] as? [String: String] { return routes.map(\.options.labels) == [labels] }
        let expected = Conformance.cases(item["routes"])
        guard expected.count == routes.count else { return false }
        return zip(expected, routes).allSatisfy { expected, route in
            let options = route.options
            return expected["receiver"] as? String == options.receiver
                && expected["group_by"] as? [String] == options.groupBy
                && expected["group_by_all"] as? Bool == options.groupsByAll
                && expected["group_wait_ms"] as? Int64 == options.groupWait.wholeMilliseconds
                && expected["group_interval_ms"] as? Int64 == options.groupInterval.wholeMilliseconds
                && expected["repeat_interval_ms"] as? Int64 == options.repeatInterval.wholeMilliseconds
                && expected["key"] as? String == route.key
        }
    }

    /// What is refused upstream is refused here, with its words where they are about what we know; what needs
    /// integrations that are not built is left out.
    @Test func configurationsAgreeWithAlertmanager() throws {
        guard let file = try Conformance.json("alertmanager/configs.json"), let folder = Conformance.folder else {
            return
        }
        var passed = 0
        var total = 0
        var failures: [String] = []
        for item in Conformance.cases(file["files"]) + Conformance.cases(file["inline"]) {
            let name = item["file"] as? String ?? item["name"] as? String ?? ""
            if let integration = item["integration"] as? String, integration != "webhook" { continue }
            let path = "\(folder)/alertmanager/\(item["file"] as? String ?? "")"
            let text = try item["yaml"] as? String ?? String(contentsOfFile: path, encoding: .utf8)
            total += 1
            let fault = check(item, text)
            if let fault { failures.append("\(name): \(fault)") } else { passed += 1 }
        }
        Conformance.ratchet(
            "configurations",
            passed: passed,
            of: total,
            atLeast: Self.configurationRatchet,
            failures: failures
        )
    }

    private func check(_ item: [String: Any], _ text: String) -> String? {
        do {
            _ = try NotificationConfiguration(text: text, path: "c.yml")
            return item["ok"] as? Bool == true ? nil : "was accepted"
        } catch {
            if item["ok"] as? Bool == true { return error.description }
            guard let part = item["error"] as? String ?? item["error_contains"] as? String else { return nil }
            return error.description.contains(part) ? nil : error.description
        }
    }

    private func problems(_ text: String) -> [String] {
        do {
            _ = try NotificationConfiguration(text: text, path: "c.yml")
            return []
        } catch {
            return error.problems.map { "c.yml:\($0)" }
        }
    }

    @Test func whatIsNotSupportedIsRefusedWithItsPlace() {
        let text = """
            global: {resolve_timeout: 1m, smtp_from: x}
            templates: [a]
            route:
              receiver: r
              routes:
                - mute_time_intervals: [n]
            receivers:
              - name: r
                slack_configs: []
                webhook_configs:
                  - url: ftp://x
                    payload: {}
            """
        #expect(
            Set(problems(text)) == [
                "c.yml:1:31: field smtp_from not found in type config.GlobalConfig",
                "c.yml:2:1: field templates: notification templates are not supported",
                "c.yml:6:7: field mute_time_intervals: time intervals are not supported",
                "c.yml:9:5: field slack_configs: receivers of this type are not supported",
                "c.yml:11:14: unsupported scheme or missing host for URL",
                "c.yml:12:9: field payload: templated payloads are not supported",
            ]
        )
    }

    @Test func webhooksAreRead() throws {
        let text = """
            route: {receiver: r}
            receivers:
              - name: r
                webhook_configs:
                  - url_file: /run/url
                    send_resolved: false
                    max_alerts: 3
                    timeout: 5s
                    http_config: {basic_auth: {username: u, password_file: /run/p}}
            """
        let configuration = try NotificationConfiguration(text: text, path: "c.yml")
        #expect(
            configuration.receiver("r")?.webhooks == [
                WebhookConfiguration(
                    url: .file("/run/url"),
                    sendsResolved: false,
                    alertsMax: 3,
                    timeout: .seconds(5),
                    credentials: .basic(username: "u", password: .file("/run/p"))
                )
            ]
        )
    }
}
