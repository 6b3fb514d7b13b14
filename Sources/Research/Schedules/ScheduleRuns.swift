package import Basics
internal import Database
internal import Events
internal import Instruments
internal import JSON
internal import Projects
package import Records
package import Tasks

/// What a look for due schedules found.
package struct ScheduleLook: Sendable {
    /// How many tasks it made.
    package var runs = 0
    /// How many schedules could not be seen to; they are still due.
    package var failures = 0
    /// Why the first of them could not.
    package var firstFailure: ScheduleError?
    /// When the next schedule is due; nil when none is.
    package var nextAt: Timestamp?
}

/// What became of a due time.
private enum DueResult {
    case ran(ProjectTask)
    case skipped(SkipReason)
    /// It had made its task before: a clock that was set back, or a due time that was written anew.
    case known
}

extension ScheduleRepository {
    /// How many due schedules one statement of a look reads.
    private static let lookSchedulesMax = 100
    /// How many transactions a look gives one schedule: it can make up for all that it may, and see to what came meanwhile.
    private static let turnsMax = ScheduleLimits.catchUps.upperBound + 10

    /// Sees to every due time that has come: makes its task, skips it, or leaves it behind.
    ///
    /// Other servers may look at the same time. Each due time is seen to in one transaction that locks the schedule, makes the
    /// task, notes both under a key of their own, and moves the schedule on; so it happens once, whoever dies when.
    /// - Returns: what was done, and when to look again.
    /// - Throws: ``ScheduleError``: `database` when it cannot be looked; what is due stays due.
    package func look() async throws(ScheduleError) -> ScheduleLook {
        try await store.perform(.look) {
            var look = ScheduleLook()
            try await endOrphans()
            var after: ScheduleTable.Due?
            repeat {
                let (now, start) = (store.clock.now, after)
                let due = try await store.database.read("schedules.due") { connection in
                    try ScheduleTable(connection: connection).due(at: now, after: start, limit: Self.lookSchedulesMax)
                }
                for schedule in due {
                    do {
                        look.runs += try await seeTo(schedule.id)
                    } catch {
                        // One that fails keeps none of the others waiting.
                        if Task.isCancelled { throw error }
                        metrics.runFailures.increment()
                        look.failures += 1
                        look.firstFailure = look.firstFailure ?? ScheduleError(error)
                    }
                }
                after = due.count < Self.lookSchedulesMax ? nil : due.last
            } while after != nil
            let now = store.clock.now
            look.nextAt = try await store.database.read("schedules.next") { connection in
                try ScheduleTable(connection: connection).nextAt(after: now)
            }
            metrics.looked(at: now)
            return look
        }
    }

    /// Deletes the schedules of deleted projects: they go with them, also those that are paused or never due.
    private func endOrphans() async throws {
        let orphans = try await store.database.read("schedules.orphans") { connection in
            try ScheduleTable(connection: connection).orphans(limit: Self.lookSchedulesMax)
        }
        for id in orphans {
            try await store.database.write("schedules.end_orphan") { connection in
                guard let row = try Schedule.table.lock(id, connection) else { return }
                try store.delete(try Schedule(row), by: ChangeOrigin(.system), connection)
            }
        }
    }

    /// Sees to all due times of one schedule that have come; returns how many tasks it made.
    private func seeTo(_ id: UUIDv7) async throws -> Int {
        var made = 0
        for _ in 0..<Self.turnsMax {
            guard let hasRun = try await takeTurn(id) else { break }
            if hasRun { made += 1 }
        }
        return made
    }

    /// One transaction; nil when nothing is due any more, otherwise whether it made a task.
    private func takeTurn(_ id: UUIDv7) async throws -> Bool? {
        do {
            return try await store.database.write("schedules.run") { try takeTurn(id, $0) }
        } catch {
            // Another server made a task of the same unique key at the same time; now it can be seen.
            guard error.violation(.unique) != nil else { throw error }
            return try await store.database.write("schedules.run") { try takeTurn(id, $0) }
        }
    }

    private func takeTurn(_ id: UUIDv7, _ connection: any SQLConnection) throws -> Bool? {
        let now = store.clock.now
        // Whoever had the lock before may have seen to it, paused or deleted it.
        guard let row = try Schedule.table.lock(id, connection) else { return nil }
        var schedule = try Schedule(row)
        let timing = try timing(of: schedule)
        let fields = schedule.fields
        guard let current = schedule.next,
            let round = timing.round(current, fields.catchUp, catchUpMax: fields.catchUpMax, at: now)
        else { return nil }
        schedule.next = round.next
        schedule.tally.misses += Int64(round.missed)
        let result = try round.run.map { try make($0, of: schedule, connection) }
        switch result {
        case .ran(let task):
            schedule.tally.runs += 1
            schedule.last = round.run.map { ScheduleRun(dueAt: $0.dueAt, taskID: task.id) }
        case .skipped: schedule.tally.skips += 1
        case .known, nil: break
        }
        try ScheduleTable(connection: connection).advance(schedule)
        if let span = round.missedSpan { try note(round.missed, span, of: schedule, connection) }
        guard let due = round.run, let result else { return false }
        return try note(result, due, of: schedule, at: now, connection)
    }

