internal import Basics
internal import Database
import JSON
internal import Projects

/// The statements on the tables of agents, inside the caller's transaction.
struct AgentTable {
    let connection: any SQLConnection

    /// The columns, in the order in which ``decode(_:)`` reads them.
    static let columns = """
        id, name, type, description, capabilities, labels, concurrency, heartbeat_timeout_seconds, is_draining, \
        last_heartbeat_at, load, message, version, created_at, updated_at, created_by
        """

    static func decode(_ row: SQLRow) throws(DatabaseError) -> Agent {
        var reader = RowReader(row)
        let id = try reader.id()
        var fields = AgentFields(name: try reader.text(), type: try reader.enumeration(AgentType.self))
        fields.description = try reader.text()
        fields.capabilities = try reader.strings()
        fields.labels = try labels(try reader.object(), of: id)
        fields.concurrency = try small(try reader.integer())
        fields.heartbeatTimeoutSeconds = try small(try reader.integer())
        return Agent(
            id: id,
            fields: fields,
            isDraining: try reader.bool(),
            lastHeartbeatAt: try reader.optionalTimestamp(),
            load: try reader.optionalReal(),
            message: try reader.optionalText(),
            version: try reader.integer(),
            createdAt: try reader.timestamp(),
            updatedAt: try reader.timestamp(),
            createdBy: try reader.text()
        )
    }

    /// The agent, for a change in this transaction; nil when there is none or it was deleted.
    func lock(_ id: UUIDv7) throws(DatabaseError) -> Agent? {
        // SQLite has one writer: its write transaction is the lock.
        try find(id, suffix: connection.dialect == .postgresql ? " FOR UPDATE" : "")
    }

    func find(_ id: UUIDv7, suffix: String = "") throws(DatabaseError) -> Agent? {
        let sql = "SELECT \(Self.columns) FROM agents WHERE id = ?1 AND deleted_at IS NULL" + suffix
        guard let row = try connection.queryFirst(sql, [.id(id)]) else { return nil }
        return try Self.decode(row)
    }

    func count() throws(DatabaseError) -> Int {
        try connection.queryFirst("SELECT count(*) AS agents FROM agents WHERE deleted_at IS NULL")?.int("agents") ?? 0
    }

    func hasAgent(named name: String, except id: UUIDv7) throws(DatabaseError) -> Bool {
        let sql = "SELECT id FROM agents WHERE name_key = ?1 AND deleted_at IS NULL AND id <> ?2"
        return try connection.queryFirst(sql, [.text(Self.nameKey(name)), .id(id)]) != nil
    }

    func insert(_ agent: Agent) throws(DatabaseError) {
        try connection.execute(
            """
            INSERT INTO agents (name, name_key, type, description, capabilities, labels, concurrency,
                heartbeat_timeout_seconds, is_draining, version, updated_at, id, created_at, created_by,
                announced_status)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
            """,
            Self.changeable(agent) + [
                .id(agent.id), .timestamp(agent.createdAt), .text(agent.createdBy),
                .text(AgentStatus.neverSeen.rawValue),
            ]
        )
        try words.change(agent.id, from: [], to: agent.fields.searchWords)
        try capabilities.change(agent.id, from: [], to: Set(agent.fields.capabilities))
    }

    /// Writes the agent over its version before; heartbeats are left alone.
    func update(_ old: Agent, to new: Agent) throws(DatabaseError) {
        let count = try connection.execute(
            """
            UPDATE agents SET name = ?1, name_key = ?2, type = ?3, description = ?4, capabilities = ?5, labels = ?6,
                concurrency = ?7, heartbeat_timeout_seconds = ?8, is_draining = ?9, version = ?10, updated_at = ?11
            WHERE id = ?12 AND version = ?13
            """,
            Self.changeable(new) + [.id(new.id), .integer(old.version)]
        )
        guard count == 1 else { throw DatabaseError(.busy, "the agent was changed although it is locked") }
        try words.change(old.id, from: old.fields.searchWords, to: new.fields.searchWords)
        try capabilities.change(old.id, from: Set(old.fields.capabilities), to: Set(new.fields.capabilities))
    }

