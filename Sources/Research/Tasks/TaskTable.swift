internal import Basics
internal import Database
internal import JSON
internal import Records

/// The statements that only tasks have, inside the caller's transaction.
struct TaskTable {
    let connection: any SQLConnection

    // MARK: Dependencies

    func insert(_ dependency: TaskDependency, of id: UUIDv7) throws(DatabaseError) {
        try connection.post(
            "INSERT INTO task_dependencies (task_id, upstream_id, condition) VALUES (?1, ?2, ?3)",
            [.id(id), .id(dependency.taskID), .text(dependency.condition.rawValue)]
        )
    }

    /// What a task depends on, and how that stands; deleted tasks too, which had ended.
    func dependencies(of id: UUIDv7) throws(DatabaseError) -> [ObservedDependency] {
        let rows = try connection.query(
            """
            SELECT d.upstream_id, d.condition, t.status FROM task_dependencies d JOIN tasks t ON t.id = d.upstream_id
            WHERE d.task_id = ?1 ORDER BY d.upstream_id
            """,
            [.id(id)]
        )
        return try rows.map { row throws(DatabaseError) in
            var reader = RowReader(row)
            let upstream = try reader.id()
            let condition = try reader.enumeration(TaskDependency.Condition.self)
            let dependency = TaskDependency(on: upstream, condition)
            return ObservedDependency(dependency: dependency, status: try reader.enumeration(TaskStatus.self))
        }
    }

    /// The tasks that depend on one, in the order in which all servers lock them.
    func dependents(of id: UUIDv7) throws(DatabaseError) -> [UUIDv7] {
        let rows = try connection.query(
            "SELECT task_id FROM task_dependencies WHERE upstream_id = ?1 ORDER BY task_id",
            [.id(id)]
        )
        return try rows.map { row throws(DatabaseError) in try row.id("task_id") }
    }

    func dependentCount(of id: UUIDv7) throws(DatabaseError) -> Int {
        let sql = "SELECT count(*) AS tasks FROM task_dependencies WHERE upstream_id = ?1"
        return try connection.queryFirst(sql, [.id(id)])?.int("tasks") ?? 0
    }

    /// What some tasks depend on.
    func upstream(of ids: ArraySlice<UUIDv7>) throws(DatabaseError) -> [(task: UUIDv7, upstream: UUIDv7)] {
        if ids.isEmpty { return [] }
        let places = (1...ids.count).map { "?\($0)" }.joined(separator: ", ")
        let rows = try connection.query(
            "SELECT task_id, upstream_id FROM task_dependencies WHERE task_id IN (\(places))",
            ids.map { .id($0) }
        )
        return try rows.map { row throws(DatabaseError) in (try row.id("task_id"), try row.id("upstream_id")) }
    }

    /// The open task of a project with a unique key.
    func holder(of key: String, in project: UUIDv7) throws(DatabaseError) -> UUIDv7? {
        let sql = """
            SELECT id FROM tasks
            WHERE project_id = ?1 AND unique_key = ?2 AND ended_at IS NULL AND deleted_at IS NULL
            """
        return try connection.queryFirst(sql, [.id(project), .text(key)])?.id("id")
    }

    // MARK: Attempts

    func begin(
        _ number: Int64,
        of id: UUIDv7,
        _ lease: TaskLease,
        because reasons: JSONValue?
    ) throws(DatabaseError) {
        try connection.post(
            """
            INSERT INTO task_attempts (task_id, number, agent_id, started_at, heartbeat_at, reasons)
            VALUES (?1, ?2, ?3, ?4, ?4, ?5)
            """,
            [
                .id(id), .integer(number), .id(lease.agentID), .timestamp(lease.leasedAt),
                .optional(reasons.map { JSONText.canonical($0) }),
            ]
        )
    }

    func end(
        _ number: Int64,
        of id: UUIDv7,
        _ outcome: AttemptOutcome,
        _ failure: TaskFailure?,
        _ spending: TaskSpending,
        at now: Timestamp
    ) throws(DatabaseError) {
        try connection.post(
            """
            UPDATE task_attempts SET ended_at = ?3, outcome = ?4, error_class = ?5, error_message = ?6, cost = ?7
            WHERE task_id = ?1 AND number = ?2
            """,
            [
                .id(id), .integer(number), .timestamp(now), .text(outcome.rawValue), .optional(failure?.errorClass),
                .optional(failure?.message), .real(spending.attemptCost),
            ]
        )
    }

    private static let attemptColumns = """
        number, agent_id, started_at, heartbeat_at, fraction, message, ended_at, outcome, error_class, error_message, \
        reasons, cost
        """

    /// The newest attempts at a task, oldest first.
    func attempts(of id: UUIDv7, limit: Int) throws(DatabaseError) -> [TaskAttempt] {
        let rows = try connection.query(
            """
            SELECT \(Self.attemptColumns) FROM task_attempts WHERE task_id = ?1 ORDER BY number DESC LIMIT ?2
            """,
            [.id(id), .int(limit)]
        )
        return try rows.reversed().map { row throws(DatabaseError) in try TaskAttempt(row) }
    }

    func attempt(_ number: Int64, of id: UUIDv7) throws(DatabaseError) -> TaskAttempt? {
        let row = try connection.queryFirst(
            "SELECT \(Self.attemptColumns) FROM task_attempts WHERE task_id = ?1 AND number = ?2",
            [.id(id), .integer(number)]
        )
        return try row.map { row throws(DatabaseError) in try TaskAttempt(row) }
    }
}

/// A dependency and how the task that is to end first stands.
package struct ObservedDependency: Hashable, Sendable {
    package let dependency: TaskDependency
    package let status: TaskStatus

    package var verdict: DependencyVerdict { dependency.condition.verdict(on: status) }
}

extension TaskAttempt {
    init(_ row: SQLRow) throws(DatabaseError) {
        var reader = RowReader(row)
        try self.init(&reader)
    }

    /// Reads the columns of an attempt, in the order of `attemptColumns`.
    init(_ reader: inout RowReader) throws(DatabaseError) {
        number = try reader.integer()
        agentID = try reader.id()
        startedAt = try reader.timestamp()
        heartbeatAt = try reader.timestamp()
        let fraction = try reader.optionalReal()
        report = TaskReport(fraction: fraction, message: try reader.optionalText())
        endedAt = try reader.optionalTimestamp()
        outcome = try reader.optionalText().flatMap { AttemptOutcome(rawValue: $0) }
        let errorClass = try reader.optionalText()
        let message = try reader.optionalText()
        failure = errorClass.map { TaskFailure($0, message ?? "") }
        reasons = try reader.optionalText().flatMap { try? JSONValue(parsing: $0, limits: .stored) }
        cost = try reader.optionalReal() ?? 0
    }
}
