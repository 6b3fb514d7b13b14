internal import Basics
internal import Database
internal import Records

/// The statements that only agents have, inside the caller's transaction.
struct AgentTable {
    let connection: any SQLConnection

    func count() throws(DatabaseError) -> Int {
        try connection.queryFirst("SELECT count(*) AS agents FROM agents WHERE deleted_at IS NULL")?.int("agents") ?? 0
    }

    func hasAgent(named name: String, except id: UUIDv7) throws(DatabaseError) -> Bool {
        let sql = "SELECT id FROM agents WHERE name_key = ?1 AND deleted_at IS NULL AND id <> ?2"
        return try connection.queryFirst(sql, [.text(Agent.nameKey(name)), .id(id)]) != nil
    }

    /// The identifier of an agent, by identifier or name; nil when there is none.
    func find(_ text: String) throws(DatabaseError) -> String? {
        let sql = "SELECT id FROM agents WHERE (id = ?1 OR name_key = ?2) AND deleted_at IS NULL ORDER BY id = ?1 DESC"
        return try connection.queryFirst(sql, [.text(text.lowercased()), .text(Agent.nameKey(text))])?.text("id")
    }

    /// The names of agents by identifier; unknown ones are left out, removed ones are not.
    func names(_ ids: Set<UUIDv7>) throws(DatabaseError) -> [UUIDv7: String] {
        let places = (1...ids.count).map { "?\($0)" }.joined(separator: ", ")
        let rows = try connection.query("SELECT id, name FROM agents WHERE id IN (\(places))", ids.map { .id($0) })
        var names: [UUIDv7: String] = [:]
        for row in rows { names[try row.id("id")] = try row.text("name") }
        return names
    }

    /// The agents whose names begin so, by name.
    func names(beginning text: String, limit: Int) throws(DatabaseError) -> [(id: UUIDv7, name: String)] {
        let key = Agent.nameKey(text)
        let rows = try connection.query(
            """
            SELECT id, name FROM agents WHERE deleted_at IS NULL AND substr(name_key, 1, ?2) = ?1
            ORDER BY name_key LIMIT ?3
            """,
            [.text(key), .int(key.unicodeScalars.count), .int(max(0, limit))]
        )
        return try rows.map { row throws(DatabaseError) in (try row.id("id"), try row.text("name")) }
    }

    /// Notes a sign of life; nil when there is no such agent.
    ///
    /// The time never goes back.
    func beat(_ id: UUIDv7, _ beat: AgentHeartbeat, at now: Timestamp) throws(DatabaseError) -> SQLRow? {
        try connection.queryFirst(
            """
            UPDATE agents SET load = ?2, message = ?3, ended_at = ?5, \(Self.heard("?4"))
            WHERE id = ?1 AND \(RecordTable.isKept) RETURNING is_draining, is_stopping, version
            """,
            [
                .id(id), .optional(beat.load), .optional(beat.message), .timestamp(now),
                beat.isEnding ? .timestamp(now) : .null,
            ]
        )
    }

    /// Notes another sign of life than a heartbeat: what that said of load and work stays.
    func sight(_ id: UUIDv7, at now: Timestamp) throws(DatabaseError) {
        try connection.execute(
            "UPDATE agents SET ended_at = NULL, \(Self.heard("?2")) WHERE id = ?1 AND \(RecordTable.isKept)",
            [.id(id), .timestamp(now)]
        )
    }

    private static func heard(_ place: String) -> String {
        "last_heartbeat_at = CASE WHEN last_heartbeat_at > \(place) THEN last_heartbeat_at ELSE \(place) END"
    }

    /// Every agent, as the watch sees it.
    func sightings() throws(DatabaseError) -> [AgentWatch.Sighting] {
        let rows = try connection.query(
            """
            SELECT id, name, announced_status, last_heartbeat_at, heartbeat_timeout_seconds, is_draining, quarantined_at,
                ended_at
            FROM agents WHERE deleted_at IS NULL ORDER BY id
            """
        )
        return try rows.map { row throws(DatabaseError) in
            var reader = RowReader(row)
            return AgentWatch.Sighting(
                id: try reader.id(),
                name: try reader.text(),
                announced: try reader.enumeration(AgentStatus.self),
                presence: AgentPresence(
                    lastHeartbeatAt: try reader.optionalTimestamp(),
                    timeout: .seconds(try reader.small()),
                    isDraining: try reader.bool(),
                    isQuarantined: try reader.optionalTimestamp() != nil,
                    hasEnded: try reader.optionalTimestamp() != nil
                )
            )
        }
    }

    /// Notes that a change of status is said in this transaction; false when another server has said it.
    func announce(_ transition: AgentWatch.Transition) throws(DatabaseError) -> Bool {
        try connection.execute(
            """
            UPDATE agents SET announced_status = ?1 WHERE id = ?2 AND announced_status = ?3 AND \(RecordTable.isKept)
            """,
            [.text(transition.to.rawValue), .id(transition.id), .text(transition.from.rawValue)]
        ) == 1
    }
}
