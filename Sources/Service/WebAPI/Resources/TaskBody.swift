import APIModel
import Basics
import Coordination
import HTTP
import JSON
import Tasks

/// A task as the API shows it.
struct TaskBody: JSONWritable {
    static let properties: [JSONSchema.Property] =
        TaskInput.properties(required: true)
        + [
            .required("id", .string(format: .uuid)),
            .required("status", .oneOf(TaskStatus.self)),
            .required("run_at", .string(format: .dateTime), "Not to be begun earlier."),
            .required("failures", .integer(), "Failed attempts that count against the retry policy."),
            .required("attempt", .integer(), "The number of the newest attempt; 0 before the first."),
            .required("agent_id", .string(format: .uuid).orNull, "Who does it now."),
            .required("lease_deadline", .string(format: .dateTime).orNull),
            .required("awaiting_approval_since", .string(format: .dateTime).orNull),
            .required("approved_at", .string(format: .dateTime).orNull),
            .required("cost", .number(nil), "What all its attempts have cost, as far as agents said."),
            .required("reason", .nullable(.oneOf(DeathReason.self)), "Why it is dead."),
            .required("error", ErrorBody.schema.orNull, "Of the newest attempt that failed."),
            .required("output", .anything, "What the attempt that succeeded gave; null unless one did."),
            .required(
                "plan",
                JSONSchema.object([
                    .required("id", .string(format: .uuid)), .required("role", .oneOf(PlanRole.self)),
                ]).orNull,
                "Where it stands in a plan; null for a task of none."
            ),
            .required("version", .integer(), "Grows with each change; the ETag."),
            .required("created_at", .string(format: .dateTime)),
            .required("updated_at", .string(format: .dateTime)),
            .required("ended_at", .string(format: .dateTime).orNull),
            .required("created_by", .string(), "The identifier of who made it."),
        ]

    static let schema = JSONSchema.named("Task", .object(properties))

    private let task: ProjectTask

    init(_ task: ProjectTask) { self.task = task }

    func write(to json: inout JSONWriter) {
        json.object { writeMembers(to: &$0) }
    }

    func writeMembers(to json: inout JSONWriter) {
        let (fields, progress) = (task.fields, task.progress)
        json.member("id", task.id.description)
        json.member("project_id", fields.projectID.description)
        json.member("name", fields.name)
        json.member("kind", fields.kind)
        json.member("input", fields.input)
        json.member("capabilities", fields.capabilities)
        writeSelection(fields, to: &json)
        json.member("priority", fields.priority)
        json.member("unique_key", orNull: fields.uniqueKey)
        write(fields.rules, to: &json)
        json.member("status", progress.status.rawValue)
        json.member("run_at", progress.runAt.rfc3339)
        json.member("failures", progress.failures)
        json.member("attempt", Int(progress.token))
        json.member("agent_id", orNull: progress.lease?.agentID.description)
        json.member("lease_deadline", orNull: progress.lease?.deadline)
        json.member("awaiting_approval_since", orNull: progress.askedAt)
        json.member("approved_at", orNull: progress.approvedAt)
        json.member("cost", progress.spending.cost)
        json.member("reason", orNull: progress.reason?.rawValue)
        json.member("error", ErrorBody(task.failure))
        json.member("output", task.output ?? .null)
        json.member("plan", Self.plan(fields.plan))
        json.member("version", Int(task.version))
        json.member("created_at", task.createdAt.rfc3339)
        json.member("updated_at", task.updatedAt.rfc3339)
        json.member("ended_at", orNull: progress.endedAt)
        json.member("created_by", task.createdBy)
    }

    private static func plan(_ place: PlanPlace?) -> JSONValue {
        guard let place else { return .null }
        return ["id": .string(place.planID.description), "role": .string(place.role.rawValue)]
    }

    private func writeSelection(_ fields: TaskFields, to json: inout JSONWriter) {
        json.key("labels")
        json.object { json in
            for (name, value) in fields.labels.sorted(by: { $0.key < $1.key }) { json.member(name, value) }
        }
        json.key("concurrency_keys")
        json.array { json in
            for (key, limit) in fields.concurrencyKeys.sorted(by: { $0.key < $1.key }) {
                json.object { json in
                    json.member("key", key)
                    json.member("limit", limit)
                }
            }
        }
        json.key("approval")
        json.object { json in
            json.member("required", fields.needsApproval)
            let seconds = fields.rules.timeouts.approvalSeconds
            json.member("expires_seconds", seconds.map { .integer(Int64($0)) } ?? JSONValue.null)
        }
    }

