internal import Basics
internal import Coordination
package import Database
package import Events
internal import Instruments
package import JSON
package import Records

/// What tasks have of their own among the records.
extension ProjectTask: Record {
    /// The kinds of change.
    package enum Change: String, RecordChange {
        case created, waiting, queued, started, succeeded, dead, cancelled, skipped, paused, resumed, retried, deleted
        case attemptFailed = "attempt_failed"
        case dependencyAdded = "dependency_added"
        case awaitingApproval = "awaiting_approval"
        case approved, rejected

        package var eventKind: EventKind {
            switch self {
            case .created: .taskCreated
            case .waiting: .taskWaiting
            case .queued: .taskQueued
            case .started: .taskStarted
            case .succeeded: .taskSucceeded
            case .attemptFailed: .taskAttemptFailed
            case .dead: .taskDead
            case .cancelled: .taskCancelled
            case .skipped: .taskSkipped
            case .paused: .taskPaused
            case .resumed: .taskResumed
            case .retried: .taskRetried
            case .dependencyAdded: .taskDependencyAdded
            case .awaitingApproval: .taskAwaitingApproval
            case .approved: .taskApproved
            case .rejected: .taskRejected
            case .deleted: .taskDeleted
            }
        }
    }

    /// What the repository does; the raw values are the values of the metric label `operation`.
    package enum Operation: String, MetricLabel, CaseIterable {
        package static let name = "operation"
        case create, get, list, pause, resume, cancel, retry, delete, depend, lease, renew, complete, fail, sweep, count
        case probe, why, graph, work, approve, reject, coordinate, spawn, upstream
        case retryMany = "retry_many"
        case log, logs, report
        case pruneLogs = "prune_logs"
        case artefact, artefacts, upload
        case pruneArtefacts = "prune_artefacts"
        case expireKeys = "expire_keys"
    }

    package typealias Refusal = TaskRefusal

    package static let table = RecordTable(
        "tasks",
        one: "task",
        columns: """
            id, project_id, name, kind, input, capabilities, priority, unique_key, attempts_max, first_delay_seconds, \
            delay_factor, delay_seconds_max, delay_jitter, non_retryable, schedule_to_start_seconds, \
            start_to_close_seconds, heartbeat_seconds, total_seconds, status, failures, token, run_at, queued_at, \
            counts_from, agent_id, leased_at, lease_deadline, ended_at, reason, output, error_class, error_message, \
            version, created_at, updated_at, created_by, labels, concurrency_keys, needs_approval, approval_seconds, \
            asked_at, approved_at, cost_max, seconds_max, cost, attempt_cost, cost_before, ran_milliseconds, \
            plan_id, plan_role, spawn_id, vote, has_dependencies
            """,
        changeable: [
            "status", "failures", "token", "run_at", "queued_at", "counts_from", "agent_id", "leased_at",
            "lease_deadline", "deadline_at", "ended_at", "reason", "output", "error_class", "error_message",
            "version", "updated_at", "asked_at", "approved_at", "cost", "attempt_cost", "cost_before",
            "ran_milliseconds", "has_dependencies",
        ],
        constant: [
            "id", "project_id", "name", "kind", "input", "capabilities", "priority", "unique_key", "attempts_max",
            "first_delay_seconds", "delay_factor", "delay_seconds_max", "delay_jitter", "non_retryable",
            "schedule_to_start_seconds", "start_to_close_seconds", "heartbeat_seconds", "total_seconds", "created_at",
            "created_by", "labels", "concurrency_keys", "needs_approval", "approval_seconds", "cost_max",
            "seconds_max", "plan_id", "plan_role", "spawn_id", "vote",
        ],
        sets: [
            SetTable("task_words", record: "task_id", item: "word"),
            SetTable("task_capabilities", record: "task_id", item: "capability"),
        ]
    )

    package static let subject = EventSubject.task

    /// They are made of what only a creation writes.
    package static let hasConstantSets = true

