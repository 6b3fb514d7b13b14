import APIModel
import Basics
import HTTP
import JSON
import Tasks

/// What clients send of a task: the schema of it, and the way from JSON to fields.
enum TaskInput {
    static let schema = JSONSchema.named(
        "TaskInput",
        .object(
            properties(required: false) + [
                .optional("run_at", .string(format: .dateTime).orNull, "Not to be begun earlier."),
                .optional(
                    "dependencies",
                    .array(of: dependencySchema, count: 0...TaskLimits.dependenciesMax),
                    "Tasks of the same project that are to end first."
                ),
            ]
        )
    )

    /// A task of a plan or a coordinator's child, whose project and dependencies follow from that.
    static let plannedSchema = JSONSchema.named("PlannedTask", .object(plannedProperties))

    static let plannedProperties: [JSONSchema.Property] =
        properties(required: false).filter { $0.name != "project_id" } + [
            .optional("run_at", .string(format: .dateTime).orNull, "Not to be begun earlier.")
        ]

    static let dependencySchema = JSONSchema.object([
        .required("task_id", .string(format: .uuid), "The task that is to end first."),
        .optional("condition", .oneOf(TaskDependency.Condition.self), "How it is to end; success at first."),
    ])

    /// The members that never change; in requests only project and kind must be there.
    static func properties(required isAnswer: Bool) -> [JSONSchema.Property] {
        func member(_ name: String, _ schema: JSONSchema, _ description: String? = nil) -> JSONSchema.Property {
            isAnswer ? .required(name, schema, description) : .optional(name, schema, description)
        }
        return [
            .required("project_id", .string(format: .uuid)),
            .required("kind", .string(1...TaskLimits.kindLengthMax), "Tells the agent how to read the input."),
            member("name", .string(1...TaskLimits.nameLengthMax), "The kind at first."),
            member("input", .dictionary(.anything, countMax: membersMax)),
            member(
                "capabilities",
                .array(
                    of: .string(1...TaskLimits.capabilityLengthMax),
                    count: 0...TaskLimits.capabilitiesMax,
                    isSet: true
                ),
                "What an agent must be able to do to get it: all of these."
            ),
            member(
                "labels",
                .dictionary(.string(0...TaskLimits.labelValueLengthMax), countMax: TaskLimits.labelsMax),
                "Labels that an agent must have to get it, with these values."
            ),
            member(
                "concurrency_keys",
                .array(
                    of: .object([
                        .required("key", .string(1...TaskLimits.concurrencyKeyLengthMax)),
                        .required("limit", range(TaskLimits.concurrencyLimits)),
                    ]),
                    count: 0...TaskLimits.concurrencyKeysMax
                ),
                "What only so many tasks may use at a time, of whatever project; the smallest limit wins."
            ),
            member(
                "approval",
                .object([
                    .required("required", .boolean, "Whether a person has to approve it before it is begun."),
                    isAnswer
                        ? .required("expires_seconds", range(TaskLimits.timeoutsSeconds).orNull)
                        : .optional(
                            "expires_seconds",
                            range(TaskLimits.timeoutsSeconds).orNull,
                            "How long that may take; null: for ever."
                        ),
                ])
            ),
            member("priority", range(TaskLimits.priorities), "10 goes first; \(TaskLimits.priorityDefault) at first."),
            member(
                "unique_key",
                .string(1...TaskLimits.uniqueKeyLengthMax).orNull,
                "No two open tasks of a project have the same."
            ),
            member("retry", .object(retryProperties(member))),
            member("timeouts", .object(timeoutProperties(member)), "Null: no limit."),
            member("budget", .object(budgetProperties(member)), "Of all attempts together. Null: no limit."),
        ]
    }

    /// The members of an object whose bytes are limited besides.
    static let membersMax = 1000

    private typealias Member = (String, JSONSchema, String?) -> JSONSchema.Property

    private static func retryProperties(_ member: Member) -> [JSONSchema.Property] {
        [
            member("attempts_max", range(TaskLimits.attempts), "Attempts in all."),
            member("first_delay_seconds", range(TaskLimits.delaysSeconds), "The wait after the first failure."),
            member("factor", .number(TaskLimits.factors), "By what the wait grows with each failure."),
            member("delay_seconds_max", range(TaskLimits.delaysSeconds), "No wait is longer."),
            member("jitter", .number(0...1), "The part of the wait that chance may take away."),
            member(
                "non_retryable",
                .array(
                    of: .string(1...TaskLimits.errorClassLengthMax),
                    count: 0...TaskLimits.nonRetryableMax,
                    isSet: true
                ),
                "Classes of errors after which there is no further attempt."
            ),
        ]
    }

    private static func timeoutProperties(_ member: Member) -> [JSONSchema.Property] {
        let seconds = range(TaskLimits.timeoutsSeconds).orNull
        return [
            member("schedule_to_start_seconds", seconds, "From being ready until an agent takes it."),
            member("start_to_close_seconds", seconds, "One attempt."),
            member("heartbeat_seconds", range(TaskLimits.heartbeatsSeconds), "How long a lease lasts unrenewed."),
            member("total_seconds", seconds, "From creation to the end, with all attempts."),
        ]
    }

