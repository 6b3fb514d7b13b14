package import Basics
internal import Database
internal import Instruments
internal import Records

/// A line that a task's program wrote, or its agent did.
package struct TaskLogLine: Hashable, Sendable {
    /// Where a line came from; the raw values are stored and are those of the API.
    package enum Stream: String, Hashable, Sendable, CaseIterable {
        case stdout, stderr
        /// The agent or the platform itself.
        case system
    }

    /// From 1 within an attempt, growing.
    package let sequence: Int64
    /// When it was written, by the agent's clock.
    package let at: Timestamp
    package let stream: Stream
    package let text: String

    package init(sequence: Int64, at: Timestamp, stream: Stream, text: String) {
        self.sequence = sequence
        self.at = at
        self.stream = stream
        self.text = text
    }
}

/// What became of reported lines.
package struct TaskLogReceipt: Hashable, Sendable {
    /// The least sequence that is new.
    package let nextSequence: Int64
    /// How many lines of the attempt were not stored, since its log was full.
    package let dropped: Int64
}

/// Which lines of a report are stored.
///
/// Pure.
package struct TaskLogIntake: Hashable, Sendable {
    /// The last line that came, stored or not.
    package private(set) var sequence: Int64
    /// What the log takes of its limit.
    package private(set) var bytes: Int64
    package private(set) var dropped: Int64

    package init(sequence: Int64 = 0, bytes: Int64 = 0, dropped: Int64 = 0) {
        self.sequence = sequence
        self.bytes = bytes
        self.dropped = dropped
    }

    /// Takes lines in, and returns those to store: none whose sequence has come already, and none once the log is full,
    /// which the first line that is left out says in its place.
    package mutating func take(_ lines: [TaskLogLine], bytesMax: Int, at now: Timestamp) -> [TaskLogLine] {
        var stored: [TaskLogLine] = []
        for line in lines where line.sequence > sequence {
            sequence = line.sequence
            let size = Int64(line.text.utf8.count + TaskLimits.logLineOverheadBytes)
            if dropped == 0, bytes + size <= Int64(bytesMax) {
                bytes += size
                stored.append(line)
                continue
            }
            if dropped == 0 {
                let text = "the log is full (tasks.log_bytes_max, \(bytesMax) bytes): further lines are dropped"
                stored.append(TaskLogLine(sequence: line.sequence, at: now, stream: .system, text: text))
            }
            dropped += 1
        }
        return stored
    }
}

extension TaskRepository {
    /// Stores what the program of a running attempt wrote.
    ///
    /// Lines that have come already are left out, so a repeated report is harmless; NUL characters, which PostgreSQL
    /// cannot store, become U+FFFD.
    /// - Throws: ``TaskError``: `notFound`, `invalid`, `leaseLost`, `database`.
    package func appendLog(
        _ id: UUIDv7,
        _ claim: LeaseClaim,
        _ lines: [TaskLogLine]
    ) async throws(TaskError) -> TaskLogReceipt {
        try await store.perform(.log) {
            try store.refuse(Self.violations(of: lines))
            let now = store.clock.now
            return try await store.database.write("tasks.log") { connection in
                let task = try held(id, claim, connection)
                let table = TaskLogTable(connection: connection)
                let attempt = task.progress.token
                var intake = try table.intake(of: id, attempt)
                let before = intake
                let stored = intake.take(lines, bytesMax: reportLimits.logBytesMax, at: now)
                if intake != before {
                    try table.insert(stored, of: id, attempt)
                    try table.update(intake, of: id, attempt)
                    let bytes = stored.reduce(0) { $0 + $1.text.utf8.count }
                    let (dropped, count) = (Int(intake.dropped - before.dropped), stored.count)
                    connection.afterCommit { [metrics, followers] in
                        metrics.logLines.increment(by: count)
                        metrics.logBytes.increment(by: bytes)
                        metrics.logLinesDropped.increment(by: dropped)
                        followers.wake(id)
                    }
                }
                return TaskLogReceipt(nextSequence: intake.sequence + 1, dropped: intake.dropped)
            }
        }
    }

