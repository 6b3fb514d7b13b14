import ArgumentParser
import Basics
import Client
import JSON

/// The command `kaskman rnd`.
struct ResearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rnd",
        abstract: "Research and development: work for several agents.",
        subcommands: [CoordinateCommand.self]
    )
}

/// The command `kaskman rnd coordinate`.
struct CoordinateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinate",
        abstract: "Make several tasks one piece of work by a strategy, and show the plan.",
        discussion: """
            The strategies: sequential (one after the other), parallel (at once, and perhaps a merge), hierarchical (a \
            coordinator that makes further tasks, and a merge), collaborative (several agents do the same, then a merge \
            or a vote).
            The tasks come from a file, or as inputs of one kind; what is given beside a file replaces what stands in it.
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Option(help: "A file of JSON or YAML with the request's members: strategy, project_id, tasks or task, merge, …")
    var file: String?

    @Option(help: "sequential, parallel, hierarchical or collaborative.")
    var strategy: String?

    @Option(help: "The project's identifier or name.")
    var project: String?

    @Option(help: "The kind of the tasks that --input and --merge make, which is also the capability they need.")
    var kind = "shell"

    @Option(help: "The input of a task, as a JSON object; may be repeated, in the order of the tasks.")
    var input: [String] = []

    @Option(help: "The input of the task that merges, as a JSON object.")
    var merge: String?

    @Option(help: "How many agents do the task of a collaborative plan.")
    var members: Int?

    @Flag(help: "End a collaborative plan with a vote, which the platform counts.")
    var vote = false

    @Option(help: "A member of the outputs that a vote compares, instead of all; may be repeated.")
    var voteOn: [String] = []

    @Option(help: "How many have to succeed for a vote to count.")
    var quorum: Int?

    @Option(help: "A name for this plan: within 24 hours the same one with it is made once.")
    var key: String?

    @Flag(help: "Wait until all its tasks have ended; the status is 0 when all succeeded, 1 when not.")
    var wait = false

    func run() async throws {
        let environment = CommandEnvironment.current
        var request = try body(environment)
        if let id = try await connection.projectID(project) { request["project_id"] = .string(id) }
        let content = JSONValue.object(request)
        let plan = try await connection.withClient(environment) { client in
            try await client.create("/api/v1/rnd/coordinate", content, key: key ?? environment.uniqueKey())
        }
        guard wait, let id = plan["plan_id"]?.string else {
            return environment.output(plan, as: format.output) { Self.table(plan) }
        }
        environment.message("Waiting for the tasks of the plan \(TextTable.visible(id)).")
        let tasks = try await ended(id, environment)
        let done = Self.plan(plan, with: tasks)
        environment.output(done, as: format.output) { Self.table(done) }
        let failed = tasks.filter { $0.status != "succeeded" }
        for task in failed {
            environment.message("\(task.id) \(TextTable.visible(task.name)): \(TextTable.visible(task.status))")
        }
        if !failed.isEmpty { throw CommandFailure.failed() }
    }

    /// Waits for the end of a plan's tasks, those that its coordinator makes with them.
    private func ended(_ plan: String, _ environment: CommandEnvironment) async throws -> [TaskRecord] {
        let progress = Progress(environment)
        defer { progress.clear() }
        var patience = Patience(environment)
        return try await connection.withClient(environment) { client -> [TaskRecord] in
            while true {
                let items = try await patience.ask {
                    try await client.items(TaskCommand.path, [("plan", plan)], limit: LimitOptions.limitMax).items
                }
                let tasks = try items.map { try TaskRecord($0) }
                let open = tasks.count { !$0.isEnded }
                if open == 0 { return tasks }
                progress.show("\(tasks.count - open) of \(tasks.count) tasks")
                try await environment.clock.sleep(for: TaskWaitCommand.interval)
            }
        }
    }

    private func body(_ environment: CommandEnvironment) throws -> JSONObject {
        var body = JSONObject()
        if let file {
            guard let object = try StructuredFile.value(file, environment).object else {
                throw CommandFailure.failed("\(file): there is no object in it")
            }
            body = object
        }
        if let strategy { body["strategy"] = .string(strategy) }
        if let project { body["project_id"] = .string(project) }
        guard let named = body["strategy"]?.string else { throw CommandFailure.usage("a --strategy is needed") }
        if !input.isEmpty {
            let tasks = try input.map { try task($0, "--input") }
            if ["hierarchical", "collaborative"].contains(named) {
                guard tasks.count == 1 else { throw CommandFailure.usage("a \(named) plan takes one --input") }
                body["task"] = tasks[0]
            } else {
                body["tasks"] = .array(tasks)
            }
        }
        if let merge { body["merge"] = try task(merge, "--merge") }
        if let members { body["members"] = .integer(Int64(members)) }
        if vote || !voteOn.isEmpty || quorum != nil {
            var vote = body["vote"]?.object ?? JSONObject()
            if !voteOn.isEmpty { vote["members"] = .strings(voteOn) }
            if let quorum { vote["quorum"] = .integer(Int64(quorum)) }
            body["vote"] = .object(vote)
        }
        return body
    }

    private func task(_ text: String, _ option: String) throws -> JSONValue {
        guard let input = try? JSONValue(parsing: text), input.isObject else {
            throw CommandFailure.usage("\(option) must be a JSON object")
        }
        return ["kind": .string(kind), "capabilities": .strings([kind]), "input": input]
    }

    /// The plan with its tasks as they are now, those that its coordinator made last.
    private static func plan(_ plan: JSONValue, with tasks: [TaskRecord]) -> JSONValue {
        var left = Dictionary(tasks.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var entries = (plan["tasks"]?.array ?? []).map { entry -> JSONValue in
            guard var object = entry.object, let id = entry["task_id"]?.string,
                let task = left.removeValue(forKey: id)
            else { return entry }
            object["status"] = .string(task.status)
            return .object(object)
        }
        for task in tasks where left[task.id] != nil {
            entries.append([
                "task_id": .string(task.id), "name": .string(task.name), "kind": .string(task.kind),
                "role": "child", "purpose": "", "status": .string(task.status), "depends_on": [],
            ])
        }
        var object = plan.object ?? JSONObject()
        object["tasks"] = .array(entries)
        return .object(object)
    }

    private static func table(_ plan: JSONValue) -> TextTable {
        var table = TextTable("TASK", "NAME", "ROLE", "PURPOSE", "STATUS", "AFTER")
        for task in plan["tasks"]?.array ?? [] {
            let after = (task["depends_on"]?.array ?? []).compactMap { edge -> String? in
                guard let id = edge["task_id"]?.string else { return nil }
                return edge["condition"]?.string == "success" ? id : "\(id) (\(edge["condition"]?.string ?? ""))"
            }
            table.append(
                task["task_id"]?.string ?? "",
                task["name"]?.string ?? "",
                task["role"]?.string ?? "",
                task["purpose"]?.string ?? "",
                task["status"]?.string ?? "",
                after.joined(separator: ", ")
            )
        }
        return table
    }
}
