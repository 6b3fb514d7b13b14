import APIModel
import Basics
import Coordination
import HTTP
import JSON
import Tasks

/// What clients send of a plan, and coordinators of their children.
enum PlanInput {
    static let schema = JSONSchema.named(
        "PlanInput",
        .object([
            .required("strategy", .oneOf(Strategy.self)), .required("project_id", .string(format: .uuid)),
            .optional(
                "tasks",
                .array(of: TaskInput.plannedSchema, count: 1...Plan.partsMax),
                "Of a sequential or parallel plan, in their order."
            ),
            .optional(
                "task",
                TaskInput.plannedSchema,
                "Of a hierarchical plan the coordinator, of a collaborative one what each member does."
            ),
            .optional(
                "members",
                .integer(2...Int64(Plan.membersMax)),
                "How many do it in a collaborative plan, by different agents where several ask for work."
            ),
            .optional(
                "merge",
                .object(
                    TaskInput.plannedProperties + [
                        .optional(
                            "condition",
                            .oneOf([TaskDependency.Condition.success.rawValue, always]),
                            "How those that it merges are to end; success at first."
                        )
                    ]
                ),
                "Comes after all others; needed in a hierarchical plan."
            ),
            .optional("vote", vote, "Instead of a merge in a collaborative plan: the platform counts."),
        ])
    )

    private static let always = TaskDependency.Condition.always.rawValue

    private static let vote = JSONSchema.object([
        .optional(
            "members",
            .array(
                of: .string(1...TaskLimits.voteMemberLengthMax),
                count: 1...TaskLimits.voteMembersMax,
                isSet: true
            ),
            "The members of the outputs that are compared; all when it is left out."
        ),
        .optional(
            "quorum",
            .integer(1...Int64(Plan.membersMax)),
            "How many have to succeed; more than half of the members at first."
        ),
    ])

    static let childrenSchema = JSONSchema.object([
        LeaseInput.token,
        .required("tasks", .array(of: TaskInput.plannedSchema, count: 1...TaskLimits.childrenMax)),
    ])

    static let retrySchema = JSONSchema.object([
        .required(
            "filter",
            .object([
                .optional("project_id", .string(format: .uuid)),
                .optional("kind", .string(1...TaskLimits.kindLengthMax)),
                .optional("reason", .oneOf(DeathReason.self), "Why they are dead."),
                .optional(
                    "error_class",
                    .string(1...TaskLimits.errorClassLengthMax),
                    "The class of their newest error."
                ),
                .optional("before", .string(format: .dateTime), "Ended before then."),
            ]),
            "All of it has to hold; an empty one means every dead letter."
        ),
        .optional("dry_run", .boolean, "Whether nothing is changed; false at first."),
        .optional(
            "limit",
            .integer(1...Int64(TaskLimits.bulkRetryTasksMax)),
            "How many at most; \(TaskLimits.bulkRetryTasksDefault) at first."
        ),
    ])

    // MARK: Reading

    /// The plan of a body that satisfies ``schema``.
    /// - Throws: ``ProblemError``: `validation_failed`.
    static func plan(_ json: JSONValue?) throws(ProblemError) -> NewPlan {
        guard let json, let strategy = json["strategy"]?.string.flatMap({ Strategy(rawValue: $0) }) else {
            throw ProblemError(.validationFailed)
        }
        let project = try TaskInput.id(json["project_id"], "/project_id")
        var plan = NewPlan(strategy, in: project, try tasks(json, strategy, project))
        if let members = json["members"]?.integer {
            guard strategy == .collaborative else {
                throw ProblemMapping.invalid("/members", "only a collaborative plan has members")
            }
            plan.members = Int(clamping: members)
        }
        if let merge = json["merge"] {
            guard json["vote"] == nil else {
                throw ProblemMapping.invalid("/vote", "a plan ends with a merge or with a vote, not with both")
            }
            let task = try TaskInput.task(merge, in: project, at: "/merge")
            plan.ending = .merge(task, always: merge["condition"]?.string == always)
        } else if let vote = json["vote"] {
            let quorum = vote["quorum"]?.integer.map { Int(clamping: $0) }
            plan.ending = .vote(members: vote["members"]?.strings ?? [], quorum: quorum)
        }
        return plan
    }

    private static func tasks(
        _ json: JSONValue,
        _ strategy: Strategy,
        _ project: UUIDv7
    ) throws(ProblemError) -> [NewTask] {
        let isOfOne = strategy == .hierarchical || strategy == .collaborative
        let (wanted, other) = isOfOne ? ("task", "tasks") : ("tasks", "task")
        guard json[other] == nil else {
            throw ProblemMapping.invalid("/" + other, "a \(strategy.rawValue) plan has the member \(wanted) instead")
        }
        guard let value = json[wanted] else { throw ProblemMapping.invalid("/" + wanted, "is missing") }
        if isOfOne { return [try TaskInput.task(value, in: project, at: "/task")] }
        return try list(value, project)
    }

    /// The tasks of an array.
    static func list(_ json: JSONValue?, _ project: UUIDv7) throws(ProblemError) -> [NewTask] {
        var tasks: [NewTask] = []
        for (index, item) in (json?.array ?? []).enumerated() {
            tasks.append(try TaskInput.task(item, in: project, at: "/tasks/\(index)"))
        }
        return tasks
    }

    /// The dead letters that a body means which satisfies ``retrySchema``.
    /// - Throws: ``ProblemError``: `validation_failed`.
    static func deadLetters(_ json: JSONValue?) throws(ProblemError) -> DeadLetterFilter {
        let members = json?["filter"]
        var filter = DeadLetterFilter()
        if let project = members?["project_id"] { filter.projectID = try TaskInput.id(project, "/filter/project_id") }
        filter.kind = members?["kind"]?.string
        filter.reason = members?["reason"]?.string.flatMap { DeathReason(rawValue: $0) }
        filter.errorClass = members?["error_class"]?.string
        filter.before = try TaskInput.time(members?["before"], "/filter/before")
        return filter
    }
}
