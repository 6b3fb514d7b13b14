package import Basics
package import Database
package import Events
package import Instruments
internal import Projects
package import Records

/// The tasks: every way to make, read and change them, each change with one event in the same transaction.
///
/// Concurrency: may be shared. Changes of the same task run one after the other; who read an older version is told.
package struct TaskRepository: Sendable {
    /// What a creation gave.
    package struct Creation: Hashable, Sendable {
        package let task: ProjectTask
        /// Whether an earlier creation with the same key made it.
        package let isReplay: Bool
    }

    /// A task with what belongs to it.
    package struct Details: Hashable, Sendable {
        package let task: ProjectTask
        package let dependencies: [ObservedDependency]
        /// The newest ones, oldest first; at most ``TaskRepository/attemptsShownMax``.
        package let attempts: [TaskAttempt]
    }

    /// How many attempts ``details(_:)`` shows at most.
    package static let attemptsShownMax = 100

    let store: RecordStore<ProjectTask>
    let metrics: TaskMetrics
    let random: SharedRandom
    /// What is open and who asks for work, in memory.
    let board: TaskBoard
    /// What agents may report of their attempts, and for how long it is kept.
    package let reportLimits: TaskReportLimits
    let followers: TaskFollowers
    let attemptEnded: AttemptEndHandler

    /// Makes the repository over a migrated database.
    ///
    /// `registry` takes the metrics `kaskman_task*` and `kaskman_coordinator*`; `seed` decides within the jitter of
    /// retries, and between what is alike for the scheduler. `attemptEnded` is told of the end of each attempt, in its
    /// transaction.
    package init(
        database: any Database,
        events: EventLog,
        clock: any WallClock,
        ids: UUIDv7Generator,
        registry: Registry,
        seed: UInt64,
        reportLimits: TaskReportLimits = TaskReportLimits(),
        attemptEnded: @escaping AttemptEndHandler = { _, _ in }
    ) {
        board = TaskBoard(clock: clock, registry: registry, seed: seed)
        store = RecordStore(database: database, events: events, clock: clock, ids: ids, registry: registry)
        metrics = TaskMetrics(registry)
        random = SharedRandom(seed: seed)
        self.reportLimits = reportLimits
        followers = TaskFollowers(metrics.logFollowers, followersMax: TaskLimits.logFollowersMax)
        self.attemptEnded = attemptEnded
    }

    /// Makes a task.
    ///
    /// - Parameters:
    ///   - new: what it is.
    ///   - idempotencyKey: when the same actor made a task with this key in the last 24 hours, that one is returned as
    ///     it is now, and nothing happens.
    ///   - origin: who makes it.
    /// - Returns: the task, and whether an earlier creation made it.
    /// - Throws: ``TaskError``: `invalid`, also for a project or dependency that is not there; `uniqueKeyTaken`,
    ///   `tooManyDependents`, `invalidParameter` for the key, `idempotencyConflict`, `event`, `database`.
    package func create(
        _ new: NewTask,
        idempotencyKey: String? = nil,
        by origin: ChangeOrigin
    ) async throws(TaskError) -> Creation {
        try await store.perform(.create) {
            try IdempotencyKeys.check(idempotencyKey)
            try store.refuse(new.violations)
            let id = store.ids.next()
            let creation = try await unique([new.fields.uniqueKey].compactMap { $0 }, in: new.fields.projectID) {
                try await store.database.write("tasks.create") { connection in
                    try create(new, id: id, idempotencyKey, origin, connection)
                }
            }
            if creation.isReplay { metrics.idempotentReplays.increment() }
            return creation
        }
    }

    /// Makes a task inside the caller's transaction, as ``create(_:idempotencyKey:by:)`` does, whose checks of the fields and of
    /// the key are the caller's.
    ///
    /// Where two servers give the same unique key at once, the transaction fails with the violation of the index.
    /// - Throws: ``TaskError``, ``TaskRefusal``, before anything is written; ``DatabaseError``, ``EventError``.
    package func create(
        _ new: NewTask,
        idempotencyKey: String? = nil,
        by origin: ChangeOrigin,
        in connection: any SQLConnection
    ) throws -> Creation {
        try create(new, id: store.ids.next(), idempotencyKey, origin, connection)
    }

    /// The task with an identifier.
    /// - Throws: ``TaskError``: `notFound`, `database`.
    package func get(_ id: UUIDv7) async throws(TaskError) -> ProjectTask {
        try await store.perform(.get) { try await store.get(id, "tasks.get") }
    }

    /// The task with an identifier, its dependencies and its attempts.
    /// - Throws: ``TaskError``: `notFound`, `database`.
    package func details(_ id: UUIDv7) async throws(TaskError) -> Details {
        try await store.perform(.get) {
            try await store.database.read("tasks.details") { connection in
                guard let row = try ProjectTask.table.find(id, connection) else { throw TaskError.notFound(id) }
                let table = TaskTable(connection: connection)
                return Details(
                    task: try ProjectTask(row),
                    dependencies: try table.dependencies(of: id),
                    attempts: try table.attempts(of: id, limit: Self.attemptsShownMax)
                )
            }
        }
    }

    /// A page of the list.
    /// - Throws: ``TaskError``: `invalidParameter`, `invalidCursor`, `database`.
    package func list(_ query: TaskListQuery) async throws(TaskError) -> Page<ProjectTask> {
        try await store.perform(.list) {
            try await store.page(query, "tasks.list", at: store.clock.now) { row throws(DatabaseError) in
                try ProjectTask(row)
            }
        }
    }

    /// How many tasks the filters of a list admit, by status; where more than `countedMax` match, only so many are counted.
    /// - Throws: ``TaskError``: `invalidParameter`, `database`.
    package func counts(
        _ query: TaskListQuery,
        countedMax: Int = ListLimits.recordsCountedMax
    ) async throws(TaskError) -> RecordCounts {
        try await store.perform(.count) {
            try await store.counts(
                query,
                by: "status",
                "tasks.counts",
                at: store.clock.now,
                countedMax: countedMax
            )
        }
    }

    /// Holds back a task that has not begun.
    /// - Throws: ``TaskError``: `notFound`, `versionMismatch`, `notPossible`, `event`, `database`.
    package func pause(
        _ id: UUIDv7,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(TaskError) -> ProjectTask {
        try await change(id, .pause, "tasks.pause", version, origin) { _, _ in .pause }
    }

    /// Lets a task go on that was held back.
    /// - Throws: ``TaskError``: `notFound`, `versionMismatch`, `notPossible`, `event`, `database`.
    package func resume(
        _ id: UUIDv7,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(TaskError) -> ProjectTask {
        try await change(id, .resume, "tasks.resume", version, origin) { repository, connection in
            .resume(try repository.verdict(on: id, connection))
        }
    }

    /// Ends a task at once; the lease of one that runs is lost, which its agent is told when it next shows it.
    /// - Throws: ``TaskError``: `notFound`, `versionMismatch`, `notPossible`, `event`, `database`.
    package func cancel(
        _ id: UUIDv7,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(TaskError) -> ProjectTask {
        try await change(id, .cancel, "tasks.cancel", version, origin) { _, _ in .cancel }
    }

    /// Lets a task be begun that waits for approval.
    /// - Throws: ``TaskError``: `notFound`, `versionMismatch`, `notPossible`, `event`, `database`.
    package func approve(
        _ id: UUIDv7,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(TaskError) -> ProjectTask {
        try await change(id, .approve, "tasks.approve", version, origin) { _, _ in .approve }
    }

    /// Ends a task that waits for approval: it is dead, with what a person said as its error.
    /// - Throws: ``TaskError``: `notFound`, `invalid`, `versionMismatch`, `notPossible`, `event`, `database`.
    package func reject(
        _ id: UUIDv7,
        reason: String = "",
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(TaskError) -> ProjectTask {
        let failure = TaskFailure(TaskFailure.rejectedClass, reason)
        return try await store.perform(.reject) {
            var list = ViolationList()
            list.text(reason, "/reason", bytesMax: TaskLimits.errorMessageBytesMax)
            try store.refuse(list.violations)
            return try await store.database.write("tasks.reject") { connection in
                let task = try store.locked(id, version, connection)
                return try step(task, .reject, AttemptResult(failure: failure), by: origin, connection)
            }
        }
    }

    /// Has a dead or cancelled task tried again with all its attempts; what was skipped because of it waits again.
    /// - Throws: ``TaskError``: `notFound`, `versionMismatch`, `notPossible`, `projectDeleted`, `uniqueKeyTaken`,
    ///   `event`, `database`.
    package func retry(
        _ id: UUIDv7,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(TaskError) -> ProjectTask {
        try await change(id, .retry, "tasks.retry", version, origin) { repository, connection in
            .retry(try repository.verdict(on: id, connection))
        }
    }

    /// Deletes a task that has ended: it is found no more, but its row, attempts and events stay.
    /// - Throws: ``TaskError``: `notFound`, `versionMismatch`, `notPossible`, `event`, `database`.
    package func delete(
        _ id: UUIDv7,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(TaskError) {
        try await store.perform(.delete) {
            try await store.database.write("tasks.delete") { connection in
                let task = try store.locked(id, version, connection)
                let status = task.progress.status
                guard status.isEnded else { throw TaskRefusal.notPossible(from: status) }
                try store.delete(task, by: origin, connection)
                connection.afterCommit { [metrics, board] in
                    metrics.tasks.moved(from: status, to: nil)
                    board.forget(id)
                }
            }
        }
    }

    private func change(
        _ id: UUIDv7,
        _ operation: ProjectTask.Operation,
        _ name: OperationName,
        _ version: ExpectedVersion?,
        _ origin: ChangeOrigin,
        _ step: @Sendable (TaskRepository, any SQLConnection) throws -> TaskStep
    ) async throws(TaskError) -> ProjectTask {
        try await store.perform(operation) {
            try await store.database.write(name) { connection in
                let task = try store.locked(id, version, connection)
                if operation == .retry, task.progress.status.isEnded {
                    guard try Project.table.find(task.fields.projectID, connection) != nil else {
                        throw TaskRefusal.projectDeleted
                    }
                    try checkUnique(task.fields, connection)
                }
                return try self.step(task, try step(self, connection), by: origin, connection)
            }
        }
    }

    func create(
        _ new: NewTask,
        id: UUIDv7,
        _ key: String?,
        _ origin: ChangeOrigin,
        _ connection: any SQLConnection
    ) throws -> Creation {
        let now = store.clock.now
        if let key {
            let keys = IdempotencyKeys(of: ProjectTask.table.one, connection)
            let hash = IdempotencyKeys.hash(of: new.values)
            if let earlier = try keys.claim(key, origin.actorKey, hash: hash, id: id, at: now) {
                return Creation(task: try store.locked(earlier.id, nil, connection), isReplay: true)
            }
        }
        guard try Project.table.find(new.fields.projectID, connection) != nil else {
            throw TaskError.invalid([FieldViolation("/project_id", "there is no such project")])
        }
        try checkUnique(new.fields, connection)
        var verdicts: [DependencyVerdict] = []
        // Locked in the order in which all servers lock them, whatever order they were given in.
        for (index, dependency) in new.dependencies.enumerated().sorted(by: { $0.element.taskID < $1.element.taskID }) {
            let pointer = "/dependencies/\(index)/task_id"
            let status = try upstreamStatus(dependency.taskID, in: new.fields.projectID, pointer, connection)
            verdicts.append(dependency.condition.verdict(on: status))
        }
        var task = ProjectTask(
            id: id,
            fields: new.fields,
            progress: .new(
                DependencyVerdict(verdicts),
                runAt: new.runAt,
                needsApproval: new.fields.needsApproval,
                isCounted: new.fields.plan?.vote != nil,
                at: now
            ),
            createdAt: now,
            updatedAt: now,
            createdBy: origin.actorID
        )
        task.hasDependencies = !new.dependencies.isEmpty
        try store.insert(task, as: .created, by: origin, connection)
        let table = TaskTable(connection: connection)
        for dependency in new.dependencies { try table.insert(dependency, of: id) }
        let status = task.progress.status
        connection.afterCommit { [metrics, board, task] in
            metrics.tasks.moved(from: nil, to: status)
            board.note(task)
        }
        return Creation(task: task, isReplay: false)
    }

    func checkUnique(_ fields: TaskFields, _ connection: any SQLConnection) throws {
        guard let key = fields.uniqueKey,
            let holder = try TaskTable(connection: connection).holder(of: key, in: fields.projectID)
        else { return }
        throw TaskRefusal.uniqueKeyTaken(by: holder)
    }

    /// Where two servers give the same unique key at once, the index decides.
    func unique<T>(_ keys: [String], in project: UUIDv7, _ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch {
            guard !keys.isEmpty, let violation = error.violation(.unique),
                violation.columns == ["project_id", "unique_key"] || violation.name == "tasks_by_unique_key"
            else { throw error }
            for key in keys {
                let holder = try await store.database.read("tasks.holder") { connection in
                    try TaskTable(connection: connection).holder(of: key, in: project)
                }
                if let holder { throw TaskRefusal.uniqueKeyTaken(by: holder) }
            }
            throw error
        }
    }
}
