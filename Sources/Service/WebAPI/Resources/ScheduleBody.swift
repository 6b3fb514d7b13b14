import APIModel
import Basics
import HTTP
import JSON
import Schedules
import Tasks

/// A schedule as the API shows it.
struct ScheduleBody: JSONWritable {
    static let schema = JSONSchema.named(
        "Schedule",
        .object(
            ScheduleInput.properties(required: true) + [
                .required("id", .string(format: .uuid)),
                .required("paused", .boolean, "Whether due times pass without tasks."),
                .required(
                    "next_due_at",
                    .string(format: .dateTime).orNull,
                    "The due time that comes next; null while it is paused, and when none comes any more."
                ),
                .required("next_at", .string(format: .dateTime).orNull, "When its task is made: with the jitter."),
                .required("last_due_at", .string(format: .dateTime).orNull, "Of its newest task."),
                .required("last_task_id", .string(format: .uuid).orNull, "Its newest task."),
                .required("runs", .integer(), "Tasks that it made."),
                .required("skips", .integer(), "Due times that were skipped."),
                .required("misses", .integer(), "Due times that were missed and not made up for."),
                .required("version", .integer(), "Grows with each change by people; the ETag."),
                .required("created_at", .string(format: .dateTime)),
                .required("updated_at", .string(format: .dateTime)),
                .required("created_by", .string(), "The identifier of who made it."),
            ]
        )
    )

    private let schedule: Schedule

    init(_ schedule: Schedule) { self.schedule = schedule }

    func write(to json: inout JSONWriter) {
        let (fields, tally) = (schedule.fields, schedule.tally)
        json.object { json in
            json.member("id", schedule.id.description)
            json.member("name", fields.name)
            json.member("project_id", fields.task.projectID.description)
            json.member("cron", fields.clock.cron)
            json.member("time_zone", fields.clock.timeZone)
            json.member("paused", schedule.isPaused)
            json.member("next_due_at", orNull: schedule.next?.dueAt)
            json.member("next_at", orNull: schedule.next?.runAt)
            json.member("last_due_at", orNull: schedule.last?.dueAt)
            json.member("last_task_id", orNull: schedule.last?.taskID.description)
            json.member("runs", Int(tally.runs))
            json.member("skips", Int(tally.skips))
            json.member("misses", Int(tally.misses))
            json.member("catch_up", fields.catchUp.rawValue)
            json.member("catch_up_max", fields.catchUpMax)
            json.member("jitter_seconds", fields.clock.jitterSeconds)
            json.member("skip_if_running", fields.skipsWhileRunning)
            json.member("start_at", orNull: fields.clock.startAt)
            json.member("end_at", orNull: fields.clock.endAt)
            json.member("task", fields.task.template)
            json.member("version", Int(schedule.version))
            json.member("created_at", schedule.createdAt.rfc3339)
            json.member("updated_at", schedule.updatedAt.rfc3339)
            json.member("created_by", schedule.createdBy)
        }
    }
}

/// The next due times of a schedule.
struct DueTimesBody: JSONWritable {
    static let schema = JSONSchema.object([
        .required(
            "items",
            .array(
                of: .object([
                    .required("due_at", .string(format: .dateTime), "What the expression says."),
                    .required("run_at", .string(format: .dateTime), "When the task is made: with the jitter."),
                    .required(
                        "local_time",
                        .string(format: .dateTime),
                        "due_at by the clocks of the time zone, with their distance from UTC."
                    ),
                ]),
                count: 0...ScheduleLimits.previewItemsMax
            ),
            "In order; fewer than were asked for when no more come."
        )
    ])

    private let preview: SchedulePreview

    init(_ preview: SchedulePreview) { self.preview = preview }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.key("items")
            json.array { json in
                for due in preview.dues {
                    json.object { json in
                        json.member("due_at", due.dueAt.rfc3339)
                        json.member("run_at", due.runAt.rfc3339)
                        json.member("local_time", preview.timing.localText(due.dueAt))
                    }
                }
            }
        }
    }
}
