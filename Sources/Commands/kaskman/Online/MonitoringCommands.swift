import ArgumentParser
import Basics
import Client
import JSON

/// The command `kaskman status`.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the server's version, times and components."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    func run() async throws {
        let environment = CommandEnvironment.current
        let status = try await connection.withClient(environment) { try await $0.status() }
        let health = try status["health"].map { json throws(ClientError) in try HealthRecord(json) }
        environment.output(status, as: format.output) {
            var table = TextTable()
            table.append("Version", status["version"]?.string ?? "")
            table.append("Started", status["started_at"]?.string ?? "")
            table.append("Uptime", status["uptime_seconds"]?.double.map(DurationText.text) ?? "")
            if let health { table.append("Health", health.status) }
            return table
        }
        if format.output == .table, let health {
            environment.write("\n" + health.table.text)
        }
    }
}

/// The command `kaskman health`.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Show how the components are; exit status 1 when the platform is unhealthy. Needs no login."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    func run() async throws {
        let environment = CommandEnvironment.current
        let health = try await connection.withClient(environment) { try await $0.health() }
        environment.output(health.json, as: format.output) { health.table }
        if health.isUnhealthy { throw CommandFailure.failed("the platform is unhealthy") }
    }
}

extension HealthRecord {
    /// The components.
    var table: TextTable {
        var table = TextTable("COMPONENT", "STATUS", "STATE", "RESTARTS", "REASON")
        for component in components {
            let name = component.isEssential ? component.name : "\(component.name) (optional)"
            table.append(name, component.status, component.state, String(component.restarts), component.reason)
        }
        return table
    }
}

/// Lengths of time for people.
enum DurationText {
    /// `3d 4h`, `5m 12s`: the two greatest units.
    static func text(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e15 else { return "" }
        var rest = Int64(seconds)
        var parts: [String] = []
        for (unit, size) in [("d", 86_400 as Int64), ("h", 3600), ("m", 60), ("s", 1)] {
            let count = rest / size
            rest %= size
            if count > 0 || (unit == "s" && parts.isEmpty) { parts.append("\(count)\(unit)") }
            if parts.count == 2 { break }
        }
        return parts.joined(separator: " ")
    }
}

/// The command `kaskman alerts`.
struct AlertsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts",
        abstract: "Alerts of the rules.",
        subcommands: [AlertsListCommand.self, AlertsRulesCommand.self]
    )
}

/// The command `kaskman alerts list`.
struct AlertsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List pending and firing alerts.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    func run() async throws {
        let environment = CommandEnvironment.current
        let (alerts, json) = try await connection.withClient(environment) { try await $0.alerts() }
        environment.output(json, as: format.output) {
            var table = TextTable("ALERT", "STATE", "SINCE", "VALUE", "LABELS", "SUMMARY")
            for alert in alerts {
                let labels = alert.labels.filter { $0.key != "alertname" }.sorted { $0.key < $1.key }
                    .map { "\($0.key)=\($0.value)" }
                let summary = alert.annotations["summary"] ?? alert.annotations["description"] ?? ""
                table.append(
                    alert.name,
                    alert.state,
                    alert.activeAt,
                    Self.readable(alert.value),
                    labels.joined(separator: ","),
                    summary
                )
            }
            return table
        }
    }

    /// A value as people write it; the API's form is `5.46e+00`, as Prometheus'.
    static func readable(_ value: String) -> String { Double(value).map(FloatText.decimal) ?? value }
}

/// The command `kaskman alerts rules`.
struct AlertsRulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules",
        abstract: "List the rules that are evaluated, the worst state first."
    )

    /// The states, the worst first; recording rules have none.
    private static let states = ["firing", "pending", "inactive"]

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Option(help: "Only alerts of this state: firing, pending or inactive.")
    var state: String?

    mutating func validate() throws {
        if let state, !Self.states.contains(state) {
            throw ValidationError("--state must be one of \(Self.states.joined(separator: ", "))")
        }
    }

    func run() async throws {
        let environment = CommandEnvironment.current
        let groups = try await connection.withClient(environment) { try await $0.ruleGroups() }
        let rules = groups.flatMap { group in
            (group["rules"]?.array ?? []).map { $0.merging(["group": group["name"] ?? .null]) }
        }
        .filter { state == nil || $0["state"]?.string == state }
        .sorted { Self.place($0) < Self.place($1) }
        environment.output(.array(rules), as: format.output) {
            var table = TextTable("RULE", "GROUP", "STATE", "HEALTH", "LAST EVALUATION", "ERROR")
            for rule in rules {
                table.append(
                    rule["name"]?.string ?? "",
                    rule["group"]?.string ?? "",
                    rule["state"]?.string ?? rule["type"]?.string ?? "",
                    rule["health"]?.string ?? "",
                    rule["lastEvaluation"]?.string ?? "",
                    rule["lastError"]?.string ?? ""
                )
            }
            return table
        }
    }

    private static func place(_ rule: JSONValue) -> Int {
        rule["state"]?.string.flatMap { states.firstIndex(of: $0) } ?? states.count
    }
}
