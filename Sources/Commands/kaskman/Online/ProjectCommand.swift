import ArgumentParser
import Client
import JSON

/// The command `kaskman project`.
struct ProjectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "project",
        abstract: "Research projects.",
        subcommands: [
            ProjectListCommand.self, ProjectCreateCommand.self, ProjectShowCommand.self, ProjectUpdateCommand.self,
            ProjectDeleteCommand.self,
        ]
    )

    static let path = "/api/v1/projects"
}

/// The command `kaskman project list`.
struct ProjectListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List projects.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions
    @OptionGroup var limit: LimitOptions
    @OptionGroup var watching: WatchOptions

    @Option(help: "Only of this status; may be repeated.")
    var status: [String] = []

    @Option(help: "Only of this type.")
    var type: String?

    @Option(help: "Only of this owner.")
    var owner: String?

    @Option(help: "Only with this tag; may be repeated.")
    var tag: [String] = []

    @Option(help: "Only those in whose text every word of this begins some word.")
    var search: String?

    @Option(help: "created_at, updated_at, name, priority or due_at; with '-' before it the other way round.")
    var sort: String?

    func run() async throws {
        try await watching.run {
            try await list()
            return false
        }
    }

    private func list() async throws {
        var filter: [(name: String, value: String)] = status.map { ("status", $0) }
        if let type { filter.append(("type", type)) }
        if let owner { filter.append(("owner", owner)) }
        filter += tag.map { ("tag", $0) }
        if let search { filter.append(("q", search)) }
        if let sort { filter.append(("sort", sort)) }
        try await connection.list(
            ProjectCommand.path,
            filter,
            limit: limit,
            as: format,
            of: "projects",
            ProjectRecord.init
        ) { projects, people in
            var table = TextTable("ID", "NAME", "STATUS", "TYPE", "PRIORITY", "OWNER", "TAGS", "UPDATED")
            for project in projects {
                table.append(
                    project.id,
                    project.name,
                    project.status,
                    project.type,
                    String(project.priority),
                    people.name(project.owner),
                    project.tags.joined(separator: ","),
                    project.updatedAt
                )
            }
            return table
        }
    }
}

/// What creating and updating have in common.
struct ProjectOptions: ParsableArguments {
    @Option(help: "The description in Markdown.")
    var description: String?

    @Option(help: "pending, active, paused, completed or cancelled.")
    var status: String?

    @Option(help: "From 1, the least, to 10.")
    var priority: Int?

    @Option(help: "An objective; may be repeated.")
    var objective: [String] = []

    @Option(help: "A criterion of success; may be repeated.")
    var criterion: [String] = []

    @Option(help: "A tag; may be repeated.")
    var tag: [String] = []

    @Option(help: "The user who answers for it.")
    var owner: String?

    @Option(help: "A user or agent who works on it; may be repeated.")
    var assignee: [String] = []

    @Option(help: "Hours of work expected.")
    var estimatedHours: Double?

    @Option(help: "When it is due, as 2026-12-24T18:00:00Z.")
    var dueAt: String?

    @Option(help: "What it needs, as NAME=VALUE; may be repeated. VALUE is JSON, or else text.")
    var resource: [NamedJSON] = []

    @Option(help: "What else is to be kept with it, as NAME=VALUE like --resource; may be repeated.")
    var metadata: [NamedJSON] = []

    /// The members that were given.
    func body() throws(CommandFailure) -> JSONObject {
        var body = JSONObject()
        body["description"] = description.map { .string($0) }
        body["status"] = status.map { .string($0) }
        body["priority"] = priority.map { .number(JSONNumber(Int64($0))) }
        for (name, values) in [
            ("objectives", objective), ("success_criteria", criterion), ("tags", tag), ("assignees", assignee),
        ] where !values.isEmpty {
            body[name] = .array(values.map { .string($0) })
        }
        body["owner"] = owner.map { .string($0) }
        if let estimatedHours {
            guard let number = JSONNumber(estimatedHours) else { throw .usage("--estimated-hours must be finite") }
            body["estimated_hours"] = .number(number)
        }
        body["due_at"] = dueAt.map { .string($0) }
        for (name, values) in [("resources", resource), ("metadata", metadata)] where !values.isEmpty {
            var object = JSONObject()
            for member in values { object[member.name] = member.value }
            body[name] = .object(object)
        }
        return body
    }
}

