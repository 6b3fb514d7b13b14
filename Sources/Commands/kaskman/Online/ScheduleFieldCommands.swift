import ArgumentParser
import Client
import JSON

/// What creating and updating schedules have in common.
struct ScheduleOptions: ParsableArguments {
    @Option(help: "The time zone of the expression by its name, such as Europe/Berlin; UTC at first.")
    var timeZone: String?

    @Option(help: "What becomes of due times that were missed: skip, latest or all.")
    var catchUp: String?

    @Option(help: "How many missed due times 'all' makes up for.")
    var catchUpMax: Int?

    @Option(help: "Seconds that a task may be made later than due, by chance.")
    var jitterSeconds: Int?

    @Flag(inversion: .prefixedNo, help: "A due time makes no task while the one before is not ended.")
    var skipIfRunning: Bool?

    @Option(help: "No due time is earlier than this, as 2026-12-24T18:00:00Z.")
    var startAt: String?

    @Option(help: "No due time is later than this.")
    var endAt: String?

    @Option(help: "The input of its tasks, as a JSON object.")
    var input: String?

    @Option(help: "What an agent must be able to do to get its tasks; may be repeated.")
    var capability: [String] = []

    @Option(help: "The priority of its tasks, from 1 to 10; 10 goes first.")
    var priority: Int?

    @Option(help: "What to call its tasks.")
    var taskName: String?

    @Option(help: "Further members of its tasks, as a JSON object: retry, timeouts, labels and what else a task has.")
    var task: String?

    /// The members that were given, those of the task under `task`.
    func body(cron: String?, kind: String?) throws(CommandFailure) -> JSONObject {
        var task = try Self.object(task, "--task") ?? JSONObject()
        task["kind"] = kind.map { .string($0) } ?? task["kind"]
        task["name"] = taskName.map { .string($0) } ?? task["name"]
        if let input = try Self.object(input, "--input") { task["input"] = .object(input) }
        if !capability.isEmpty { task["capabilities"] = .strings(capability) }
        task["priority"] = priority.map { .integer(Int64($0)) } ?? task["priority"]
        var body = JSONObject()
        body["cron"] = cron.map { .string($0) }
        body["time_zone"] = timeZone.map { .string($0) }
        body["catch_up"] = catchUp.map { .string($0) }
        body["catch_up_max"] = catchUpMax.map { .integer(Int64($0)) }
        body["jitter_seconds"] = jitterSeconds.map { .integer(Int64($0)) }
        body["skip_if_running"] = skipIfRunning.map { .boolean($0) }
        body["start_at"] = startAt.map { .string($0) }
        body["end_at"] = endAt.map { .string($0) }
        if !task.isEmpty { body["task"] = .object(task) }
        return body
    }

    private static func object(_ text: String?, _ option: String) throws(CommandFailure) -> JSONObject? {
        guard let text else { return nil }
        guard let object = (try? JSONValue(parsing: text))?.object else {
            throw .usage("\(option) must be a JSON object")
        }
        return object
    }
}

/// The command `kaskman schedule create`.
struct ScheduleCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Make a schedule, and show it.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions
    @OptionGroup var fields: ScheduleOptions

    @Argument(help: "The name.")
    var name: String

    @Option(help: "The identifier or name of the project whose tasks it makes.")
    var project: String

    @Option(help: "Minute, hour, day of the month, month and day of the week, such as '0 3 * * MON-FRI', or @daily.")
    var cron: String

    @Option(help: "What kind of work its tasks are, such as shell.")
    var kind: String

    func run() async throws {
        let environment = CommandEnvironment.current
        var body = try fields.body(cron: cron, kind: kind)
        body["name"] = .string(name)
        body["project_id"] = try await connection.projectID(project).map { .string($0) }
        // As with tasks: without this one could go to an agent that cannot read its input.
        if let task = body["task"], task["capabilities"] == nil {
            body["task"] = task.merging(["capabilities": .strings([kind])])
        }
        let content = JSONValue.object(body)
        try await connection.show(as: format) { client in
            try await client.create(ScheduleCommand.path, content, key: environment.uniqueKey())
        }
    }
}

/// A field of a schedule that may be empty, named as the option that sets it.
enum ClearableScheduleField: String, ExpressibleByArgument, CaseIterable {
    case startAt = "start-at"
    case endAt = "end-at"

    /// The field's name in the API.
    var member: String { rawValue.replacing("-", with: "_") }
}

/// The command `kaskman schedule update`.
struct ScheduleUpdateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change a schedule, and show it.",
        discussion: """
            What is left out stays; --task is merged name by name, and null removes a member. Where it changes when the \
            schedule is due, the first due time is the first one after now. Fails when someone else changes the schedule \
            meanwhile.
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions
    @OptionGroup var fields: ScheduleOptions

    @Argument(help: "The schedule's identifier, or its name.")
    var id: String

    @Option(help: "The new name.")
    var name: String?

    @Option(help: "The new expression.")
    var cron: String?

    @Option(help: "What kind of work its tasks are.")
    var kind: String?

    @Option(help: "Remove this limit: start-at or end-at; may be repeated.")
    var clear: [ClearableScheduleField] = []

    func run() async throws {
        var body = try fields.body(cron: cron, kind: kind)
        body["name"] = name.map { .string($0) }
        for field in clear {
            guard body[field.member]?.isNull ?? true else {
                throw CommandFailure.usage("--\(field.rawValue) and --clear \(field.rawValue) exclude each other")
            }
            body[field.member] = .null
        }
        if body.members.isEmpty { throw CommandFailure.usage("nothing to change was given") }
        let content = JSONValue.object(body)
        try await connection.show(as: format) { client in
            let id = try await ScheduleCommand.identifier(id, by: client)
            let tag = try await client.resource(ScheduleCommand.path, id: id).tag
            return try await client.patch(ScheduleCommand.path, id: id, content, tag: tag)
        }
    }
}