    /// Makes the task of a due time, unless something is against it.
    private func make(
        _ due: DueTime,
        of schedule: Schedule,
        _ connection: any SQLConnection
    ) throws -> DueResult {
        let table = ScheduleTable(connection: connection)
        if try table.hasRun(schedule.id, due.dueAt) { return .known }
        var fields = schedule.fields.task
        guard let project = try Project.table.find(fields.projectID, connection),
            [.active, .pending].contains(try Project(project).fields.status)
        else { return .skipped(.project) }
        if schedule.fields.skipsWhileRunning, let last = schedule.last,
            let row = try ProjectTask.table.find(last.taskID, connection),
            try !ProjectTask(row).progress.status.isEnded
        {
            return .skipped(.running)
        }
        fields.uniqueKey = fields.uniqueKey ?? "schedule:\(schedule.id)@\(due.dueAt.rfc3339)"
        do {
            let task = try tasks.create(NewTask(fields), by: ChangeOrigin(.system), in: connection).task
            try table.insert(ScheduleRun(dueAt: due.dueAt, taskID: task.id), of: schedule.id)
            return .ran(task)
        } catch TaskRefusal.uniqueKeyTaken {
            return .skipped(.uniqueKey)
        }
    }

    /// Makes a task of a schedule now, because someone asks for it: also while it is paused or its last task runs.
    ///
    /// When it is due does not change.
    /// - Parameters:
    ///   - id: of the schedule.
    ///   - idempotencyKey: as where a task is made.
    ///   - origin: who asks; they are the task's maker.
    /// - Returns: the task, and whether an earlier request with the key made it.
    /// - Throws: ``ScheduleError``: `notFound`, `invalid` when the project was deleted, the task's own refusals,
    ///   `invalidParameter` for the key, `idempotencyConflict`, `event`, `database`.
    package func run(
        _ id: UUIDv7,
        idempotencyKey: String? = nil,
        by origin: ChangeOrigin
    ) async throws(ScheduleError) -> TaskRepository.Creation {
        try await store.perform(.run) {
            try IdempotencyKeys.check(idempotencyKey)
            do {
                return try await store.database.write("schedules.run_now") { connection in
                    try run(id, idempotencyKey, origin, connection)
                }
            } catch let error as TaskRefusal {
                throw ScheduleRefusal.task(error)
            } catch let error as TaskError {
                throw ScheduleError(error)
            }
        }
    }

    private func run(
        _ id: UUIDv7,
        _ key: String?,
        _ origin: ChangeOrigin,
        _ connection: any SQLConnection
    ) throws -> TaskRepository.Creation {
        let now = store.clock.now
        var schedule = try store.locked(id, nil, connection)
        let new = NewTask(schedule.fields.task)
        let creation = try tasks.create(new, idempotencyKey: key, by: origin, in: connection)
        if creation.isReplay { return creation }
        schedule.tally.runs += 1
        schedule.last = ScheduleRun(dueAt: now, taskID: creation.task.id)
        try ScheduleTable(connection: connection).advance(schedule)
        let data: JSONObject = ["task_id": .string(creation.task.id.description), "asked": true]
        try append(.scheduleRan, data, about: schedule, by: origin, connection)
        connection.afterCommit { [metrics] in metrics.came(to: .asked) }
        return creation
    }

    // MARK: Events

    private func note(
        _ missed: Int,
        _ span: ClosedRange<Timestamp>,
        of schedule: Schedule,
        _ connection: any SQLConnection
    ) throws {
        let data: JSONObject = [
            "missed": .integer(Int64(missed)), "first_due_at": .string(span.lowerBound.rfc3339),
            "last_due_at": .string(span.upperBound.rfc3339),
        ]
        try append(.scheduleMissed, data, about: schedule, by: ChangeOrigin(.system), connection)
        connection.afterCommit { [metrics] in metrics.came(to: .missed, missed) }
    }

    /// Notes what became of a due time; returns whether it made a task.
    private func note(
        _ result: DueResult,
        _ due: DueTime,
        of schedule: Schedule,
        at now: Timestamp,
        _ connection: any SQLConnection
    ) throws -> Bool {
        var data: JSONObject = ["due_at": .string(due.dueAt.rfc3339)]
        switch result {
        case .ran(let task):
            data["task_id"] = .string(task.id.description)
            data["asked"] = false
            try append(.scheduleRan, data, about: schedule, by: ChangeOrigin(.system), connection)
            connection.afterCommit { [metrics] in metrics.ran(after: now.since(due.runAt)) }
            return true
        case .skipped(let reason):
            data["reason"] = .string(reason.rawValue)
            try append(.scheduleSkipped, data, about: schedule, by: ChangeOrigin(.system), connection)
            connection.afterCommit { [metrics] in metrics.came(to: DueOutcome(reason)) }
            return false
        case .known: return false
        }
    }

    private func append(
        _ kind: EventKind,
        _ data: JSONObject,
        about schedule: Schedule,
        by origin: ChangeOrigin,
        _ connection: any SQLConnection
    ) throws {
        var whole: JSONObject = ["name": .string(schedule.name)]
        for member in data.members { whole[member.name] = member.value }
        let event = NewEvent(
            kind,
            subject: .schedule,
            id: schedule.id.description,
            by: origin.actor,
            requestID: origin.requestID,
            data: whole
        )
        try store.events.append(event, in: connection)
    }
}

extension ScheduleError {
    /// What a task's refusal means for whoever asked a schedule for it.
    fileprivate init(_ error: TaskError) {
        self =
            switch error {
            case .notFound(let id): .notFound(id)
            case .invalid(let violations): .invalid(violations)
            case .invalidParameter(let name, let reason): .invalidParameter(name: name, reason: reason)
            case .invalidCursor(let error): .invalidCursor(error)
            case .versionMismatch(let current): .versionMismatch(current: current)
            case .idempotencyConflict(let key): .idempotencyConflict(key: key)
            case .refused(let refusal): .refused(.task(refusal))
            case .event(let error): .event(error)
            case .database(let error): .database(error)
            }
    }
}
