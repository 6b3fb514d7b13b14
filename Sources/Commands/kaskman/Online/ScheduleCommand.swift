import ArgumentParser
import Basics
import Client
import JSON

/// The command `kaskman schedule`.
struct ScheduleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract: "Schedules: what makes a project's tasks by the clock.",
        subcommands: [
            ScheduleListCommand.self, ScheduleCreateCommand.self, ScheduleShowCommand.self, ScheduleUpdateCommand.self,
            SchedulePauseCommand.self, ScheduleResumeCommand.self, ScheduleRunCommand.self,
            ScheduleDeleteCommand.self, ScheduleNextCommand.self,
        ]
    )

    static let path = "/api/v1/schedules"

    static func find(_ text: String, by client: APIClient) async throws -> JSONValue {
        try await NamedRecord.find(text, at: path, called: "schedule", by: client)
    }

    /// The identifier of a schedule that is named by it, or by its name.
    static func identifier(_ text: String, by client: APIClient) async throws -> String {
        try await NamedRecord.identifier(text, at: path, called: "schedule", by: client)
    }
}

/// The command `kaskman schedule list`.
struct ScheduleListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List schedules.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions
    @OptionGroup var limit: LimitOptions

    @Option(help: "Only of this project, by its identifier or name.")
    var project: String?

    @Flag(inversion: .prefixedNo, help: "Only those that are paused, or only those that are not.")
    var paused: Bool?

    @Option(help: "Only those in whose name, or its tasks' name or kind, every word of this begins some word.")
    var search: String?

    func run() async throws {
        var filter: [(name: String, value: String)] = []
        if let project = try await connection.projectID(project) { filter.append(("project", project)) }
        if let paused { filter.append(("paused", String(paused))) }
        if let search { filter.append(("q", search)) }
        try await connection.list(
            ScheduleCommand.path,
            filter,
            limit: limit,
            as: format,
            of: "schedules",
            ScheduleRecord.init
        ) { schedules, _ in
            var table = TextTable("ID", "NAME", "CRON", "TIME ZONE", "NEXT", "LAST TASK")
            for schedule in schedules {
                table.append(
                    schedule.id,
                    schedule.name,
                    schedule.cron,
                    schedule.timeZone,
                    schedule.isPaused ? "paused" : schedule.nextAt ?? "none",
                    schedule.lastTaskID ?? ""
                )
            }
            return table
        }
    }
}

/// The command `kaskman schedule show`.
struct ScheduleShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a schedule.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The schedule's identifier, or its name.")
    var id: String

    func run() async throws {
        try await connection.show(as: format) { try await ScheduleCommand.find(id, by: $0) }
    }
}

/// The command `kaskman schedule pause`.
struct SchedulePauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Have due times pass without tasks, and show the schedule."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The schedule's identifier, or its name.")
    var id: String

    func run() async throws {
        try await connection.show(as: format) { client in
            let id = try await ScheduleCommand.identifier(id, by: client)
            return try await client.act(ScheduleCommand.path, id: id, "pause")
        }
    }
}

/// The command `kaskman schedule resume`.
struct ScheduleResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Have due times make tasks again, from the next one on, and show the schedule."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The schedule's identifier, or its name.")
    var id: String

    func run() async throws {
        try await connection.show(as: format) { client in
            let id = try await ScheduleCommand.identifier(id, by: client)
            return try await client.act(ScheduleCommand.path, id: id, "resume")
        }
    }
}

/// The command `kaskman schedule run`.
struct ScheduleRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Make a task of a schedule now, and show the task; its due times stay."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The schedule's identifier, or its name.")
    var id: String

    func run() async throws {
        let environment = CommandEnvironment.current
        try await connection.show(as: format) { client in
            let id = try await ScheduleCommand.identifier(id, by: client)
            return try await client.runSchedule(id, key: environment.uniqueKey())
        }
    }
}

/// The command `kaskman schedule delete`.
struct ScheduleDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a schedule; the tasks that it made stay."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var deletion: DeletionOptions

    @Argument(help: "The schedule's identifier, or its name.")
    var id: String

    func run() async throws {
        try await deletion.delete(id, at: ScheduleCommand.path, called: "schedule", over: connection)
    }
}

/// The command `kaskman schedule next`.
struct ScheduleNextCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "next",
        abstract: "Show the next due times of a schedule, or of an expression that is not stored."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The schedule's identifier, or its name.")
    var id: String?

    @Option(help: "An expression instead of a schedule, such as '*/15 8-17 * * MON-FRI'.")
    var cron: String?

    @Option(help: "With --cron: the time zone by its name, such as Europe/Berlin; UTC unless given.")
    var timeZone: String?

    @Option(help: "How many due times to show.")
    var count = 10

    mutating func validate() throws {
        guard (id == nil) != (cron == nil) else { throw ValidationError("give either a schedule or --cron") }
        if cron == nil, timeZone != nil { throw ValidationError("--time-zone goes with --cron only") }
        guard (1...200).contains(count) else { throw ValidationError("--count must be from 1 to 200") }
    }

    func run() async throws {
        let environment = CommandEnvironment.current
        let json = try await connection.withClient(environment) { client in
            if let id {
                return try await client.dueTimes(of: try await ScheduleCommand.identifier(id, by: client), count: count)
            }
            var body: JSONObject = ["count": .integer(Int64(count))]
            body["cron"] = cron.map { .string($0) }
            body["time_zone"] = timeZone.map { .string($0) }
            return try await client.dueTimes(previewing: .object(body))
        }
        environment.output(json, as: format.output) {
            var table = TextTable("DUE", "LOCAL TIME", "TASK MADE")
            for due in json["items"]?.array ?? [] {
                table.append(
                    due["due_at"]?.string ?? "",
                    due["local_time"]?.string ?? "",
                    due["run_at"]?.string ?? ""
                )
            }
            return table
        }
    }
}
