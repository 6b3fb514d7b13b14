package import Basics
package import Database
package import Events
package import Instruments
package import Records

/// The agents: every way to register, read and change them, each change with one event in the same transaction.
///
/// Concurrency: may be shared. Changes of the same agent run one after the other; who read an older version is told.
package struct AgentRepository: Sendable {
    /// What a registration gave.
    package struct Registration: Hashable, Sendable {
        package let agent: Agent
        /// By which the agent proves who it is; it is shown this once.
        package let token: String
    }

    /// What an agent is told when it says that it lives.
    package struct HeartbeatAnswer: Hashable, Sendable {
        /// Whether it is to take no new tasks.
        package let isDraining: Bool
        /// Whether it is to end once nothing runs.
        package let isStopping: Bool
        /// The version of its record: when it grows, its settings have changed.
        package let version: Int64

        package init(isDraining: Bool, isStopping: Bool = false, version: Int64) {
            self.isDraining = isDraining
            self.isStopping = isStopping
            self.version = version
        }
    }

    let store: RecordStore<Agent>
    let metrics: AgentMetrics
    private let tokens: any AgentTokenIssuer

    /// Makes the repository over a migrated database; `registry` takes the metrics `kaskman_agent*`.
    package init(
        database: any Database,
        events: EventLog,
        tokens: any AgentTokenIssuer,
        clock: any WallClock,
        ids: UUIDv7Generator,
        registry: Registry
    ) {
        store = RecordStore(database: database, events: events, clock: clock, ids: ids, registry: registry)
        metrics = AgentMetrics(registry)
        self.tokens = tokens
    }

    /// The identifier of an agent, by identifier or name, inside the caller's transaction; nil when there is none.
    /// - Throws: ``DatabaseError``.
    package func identifier(of text: String, in connection: any SQLConnection) throws(DatabaseError) -> String? {
        try AgentTable(connection: connection).find(text)
    }

    /// The names of agents by identifier, also of removed ones; unknown ones are left out.
    /// - Throws: ``DatabaseError``.
    package func names(_ ids: Set<UUIDv7>) async throws -> [UUIDv7: String] {
        guard !ids.isEmpty else { return [:] }
        return try await store.database.read("agents.names") { try AgentTable(connection: $0).names(ids) }
    }

    /// The agents whose names begin so, without regard to case and accents, by name.
    /// - Throws: ``DatabaseError``.
    package func names(beginning text: String, limit: Int) async throws -> [(id: UUIDv7, name: String)] {
        try await store.database.read("agents.names_by_beginning") { connection in
            try AgentTable(connection: connection).names(beginning: text, limit: limit)
        }
    }

    /// Registers an agent and makes its token.
    /// - Throws: ``AgentError``: `invalid`, `nameTaken`, `tooManyAgents`, `event`, `database`.
    package func register(
        _ fields: AgentFields,
        by origin: ChangeOrigin
    ) async throws(AgentError) -> Registration {
        try await store.perform(.register) {
            try store.refuse(fields.violations)
            let now = store.clock.now
            let id = store.ids.next()
            let agent = Agent(id: id, fields: fields, createdAt: now, updatedAt: now, createdBy: origin.actorID)
            return try await naming(fields.name) {
                try await store.database.write("agents.register") { connection in
                    let table = AgentTable(connection: connection)
                    try connection.lock(.agents)
                    guard try table.count() < AgentLimits.agentsMax else {
                        throw AgentRefusal.tooManyAgents(agentsMax: AgentLimits.agentsMax)
                    }
                    if try table.hasAgent(named: fields.name, except: id) { throw AgentRefusal.nameTaken(fields.name) }
                    try store.insert(agent, as: .registered, by: origin, connection)
                    let token = try tokens.issueAgentToken(agentID: id, agentName: fields.name, in: connection)
                    return Registration(agent: agent, token: token)
                }
            }
        }
    }

    /// The agent with an identifier, and its status now.
    /// - Throws: ``AgentError``: `notFound`, `database`.
    package func get(_ id: UUIDv7) async throws(AgentError) -> ObservedAgent {
        try await store.perform(.get) {
            ObservedAgent(try await store.get(id, "agents.get"), at: store.clock.now)
        }
    }

    /// A page of the list, with the statuses at the time of reading.
    /// - Throws: ``AgentError``: `invalidParameter`, `invalidCursor`, `database`.
    package func list(_ query: AgentListQuery) async throws(AgentError) -> Page<ObservedAgent> {
        try await store.perform(.list) {
            let now = store.clock.now
            return try await store.page(query, "agents.list", at: now) { row throws(DatabaseError) in
                ObservedAgent(try Agent(row), at: now)
            }
        }
    }

    /// Replaces all fields of an agent; nothing happens when none differs.
    /// - Throws: ``AgentError``: `notFound`, `invalid`, `versionMismatch`, `nameTaken`, `event`, `database`.
    @discardableResult
    package func replace(
        _ id: UUIDv7,
        with fields: AgentFields,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(AgentError) -> ObservedAgent {
        try await store.perform(.update) {
            try store.refuse(fields.violations)
            return try await naming(fields.name) {
                try await change(id, "agents.replace", version, origin) { agent in agent.fields = fields }
            }
        }
    }

    /// Tells an agent to take no new tasks, or to take them again and not to end; nothing happens when it is so already.
    /// - Throws: ``AgentError``: `notFound`, `versionMismatch`, `event`, `database`.
    @discardableResult
    package func setDraining(
        _ isDraining: Bool,
        _ id: UUIDv7,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(AgentError) -> ObservedAgent {
        try await store.perform(.drain) {
            try await change(id, "agents.drain", version, origin) { agent in
                agent.isDraining = isDraining
                agent.isStopping = agent.isStopping && isDraining
            }
        }
    }

    /// Tells an agent to take no new tasks, and to end once nothing runs; nothing happens when it is so already.
    /// - Throws: ``AgentError``: `notFound`, `versionMismatch`, `event`, `database`.
    @discardableResult
    package func stop(
        _ id: UUIDv7,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(AgentError) -> ObservedAgent {
        try await store.perform(.stop) {
            try await change(id, "agents.stop", version, origin) { agent in
                (agent.isDraining, agent.isStopping) = (true, true)
            }
        }
    }

    /// Makes the tokens of an agent invalid and gives it a new one.
    /// - Throws: ``AgentError``: `notFound`, `versionMismatch`, `event`, `database`.
    package func rotateToken(
        _ id: UUIDv7,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(AgentError) -> Registration {
        try await store.perform(.rotateToken) {
            try await store.database.write("agents.rotate_token") { connection in
                let agent = try store.locked(id, version, connection)
                try tokens.revokeAgentTokens(agentID: id, in: connection)
                let token = try tokens.issueAgentToken(agentID: id, agentName: agent.fields.name, in: connection)
                try store.note(.tokenRotated, from: agent, to: agent, by: origin, connection)
                return Registration(agent: agent, token: token)
            }
        }
    }

    /// Deletes an agent: it is found no more, its tokens are invalid and its name is free; its row and events stay.
    /// - Throws: ``AgentError``: `notFound`, `versionMismatch`, `event`, `database`.
    package func delete(
        _ id: UUIDv7,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(AgentError) {
        try await store.perform(.delete) {
            try await store.database.write("agents.delete") { connection in
                let agent = try store.locked(id, version, connection)
                try store.delete(agent, by: origin, connection)
                try tokens.revokeAgentTokens(agentID: id, in: connection)
            }
        }
    }

    /// Notes that an agent lives: one statement, no event; the watch says what follows from it.
    /// - Throws: ``AgentError``: `notFound`, `invalid`, `database`.
    package func heartbeat(_ id: UUIDv7, _ beat: AgentHeartbeat) async throws(AgentError) -> HeartbeatAnswer {
        try await store.perform(.heartbeat) {
            try store.refuse(beat.violations)
            let now = store.clock.now
            let row = try await store.database.write("agents.heartbeat") { connection in
                try AgentTable(connection: connection).beat(id, beat, at: now)
            }
            guard let row else { throw AgentError.notFound(id) }
            metrics.heartbeats.increment()
            return HeartbeatAnswer(
                isDraining: try row.bool("is_draining"),
                isStopping: try row.bool("is_stopping"),
                version: try row.integer("version")
            )
        }
    }

    /// Notes that an agent lives which asks for work or goes on with it.
    ///
    /// Only where it has been quiet: not each such request writes. Nothing happens when there is none.
    /// - Throws: ``AgentError``: `database`.
    package func sighted(_ id: UUIDv7, _ presence: AgentPresence) async throws(AgentError) {
        let now = store.clock.now
        guard presence.isQuiet(at: now) else { return }
        try await store.perform(.heartbeat) {
            try await store.database.write("agents.sighted") { try AgentTable(connection: $0).sight(id, at: now) }
        }
    }

    private func change(
        _ id: UUIDv7,
        _ operation: OperationName,
        _ version: ExpectedVersion?,
        _ origin: ChangeOrigin,
        _ transform: @Sendable (inout Agent) -> Void
    ) async throws -> ObservedAgent {
        let now = store.clock.now
        let agent = try await store.database.write(operation) { connection in
            let table = AgentTable(connection: connection)
            let old = try store.locked(id, version, connection)
            var new = old
            transform(&new)
            if new == old { return old }
            if new.fields.name != old.fields.name, try table.hasAgent(named: new.fields.name, except: id) {
                throw AgentRefusal.nameTaken(new.fields.name)
            }
            new.version += 1
            new.updatedAt = now
            try store.update(old, to: new, as: .updated, by: origin, connection)
            return new
        }
        return ObservedAgent(agent, at: now)
    }

    /// Where two servers give the same name at once, the unique index decides.
    private func naming<T>(_ name: String, _ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch {
            if let violation = error.violation(.unique),
                violation.columns == ["name_key"] || violation.name == "agents_by_name"
            {
                throw AgentRefusal.nameTaken(name)
            }
            throw error
        }
    }
}