    private static func budgetProperties(_ member: Member) -> [JSONSchema.Property] {
        [
            member("cost_max", .number(TaskLimits.costs).orNull, "In the currency that agents report their cost in."),
            member("seconds_max", range(TaskLimits.timeoutsSeconds).orNull, "The running time."),
        ]
    }

    private static func range(_ range: ClosedRange<Int>) -> JSONSchema {
        .integer(Int64(range.lowerBound)...Int64(range.upperBound))
    }

    // MARK: Reading

    /// The task of a body that satisfies ``schema``, or in a project that is known of a value at a place that satisfies
    /// ``plannedSchema``.
    /// - Throws: ``ProblemError``: `validation_failed`.
    static func task(
        _ json: JSONValue?,
        in known: UUIDv7? = nil,
        at pointer: String = ""
    ) throws(ProblemError) -> NewTask {
        guard let json, let kind = json["kind"]?.string else { throw ProblemError(.validationFailed) }
        let project = if let known { known } else { try id(json["project_id"], "/project_id") }
        var fields = TaskFields(projectID: project, kind: kind, name: json["name"]?.string)
        fields.input = json["input"] ?? .emptyObject
        fields.capabilities = json["capabilities"]?.strings ?? []
        for label in json["labels"]?.object?.members ?? [] { fields.labels[label.name] = label.value.string }
        try readKeys(json["concurrency_keys"], pointer, into: &fields)
        fields.needsApproval = json["approval"]?["required"]?.boolean ?? false
        fields.priority = int(json["priority"]) ?? fields.priority
        fields.uniqueKey = json["unique_key"]?.string
        fields.rules = TaskRules(retry: retry(json["retry"]), timeouts: timeouts(json["timeouts"]))
        if fields.needsApproval {
            fields.rules.timeouts.approvalSeconds = int(json["approval"]?["expires_seconds"])
        }
        fields.rules.budget = TaskBudget(
            costMax: json["budget"]?["cost_max"]?.double,
            secondsMax: int(json["budget"]?["seconds_max"])
        )
        var dependencies: [TaskDependency] = []
        for (index, item) in (json["dependencies"]?.array ?? []).enumerated() {
            dependencies.append(try dependency(item, "/dependencies/\(index)"))
        }
        return NewTask(fields, runAt: try time(json["run_at"], pointer + "/run_at"), dependencies: dependencies)
    }

    /// The dependency of a body that satisfies ``dependencySchema``.
    /// - Throws: ``ProblemError``: `validation_failed`.
    static func dependency(_ json: JSONValue?, _ pointer: String = "") throws(ProblemError) -> TaskDependency {
        guard let json else { throw ProblemError(.validationFailed) }
        let condition = json["condition"]?.string.flatMap { TaskDependency.Condition(rawValue: $0) }
        return TaskDependency(on: try id(json["task_id"], pointer + "/task_id"), condition ?? .success)
    }

    private static func readKeys(
        _ json: JSONValue?,
        _ pointer: String,
        into fields: inout TaskFields
    ) throws(ProblemError) {
        for (index, item) in (json?.array ?? []).enumerated() {
            guard let key = item["key"]?.string, let limit = int(item["limit"]) else { continue }
            guard fields.concurrencyKeys.updateValue(limit, forKey: key) == nil else {
                throw ProblemMapping.invalid("\(pointer)/concurrency_keys/\(index)/key", "stands in the list already")
            }
        }
    }

    private static func retry(_ json: JSONValue?) -> RetryPolicy {
        var retry = RetryPolicy()
        retry.attemptsMax = int(json?["attempts_max"]) ?? retry.attemptsMax
        retry.firstDelaySeconds = int(json?["first_delay_seconds"]) ?? retry.firstDelaySeconds
        retry.factor = json?["factor"]?.double ?? retry.factor
        retry.delaySecondsMax = int(json?["delay_seconds_max"]) ?? retry.delaySecondsMax
        retry.jitter = json?["jitter"]?.double ?? retry.jitter
        retry.nonRetryable = json?["non_retryable"]?.strings ?? []
        return retry
    }

    private static func timeouts(_ json: JSONValue?) -> TaskTimeouts {
        var timeouts = TaskTimeouts()
        timeouts.scheduleToStartSeconds = int(json?["schedule_to_start_seconds"])
        timeouts.startToCloseSeconds = int(json?["start_to_close_seconds"])
        timeouts.heartbeatSeconds = int(json?["heartbeat_seconds"]) ?? timeouts.heartbeatSeconds
        timeouts.totalSeconds = int(json?["total_seconds"])
        return timeouts
    }

    private static func int(_ json: JSONValue?) -> Int? { json?.integer.map { Int(clamping: $0) } }

    static func id(_ json: JSONValue?, _ pointer: String) throws(ProblemError) -> UUIDv7 {
        guard let id = json?.string.flatMap({ UUIDv7($0) }) else {
            throw ProblemMapping.invalid(pointer, "must be a UUID, version 7")
        }
        return id
    }

    static func time(_ json: JSONValue?, _ pointer: String) throws(ProblemError) -> Timestamp? {
        guard let text = json?.string else { return nil }
        // The schema lets leap seconds pass, which a timestamp cannot hold.
        guard let time = Timestamp(rfc3339: text) else {
            throw ProblemMapping.invalid(pointer, "must be an RFC 3339 time with a zone and no leap second")
        }
        return time
    }
}
