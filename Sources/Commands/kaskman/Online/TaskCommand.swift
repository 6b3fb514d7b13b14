import ArgumentParser
import Basics
import Client
import JSON

/// The command `kaskman task`.
struct TaskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task",
        abstract: "Tasks: the projects' work, which agents do.",
        subcommands: [
            TaskListCommand.self, TaskCreateCommand.self, TaskShowCommand.self, TaskWaitCommand.self,
            TaskWhyCommand.self, TaskActCommand<TaskVerbs.Approve>.self, TaskRejectCommand.self,
            TaskActCommand<TaskVerbs.Pause>.self, TaskActCommand<TaskVerbs.Resume>.self,
            TaskActCommand<TaskVerbs.Cancel>.self, TaskRetryCommand.self, TaskLogsCommand.self,
            TaskArtefactsCommand.self, TaskDownloadCommand.self,
        ]
    )

    static let path = "/api/v1/tasks"
}

/// The command `kaskman task list`.
struct TaskListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List tasks.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions
    @OptionGroup var limit: LimitOptions
    @OptionGroup var watching: WatchOptions

    @Option(help: "Only of this project, by its identifier or name.")
    var project: String?

    @Option(help: "Only of this status; may be repeated.")
    var status: [String] = []

    @Option(help: "Only of this kind.")
    var kind: String?

    @Option(help: "Only those in whose name, kind or capabilities every word of this begins some word.")
    var search: String?

    @Option(help: "Only the tasks of this plan, by its identifier.")
    var plan: String?

    @Option(help: "Only dead ones of this reason, such as attempts_exhausted.")
    var reason: String?

    @Option(help: "Only those whose newest error has this class, such as exit_code.")
    var errorClass: String?

    func run() async throws {
        try await watching.run {
            try await list()
            return false
        }
    }

    private func list() async throws {
        var filter: [(name: String, value: String)] = status.map { ("status", $0) }
        if let project = try await connection.projectID(project) { filter.append(("project", project)) }
        if let kind { filter.append(("kind", kind)) }
        if let search { filter.append(("q", search)) }
        if let plan { filter.append(("plan", plan)) }
        if let reason { filter.append(("reason", reason)) }
        if let errorClass { filter.append(("error_class", errorClass)) }
        try await connection.list(TaskCommand.path, filter, limit: limit, as: format, of: "tasks", TaskRecord.init) {
            tasks,
            _ in
            var table = TextTable("ID", "NAME", "KIND", "STATUS", "PRIORITY", "ATTEMPT", "CREATED")
            for task in tasks {
                table.append(
                    task.id,
                    task.name,
                    task.kind,
                    task.status,
                    String(task.priority),
                    String(task.attempt),
                    task.createdAt
                )
            }
            return table
        }
    }
}