    private func write(_ rules: TaskRules, to json: inout JSONWriter) {
        let (retry, timeouts) = (rules.retry, rules.timeouts)
        json.key("retry")
        json.object { json in
            json.member("attempts_max", retry.attemptsMax)
            json.member("first_delay_seconds", retry.firstDelaySeconds)
            json.member("factor", retry.factor)
            json.member("delay_seconds_max", retry.delaySecondsMax)
            json.member("jitter", retry.jitter)
            json.member("non_retryable", retry.nonRetryable)
        }
        json.key("timeouts")
        json.object { json in
            func member(_ name: String, _ seconds: Int?) {
                json.member(name, seconds.map { .integer(Int64($0)) } ?? JSONValue.null)
            }
            member("schedule_to_start_seconds", timeouts.scheduleToStartSeconds)
            member("start_to_close_seconds", timeouts.startToCloseSeconds)
            member("heartbeat_seconds", timeouts.heartbeatSeconds)
            member("total_seconds", timeouts.totalSeconds)
        }
        json.key("budget")
        json.object { json in
            json.member("cost_max", rules.budget.costMax.map { JSONValue(floatLiteral: $0) } ?? .null)
            json.member("seconds_max", rules.budget.secondsMax.map { .integer(Int64($0)) } ?? JSONValue.null)
        }
    }
}

/// The error of an attempt, or null.
struct ErrorBody: JSONWritable {
    static let schema = JSONSchema.object([
        .required("class", .string(1...TaskLimits.errorClassLengthMax), "What a retry policy names."),
        .required("message", .string(0...TaskLimits.errorMessageBytesMax)),
    ])

    private let failure: TaskFailure?

    init(_ failure: TaskFailure?) { self.failure = failure }

    func write(to json: inout JSONWriter) {
        guard let failure else { return json.null() }
        json.object { json in
            json.member("class", failure.errorClass)
            json.member("message", failure.message)
        }
    }
}

/// A task with its dependencies and attempts.
struct TaskDetailsBody: JSONWritable {
    private static let dependency = JSONSchema.object([
        .required("task_id", .string(format: .uuid)),
        .required("condition", .oneOf(TaskDependency.Condition.self)),
        .required("status", .oneOf(TaskStatus.self), "Of the task that is to end first."),
    ])

    private static let attempt = JSONSchema.object(attemptProperties)

    static let attemptProperties: [JSONSchema.Property] = [
        .required("number", .integer(), "Also the fencing token of its lease."),
        .required("agent_id", .string(format: .uuid)),
        .required("started_at", .string(format: .dateTime)),
        .required("heartbeat_at", .string(format: .dateTime), "When the agent last gave a sign of life."),
        .required("fraction", .number(0...1).orNull, "How far the agent says it is."),
        .required("message", .string().orNull, "What the agent says it is doing."),
        .required("ended_at", .string(format: .dateTime).orNull),
        .required("outcome", .nullable(.oneOf(AttemptOutcome.self))),
        .required("error", ErrorBody.schema.orNull),
        .required(
            "reasons",
            .anything,
            "Why this agent got it, as the scheduler decided; null when that is not known."
        ),
        .required("cost", .number(nil), "What it has cost, as far as the agent said."),
    ]

    static let schema = JSONSchema.named(
        "TaskDetails",
        .object(
            TaskBody.properties + [
                .required("dependencies", .array(of: dependency)),
                .required("attempts", .array(of: attempt), "The newest ones, oldest first."),
            ]
        )
    )

    private let details: TaskRepository.Details

    init(_ details: TaskRepository.Details) { self.details = details }

    func write(to json: inout JSONWriter) {
        json.object { json in
            TaskBody(details.task).writeMembers(to: &json)
            json.key("dependencies")
            json.array { json in for dependency in details.dependencies { Self.write(dependency, to: &json) } }
            json.key("attempts")
            json.array { json in for attempt in details.attempts { Self.write(attempt, to: &json) } }
        }
    }

    private static func write(_ observed: ObservedDependency, to json: inout JSONWriter) {
        json.object { json in
            json.member("task_id", observed.dependency.taskID.description)
            json.member("condition", observed.dependency.condition.rawValue)
            json.member("status", observed.status.rawValue)
        }
    }

    private static func write(_ attempt: TaskAttempt, to json: inout JSONWriter) {
        json.object { writeMembers(of: attempt, to: &$0) }
    }

    static func writeMembers(of attempt: TaskAttempt, to json: inout JSONWriter) {
        json.member("number", Int(attempt.number))
        json.member("agent_id", attempt.agentID.description)
        json.member("started_at", attempt.startedAt.rfc3339)
        json.member("heartbeat_at", attempt.heartbeatAt.rfc3339)
        json.member("fraction", orNull: attempt.report.fraction)
        json.member("message", orNull: attempt.report.message)
        json.member("ended_at", orNull: attempt.endedAt)
        json.member("outcome", orNull: attempt.outcome?.rawValue)
        json.member("error", ErrorBody(attempt.failure))
        json.member("reasons", attempt.reasons ?? .null)
        json.member("cost", attempt.cost)
    }
}
