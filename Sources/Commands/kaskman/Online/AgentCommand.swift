import ArgumentParser
import Client
import JSON

/// The command `kaskman agent`.
struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Agents: the programs that do the projects' tasks.",
        subcommands: [
            AgentListCommand.self, AgentRegisterCommand.self, AgentShowCommand.self, AgentMonitorCommand.self,
            AgentActCommand<AgentVerbs.Drain>.self, AgentActCommand<AgentVerbs.Undrain>.self,
            AgentActCommand<AgentVerbs.Stop>.self, AgentTokenCommand.self, AgentDeleteCommand.self,
        ]
    )

    static let path = "/api/v1/agents"
}

/// The command `kaskman agent list`.
struct AgentListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List agents.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions
    @OptionGroup var limit: LimitOptions
    @OptionGroup var watching: WatchOptions

    @Option(help: "Only of this status; may be repeated.")
    var status: [String] = []

    @Option(help: "Only of this type.")
    var type: String?

    @Option(help: "Only those that can do this.")
    var capability: String?

    @Option(help: "Only those in whose text every word of this begins some word.")
    var search: String?

    func run() async throws {
        try await watching.run {
            try await list()
            return false
        }
    }

    private func list() async throws {
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

/// A command that has something done to an agent, and shows it.
struct AgentActCommand<Verb: ActionVerb>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: Verb.word, abstract: Verb.abstract)
    }

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The agent's identifier, or its name.")
    var id: String

    func run() async throws {
        try await connection.show(as: format) { client in
            let found = try await NamedRecord.find(id, at: AgentCommand.path, called: "agent", by: client)
            return try await client.act(AgentCommand.path, id: try AgentRecord(found).id, Verb.word)
        }
    }
}

/// The command `kaskman agent token`.
struct AgentTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Give an agent a new token, and show it, this once; the old one is good no more."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The agent's identifier, or its name.")
    var id: String

    func run() async throws {
        let environment = CommandEnvironment.current
        let registration = try await connection.withClient(environment) { client in
            let id = try await NamedRecord.identifier(id, at: AgentCommand.path, called: "agent", by: client)
            return try await client.act(AgentCommand.path, id: id, "token")
        }
        AgentRegistration.show(registration, as: format, environment)
    }
}

/// The command `kaskman agent delete`.
struct AgentDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete an agent: its token is good no more, and its name is free; what it did stays."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var deletion: DeletionOptions

    @Argument(help: "The agent's identifier, or its name.")
    var id: String

    func run() async throws {
        try await deletion.delete(id, at: AgentCommand.path, called: "agent", over: connection)
    }
}

/// What may be done to an agent.
enum AgentVerbs {
    enum Drain: ActionVerb {
        static let word = "drain"
        static let abstract = "Have an agent take no new tasks, and show it."
    }

    enum Undrain: ActionVerb {
        static let word = "undrain"
        static let abstract = "Have an agent take tasks again that was drained or stopped, and show it."
    }

    enum Stop: ActionVerb {
        static let word = "stop"
        static let abstract = "Have an agent take no new tasks, and its worker end once nothing runs, and show it."
    }
}
