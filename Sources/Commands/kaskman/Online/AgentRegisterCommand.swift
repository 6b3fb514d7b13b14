import ArgumentParser
import Client
import JSON

/// The command `kaskman agent register`.
struct AgentRegisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register",
        abstract: "Register an agent, and show its identifier and its token, this once.",
        discussion: "Give the token to kaskman-worker in KASKMAN_TOKEN, or in a file that KASKMAN_TOKEN_FILE names."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The agent's name: no other agent's.")
    var name: String

    @Option(help: "What it is for: researcher, coder, analyst, tester, designer, coordinator or optimizer.")
    var type = "coder"

    @Option(help: "What it can do, such as shell or http: kaskman-worker needs one for each executor; may be repeated.")
    var capability: [String] = []

    @Option(help: "How many tasks it may do at a time.")
    var concurrency: Int?

    @Option(help: "What it is, for people.")
    var description: String?

    func run() async throws {
        let environment = CommandEnvironment.current
        let content = JSONValue.object(body)
        let json = try await connection.withClient(environment) { client in
            try await client.create(AgentCommand.path, content, key: environment.uniqueKey())
        }
        AgentRegistration.show(json, as: format, environment)
    }

    private var body: JSONObject {
        var body: JSONObject = ["name": .string(name), "type": .string(type)]
        if !capability.isEmpty { body["capabilities"] = .strings(capability) }
        body["concurrency"] = concurrency.map { .integer(Int64($0)) }
        body["description"] = description.map { .string($0) }
        return body
    }
}

/// What the server tells of an agent that it made a token for.
enum AgentRegistration {
    /// Writes the identifier and the token, and nothing else: for programs that go on with them.
    static func show(_ json: JSONValue, as format: OutputOptions, _ environment: CommandEnvironment) {
        let shown: JSONValue = ["id": json["id"] ?? .null, "token": json["token"] ?? .null]
        environment.output(shown, as: format.output) { RecordTable.make(shown) }
    }
}
