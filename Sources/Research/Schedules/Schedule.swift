package import Basics
package import Tasks

/// Something that makes tasks of a project again and again, by the clock.
package struct Schedule: Hashable, Sendable {
    package let id: UUIDv7
    /// What its people decide.
    package var fields: ScheduleFields
    /// Whether due times pass without tasks; they are not made up for.
    package var isPaused: Bool
    /// What comes next; nil while it is paused, and when nothing comes any more.
    package var next: DueTime?
    /// The newest task that it made; nil before the first.
    package var last: ScheduleRun?
    /// How many of its due times came to what.
    package var tally = ScheduleTally()
    /// Grows by one with each change by its people, from 1; due times that pass are none.
    package var version: Int64
    package let createdAt: Timestamp
    package var updatedAt: Timestamp
    /// The identifier of who made it.
    package let createdBy: String

    package init(
        id: UUIDv7,
        fields: ScheduleFields,
        isPaused: Bool = false,
        next: DueTime? = nil,
        version: Int64 = 1,
        createdAt: Timestamp,
        updatedAt: Timestamp,
        createdBy: String
    ) {
        self.id = id
        self.fields = fields
        self.isPaused = isPaused
        self.next = next
        self.version = version
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.createdBy = createdBy
    }
}

/// The fields of a schedule that its people write: the body of a creation or replacement.
package struct ScheduleFields: Hashable, Sendable {
    /// What people call it.
    package var name: String
    /// When it is due.
    package var clock: ScheduleClock
    /// What each of its tasks is; their project is the schedule's.
    package var task: TaskFields
    package var catchUp: CatchUpPolicy
    /// How many missed due times ``CatchUpPolicy/all`` makes up for.
    package var catchUpMax: Int
    /// Whether a due time passes without a task while the task before is not ended.
    package var skipsWhileRunning: Bool

    package init(name: String, clock: ScheduleClock, task: TaskFields) {
        self.name = name
        self.clock = clock
        self.task = task
        catchUp = .latest
        catchUpMax = ScheduleLimits.catchUpDefault
        skipsWhileRunning = false
    }
}

/// When a schedule is due, as people write it.
package struct ScheduleClock: Hashable, Sendable {
    /// A ``CronExpression``.
    package var cron: String
    /// The name of an ``IANAZone``.
    package var timeZone = "UTC"
    /// How much later than due a task may be made, in seconds; chance says how much, the same on every server.
    package var jitterSeconds = 0
    /// No due time is earlier; nil for no such limit.
    package var startAt: Timestamp?
    /// No due time is later; nil for no such limit.
    package var endAt: Timestamp?

    package init(_ cron: String, in timeZone: String = "UTC") {
        self.cron = cron
        self.timeZone = timeZone
    }
}

/// What becomes of due times that were missed, because no server ran; the raw values are stored and are those of the API.
package enum CatchUpPolicy: String, Hashable, Sendable, CaseIterable {
    /// Nothing.
    case skip
    /// The newest of them is made up for, unless one is due now anyway.
    case latest
    /// The newest ones are made up for, one after the other, up to a limit.
    case all
}

/// A time at which a schedule is to make a task.
package struct DueTime: Hashable, Sendable {
    /// What the expression says; tells a schedule's due times apart.
    package let dueAt: Timestamp
    /// With the jitter: from then on the task is made.
    package let runAt: Timestamp

    package init(dueAt: Timestamp, runAt: Timestamp) {
        self.dueAt = dueAt
        self.runAt = runAt
    }
}

/// A task that a schedule made.
package struct ScheduleRun: Hashable, Sendable {
    /// The due time; when a person asked for it, the time at which that was.
    package let dueAt: Timestamp
    package let taskID: UUIDv7

    package init(dueAt: Timestamp, taskID: UUIDv7) {
        self.dueAt = dueAt
        self.taskID = taskID
    }
}

/// How many of a schedule's due times came to what.
package struct ScheduleTally: Hashable, Sendable {
    /// Made a task; those that people asked for are counted too.
    package var runs: Int64 = 0
    /// Passed because of ``SkipReason``.
    package var skips: Int64 = 0
    /// Missed, and not made up for.
    package var misses: Int64 = 0

    package init() {}
}

/// Why a due time passed without a task; the raw values are those of the API and, behind `skipped_`, of a metric label.
package enum SkipReason: String, Hashable, Sendable, CaseIterable {
    /// The task before is not ended.
    case running
    /// An open task of the project has the unique key that the schedule gives its tasks.
    case uniqueKey = "unique_key"
    /// The project is paused or closed.
    case project
}