    package init(_ row: SQLRow) throws(DatabaseError) {
        var reader = RowReader(row)
        let id = try reader.id()
        var fields = try TaskFields(&reader)
        var progress = try TaskProgress(&reader)
        let output = try reader.optionalText()
        let errorClass = try reader.optionalText()
        let message = try reader.optionalText()
        let version = try reader.integer()
        let createdAt = try reader.timestamp()
        let updatedAt = try reader.timestamp()
        let createdBy = try reader.text()
        fields.labels = (try reader.object().object?.members ?? []).reduce(into: [:]) { $0[$1.name] = $1.value.string }
        fields.concurrencyKeys = (try reader.object().object?.members ?? []).reduce(into: [:]) { keys, member in
            keys[member.name] = member.value.integer.map { Int(clamping: $0) }
        }
        fields.needsApproval = try reader.bool()
        fields.rules.timeouts.approvalSeconds = try reader.optionalInteger().map { Int($0) }
        progress.needsApproval = fields.needsApproval
        progress.askedAt = try reader.optionalTimestamp()
        progress.approvedAt = try reader.optionalTimestamp()
        fields.rules.budget = try TaskBudget(&reader)
        progress.spending = try TaskSpending(&reader)
        fields.plan = try PlanPlace.read(&reader)
        progress.isCounted = fields.plan?.vote != nil
        let hasDependencies = try reader.bool()
        self.init(
            id: id,
            fields: fields,
            progress: progress,
            output: try output.map { text throws(DatabaseError) in try Self.json(text, of: id) },
            failure: errorClass.map { TaskFailure($0, message ?? "") },
            version: version,
            createdAt: createdAt,
            updatedAt: updatedAt,
            createdBy: createdBy
        )
        self.hasDependencies = hasDependencies
    }

    package var name: String { fields.name }

    package var changeable: [SQLValue] {
        let lease = progress.lease
        return [
            .text(progress.status.rawValue), .int(progress.failures), .integer(progress.token),
            .timestamp(progress.runAt), .optional(progress.queuedAt), .timestamp(progress.countsFrom),
            .optional(lease?.agentID), .optional(lease?.leasedAt), .optional(lease?.deadline),
            .optional(progress.deadline(fields.rules.timeouts, fields.rules.budget)), .optional(progress.endedAt),
            .optional(progress.reason?.rawValue), .optional(output.map { JSONText.canonical($0) }),
            .optional(failure?.errorClass), .optional(failure?.message), .integer(version), .timestamp(updatedAt),
            .optional(progress.askedAt), .optional(progress.approvedAt),
            .real(progress.spending.cost), .real(progress.spending.attemptCost), .real(progress.spending.costBefore),
            .integer(progress.spending.ranMilliseconds), .bool(hasDependencies),
        ]
    }

    package var constant: [SQLValue] {
        let (retry, timeouts) = (fields.rules.retry, fields.rules.timeouts)
        return [
            .id(id), .id(fields.projectID), .text(fields.name), .text(fields.kind),
            .text(JSONText.canonical(fields.input)), .text(JSONText.array(fields.capabilities)),
            .int(fields.priority), .optional(fields.uniqueKey), .int(retry.attemptsMax),
            .int(retry.firstDelaySeconds), .real(retry.factor), .int(retry.delaySecondsMax), .real(retry.jitter),
            .text(JSONText.array(retry.nonRetryable)), .optional(timeouts.scheduleToStartSeconds.map { Int64($0) }),
            .optional(timeouts.startToCloseSeconds.map { Int64($0) }), .int(timeouts.heartbeatSeconds),
            .optional(timeouts.totalSeconds.map { Int64($0) }), .timestamp(createdAt), .text(createdBy),
            .text(JSONText.canonical(.object(JSONObject(fields.labels)))),
            .text(JSONText.canonical(fields.concurrencyKeysValue)), .bool(fields.needsApproval),
            .optional(timeouts.approvalSeconds.map { Int64($0) }),
            .optional(fields.rules.budget.costMax), .optional(fields.rules.budget.secondsMax.map { Int64($0) }),
        ] + PlanPlace.values(fields.plan)
    }

    package var sets: [Set<String>] {
        [
            SearchTokens.distinctWords(of: [fields.name, fields.kind] + fields.capabilities),
            Set(fields.capabilities),
        ]
    }