/// The command `kaskman task create`.
struct TaskCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a task, and show it.",
        discussion: """
            It comes from the options, or from a file with the members that /api/v1/openapi.json describes as TaskInput \
            (input, retry, timeouts, budget and more); an option replaces what stands in the file.
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Option(help: "A file of JSON or YAML with the task's members.")
    var file: String?

    @Option(help: "The project's identifier or name.")
    var project: String?

    @Option(help: "What kind of work it is, such as shell: tells the agent how to read the input.")
    var kind: String?

    @Option(help: "What to call it; the kind unless given.")
    var name: String?

    @Option(help: "The input, as a JSON object.")
    var input: String?

    @Option(help: "What an agent must be able to do to get it, instead of its kind; may be repeated.")
    var capability: [String] = []

    @Option(name: .customLong("label"), help: "A label that an agent must have to get it, as zone=a; may be repeated.")
    var labels: [String] = []

    @Option(
        name: .customLong("concurrency-key"),
        help: "What only so many tasks may use at a time, as dataset=2; may be repeated."
    )
    var concurrencyKeys: [String] = []

    @Flag(help: "It is begun only after a person has approved it.")
    var needsApproval = false

    @Option(help: "Seconds after which it is dead unless it was approved; without it never.")
    var approvalExpiresSeconds: Int?

    @Option(help: "From 1 to 10; 10 goes first.")
    var priority: Int?

    @Option(help: "A task that is to succeed first, by its identifier; may be repeated.")
    var after: [String] = []

    @Option(help: "Not to be begun earlier, as 2026-12-24T18:00:00Z.")
    var runAt: String?

    @Option(help: "No two open tasks of a project have the same.")
    var uniqueKey: String?

    @Option(help: "How often it is tried in all.")
    var attempts: Int?

    @Option(help: "Seconds that one attempt may take.")
    var attemptSeconds: Int?

    @Option(help: "What all attempts together may cost, in the currency that agents report their cost in.")
    var costMax: Double?

    mutating func validate() throws {
        if let costMax, !costMax.isFinite || costMax < 0 { throw ValidationError("--cost-max must be 0 or more") }
    }

    func run() async throws {
        let environment = CommandEnvironment.current
        let content = JSONValue.object(try await body(environment))
        let json = try await connection.withClient(environment) { client in
            try await client.create(TaskCommand.path, content, key: environment.uniqueKey())
        }
        environment.output(json, as: format.output) { RecordTable.make(json) }
    }

    private func body(_ environment: CommandEnvironment) async throws -> JSONObject {
        var body = JSONObject()
        if let file {
            guard let object = try StructuredFile.value(file, environment).object else {
                throw CommandFailure.failed("\(file): there is no object in it")
            }
            body = object
        }
        if let project { body["project_id"] = .string(project) }
        if let kind { body["kind"] = .string(kind) }
        guard body["project_id"] != nil else { throw CommandFailure.usage("a --project is needed") }
        guard let kind = body["kind"]?.string else { throw CommandFailure.usage("a --kind is needed") }
        if let name { body["name"] = .string(name) }
        if let input {
            guard let value = try? JSONValue(parsing: input), value.isObject else {
                throw CommandFailure.usage("--input must be a JSON object")
            }
            body["input"] = value
        }
        // The executors of a worker are its capabilities: without this a task could go to an agent that cannot read its input.
        if !capability.isEmpty {
            body["capabilities"] = .strings(capability)
        } else if body["capabilities"] == nil {
            body["capabilities"] = .strings([kind])
        }
        if !labels.isEmpty {
            var object = JSONObject()
            for (name, value) in try labels.map({ try Self.pair($0, "--label") }) {
                object[name] = .string(value)
            }
            body["labels"] = .object(object)
        }
        if !concurrencyKeys.isEmpty {
            var keys: [JSONValue] = []
            for text in concurrencyKeys {
                let (key, number) = try Self.pair(text, "--concurrency-key")
                guard let limit = Int64(number) else {
                    throw CommandFailure.usage("--concurrency-key must be as dataset=2")
                }
                keys.append(["key": .string(key), "limit": .integer(limit)])
            }
            body["concurrency_keys"] = .array(keys)
        }
        if needsApproval || approvalExpiresSeconds != nil {
            var approval: JSONObject = ["required": true]
            approval["expires_seconds"] = approvalExpiresSeconds.map { .integer(Int64($0)) }
            body["approval"] = .object(approval)
        }
        if let priority { body["priority"] = .integer(Int64(priority)) }
        if !after.isEmpty { body["dependencies"] = .array(after.map { ["task_id": .string($0)] }) }
        if let runAt { body["run_at"] = .string(runAt) }
        if let uniqueKey { body["unique_key"] = .string(uniqueKey) }
        func set(_ member: String, of name: String, to value: JSONValue?) {
            guard let value else { return }
            var object = body[name]?.object ?? JSONObject()
            object[member] = value
            body[name] = .object(object)
        }
        set("attempts_max", of: "retry", to: attempts.map { .integer(Int64($0)) })
        set("start_to_close_seconds", of: "timeouts", to: attemptSeconds.map { .integer(Int64($0)) })
        set("cost_max", of: "budget", to: costMax.flatMap { JSONNumber($0) }.map { .number($0) })
        // Last, since a name has to be asked for: what else is wrong is told without a server.
        if let id = try await connection.projectID(project) { body["project_id"] = .string(id) }
        return body
    }

    /// The two sides of the last equals sign: keys may have some themselves.
    private static func pair(_ text: String, _ option: String) throws(CommandFailure) -> (String, String) {
        guard let sign = text.lastIndex(of: "="), sign != text.startIndex else {
            throw .usage("\(option) must be as name=value")
        }
        return (String(text[..<sign]), String(text[text.index(after: sign)...]))
    }
}

/// The command `kaskman task show`.
struct TaskShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a task with its attempts.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions
    @OptionGroup var watching: WatchOptions

    @Argument(help: "The task's identifier.")
    var id: String

    func run() async throws {
        try await watching.run {
            let task = try await connection.show(as: format) { client in
                try await client.resource(TaskCommand.path, id: id).json
            }
            return try TaskRecord(task).isEnded
        }
    }
}

/// The command `kaskman task why`.
struct TaskWhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Say why a task is not done yet, or how it came to its end."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The task's identifier.")
    var id: String

    func run() async throws {
        let environment = CommandEnvironment.current
        let path = "\(TaskCommand.path)/\(PercentEncoding.encode(id))"
        let json = try await connection.withClient(environment) { client in
            try await client.resource(path, id: "why").json
        }
        environment.output(json, as: format.output) {
            var table = TextTable("STATUS", "REASON", "DETAIL")
            for reason in json["reasons"]?.array ?? [] {
                table.append(
                    json["status"]?.string ?? "",
                    reason["kind"]?.string ?? "",
                    reason["detail"]?.string ?? ""
                )
            }
            return table
        }
    }
}

/// A command that has something done to a task, and shows it.
struct TaskActCommand<Verb: ActionVerb>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: Verb.word, abstract: Verb.abstract)
    }

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The task's identifier.")
    var id: String

    func run() async throws { try await connection.act(TaskCommand.path, id, Verb.word, as: format) }
}

/// What may be done to a record, as the last part of the route's path and of the command line.
protocol ActionVerb {
    static var word: String { get }
    static var abstract: String { get }
}

/// What may be done to a task, and needs no options.
enum TaskVerbs {
    enum Approve: ActionVerb {
        static let word = "approve"
        static let abstract = "Let a task be begun that waits for approval, and show it."
    }

    enum Cancel: ActionVerb {
        static let word = "cancel"
        static let abstract = "End a task, and show it."
    }

    enum Pause: ActionVerb {
        static let word = "pause"
        static let abstract = "Hold back a task that has not begun, and show it."
    }

    enum Resume: ActionVerb {
        static let word = "resume"
        static let abstract = "Let a task go on that was held back, and show it."
    }
}

/// The command `kaskman task reject`.
struct TaskRejectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject",
        abstract: "End a task that waits for approval, and show it."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The task's identifier.")
    var id: String

    @Option(help: "What people are told as the task's error.")
    var reason: String?

    func run() async throws {
        let environment = CommandEnvironment.current
        let content: JSONValue? = reason.map { ["reason": .string($0)] }
        let json = try await connection.withClient(environment) { client in
            try await client.act(TaskCommand.path, id: id, "reject", content)
        }
        environment.output(json, as: format.output) { RecordTable.make(json) }
    }
}

/// The command `kaskman task wait`.
struct TaskWaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until a task has ended; the status is 0 when it succeeded, 1 when not."
    )

    /// The time between two looks.
    static let interval: Duration = .seconds(1)

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The task's identifier.")
    var id: String

    @Option(help: "Seconds after which it is given up, with status 1; without it never.")
    var giveUpAfter: Double?

    mutating func validate() throws {
        if let giveUpAfter, !(0...31_536_000).contains(giveUpAfter) {
            throw ValidationError("--give-up-after must be from 0 to 31536000 seconds")
        }
    }

    func run() async throws {
        let environment = CommandEnvironment.current
        let clock = environment.clock
        let end = giveUpAfter.map { clock.uptime + .milliseconds(Int64($0 * 1000)) }
        var patience = Patience(environment, until: end)
        let ended = try await connection.withClient(environment) { client -> TaskRecord in
            while true {
                let json = try await patience.ask { try await client.resource(TaskCommand.path, id: id).json }
                let task = try TaskRecord(json)
                if task.isEnded { return task }
                if let end, clock.uptime >= end {
                    throw CommandFailure.failed("the task is \(TextTable.visible(task.status)) still")
                }
                try await clock.sleep(for: Self.interval)
            }
        }
        environment.output(TextTable.visible(ended.status))
        if ended.status != "succeeded" { throw CommandFailure.failed() }
    }
}
