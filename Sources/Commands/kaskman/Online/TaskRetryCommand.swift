import ArgumentParser
import Client
import JSON

/// The command `kaskman task retry`.
struct TaskRetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Have a dead or cancelled task tried again, or with --all all dead ones that the filters let through."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The task's identifier.")
    var id: String?

    @Flag(help: "All dead tasks, as far as the filters let them through.")
    var all = false

    @Option(help: "Only of this project, by its identifier or name.")
    var project: String?

    @Option(help: "Only of this kind.")
    var kind: String?

    @Option(help: "Only those that are dead for this reason, such as attempts_exhausted.")
    var reason: String?

    @Option(help: "Only those whose newest error has this class, such as exit_code.")
    var errorClass: String?

    @Option(help: "Only those that ended before then, as 2026-12-24T18:00:00Z.")
    var before: String?

    @Option(help: "The most tasks to try again.")
    var limit: Int?

    @Flag(help: "Only say which those would be.")
    var dryRun = false

    mutating func validate() throws {
        if (id == nil) != all { throw ValidationError("give either a task's identifier or --all") }
        let isFiltered = [project, kind, reason, errorClass, before].contains { $0 != nil }
        if !all && (isFiltered || limit != nil || dryRun) {
            throw ValidationError("the filters, --limit and --dry-run go with --all")
        }
    }

    func run() async throws {
        if let id { return try await connection.act(TaskCommand.path, id, "retry", as: format) }
        let environment = CommandEnvironment.current
        let content = JSONValue.object(body(project: try await connection.projectID(project)))
        let answer = try await connection.withClient(environment) { client in
            try await client.act("/api/v1", id: "tasks", "retry", content)
        }
        environment.output(answer, as: format.output) {
            var table = TextTable("TASK", dryRun ? "WOULD BE" : "IS", "DETAIL")
            for id in answer["tasks"]?.strings ?? [] { table.append(id, "retried", "") }
            for refusal in answer["refusals"]?.array ?? [] {
                table.append(refusal["task_id"]?.string ?? "", "refused", refusal["detail"]?.string ?? "")
            }
            return table
        }
        if answer["has_more"]?.boolean == true {
            environment.message("There are more dead tasks: give a greater --limit, or say it again.")
        }
    }

    private func body(project: String?) -> JSONObject {
        var filter = JSONObject()
        filter["project_id"] = project.map { .string($0) }
        filter["kind"] = kind.map { .string($0) }
        filter["reason"] = reason.map { .string($0) }
        filter["error_class"] = errorClass.map { .string($0) }
        filter["before"] = before.map { .string($0) }
        var body: JSONObject = ["filter": .object(filter), "dry_run": .boolean(dryRun)]
        body["limit"] = limit.map { .integer(Int64($0)) }
        return body
    }
}
