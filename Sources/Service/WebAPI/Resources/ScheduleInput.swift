import APIModel
import Basics
import HTTP
import JSON
import Schedules
import Tasks

/// What clients send of a schedule: the schemas of it, and the way from JSON to fields.
enum ScheduleInput {
    /// A new schedule, or one that replaces another.
    static let schema = JSONSchema.named("ScheduleInput", .object(properties(required: false)))

    /// A merge patch of a schedule, and of its task.
    static let patchSchema = JSONSchema.named(
        "SchedulePatch",
        .object(
            properties(required: false).map { property in
                .optional(
                    property.name,
                    property.name == "task" ? property.schema.asPatch : property.schema,
                    property.description
                )
            }
        )
    )

    /// An expression whose due times are asked for.
    static let previewSchema = JSONSchema.object([
        cron, zone(JSONSchema.Property.optional),
        .optional("start_at", .string(format: .dateTime).orNull, "No due time is earlier."),
        .optional("end_at", .string(format: .dateTime).orNull, "No due time is later."),
        .optional("count", .integer(1...Int64(ScheduleLimits.previewItemsMax)), "How many due times to show."),
    ])

    /// The members; in requests only name, project, expression and task must be there.
    static func properties(required isAnswer: Bool) -> [JSONSchema.Property] {
        func member(_ name: String, _ schema: JSONSchema, _ description: String? = nil) -> JSONSchema.Property {
            isAnswer ? .required(name, schema, description) : .optional(name, schema, description)
        }
        func range(_ range: ClosedRange<Int>) -> JSONSchema {
            .integer(Int64(range.lowerBound)...Int64(range.upperBound))
        }
        return [
            .required("name", .string(1...ScheduleLimits.nameLengthMax)),
            .required("project_id", .string(format: .uuid), "Whose tasks it makes."),
            cron,
            zone(member),
            .required(
                "task",
                .object(TaskInput.properties(required: isAnswer).filter { $0.name != "project_id" }),
                "What each of its tasks is; without a unique key of its own each gets one of schedule and due time."
            ),
            member(
                "catch_up",
                .oneOf(CatchUpPolicy.self),
                "What becomes of due times that no server saw to within a minute; latest at first."
            ),
            member("catch_up_max", range(ScheduleLimits.catchUps), "How many of them all makes up for."),
            member(
                "jitter_seconds",
                range(ScheduleLimits.jittersSeconds),
                "How much later a task may be made, by chance; never later than the next due time."
            ),
            member("skip_if_running", .boolean, "Whether a due time makes no task while the one before is not ended."),
            member("start_at", .string(format: .dateTime).orNull, "No due time is earlier."),
            member("end_at", .string(format: .dateTime).orNull, "No due time is later."),
        ]
    }

    private static let cron = JSONSchema.Property.required(
        "cron",
        .string(1...CronExpression.lengthMax),
        "Minute, hour, day of the month, month and day of the week, as in crontab(5), or a macro such as @daily."
    )

    private static func zone(
        _ member: (String, JSONSchema, String?) -> JSONSchema.Property
    ) -> JSONSchema.Property {
        member("time_zone", .string(1...IANAZone.nameLengthMax), "By the name in the IANA database; UTC at first.")
    }

    // MARK: Reading

    /// The fields of a body that satisfies ``schema``.
    /// - Throws: ``ProblemError``: `validation_failed`.
    static func fields(_ json: JSONValue?) throws(ProblemError) -> ScheduleFields {
        guard let json, let name = json["name"]?.string, let template = json["task"] else {
            throw ProblemError(.validationFailed)
        }
        guard let project = json["project_id"]?.string.flatMap({ UUIDv7($0) }) else {
            throw ProblemMapping.invalid("/project_id", "must be a UUID, version 7")
        }
        var keys: Set<String> = []
        for (index, item) in (template["concurrency_keys"]?.array ?? []).enumerated() {
            guard let key = item["key"]?.string, !keys.insert(key).inserted else { continue }
            throw ProblemMapping.invalid("/task/concurrency_keys/\(index)/key", "stands in the list already")
        }
        guard let task = TaskFields(template: template, projectID: project) else {
            throw ProblemError(.validationFailed)
        }
        var fields = ScheduleFields(name: name, clock: try clock(json), task: task)
        fields.catchUp = json["catch_up"]?.string.flatMap { CatchUpPolicy(rawValue: $0) } ?? fields.catchUp
        fields.catchUpMax = json["catch_up_max"]?.integer.map { Int(clamping: $0) } ?? fields.catchUpMax
        fields.skipsWhileRunning = json["skip_if_running"]?.boolean ?? false
        return fields
    }

    /// The fields after a merge patch that satisfies ``patchSchema``.
    /// - Throws: ``ProblemError``: `validation_failed`.
    static func fields(_ old: ScheduleFields, patchedBy patch: JSONValue?) throws(ProblemError) -> ScheduleFields {
        guard let patch else { throw ProblemError(.validationFailed) }
        return try fields(JSONValue.object(JSONObject(old.values)).merging(patch))
    }

    /// When a schedule is due, of a body that satisfies ``schema`` or ``previewSchema``.
    /// - Throws: ``ProblemError``: `validation_failed`.
    static func clock(_ json: JSONValue?) throws(ProblemError) -> ScheduleClock {
        guard let json, let cron = json["cron"]?.string else { throw ProblemError(.validationFailed) }
        var clock = ScheduleClock(cron)
        clock.timeZone = json["time_zone"]?.string ?? clock.timeZone
        clock.jitterSeconds = json["jitter_seconds"]?.integer.map { Int(clamping: $0) } ?? 0
        clock.startAt = try time(json, "start_at")
        clock.endAt = try time(json, "end_at")
        return clock
    }

    /// How many due times a preview is to show.
    static func count(_ count: Int64?) -> Int {
        Int(clamping: count ?? Int64(ScheduleLimits.previewItemsDefault))
    }

    private static func time(_ json: JSONValue, _ name: String) throws(ProblemError) -> Timestamp? {
        guard let text = json[name]?.string else { return nil }
        // The schema lets leap seconds pass, which a timestamp cannot hold.
        guard let time = Timestamp(rfc3339: text) else {
            throw ProblemMapping.invalid("/\(name)", "must be an RFC 3339 time with a zone and no leap second")
        }
        return time
    }
}
