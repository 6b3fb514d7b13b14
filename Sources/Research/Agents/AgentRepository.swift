package import Basics
package import Database
package import Events
package import Instruments
package import Projects

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
        /// The version of its record: when it grows, its settings have changed.
        package let version: Int64

        package init(isDraining: Bool, version: Int64) {
            self.isDraining = isDraining
            self.version = version
        }
    }

    let database: any Database
    let events: EventLog
    let clock: any WallClock
    let metrics: AgentMetrics
    private let ids: UUIDv7Generator
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
        self.database = database
        self.events = events
        self.tokens = tokens
        self.clock = clock
        self.ids = ids
        metrics = AgentMetrics(registry)
    }

    /// Registers an agent and makes its token.
    /// - Throws: ``AgentError``: `invalid`, `nameTaken`, `tooManyAgents`, `event`, `database`.
    package func register(
        _ fields: AgentFields,
        by origin: ChangeOrigin
    ) async throws(AgentError) -> Registration {
        try await perform(.register) {
            let violations = fields.violations
            guard violations.isEmpty else { throw AgentError.invalid(violations) }
            let now = clock.now
            let id = ids.next()
            let agent = Agent(id: id, fields: fields, createdAt: now, updatedAt: now, createdBy: origin.actorID)
            return try await naming(fields.name) {
                try await database.write("agents.register") { connection in
                    let table = AgentTable(connection: connection)
                    guard try table.count() < AgentLimits.agentsMax else {
                        throw AgentError.tooManyAgents(agentsMax: AgentLimits.agentsMax)
                    }
                    if try table.hasAgent(named: fields.name, except: id) { throw AgentError.nameTaken(fields.name) }
                    try table.insert(agent)
                    let token = try tokens.issueAgentToken(agentID: id, agentName: fields.name, in: connection)
                    try note(.registered, .agentRegistered, from: nil, to: agent, origin, connection)
                    return Registration(agent: agent, token: token)
                }
            }
        }
    }

    /// The agent with an identifier, and its status now.
    /// - Throws: ``AgentError``: `notFound`, `database`.
    package func get(_ id: UUIDv7) async throws(AgentError) -> ObservedAgent {
        try await perform(.get) {
            let agent = try await database.read("agents.get") { try AgentTable(connection: $0).find(id) }
            guard let agent else { throw AgentError.notFound(id) }
            return ObservedAgent(agent, at: clock.now)
        }
    }

    /// A page of the list, with the statuses at the time of reading.
    /// - Throws: ``AgentError``: `invalidParameter`, `invalidCursor`, `database`.
    package func list(_ query: AgentListQuery) async throws(AgentError) -> Page<ObservedAgent> {
        try await perform(.list) {
            try query.validate()
            let now = clock.now
            let (sql, arguments) = try query.statement(at: now)
            let rows = try await database.read("agents.list") { try $0.query(sql, arguments) }
            let agents = try rows.prefix(query.limit).map { row throws(DatabaseError) in try AgentTable.decode(row) }
            let items = agents.map { ObservedAgent($0, at: now) }
            guard rows.count > query.limit, let last = agents.last else { return Page(items: items, nextCursor: nil) }
            let key: PageCursor.Key =
                switch query.sortKey {
                case .createdAt: .integer(last.createdAt.milliseconds)
                case .name: .text(AgentTable.nameKey(last.fields.name))
                }
            return Page(items: items, nextCursor: PageCursor(key: key, id: last.id).encoded(scope: query.scope))
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
        try await perform(.update) {
            let violations = fields.violations
            guard violations.isEmpty else { throw AgentError.invalid(violations) }
            return try await naming(fields.name) {
                try await change(id, "agents.replace", version, origin) { agent in agent.fields = fields }
            }
        }
    }

    /// Tells an agent to take no new tasks, or to take them again; nothing happens when it is so already.
    /// - Throws: ``AgentError``: `notFound`, `versionMismatch`, `event`, `database`.
    @discardableResult
    package func setDraining(
        _ isDraining: Bool,
        _ id: UUIDv7,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(AgentError) -> ObservedAgent {
        try await perform(.drain) {
            try await change(id, "agents.drain", version, origin) { agent in agent.isDraining = isDraining }
        }
    }

    /// Makes the tokens of an agent invalid and gives it a new one.
    /// - Throws: ``AgentError``: `notFound`, `versionMismatch`, `event`, `database`.
    package func rotateToken(
        _ id: UUIDv7,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(AgentError) -> Registration {
        try await perform(.rotateToken) {
            try await database.write("agents.rotate_token") { connection in
                let agent = try locked(id, version, AgentTable(connection: connection))
                try tokens.revokeAgentTokens(agentID: id, in: connection)
                let token = try tokens.issueAgentToken(agentID: id, agentName: agent.fields.name, in: connection)
                try note(.tokenRotated, .agentTokenRotated, from: agent, to: agent, origin, connection)
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
        try await perform(.delete) {
            let now = clock.now
            try await database.write("agents.delete") { connection in
                let table = AgentTable(connection: connection)
                let agent = try locked(id, version, table)
                try table.delete(agent, at: now)
                try tokens.revokeAgentTokens(agentID: id, in: connection)
                var deleted = agent
                deleted.version += 1
                try note(.deleted, .agentRemoved, from: agent, to: deleted, origin, connection)
            }
        }
    }

    /// Notes that an agent lives: one statement, no event; the watch says what follows from it.
    /// - Throws: ``AgentError``: `notFound`, `invalid`, `database`.
    package func heartbeat(_ id: UUIDv7, _ beat: AgentHeartbeat) async throws(AgentError) -> HeartbeatAnswer {
        try await perform(.heartbeat) {
            let violations = beat.violations
            guard violations.isEmpty else { throw AgentError.invalid(violations) }
            let now = clock.now
            let row = try await database.write("agents.heartbeat") { connection in
                try AgentTable(connection: connection).beat(id, beat, at: now)
            }
            guard let row else { throw AgentError.notFound(id) }
            metrics.heartbeats.increment()
            return HeartbeatAnswer(isDraining: try row.bool("is_draining"), version: try row.integer("version"))
        }
    }

    /// Runs an operation, measures it and counts its failure.
    func perform<T: Sendable>(
        _ operation: AgentMetrics.Operation,
        _ body: () async throws -> T
    ) async throws(AgentError) -> T {
        let start = clock.uptime
        defer { metrics.finished(operation, after: clock.uptime - start) }
        do {
            return try await body()
        } catch {
            let error = AgentError(error)
            metrics.failed(error.code)
            throw error
        }
    }

    private func change(
        _ id: UUIDv7,
        _ operation: OperationName,
        _ version: ExpectedVersion?,
        _ origin: ChangeOrigin,
        _ transform: @Sendable (inout Agent) -> Void
    ) async throws -> ObservedAgent {
        let now = clock.now
        let agent = try await database.write(operation) { connection in
            let table = AgentTable(connection: connection)
            let old = try locked(id, version, table)
            var new = old
            transform(&new)
            if new == old { return old }
            if new.fields.name != old.fields.name, try table.hasAgent(named: new.fields.name, except: id) {
                throw AgentError.nameTaken(new.fields.name)
            }
            new.version += 1
            new.updatedAt = now
            try table.update(old, to: new)
            try note(.updated, .agentUpdated, from: old, to: new, origin, connection)
            return new
        }
        return ObservedAgent(agent, at: now)
    }

    private func locked(_ id: UUIDv7, _ version: ExpectedVersion?, _ table: AgentTable) throws -> Agent {
        guard let agent = try table.lock(id) else { throw AgentError.notFound(id) }
        if let version, !version.allows(agent.version) { throw AgentError.versionMismatch(current: agent.version) }
        return agent
    }

    private func note(
        _ change: AgentMetrics.Change,
        _ kind: EventKind,
        from old: Agent?,
        to new: Agent,
        _ origin: ChangeOrigin,
        _ connection: any SQLConnection
    ) throws {
        try events.append(Agent.event(kind, from: old, to: new, origin), in: connection)
        connection.afterCommit { [metrics] in metrics.changed(change) }
    }

    /// Where two servers give the same name at once, the unique index decides.
    private func naming<T>(_ name: String, _ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch {
            if let violation = error.violation(.unique),
                violation.columns == ["name_key"] || violation.name == "agents_by_name"
            {
                throw AgentError.nameTaken(name)
            }
            throw error
        }
    }
}
