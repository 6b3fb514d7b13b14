import ArgumentParser
import Client
import JSON

/// The command `kaskman events`.
struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Show what happened lately, and with --follow what happens.",
        discussion: """
            Oldest first, a line each; -o json writes one JSON object a line. A follower whose connection breaks goes on where
            it was. Ends with Ctrl-C.
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Flag(name: .shortAndLong, help: "Go on with what happens, as it happens.")
    var follow = false

    @Option(help: "Only what is behind this position of the log; 0 for all.")
    var after: Int64?

    @Option(help: "Only of this kind, such as project.created; may be repeated.")
    var kind: [String] = []

    @Option(help: "How many of the newest to show.")
    var limit = 20

    mutating func validate() throws {
        guard (0...LimitOptions.limitMax).contains(limit) else {
            throw ValidationError("--limit must be from 0 to \(LimitOptions.limitMax)")
        }
        if let after, after < 0 { throw ValidationError("--after must not be negative") }
        if format.output == .yaml { throw ValidationError("events are written as table or json") }
    }

    func run() async throws {
        let environment = CommandEnvironment.current
        let filter = kind.map { (name: "kind", value: $0) }
        let output = format.output
        try await connection.withClient(environment) { client in
            var position = after
            if after == nil || !follow {
                let (items, _) = try await client.items("/api/v1/activities", filter, limit: max(1, limit))
                for item in items.prefix(limit).reversed() where (item["position"]?.integer ?? 0) > after ?? 0 {
                    Self.write(item, as: output, to: environment)
                }
                position = items.first?["position"]?.integer ?? after
            }
            guard follow else { return }
            try await client.followEvents(
                after: position,
                filter,
                onLoss: { environment.message("kaskman: \($0); connecting anew") },
                receive: { name, event in
                    switch name {
                    case "gap":
                        let range = "\(event["from"]?.integer ?? 0) to \(event["to"]?.integer ?? 0)"
                        environment.message("kaskman: the events \(range) are no longer in the log")
                    case "reset": environment.message("kaskman: the server's log is another one now")
                    default: Self.write(event, as: output, to: environment)
                    }
                }
            )
        }
    }

    private static func write(
        _ event: JSONValue,
        as format: OutputFormat,
        to environment: CommandEnvironment
    ) {
        if format == .json { return environment.output(JSONText.compact(event)) }
        let actor = [event["actor"]?["kind"]?.string, event["actor"]?["id"]?.string].compactMap { $0 }
        let data = event["data"]
        let name = data?["name"]?.string ?? data?["alertname"]?.string ?? data?["username"]?.string
        let parts = [
            event["occurred_at"]?.string, event["kind"]?.string, event["subject_id"]?.string, name,
            actor.isEmpty ? nil : "by " + actor.joined(separator: " "),
        ]
        environment.output(parts.compactMap { $0 }.map(TextTable.visible).joined(separator: "  "))
    }
}