    package var eventValues: [(String, JSONValue)] {
        [
            ("project_id", .string(fields.projectID.description)),
            ("kind", .string(fields.kind)),
            ("input", fields.input),
            ("capabilities", .strings(fields.capabilities)),
            ("labels", .object(JSONObject(fields.labels))),
            ("concurrency_keys", fields.concurrencyKeysValue),
            ("priority", .integer(Int64(fields.priority))),
            ("status", .string(progress.status.rawValue)),
            ("attempt", .integer(progress.token)),
            ("agent_id", progress.lease.map { .string($0.agentID.description) } ?? .null),
            ("run_at", .string(progress.runAt.rfc3339)),
            ("cost", JSONValue(floatLiteral: progress.spending.cost)),
            ("reason", progress.reason.map { .string($0.rawValue) } ?? .null),
            ("output", output ?? .null),
            ("error", failure.map { ["class": .string($0.errorClass), "message": .string($0.message)] } ?? .null),
        ] + planValues
    }

    private var planValues: [(String, JSONValue)] {
        guard let plan = fields.plan else { return [] }
        return [("plan_id", .string(plan.planID.description)), ("plan_role", .string(plan.role.rawValue))]
    }

    private static func json(_ text: String, of id: UUIDv7) throws(DatabaseError) -> JSONValue {
        guard let value = try? JSONValue(parsing: text, limits: .stored) else {
            throw DatabaseError(.decoding, "the output of task \(id) is no JSON")
        }
        return value
    }
}

extension TaskFields {
    /// The limits by key, as they are stored.
    var concurrencyKeysValue: JSONValue {
        .object(JSONObject(concurrencyKeys.sorted { $0.key < $1.key }.map { ($0.key, .integer(Int64($0.value))) }))
    }

    fileprivate init(_ reader: inout RowReader) throws(DatabaseError) {
        let projectID = try reader.id()
        let name = try reader.text()
        self.init(projectID: projectID, kind: try reader.text(), name: name)
        input = try reader.object()
        capabilities = try reader.strings()
        priority = try reader.small()
        uniqueKey = try reader.optionalText()
        rules.retry.attemptsMax = try reader.small()
        rules.retry.firstDelaySeconds = try reader.small()
        rules.retry.factor = try reader.optionalReal() ?? 1
        rules.retry.delaySecondsMax = try reader.small()
        rules.retry.jitter = try reader.optionalReal() ?? 0
        rules.retry.nonRetryable = try reader.strings()
        rules.timeouts.scheduleToStartSeconds = try reader.optionalInteger().map { Int($0) }
        rules.timeouts.startToCloseSeconds = try reader.optionalInteger().map { Int($0) }
        rules.timeouts.heartbeatSeconds = try reader.small()
        rules.timeouts.totalSeconds = try reader.optionalInteger().map { Int($0) }
    }
}

extension TaskBudget {
    fileprivate init(_ reader: inout RowReader) throws(DatabaseError) {
        self.init(costMax: try reader.optionalReal(), secondsMax: try reader.optionalInteger().map { Int($0) })
    }
}

extension TaskSpending {
    fileprivate init(_ reader: inout RowReader) throws(DatabaseError) {
        self.init(
            cost: try reader.optionalReal() ?? 0,
            attemptCost: try reader.optionalReal() ?? 0,
            costBefore: try reader.optionalReal() ?? 0,
            ranMilliseconds: try reader.integer()
        )
    }
}

extension TaskProgress {
    fileprivate init(_ reader: inout RowReader) throws(DatabaseError) {
        let status = try reader.enumeration(TaskStatus.self)
        let failures = try reader.small()
        let token = try reader.integer()
        let runAt = try reader.timestamp()
        let queuedAt = try reader.optionalTimestamp()
        self.init(status: status, runAt: runAt, countsFrom: try reader.timestamp(), queuedAt: queuedAt)
        self.failures = failures
        self.token = token
        let agent = try reader.optionalText()
        let leasedAt = try reader.optionalTimestamp()
        let deadline = try reader.optionalTimestamp()
        if let agentID = agent.flatMap({ UUIDv7($0) }), let leasedAt, let deadline {
            lease = TaskLease(agentID: agentID, leasedAt: leasedAt, deadline: deadline)
        }
        endedAt = try reader.optionalTimestamp()
        reason = try reader.optionalText().flatMap { DeathReason(rawValue: $0) }
    }
}