    /// Runs something while a lease is known to be good: no result, cancellation or time-out comes between.
    ///
    /// - Parameters:
    ///   - id: the task.
    ///   - claim: what the agent shows of its lease.
    ///   - body: gets the task; in the transaction, on the database's thread.
    /// - Returns: what `body` returns.
    /// - Throws: ``TaskError``: `notFound`, `leaseLost`, `database`.
    package func reporting<T: Sendable>(
        _ id: UUIDv7,
        _ claim: LeaseClaim,
        _ body: @Sendable (ProjectTask) -> T
    ) async throws(TaskError) -> T {
        try await store.perform(.report) {
            try await store.database.write("tasks.report") { connection in body(try held(id, claim, connection)) }
        }
    }

    /// The task of a lease that is good, locked in this transaction.
    func held(_ id: UUIDv7, _ claim: LeaseClaim, _ connection: any SQLConnection) throws -> ProjectTask {
        let task = try store.locked(id, nil, connection)
        guard task.progress.holds(claim) else { throw try refusal(of: claim, on: task, connection) }
        return task
    }

    private static func violations(of lines: [TaskLogLine]) -> [FieldViolation] {
        var list = ViolationList()
        if !(1...TaskLimits.logLinesMax).contains(lines.count) {
            list.add("/lines", "must have 1 to \(TaskLimits.logLinesMax) items")
        }
        var last: Int64 = 0
        for (index, line) in lines.prefix(TaskLimits.logLinesMax).enumerated() {
            if line.sequence <= last { list.add("/lines/\(index)/sequence", "must grow from line to line, from 1") }
            last = max(last, line.sequence)
            if line.text.utf8.count > TaskLimits.logLineBytesMax {
                list.add("/lines/\(index)/text", "must have at most \(TaskLimits.logLineBytesMax) bytes")
            }
        }
        return list.violations
    }
}

/// The statements of logs, inside the caller's transaction.
struct TaskLogTable {
    let connection: any SQLConnection

    func intake(of id: UUIDv7, _ attempt: Int64) throws(DatabaseError) -> TaskLogIntake {
        let row = try connection.queryFirst(
            "SELECT log_sequence, log_bytes, log_dropped FROM task_attempts WHERE task_id = ?1 AND number = ?2",
            [.id(id), .integer(attempt)]
        )
        guard let row else { return TaskLogIntake() }
        var reader = RowReader(row)
        return TaskLogIntake(
            sequence: try reader.integer(),
            bytes: try reader.integer(),
            dropped: try reader.integer()
        )
    }

    func update(_ intake: TaskLogIntake, of id: UUIDv7, _ attempt: Int64) throws(DatabaseError) {
        try connection.execute(
            """
            UPDATE task_attempts SET log_sequence = ?3, log_bytes = ?4, log_dropped = ?5
            WHERE task_id = ?1 AND number = ?2
            """,
            [.id(id), .integer(attempt), .integer(intake.sequence), .integer(intake.bytes), .integer(intake.dropped)]
        )
    }

    /// Writes lines, many a statement; the numbers of rows are powers of two, so that there are few statements to
    /// prepare.
    func insert(_ lines: [TaskLogLine], of id: UUIDv7, _ attempt: Int64) throws(DatabaseError) {
        var rest = lines[...]
        var count = 512
        while !rest.isEmpty {
            while count > rest.count { count /= 2 }
            try insert(rest.prefix(count), id, attempt)
            rest = rest.dropFirst(count)
        }
    }

    private func insert(_ lines: ArraySlice<TaskLogLine>, _ id: UUIDv7, _ attempt: Int64) throws(DatabaseError) {
        var arguments: [SQLValue] = [.id(id), .integer(attempt)]
        var rows: [String] = []
        for line in lines {
            let first = arguments.count + 1
            rows.append("(?1, ?2, ?\(first), ?\(first + 1), ?\(first + 2), ?\(first + 3))")
            let text = line.text.utf8.contains(0) ? line.text.replacing("\0", with: "\u{fffd}") : line.text
            arguments += [.integer(line.sequence), .timestamp(line.at), .text(line.stream.rawValue), .text(text)]
        }
        try connection.execute(
            """
            INSERT INTO task_log_lines (task_id, attempt, sequence, at, stream, text)
            VALUES \(rows.joined(separator: ", "))
            """,
            arguments
        )
    }
}