/// A member of an object as an argument: `gpus=2`, `site=lab`, `site="2"`.
struct NamedJSON: ExpressibleByArgument {
    let name: String
    /// What is behind the sign when that is JSON; otherwise as text.
    let value: JSONValue

    init?(argument: String) {
        guard let sign = argument.firstIndex(of: "="), sign > argument.startIndex else { return nil }
        let text = String(argument[argument.index(after: sign)...])
        name = String(argument[..<sign])
        value = (try? JSONValue(parsing: text)) ?? .string(text)
    }
}

/// A field of a project that may be empty, named as the option that sets it.
enum ClearableField: String, ExpressibleByArgument, CaseIterable {
    case description, priority, objective, criterion, tag, owner, assignee
    case estimatedHours = "estimated-hours"
    case dueAt = "due-at"
    case resource, metadata

    /// The field's name in the API.
    var member: String {
        switch self {
        case .description, .priority, .owner, .metadata: rawValue
        case .objective: "objectives"
        case .criterion: "success_criteria"
        case .tag: "tags"
        case .assignee: "assignees"
        case .estimatedHours: "estimated_hours"
        case .dueAt: "due_at"
        case .resource: "resources"
        }
    }
}

/// The command `kaskman project create`.
struct ProjectCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Make a project, and show it.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions
    @OptionGroup var fields: ProjectOptions

    @Argument(help: "The name.")
    var name: String

    @Option(help: "research, development, analysis or maintenance.")
    var type = "research"

    func run() async throws {
        let environment = CommandEnvironment.current
        var body = try fields.body()
        body["name"] = .string(name)
        body["type"] = .string(type)
        let content = JSONValue.object(body)
        try await connection.show(as: format) { client in
            try await client.create(ProjectCommand.path, content, key: environment.uniqueKey())
        }
    }
}

/// The command `kaskman project show`.
struct ProjectShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a project.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The project's identifier, or its name.")
    var id: String

    func run() async throws {
        try await connection.show(as: format) { client in
            try await NamedRecord.find(id, at: ProjectCommand.path, called: "project", by: client)
        }
    }
}

/// The command `kaskman project update`.
struct ProjectUpdateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change a project, and show it.",
        discussion:
            """
            Lists (objectives, tags, …) are replaced by what is given; resources and metadata are merged name by name, \
            and NAME=null removes one. Fails when someone else changes the project meanwhile.
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions
    @OptionGroup var fields: ProjectOptions

    @Argument(help: "The project's identifier, or its name.")
    var id: String

    @Option(help: "The new name.")
    var name: String?

    @Option(help: "research, development, analysis or maintenance.")
    var type: String?

    @Option(help: "Empty this field, or set it to its default; may be repeated.")
    var clear: [ClearableField] = []

    func run() async throws {
        var body = try fields.body()
        for field in clear {
            guard body[field.member]?.isNull ?? true else {
                throw CommandFailure.usage("--\(field.rawValue) and --clear \(field.rawValue) exclude each other")
            }
            body[field.member] = .null
        }
        body["name"] = name.map { .string($0) }
        body["type"] = type.map { .string($0) }
        if body.members.isEmpty { throw CommandFailure.usage("nothing to change was given") }
        let content = JSONValue.object(body)
        try await connection.show(as: format) { client in
            let id = try await NamedRecord.identifier(id, at: ProjectCommand.path, called: "project", by: client)
            let tag = try await client.resource(ProjectCommand.path, id: id).tag
            return try await client.patch(ProjectCommand.path, id: id, content, tag: tag)
        }
    }
}

/// The command `kaskman project delete`.
struct ProjectDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a project; its open tasks are cancelled."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var deletion: DeletionOptions

    @Argument(help: "The project's identifier, or its name.")
    var id: String

    func run() async throws {
        try await deletion.delete(id, at: ProjectCommand.path, called: "project", over: connection)
    }
}
