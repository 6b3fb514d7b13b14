package import Basics
package import Database
package import Events
package import Instruments
internal import Projects
package import Records
package import Tasks

/// The schedules: every way to make, read and change them, each change with one event in the same transaction.
///
/// Concurrency: may be shared. Changes of the same schedule run one after the other; who read an older version is told.
package struct ScheduleRepository: Sendable {
    /// What a creation gave.
    package struct Creation: Hashable, Sendable {
        package let schedule: Schedule
        /// Whether an earlier creation with the same key made it.
        package let isReplay: Bool
    }

    let store: RecordStore<Schedule>
    let metrics: ScheduleMetrics
    let tasks: TaskRepository
    /// Set by each change that this server makes: the loop looks again.
    let changed = WakeSignal()

    /// Makes the repository over a migrated database; `tasks`, on the same database, makes the tasks, and `registry` takes the
    /// metrics `kaskman_schedule*`.
    package init(
        database: any Database,
        events: EventLog,
        tasks: TaskRepository,
        clock: any WallClock,
        ids: UUIDv7Generator,
        registry: Registry
    ) {
        self.tasks = tasks
        store = RecordStore(database: database, events: events, clock: clock, ids: ids, registry: registry)
        metrics = ScheduleMetrics(registry)
    }

    /// Makes a schedule; its first due time is the first one after now.
    ///
    /// - Parameters:
    ///   - fields: what it is.
    ///   - idempotencyKey: when the same actor made a schedule with this key in the last 24 hours, that one is returned as it
    ///     is now, and nothing happens.
    ///   - origin: who makes it.
    /// - Returns: the schedule, and whether an earlier creation made it.
    /// - Throws: ``ScheduleError``: `invalid`, also for a project that is not there; `tooManySchedules`, `invalidParameter`
    ///   for the key, `idempotencyConflict`, `event`, `database`.
    package func create(
        _ fields: ScheduleFields,
        idempotencyKey: String? = nil,
        by origin: ChangeOrigin
    ) async throws(ScheduleError) -> Creation {
        try await store.perform(.create) {
            try IdempotencyKeys.check(idempotencyKey)
            try store.refuse(fields.violations)
            let id = store.ids.next()
            let creation = try await store.database.write("schedules.create") { connection in
                try create(fields, id: id, idempotencyKey, origin, connection)
            }
            if creation.isReplay { metrics.idempotentReplays.increment() }
            return creation
        }
    }

    /// The schedule with an identifier.
    /// - Throws: ``ScheduleError``: `notFound`, `database`.
    package func get(_ id: UUIDv7) async throws(ScheduleError) -> Schedule {
        try await store.perform(.get) { try await store.get(id, "schedules.get") }
    }

    /// A page of the list.
    /// - Throws: ``ScheduleError``: `invalidParameter`, `invalidCursor`, `database`.
    package func list(_ query: ScheduleListQuery) async throws(ScheduleError) -> Page<Schedule> {
        try await store.perform(.list) {
            try await store.page(query, "schedules.list", at: store.clock.now) { row throws(DatabaseError) in
                try Schedule(row)
            }
        }
    }

    /// Replaces all fields of a schedule; nothing happens when none differs.
    ///
    /// Where that changes when it is due, its next due time is the first one after now.
    /// - Throws: ``ScheduleError``: `notFound`, `invalid`, `versionMismatch`, `event`, `database`.
    @discardableResult
    package func replace(
        _ id: UUIDv7,
        with fields: ScheduleFields,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(ScheduleError) -> Schedule {
        try await store.perform(.update) {
            try store.refuse(fields.violations)
            return try await store.database.write("schedules.replace") { connection in
                let old = try store.locked(id, version, connection)
                guard fields != old.fields else { return old }
                if fields.task.projectID != old.fields.task.projectID { try checkProject(fields, connection) }
                var new = old
                new.fields = fields
                if fields.clock != old.fields.clock { new.next = try due(after: store.clock.now, of: new) }
                return try update(old, to: new, as: .updated, by: origin, connection)
            }
        }
    }

    /// Has due times pass without tasks; nothing happens when it is so already.
    /// - Throws: ``ScheduleError``: `notFound`, `versionMismatch`, `event`, `database`.
    @discardableResult
    package func pause(
        _ id: UUIDv7,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(ScheduleError) -> Schedule {
        try await setPaused(true, .pause, "schedules.pause", id, version, origin)
    }

    /// Has due times make tasks again, from the first one after now; nothing happens when it is so already.
    /// - Throws: ``ScheduleError``: `notFound`, `invalid` when the project was deleted, `versionMismatch`, `unreadable`,
    ///   `event`, `database`.
    @discardableResult
    package func resume(
        _ id: UUIDv7,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(ScheduleError) -> Schedule {
        try await setPaused(false, .resume, "schedules.resume", id, version, origin)
    }

    /// Deletes a schedule: it is found no more and makes no more tasks; its tasks and events stay.
    /// - Throws: ``ScheduleError``: `notFound`, `versionMismatch`, `event`, `database`.
    package func delete(
        _ id: UUIDv7,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(ScheduleError) {
        try await store.perform(.delete) {
            try await store.database.write("schedules.delete") { connection in
                try store.delete(try store.locked(id, version, connection), by: origin, connection)
            }
        }
    }

    /// The next due times of a schedule, as they would come if it were not paused.
    /// - Throws: ``ScheduleError``: `notFound`, `unreadable`, `database`.
    package func preview(
        _ id: UUIDv7,
        countMax: Int
    ) async throws(ScheduleError) -> SchedulePreview {
        try await store.perform(.preview) {
            let schedule = try await store.get(id, "schedules.preview")
            let timing = try timing(of: schedule)
            // One that waits for its jitter still comes.
            let waiting = schedule.next.map { [$0] } ?? []
            let from = waiting.last?.dueAt ?? store.clock.now
            let dues = waiting + timing.dues(after: from, countMax: max(countMax - waiting.count, 0))
            return SchedulePreview(timing: timing, dues: Array(dues.prefix(countMax)))
        }
    }

    /// The next due times of a schedule that does not exist; without jitter, which depends on the schedule.
    /// - Throws: ``ScheduleError``: `invalid`.
    package func preview(_ clock: ScheduleClock, countMax: Int) async throws(ScheduleError) -> SchedulePreview {
        try await store.perform(.preview) {
            try store.refuse(clock.violations)
            let timing = try clock.timing(of: nil)
            return SchedulePreview(timing: timing, dues: timing.dues(after: store.clock.now, countMax: countMax))
        }
    }

    // MARK: Inside transactions

    /// When a schedule is due.
    /// - Throws: ``ScheduleRefusal``: `unreadable`.
    func timing(of schedule: Schedule) throws(ScheduleRefusal) -> ScheduleTiming {
        try schedule.fields.clock.timing(of: schedule.id)
    }

    private func due(after time: Timestamp, of schedule: Schedule) throws(ScheduleRefusal) -> DueTime? {
        try schedule.isPaused ? nil : timing(of: schedule).due(after: time)
    }

    private func setPaused(
        _ isPaused: Bool,
        _ operation: Schedule.Operation,
        _ name: OperationName,
        _ id: UUIDv7,
        _ version: ExpectedVersion?,
        _ origin: ChangeOrigin
    ) async throws(ScheduleError) -> Schedule {
        try await store.perform(operation) {
            try await store.database.write(name) { connection in
                let old = try store.locked(id, version, connection)
                guard old.isPaused != isPaused else { return old }
                if !isPaused { try checkProject(old.fields, connection) }
                var new = old
                new.isPaused = isPaused
                new.next = try due(after: store.clock.now, of: new)
                return try update(old, to: new, as: isPaused ? .paused : .resumed, by: origin, connection)
            }
        }
    }

    private func update(
        _ old: Schedule,
        to changed: Schedule,
        as change: Schedule.Change,
        by origin: ChangeOrigin,
        _ connection: any SQLConnection
    ) throws -> Schedule {
        var new = changed
        new.version += 1
        new.updatedAt = store.clock.now
        try store.update(old, to: new, as: change, by: origin, connection)
        connection.afterCommit { [signal = self.changed] in signal.set() }
        return new
    }

    private func create(
        _ fields: ScheduleFields,
        id: UUIDv7,
        _ key: String?,
        _ origin: ChangeOrigin,
        _ connection: any SQLConnection
    ) throws -> Creation {
        let now = store.clock.now
        if let key {
            let keys = IdempotencyKeys(of: Schedule.table.one, connection)
            let hash = IdempotencyKeys.hash(of: fields.values)
            if let earlier = try keys.claim(key, origin.actorKey, hash: hash, id: id, at: now) {
                return Creation(schedule: try store.locked(earlier.id, nil, connection), isReplay: true)
            }
        }
        try checkProject(fields, connection)
        try connection.lock(.schedules)
        guard try ScheduleTable(connection: connection).count() < ScheduleLimits.schedulesMax else {
            throw ScheduleRefusal.tooManySchedules(schedulesMax: ScheduleLimits.schedulesMax)
        }
        var schedule = Schedule(id: id, fields: fields, createdAt: now, updatedAt: now, createdBy: origin.actorID)
        schedule.next = try due(after: now, of: schedule)
        try store.insert(schedule, as: .created, by: origin, connection)
        connection.afterCommit { [changed] in changed.set() }
        return Creation(schedule: schedule, isReplay: false)
    }

    private func checkProject(_ fields: ScheduleFields, _ connection: any SQLConnection) throws {
        guard try Project.table.find(fields.task.projectID, connection) != nil else {
            throw ScheduleError.invalid([FieldViolation("/project_id", "there is no such project")])
        }
    }
}

/// The next due times of a schedule, and what tells the local time of each.
package struct SchedulePreview: Sendable {
    package let timing: ScheduleTiming
    package let dues: [DueTime]
}
