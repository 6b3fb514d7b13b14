internal import Basics
internal import Database
internal import Records

/// The statements that only schedules have, inside the caller's transaction.
struct ScheduleTable {
    /// How many notes of runs one transaction removes at most.
    static let pruneRunsMax = 500

    let connection: any SQLConnection

    func count() throws(DatabaseError) -> Int {
        let sql = "SELECT count(*) AS schedules FROM schedules WHERE deleted_at IS NULL"
        return try connection.queryFirst(sql)?.int("schedules") ?? 0
    }

    func counts() throws(DatabaseError) -> [ScheduleState: Int] {
        let rows = try connection.query(
            """
            SELECT CASE WHEN is_paused = 1 THEN 'paused' WHEN next_at IS NULL THEN 'ended' ELSE 'active' END AS state,
                count(*) AS schedules
            FROM schedules WHERE deleted_at IS NULL GROUP BY 1
            """
        )
        var counts: [ScheduleState: Int] = [:]
        for row in rows {
            guard let state = ScheduleState(rawValue: try row.text("state")) else { continue }
            counts[state] = try row.int("schedules")
        }
        return counts
    }

    /// A schedule whose time has come.
    struct Due: Sendable {
        let id: UUIDv7
        let at: Timestamp
    }

    /// Schedules whose time has come, the longest due first, behind one of them.
    func due(at now: Timestamp, after: Due?, limit: Int) throws(DatabaseError) -> [Due] {
        let rows = try connection.query(
            """
            SELECT id, next_at FROM schedules
            WHERE next_at IS NOT NULL AND deleted_at IS NULL AND next_at <= ?1 AND (next_at, id) > (?2, ?3)
            ORDER BY next_at, id LIMIT ?4
            """,
            [
                .timestamp(now), .timestamp(after?.at ?? Timestamp(milliseconds: .min)),
                .text(after?.id.description ?? ""), .int(limit),
            ]
        )
        return try rows.map { row throws(DatabaseError) in
            Due(id: try row.id("id"), at: try row.timestamp("next_at"))
        }
    }

    /// When the next schedule is due after a time; nil when none is.
    func nextAt(after now: Timestamp) throws(DatabaseError) -> Timestamp? {
        let sql = "SELECT min(next_at) AS first_at FROM schedules WHERE next_at > ?1 AND deleted_at IS NULL"
        return try connection.queryFirst(sql, [.timestamp(now)])?.optionalTimestamp("first_at")
    }

    /// The schedules whose project was deleted.
    func orphans(limit: Int) throws(DatabaseError) -> [UUIDv7] {
        let rows = try connection.query(
            """
            SELECT s.id FROM schedules s JOIN projects p ON p.id = s.project_id
            WHERE s.deleted_at IS NULL AND p.deleted_at IS NOT NULL ORDER BY s.id LIMIT ?1
            """,
            [.int(limit)]
        )
        return try rows.map { row throws(DatabaseError) in try row.id("id") }
    }

    /// Whether a due time has made its task already.
    func hasRun(_ id: UUIDv7, _ dueAt: Timestamp) throws(DatabaseError) -> Bool {
        let sql = "SELECT task_id FROM schedule_runs WHERE schedule_id = ?1 AND due_at = ?2"
        return try connection.queryFirst(sql, [.id(id), .timestamp(dueAt)]) != nil
    }

    /// Notes which task a due time made; a second one violates the key, and with it nothing of the transaction remains.
    func insert(_ run: ScheduleRun, of id: UUIDv7) throws(DatabaseError) {
        try connection.execute(
            "INSERT INTO schedule_runs (schedule_id, due_at, task_id) VALUES (?1, ?2, ?3)",
            [.id(id), .timestamp(run.dueAt), .id(run.taskID)]
        )
    }

    /// Writes what due times change; the row is locked.
    func advance(_ schedule: Schedule) throws(DatabaseError) {
        try connection.execute(
            """
            UPDATE schedules SET next_due_at = ?1, next_at = ?2, last_due_at = ?3, last_task_id = ?4, runs = ?5,
                skips = ?6, misses = ?7
            WHERE id = ?8
            """,
            [
                .optional(schedule.next?.dueAt), .optional(schedule.next?.runAt), .optional(schedule.last?.dueAt),
                .optional(schedule.last?.taskID), .integer(schedule.tally.runs), .integer(schedule.tally.skips),
                .integer(schedule.tally.misses), .id(schedule.id),
            ]
        )
    }

    /// Removes notes of runs from before a time, at most ``pruneRunsMax``, and returns how many.
    func pruneRuns(before cutoff: Timestamp) throws(DatabaseError) -> Int {
        try connection.execute(
            """
            DELETE FROM schedule_runs WHERE (schedule_id, due_at) IN
                (SELECT schedule_id, due_at FROM schedule_runs WHERE due_at < ?1 ORDER BY due_at LIMIT ?2)
            """,
            [.timestamp(cutoff), .int(Self.pruneRunsMax)]
        )
    }
}