    /// Marks the agent as deleted; it is found no more and its name is free.
    func delete(_ agent: Agent, at now: Timestamp) throws(DatabaseError) {
        try connection.execute(
            "UPDATE agents SET deleted_at = ?1, version = ?2, updated_at = ?1 WHERE id = ?3",
            [.timestamp(now), .integer(agent.version + 1), .id(agent.id)]
        )
        try words.clear(agent.id)
        try capabilities.clear(agent.id)
    }

    /// Notes a sign of life; nil when there is no such agent.
    ///
    /// The time never goes back.
    func beat(_ id: UUIDv7, _ beat: AgentHeartbeat, at now: Timestamp) throws(DatabaseError) -> SQLRow? {
        try connection.queryFirst(
            """
            UPDATE agents SET load = ?2, message = ?3, last_heartbeat_at =
                CASE WHEN last_heartbeat_at > ?4 THEN last_heartbeat_at ELSE ?4 END
            WHERE id = ?1 AND deleted_at IS NULL RETURNING is_draining, version
            """,
            [.id(id), .optional(beat.load), .optional(beat.message), .timestamp(now)]
        )
    }

    /// Every agent, as the watch sees it.
    func sightings() throws(DatabaseError) -> [AgentWatch.Sighting] {
        let rows = try connection.query(
            """
            SELECT id, name, announced_status, last_heartbeat_at, heartbeat_timeout_seconds, is_draining
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
                    timeout: .seconds(try Self.small(try reader.integer())),
                    isDraining: try reader.bool()
                )
            )
        }
    }

    /// Notes that a change of status is said in this transaction; false when another server has said it.
    func announce(_ transition: AgentWatch.Transition) throws(DatabaseError) -> Bool {
        try connection.execute(
            """
            UPDATE agents SET announced_status = ?1 WHERE id = ?2 AND announced_status = ?3 AND deleted_at IS NULL
            """,
            [.text(transition.to.rawValue), .id(transition.id), .text(transition.from.rawValue)]
        ) == 1
    }

    /// The form of a name in which it is unique.
    static func nameKey(_ name: String) -> String { SearchTokens.folded(name) }

    private static func changeable(_ agent: Agent) -> [SQLValue] {
        let fields = agent.fields
        return [
            .text(fields.name), .text(nameKey(fields.name)), .text(fields.type.rawValue), .text(fields.description),
            .text(JSONText.array(fields.capabilities)),
            .text(JSONText.canonical(.object(JSONObject(fields.labels)))), .int(fields.concurrency),
            .int(fields.heartbeatTimeoutSeconds), .bool(agent.isDraining), .integer(agent.version),
            .timestamp(agent.updatedAt),
        ]
    }

    private static func labels(_ object: JSONValue, of id: UUIDv7) throws(DatabaseError) -> [String: String] {
        var labels: [String: String] = [:]
        for member in object.object?.members ?? [] {
            guard let text = member.value.string else {
                throw DatabaseError(.decoding, "a label of agent \(id) is no text")
            }
            labels[member.name] = text
        }
        return labels
    }

    private static func small(_ value: Int64) throws(DatabaseError) -> Int {
        guard let small = Int32(exactly: value) else {
            throw DatabaseError(.decoding, "an integer of an agent is out of range")
        }
        return Int(small)
    }

    private var words: SetTable { SetTable(connection, table: "agent_words", record: "agent_id", item: "word") }

    private var capabilities: SetTable {
        SetTable(connection, table: "agent_capabilities", record: "agent_id", item: "capability")
    }
}

extension AgentFields {
    /// What the agent is found by: the words of its name, description, type and capabilities.
    package var searchWords: Set<String> {
        SearchTokens.distinctWords(of: [name, description, type.rawValue] + capabilities)
    }
}
