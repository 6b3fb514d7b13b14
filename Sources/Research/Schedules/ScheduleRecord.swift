internal import Basics
package import Database
package import Events
internal import Instruments
package import JSON
package import Records
internal import Tasks

/// What schedules have of their own among the records.
extension Schedule: Record {
    /// The kinds of change.
    package enum Change: String, RecordChange {
        case created, updated, paused, resumed, deleted

        package var eventKind: EventKind {
            switch self {
            case .created: .scheduleCreated
            case .updated: .scheduleUpdated
            case .paused: .schedulePaused
            case .resumed: .scheduleResumed
            case .deleted: .scheduleDeleted
            }
        }
    }

    /// What the repository does; the raw values are the values of the metric label `operation`.
    package enum Operation: String, MetricLabel, CaseIterable {
        package static let name = "operation"
        case create, get, list, update, pause, resume, delete, run, preview, look, probe, prune
        case expireKeys = "expire_keys"
    }

    package typealias Refusal = ScheduleRefusal

    package static let table = RecordTable(
        "schedules",
        one: "schedule",
        columns: """
            id, project_id, name, cron, time_zone, task, catch_up, catch_up_max, jitter_seconds, skips_while_running, \
            start_at, end_at, is_paused, next_due_at, next_at, last_due_at, last_task_id, runs, skips, misses, version, \
            created_at, updated_at, created_by
            """,
        // What due times change is left alone, but for what comes next.
        changeable: [
            "project_id", "name", "name_key", "cron", "time_zone", "task", "catch_up", "catch_up_max", "jitter_seconds",
            "skips_while_running", "start_at", "end_at", "is_paused", "next_due_at", "next_at", "version", "updated_at",
        ],
        constant: ["id", "created_at", "created_by"],
        sets: [SetTable("schedule_words", record: "schedule_id", item: "word")]
    )

    package static let subject = EventSubject.schedule

    package init(_ row: SQLRow) throws(DatabaseError) {
        var reader = RowReader(row)
        let id = try reader.id()
        let fields = try ScheduleFields(&reader, of: id)
        let isPaused = try reader.bool()
        let next = try reader.dueTime()
        let lastDueAt = try reader.optionalTimestamp()
        let lastTaskID = try reader.optionalText().flatMap { UUIDv7($0) }
        var tally = ScheduleTally()
        tally.runs = try reader.integer()
        tally.skips = try reader.integer()
        tally.misses = try reader.integer()
        self.init(
            id: id,
            fields: fields,
            isPaused: isPaused,
            next: next,
            version: try reader.integer(),
            createdAt: try reader.timestamp(),
            updatedAt: try reader.timestamp(),
            createdBy: try reader.text()
        )
        self.tally = tally
        if let lastDueAt, let lastTaskID { last = ScheduleRun(dueAt: lastDueAt, taskID: lastTaskID) }
    }

    package var name: String { fields.name }

    package var changeable: [SQLValue] {
        [
            .id(fields.task.projectID), .text(fields.name), .text(SearchTokens.folded(fields.name)),
            .text(fields.clock.cron), .text(fields.clock.timeZone), .text(JSONText.canonical(fields.task.template)),
            .text(fields.catchUp.rawValue),
            .int(fields.catchUpMax), .int(fields.clock.jitterSeconds), .bool(fields.skipsWhileRunning),
            .optional(fields.clock.startAt), .optional(fields.clock.endAt), .bool(isPaused), .optional(next?.dueAt),
            .optional(next?.runAt), .integer(version), .timestamp(updatedAt),
        ]
    }

    package var constant: [SQLValue] { [.id(id), .timestamp(createdAt), .text(createdBy)] }

    package var sets: [Set<String>] {
        [SearchTokens.distinctWords(of: [fields.name, fields.task.name, fields.task.kind])]
    }

    package var eventValues: [(String, JSONValue)] { fields.values + [("paused", .boolean(isPaused))] }
}

extension ScheduleFields {
    /// All fields by their names in the API: what an event says, and what a repeated creation is compared by.
    package var values: [(String, JSONValue)] {
        [
            ("project_id", .string(task.projectID.description)), ("name", .string(name)),
            ("cron", .string(clock.cron)), ("time_zone", .string(clock.timeZone)), ("task", task.template),
            ("catch_up", .string(catchUp.rawValue)),
            ("catch_up_max", .integer(Int64(catchUpMax))), ("jitter_seconds", .integer(Int64(clock.jitterSeconds))),
            ("skip_if_running", .boolean(skipsWhileRunning)),
            ("start_at", clock.startAt.map { .string($0.rfc3339) } ?? .null),
            ("end_at", clock.endAt.map { .string($0.rfc3339) } ?? .null),
        ]
    }

    /// Reads the columns from `project_id` to `end_at`.
    fileprivate init(_ reader: inout RowReader, of id: UUIDv7) throws(DatabaseError) {
        let projectID = try reader.id()
        let name = try reader.text()
        let cron = try reader.text()
        let timeZone = try reader.text()
        // An input of the greatest depth stands in it.
        let limits = JSONLimits(depthMax: JSONLimits.stored.depthMax + 2)
        guard let json = try? JSONValue(parsing: try reader.text(), limits: limits),
            let task = TaskFields(template: json, projectID: projectID)
        else { throw DatabaseError(.decoding, "the task of schedule \(id) cannot be read") }
        self.init(name: name, clock: ScheduleClock(cron, in: timeZone), task: task)
        catchUp = try reader.enumeration(CatchUpPolicy.self)
        catchUpMax = try reader.small()
        clock.jitterSeconds = try reader.small()
        skipsWhileRunning = try reader.bool()
        clock.startAt = try reader.optionalTimestamp()
        clock.endAt = try reader.optionalTimestamp()
    }
}

extension RowReader {
    /// The next two times together; nil when either is null.
    fileprivate mutating func dueTime() throws(DatabaseError) -> DueTime? {
        let dueAt = try optionalTimestamp()
        guard let runAt = try optionalTimestamp(), let dueAt else { return nil }
        return DueTime(dueAt: dueAt, runAt: runAt)
    }
}
