import ArgumentParser
import Client
import JSON

/// The command `kaskman agent monitor`.
struct AgentMonitorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitor",
        abstract: "Watch what agents do: status, load, current tasks, last sign of life.",
        discussion:
            "Looks again every 2 seconds, until it is interrupted, or the one agent that it watches has stopped."
    )

    /// How many agents it shows: as many as one request tells the work of.
    static let agentsMax = 50

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The agent's identifier, or its name; all without it.")
    var agent: String?

    func run() async throws {
        var isFirst = true
        try await WatchOptions.again {
            defer { isFirst = false }
            return try await look(isFirst)
        }
    }

    /// Shows the agents as they are; returns whether the one that is watched has stopped.
    private func look(_ isFirst: Bool) async throws -> Bool {
        let environment = CommandEnvironment.current
        let (agents, work, hasMore) = try await connection.withClient(environment) {
            client -> ([JSONValue], [String: JSONValue], Bool) in
            let (found, hasMore) = try await self.agents(client)
            let ids = try found.map { try AgentRecord($0).id }
            return (found, try await client.work(of: ids), hasMore)
        }
        let rows = try agents.map { try row($0, work) }
        environment.output(.array(rows), as: format.output) { table(rows) }
        if hasMore && isFirst {
            environment.message("Only \(Self.agentsMax) agents are shown; name one to see another.")
        }
        return agent != nil && agents.first?["status"]?.string == "stopped"
    }

    private func agents(_ client: APIClient) async throws -> (agents: [JSONValue], hasMore: Bool) {
        if let agent {
            return ([try await NamedRecord.find(agent, at: AgentCommand.path, called: "agent", by: client)], false)
        }
        let page = try await client.items(AgentCommand.path, [("sort", "name")], limit: Self.agentsMax)
        return (page.items, page.next != nil)
    }

    private func row(_ json: JSONValue, _ work: [String: JSONValue]) throws(ClientError) -> JSONValue {
        let agent = try AgentRecord(json)
        return [
            "id": .string(agent.id), "name": .string(agent.name), "status": .string(agent.status),
            "load": json["load"] ?? .null, "running": work[agent.id]?["running"] ?? 0,
            "tasks": .array((work[agent.id]?["current"]?.array ?? []).compactMap { $0["task_name"] }),
            "last_heartbeat_at": agent.lastSeenAt.map { .string($0) } ?? .null,
        ]
    }

    private func table(_ rows: [JSONValue]) -> TextTable {
        var table = TextTable("NAME", "STATUS", "LOAD", "RUNNING", "TASKS", "LAST SEEN")
        for row in rows {
            table.append(
                row["name"]?.string ?? "",
                row["status"]?.string ?? "",
                row["load"].map { $0.isNull ? "" : JSONText.compact($0) } ?? "",
                row["running"].map { JSONText.compact($0) } ?? "",
                row["tasks"]?.strings?.joined(separator: ", ") ?? "",
                row["last_heartbeat_at"]?.string ?? ""
            )
        }
        return table
    }
}
