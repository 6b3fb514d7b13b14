import ArgumentParser
import Client

/// The command `kaskman agent`.
struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Agents: the programs that do the projects' tasks.",
        subcommands: [AgentListCommand.self, AgentRegisterCommand.self, AgentShowCommand.self]
    )

    static let path = "/api/v1/agents"
}

/// The command `kaskman agent list`.
struct AgentListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List agents.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions
    @OptionGroup var limit: LimitOptions

    @Option(help: "Only of this status; may be repeated.")
    var status: [String] = []

    @Option(help: "Only of this type.")
    var type: String?

    @Option(help: "Only those that can do this.")
    var capability: String?

    @Option(help: "Only those in whose text every word of this begins some word.")
    var search: String?

    func run() async throws {
        var filter: [(name: String, value: String)] = status.map { ("status", $0) }
        if let type { filter.append(("type", type)) }
        if let capability { filter.append(("capability", capability)) }
        if let search { filter.append(("q", search)) }
        try await connection.list(AgentCommand.path, filter, limit: limit, as: format, of: "agents", AgentRecord.init) {
            agents,
            _ in
            var table = TextTable("ID", "NAME", "TYPE", "STATUS", "CAPABILITIES", "LAST SEEN")
            for agent in agents {
                table.append(
                    agent.id,
                    agent.name,
                    agent.type,
                    agent.status,
                    agent.capabilities.joined(separator: ","),
                    agent.lastSeenAt ?? ""
                )
            }
            return table
        }
    }
}

/// The command `kaskman agent show`.
struct AgentShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show an agent.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The agent's identifier, or its name.")
    var id: String

    func run() async throws {
        try await connection.show(as: format) { client in
            try await NamedRecord.find(id, at: AgentCommand.path, called: "agent", by: client)
        }
    }
}
