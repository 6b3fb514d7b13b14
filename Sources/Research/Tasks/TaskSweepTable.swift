internal import Basics
internal import Database
internal import JSON
internal import Records

/// The statements of leases and sweeps, inside the caller's transaction.
extension TaskTable {
    /// Writes what a renewal changes: no version, since people changed nothing.
    func renew(_ task: ProjectTask, _ report: TaskReport, at now: Timestamp) throws(DatabaseError) {
        let progress = task.progress
        try connection.execute(
            "UPDATE tasks SET lease_deadline = ?2, deadline_at = ?3, cost = ?4, attempt_cost = ?5 WHERE id = ?1",
            [
                .id(task.id), .optional(progress.lease?.deadline),
                .optional(progress.deadline(task.fields.rules.timeouts, task.fields.rules.budget)),
                .real(progress.spending.cost), .real(progress.spending.attemptCost),
            ]
        )
        try connection.execute(
            """
            UPDATE task_attempts SET heartbeat_at = ?3, fraction = coalesce(?4, fraction),
                message = coalesce(?5, message), cost = ?6
            WHERE task_id = ?1 AND number = ?2
            """,
            [
                .id(task.id), .integer(progress.token), .timestamp(now), .optional(report.fraction),
                .optional(report.message), .real(progress.spending.attemptCost),
            ]
        )
    }

    /// The tasks whose deadline has passed, in its order, after one of them.
    func due(
        at now: Timestamp,
        after: (deadline: Timestamp, id: String),
        limit: Int
    ) throws(DatabaseError) -> [(deadline: Timestamp, id: UUIDv7)] {
        let rows = try connection.query(
            """
            SELECT deadline_at, id FROM tasks
            WHERE deadline_at < ?1 AND (deadline_at, id) > (?2, ?3) AND deleted_at IS NULL
            ORDER BY deadline_at, id LIMIT ?4
            """,
            [.timestamp(now), .timestamp(after.deadline), .text(after.id), .int(limit)]
        )
        return try rows.map { row throws(DatabaseError) in (try row.timestamp("deadline_at"), try row.id("id")) }
    }

    /// Since when the longest ready task waits for an agent; nil when none does.
    func oldestReady(at now: Timestamp) throws(DatabaseError) -> Timestamp? {
        try connection.queryFirst(
            """
            SELECT min(CASE WHEN run_at > queued_at THEN run_at ELSE queued_at END) AS oldest FROM tasks
            WHERE status = 'queued' AND deleted_at IS NULL AND run_at <= ?1
            """,
            [.timestamp(now)]
        )?.optionalTimestamp("oldest")
    }
}
