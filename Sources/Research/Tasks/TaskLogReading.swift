package import Basics
internal import Database
internal import Instruments
internal import Records

/// Lines of the log of an attempt.
package struct TaskLogPage: Hashable, Sendable {
    /// The attempt; 0 when the task has none.
    package let attempt: Int64
    package let lines: [TaskLogLine]
    /// What to read after next.
    package let nextAfter: Int64
    /// Whether there are no further lines, and will be none.
    package let hasEnded: Bool
    /// How many lines of the attempt were not stored, since its log was full.
    package let dropped: Int64
}

/// Which lines of a log are wanted.
package struct TaskLogQuery: Hashable, Sendable {
    /// Nil for the newest attempt.
    package var attempt: Int64?
    /// Only lines with a greater sequence.
    package var after: Int64 = 0
    package var limit = TaskLimits.logLinesMax

    package init() {}
}

extension TaskRepository {
    /// The longest wait between two looks: what other servers store wakes nobody here.
    private static let lookInterval: Duration = .seconds(1)

    /// Lines of a log, waiting for some when there are none; no database connection is held meanwhile.
    ///
    /// - Parameters:
    ///   - id: the task.
    ///   - query: which lines.
    ///   - timeout: how long to wait at most; the wait ends when there are lines, and with the attempt.
    ///   - isDraining: whether the server is to end: the wait ends then too.
    /// - Returns: the lines; none when there were none in time, or will be none.
    /// - Throws: ``TaskError``: `notFound`, `invalidParameter` for an attempt that never was, `tooManyFollowers`,
    ///   `database`.
    package func log(
        _ id: UUIDv7,
        _ query: TaskLogQuery = TaskLogQuery(),
        waitingFor timeout: Duration = .zero,
        isDraining: @escaping @Sendable () -> Bool = { false }
    ) async throws(TaskError) -> TaskLogPage {
        guard timeout > .zero else { return try await page(id, query) }
        let end = store.clock.uptime + timeout
        while true {
            // Before the look, so that nothing comes between; a new one each time, since a wait that ends ends the stream.
            guard let wakeUps = followers.follow(id) else {
                throw .refused(.tooManyFollowers(followersMax: TaskLimits.logFollowersMax))
            }
            let page = try await page(id, query)
            let left = end - store.clock.uptime
            if !page.lines.isEmpty || page.hasEnded || left <= .zero || isDraining() || Task.isCancelled { return page }
            await wait(for: wakeUps, atMost: min(left, Self.lookInterval))
        }
    }

    private func wait(for wakeUps: AsyncStream<Void>, atMost duration: Duration) async {
        let clock = store.clock
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var iterator = wakeUps.makeAsyncIterator()
                _ = await iterator.next()
            }
            // A wait that is cut short only looks earlier.
            group.addTask { try? await clock.sleep(for: duration) }
            await group.next()
            group.cancelAll()
        }
    }

    private func page(_ id: UUIDv7, _ query: TaskLogQuery) async throws(TaskError) -> TaskLogPage {
        try await store.perform(.logs) {
            try await store.database.read("tasks.read_log") { connection in
                guard let row = try ProjectTask.table.find(id, connection) else { throw TaskError.notFound(id) }
                let progress = try ProjectTask(row).progress
                let number = query.attempt ?? progress.token
                guard (0...progress.token).contains(number) else {
                    throw ParameterFault("attempt", "the task has had \(progress.token) attempts")
                }
                let table = TaskLogTable(connection: connection)
                let lines = try table.lines(of: id, number, after: query.after, limit: query.limit + 1)
                // The one that runs is the newest; a task without attempts may get one as long as it is open.
                let isOver = number < progress.token || progress.status != .running
                let mayCome = number == 0 && !progress.status.isEnded
                return TaskLogPage(
                    attempt: number,
                    lines: Array(lines.prefix(query.limit)),
                    nextAfter: lines.prefix(query.limit).last?.sequence ?? query.after,
                    hasEnded: isOver && !mayCome && lines.count <= query.limit,
                    dropped: try table.intake(of: id, number).dropped
                )
            }
        }
    }
}

extension TaskLogTable {
    fileprivate func lines(
        of id: UUIDv7,
        _ attempt: Int64,
        after sequence: Int64,
        limit: Int
    ) throws(DatabaseError) -> [TaskLogLine] {
        let rows = try connection.query(
            """
            SELECT sequence, at, stream, text FROM task_log_lines
            WHERE task_id = ?1 AND attempt = ?2 AND sequence > ?3 ORDER BY sequence LIMIT ?4
            """,
            [.id(id), .integer(attempt), .integer(sequence), .int(limit)]
        )
        return try rows.map { row throws(DatabaseError) in
            var reader = RowReader(row)
            return TaskLogLine(
                sequence: try reader.integer(),
                at: try reader.timestamp(),
                stream: try reader.enumeration(TaskLogLine.Stream.self),
                text: try reader.text()
            )
        }
    }
}

// MARK: - Retention

extension TaskRepository {
    /// How many lines one transaction removes.
    package static let logPruningLinesMax = 5000

    /// Removes the logs of attempts whose tasks ended longer ago than they are kept, in transactions of bounded size.
    /// - Returns: how many lines were removed.
    /// - Throws: ``TaskError``: `database`.
    @discardableResult
    package func pruneLogs() async throws(TaskError) -> Int {
        try await store.perform(.pruneLogs) {
            let oldest = store.clock.now.advanced(by: .zero - reportLimits.logRetention)
            var removed = 0
            while let log = try await prunable(before: oldest) {
                let (id, attempt) = (log.id, log.attempt)
                removed += try await store.database.write("tasks.prune_log") { connection in
                    let table = TaskLogTable(connection: connection)
                    let count = try table.remove(of: id, attempt, countMax: Self.logPruningLinesMax)
                    if count < Self.logPruningLinesMax {
                        let intake = try table.intake(of: id, attempt)
                        let emptied = TaskLogIntake(sequence: intake.sequence, dropped: intake.dropped)
                        try table.update(emptied, of: id, attempt)
                    }
                    connection.afterCommit { [metrics] in metrics.logLinesPruned.increment(by: count) }
                    return count
                }
            }
            return removed
        }
    }

    private struct PrunableLog: Sendable {
        let id: UUIDv7
        let attempt: Int64
    }

    private func prunable(before oldest: Timestamp) async throws -> PrunableLog? {
        try await store.database.read("tasks.prunable") { connection in
            let row = try connection.queryFirst(
                """
                SELECT a.task_id, a.number FROM task_attempts a JOIN tasks t ON t.id = a.task_id
                WHERE a.log_bytes > 0 AND a.ended_at < ?1 AND t.ended_at < ?1 ORDER BY a.ended_at LIMIT 1
                """,
                [.timestamp(oldest)]
            )
            guard let row else { return nil }
            var reader = RowReader(row)
            return PrunableLog(id: try reader.id(), attempt: try reader.integer())
        }
    }
}

extension TaskLogTable {
    fileprivate func remove(of id: UUIDv7, _ attempt: Int64, countMax: Int) throws(DatabaseError) -> Int {
        try connection.execute(
            """
            DELETE FROM task_log_lines WHERE task_id = ?1 AND attempt = ?2 AND sequence <= (
                SELECT max(sequence) FROM (
                    SELECT sequence FROM task_log_lines WHERE task_id = ?1 AND attempt = ?2
                    ORDER BY sequence LIMIT ?3
                ) AS oldest
            )
            """,
            [.id(id), .integer(attempt), .int(countMax)]
        )
    }
}
