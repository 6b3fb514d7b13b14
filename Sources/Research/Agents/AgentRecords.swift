package import Basics
package import Database
internal import Events
internal import JSON
internal import Records

/// How attempts of a kind of task went with an agent.
package struct AgentTaskRecord: Hashable, Sendable {
    package let kind: String
    package let successes: Int
    package let failures: Int
}

extension AgentRepository {
    /// The kinds of task of which an agent's record is read at most: those that it has done most.
    package static let recordKindsMax = 100

    /// Notes how an attempt ended that an agent made, in the transaction of its end: its record, and whether it is still
    /// trusted.
    ///
    /// An agent that was deleted meanwhile is left alone.
    /// - Throws: ``DatabaseError``, ``EventError``.
    package func attemptEnded(
        agentID: UUIDv7,
        kind: String,
        isSuccess: Bool,
        at now: Timestamp,
        in connection: any SQLConnection
    ) throws {
        let table = AgentTable(connection: connection)
        guard let (name, before) = try table.lockTrust(of: agentID) else { return }
        try table.count(agentID, kind, isSuccess)
        var trust = before
        let change = trust.attemptEnded(isSuccess, at: now)
        if trust != before { try table.store(trust, of: agentID) }
        guard let change else { return }
        let quarantine = trust.quarantine ?? before.quarantine
        try store.events.append(
            NewEvent(
                change == .quarantined ? .agentQuarantined : .agentRestored,
                subject: .agent,
                id: agentID.description,
                by: .system,
                data: [
                    "name": .string(name),
                    "failures": .integer(Int64(before.recent.count { !$0 } + (isSuccess ? 0 : 1))),
                    "since": quarantine.map { .string($0.since.rfc3339) } ?? .null,
                    "probe_at": trust.quarantine.map { .string($0.probeAt.rfc3339) } ?? .null,
                    "failed_probes": .integer(Int64(quarantine?.failures ?? 0)),
                ]
            ),
            in: connection
        )
        connection.afterCommit { [metrics] in metrics.trusted(change) }
    }

    /// The agent as it is now, inside the caller's transaction and locked for it where that may write; nil when it was
    /// deleted.
    /// - Throws: ``DatabaseError``.
    package func locked(_ id: UUIDv7, in connection: any SQLConnection) throws(DatabaseError) -> Agent? {
        try Agent.table.lock(id, connection).map { row throws(DatabaseError) in try Agent(row) }
    }

    /// The agent with an identifier and its records by kind of task.
    /// - Throws: ``AgentError``: `notFound`, `database`.
    package func withRecords(_ id: UUIDv7) async throws(AgentError) -> (agent: Agent, records: [AgentTaskRecord]) {
        try await store.perform(.get) {
            try await store.database.read("agents.records") { connection in
                guard let row = try Agent.table.find(id, connection) else { throw AgentError.notFound(id) }
                let records = try AgentTable(connection: connection).records(of: id, limit: Self.recordKindsMax)
                return (try Agent(row), records)
            }
        }
    }

    /// Every agent, for a look at who could do something.
    /// - Throws: ``AgentError``: `database`.
    package func all() async throws(AgentError) -> [ObservedAgent] {
        try await store.perform(.list) {
            let now = store.clock.now
            return try await store.database.read("agents.all") { connection in
                let rows = try connection.query(
                    "SELECT \(Agent.table.columns) FROM agents WHERE deleted_at IS NULL ORDER BY id"
                )
                return try rows.map { ObservedAgent(try Agent($0), at: now) }
            }
        }
    }
}

extension AgentTable {
    /// How far an agent is trusted, its row locked for a change; nil when it was deleted.
    fileprivate func lockTrust(of id: UUIDv7) throws(DatabaseError) -> (name: String, trust: AgentTrust)? {
        let row = try connection.queryFirst(
            """
            SELECT name, recent_outcomes, quarantined_at, probe_at, probe_failures FROM agents
            WHERE id = ?1 AND \(RecordTable.isKept)\(connection.dialect == .postgresql ? " FOR UPDATE" : "")
            """,
            [.id(id)]
        )
        guard let row else { return nil }
        var reader = RowReader(row)
        let name = try reader.text()
        return (name, try AgentTrust(&reader))
    }

    fileprivate func count(_ id: UUIDv7, _ kind: String, _ isSuccess: Bool) throws(DatabaseError) {
        try connection.post(
            """
            INSERT INTO agent_task_records (agent_id, kind, successes, failures) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (agent_id, kind) DO UPDATE SET
                successes = agent_task_records.successes + excluded.successes,
                failures = agent_task_records.failures + excluded.failures
            """,
            [.id(id), .text(kind), .int(isSuccess ? 1 : 0), .int(isSuccess ? 0 : 1)]
        )
    }

    fileprivate func store(_ trust: AgentTrust, of id: UUIDv7) throws(DatabaseError) {
        try connection.post(
            """
            UPDATE agents SET recent_outcomes = ?2, quarantined_at = ?3, probe_at = ?4, probe_failures = ?5 WHERE id = ?1
            """,
            [
                .id(id), .text(trust.recentText), .optional(trust.quarantine?.since),
                .optional(trust.quarantine?.probeAt), .int(trust.quarantine?.failures ?? 0),
            ]
        )
    }

    fileprivate func records(of id: UUIDv7, limit: Int) throws(DatabaseError) -> [AgentTaskRecord] {
        let rows = try connection.query(
            """
            SELECT kind, successes, failures FROM agent_task_records WHERE agent_id = ?1
            ORDER BY successes + failures DESC, kind LIMIT ?2
            """,
            [.id(id), .int(limit)]
        )
        return try rows.map { row throws(DatabaseError) in
            AgentTaskRecord(
                kind: try row.text("kind"),
                successes: try row.int("successes"),
                failures: try row.int("failures")
            )
        }
    }
}
