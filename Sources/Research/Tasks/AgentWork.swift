package import Basics
internal import Database
internal import Records

/// An attempt with the task it was made at.
package struct AgentAttempt: Hashable, Sendable {
    package let taskID: UUIDv7
    package let projectID: UUIDv7
    package let taskName: String
    package let kind: String
    package let attempt: TaskAttempt
}

/// What an agent does, and how its newest attempts ended.
package struct AgentWork: Hashable, Sendable {
    package let agentID: UUIDv7
    /// How many tasks it has leased now.
    package let running: Int
    /// The oldest of them, at most ``TaskLimits/currentAttemptsMax``.
    package let current: [AgentAttempt]
    /// How its newest attempts that ended did so, at most ``TaskLimits/recordAttemptsMax`` with those under way.
    package let outcomes: [AttemptOutcome: Int]
}

extension TaskLimits {
    /// How many of the tasks that an agent has leased are told with its work.
    package static let currentAttemptsMax = 5
    /// From how many of its newest attempts an agent's record is counted.
    package static let recordAttemptsMax = 1000
    /// How many agents' work is told in one answer.
    package static let agentsPerRequestMax = 50
    package static let attemptsPerRequestMax = 200
}

extension TaskRepository {
    /// The newest attempts of an agent, newest first; those at deleted tasks are left out.
    ///
    /// `limit` is from 1 to ``TaskLimits/attemptsPerRequestMax``.
    /// - Throws: ``TaskError``: `database`.
    package func attempts(of agentID: UUIDv7, limit: Int) async throws(TaskError) -> [AgentAttempt] {
        try await store.perform(.work) {
            try await store.database.read("tasks.attempts") { connection in
                try TaskTable(connection: connection).attempts(
                    of: agentID,
                    limit: min(max(limit, 1), TaskLimits.attemptsPerRequestMax)
                )
            }
        }
    }

    /// What some agents do, in the order of the identifiers given; agents that are not known have done nothing.
    /// - Throws: ``TaskError``: `database`.
    package func work(of agentIDs: [UUIDv7]) async throws(TaskError) -> [AgentWork] {
        try await store.perform(.work) {
            try await store.database.read("tasks.work") { connection in
                let table = TaskTable(connection: connection)
                return try agentIDs.prefix(TaskLimits.agentsPerRequestMax).map { try table.work(of: $0) }
            }
        }
    }
}

extension TaskTable {
    private static let joinedColumns = """
        a.number, a.agent_id, a.started_at, a.heartbeat_at, a.fraction, a.message, a.ended_at, a.outcome, \
        a.error_class, a.error_message, a.reasons, a.cost, t.id, t.project_id, t.name, t.kind
        """

    fileprivate func attempts(of agentID: UUIDv7, limit: Int) throws(DatabaseError) -> [AgentAttempt] {
        try connection.query(
            """
            SELECT \(Self.joinedColumns) FROM task_attempts a JOIN tasks t ON t.id = a.task_id
            WHERE a.agent_id = ?1 AND t.deleted_at IS NULL ORDER BY a.started_at DESC, a.task_id, a.number DESC LIMIT ?2
            """,
            [.id(agentID), .int(limit)]
        ).map { row throws(DatabaseError) in try AgentAttempt(row) }
    }

    fileprivate func work(of agentID: UUIDv7) throws(DatabaseError) -> AgentWork {
        let running = try connection.queryFirst(
            "SELECT count(*) AS tasks FROM tasks WHERE agent_id = ?1 AND status = 'running' AND deleted_at IS NULL",
            [.id(agentID)]
        )
        let current = try connection.query(
            """
            SELECT \(Self.joinedColumns) FROM tasks t JOIN task_attempts a ON a.task_id = t.id AND a.number = t.token
            WHERE t.agent_id = ?1 AND t.status = 'running' AND t.deleted_at IS NULL
            ORDER BY a.started_at, t.id LIMIT ?2
            """,
            [.id(agentID), .int(TaskLimits.currentAttemptsMax)]
        )
        let ended = try connection.query(
            """
            SELECT outcome, count(*) AS amount FROM (
                SELECT outcome FROM task_attempts WHERE agent_id = ?1 ORDER BY started_at DESC LIMIT ?2
            ) AS newest WHERE outcome IS NOT NULL GROUP BY outcome
            """,
            [.id(agentID), .int(TaskLimits.recordAttemptsMax)]
        )
        var outcomes: [AttemptOutcome: Int] = [:]
        for row in ended {
            var reader = RowReader(row)
            let outcome = try reader.enumeration(AttemptOutcome.self)
            outcomes[outcome] = Int(clamping: try reader.integer())
        }
        return AgentWork(
            agentID: agentID,
            running: try running?.int("tasks") ?? 0,
            current: try current.map { row throws(DatabaseError) in try AgentAttempt(row) },
            outcomes: outcomes
        )
    }
}

extension AgentAttempt {
    fileprivate init(_ row: SQLRow) throws(DatabaseError) {
        var reader = RowReader(row)
        attempt = try TaskAttempt(&reader)
        taskID = try reader.id()
        projectID = try reader.id()
        taskName = try reader.text()
        kind = try reader.text()
    }
}
