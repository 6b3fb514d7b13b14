import Basics
import Foundation
import MetricModel
import PromQL
import Rules
import Supervision
import Testing

@testable import Composition

/// What the platform ships to watch itself, compared with what it registers.
@Suite("Shipped rules and dashboards")
struct ObservabilityTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Series that are not of a registry: a scrape writes them, or the evaluator.
    private static let foreign: Set<String> = [
        "up", "scrape_duration_seconds", "scrape_samples_scraped", "ALERTS", "ALERTS_FOR_STATE",
    ]

    private func registered() async throws -> (names: Set<String>, families: [MetricMetadata]) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "composition-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let loaded = try SettingsLoader.load(
            file: nil,
            flags: ["data_dir": folder, "rules.files": "", "web.dir": "", "identity.password_cost": "4"],
            // Components that are there only when configured; nothing is connected to, since nothing runs.
            environment: ["KASKMAN_REDIS_URL": "redis://127.0.0.1:1"],
            fileSystem: DiskFileSystem()
        )
        let platform = try await Platform.build(
            settings: loaded.settings,
            origin: loaded.origin,
            clock: SystemClock(),
            logOutput: { _ in }
        )
        var names = Self.foreign
        for family in platform.metricFamilies {
            names.insert(family.name)
            if family.type == .histogram { names.formUnion(["_bucket", "_sum", "_count"].map { family.name + $0 }) }
        }
        return (names, platform.metricFamilies)
    }

    private func ruleFiles(in folder: String = "alerts") throws -> [RuleFile] {
        let parser = PromQLParser()
        let loader = RuleFileLoader(readExpression: { try parser.parse($0) })
        let folder = Self.root.appending(path: folder).path
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().filter { $0.hasSuffix(".yml") }
            .map { try loader.load(folder + "/" + $0, from: DiskFileSystem()) }
    }

    @Test("Every metric in a rule is registered")
    func rules() async throws {
        let names = try await registered().names
        for file in try ruleFiles() {
            for rule in file.groups.flatMap(\.rules) {
                let unknown = Set(rule.expression.metricNames).subtracting(names)
                #expect(unknown.isEmpty, "\(rule.name) in \(file.path) reads \(unknown.sorted())")
            }
        }
    }

    @Test("Every metric on a dashboard is registered, and every panel's expression is valid")
    func dashboards() async throws {
        let names = try await registered().names
        let folder = Self.root.appending(path: "dashboards")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }
        #expect(!files.isEmpty)
        for file in files {
            let object = try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appending(path: file)))
            let expressions = Self.expressions(in: object)
            #expect(!expressions.isEmpty)
            for text in expressions {
                let plain = text.replacingOccurrences(of: "$__rate_interval", with: "1m")
                let unknown = Set(try PromQLParser().parse(plain).metricNames).subtracting(names)
                #expect(unknown.isEmpty, "\(file): \(text) reads \(unknown.sorted())")
            }
        }
    }

    @Test("Every component has rules of its own domain, a runbook section for each, and panels")
    func components() throws {
        let files = try ruleFiles()
        let dashboards = try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appending(path: "dashboards").path
        )
        .map { try String(contentsOf: Self.root.appending(path: "dashboards/\($0)"), encoding: .utf8) }.joined()
        for kind in ComponentKind.allCases {
            let rules = files.first { $0.path.hasSuffix("/\(kind.rawValue).yml") }?.groups.flatMap(\.rules) ?? []
            #expect(!rules.isEmpty, "alerts/\(kind.rawValue).yml has no rule")
            let own = rules.filter { rule in
                rule.expression.metricNames.contains { !$0.hasPrefix("kaskman_component_") && $0 != "up" }
            }
            #expect(!own.isEmpty, "\(kind.rawValue) has no rule about its own domain")
            #expect(dashboards.contains("\"title\": \"\(kind.rawValue)\""), "no dashboard row for \(kind.rawValue)")
        }
        let outside = try ruleFiles(in: "deploy/prometheus/rules")
        #expect(!outside.isEmpty)
        for rule in (files + outside).flatMap(\.groups).flatMap(\.rules) where rule.isAlert {
            let link = rule.annotations.first { $0.name == "runbook_url" }?.value ?? ""
            let parts = link.split(separator: "/").map(String.init)
            let name = parts.count == 5 ? parts[3] : "missing"
            let path = Self.root.appending(path: "alerts/runbooks/\(name).md").path
            let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            let page = "{{ or $externalLabels.kaskman_url $externalURL }}/#/runbooks/"
            #expect(
                text.contains("## \(rule.name)") && link == page + "\(name)/\(rule.name.lowercased())",
                "\(rule.name): \(link) is no section of a runbook"
            )
        }
    }

    @Test("Metric names follow the naming guide: prefix, units, _total; and every metric has a help text")
    func names() async throws {
        for family in try await registered().families {
            let name = family.name
            #expect(name.hasPrefix("kaskman_") || name.hasPrefix("process_"), "\(name)")
            #expect((family.type == .counter) == name.hasSuffix("_total"), "\(name) is a \(family.type.rawValue)")
            #expect(family.help.hasSuffix("."), "\(name): the help text is a sentence")
            for unit in ["_milliseconds", "_ms", "_minutes", "_kilobytes", "_mb", "_percent"] {
                #expect(!name.contains(unit), "\(name) is not in a base unit")
            }
        }
    }

    @Test("The example configuration in deploy is the one that the server prints")
    func exampleConfiguration() throws {
        let file = Self.root.appending(path: "deploy/kaskman.example.yaml")
        #expect(try String(contentsOf: file, encoding: .utf8) == ExampleConfiguration.text)
    }

    private static func expressions(in object: Any) -> [String] {
        if let array = object as? [Any] { return array.flatMap(expressions) }
        guard let dictionary = object as? [String: Any] else { return [] }
        return (dictionary["expr"] as? String).map { [$0] } ?? dictionary.values.flatMap(expressions)
    }
}
