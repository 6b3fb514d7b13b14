package import Basics

/// An agent: a program that does the projects' tasks.
package struct Agent: Hashable, Sendable {
    package let id: UUIDv7
    /// What its people decide.
    package var fields: AgentFields
    /// Whether it is to take no new tasks.
    package var isDraining: Bool
    /// Whether its program is to end once nothing runs; only while it drains.
    package var isStopping = false
    /// When it was last heard of; nil before its first heartbeat.
    package var lastHeartbeatAt: Timestamp?
    /// When it said that it ends, if that was its last sign of life.
    package var endedAt: Timestamp?
    /// How busy it said it was, in tasks or as it likes; nil when it did not say.
    package var load: Double?
    /// What it said with its last heartbeat.
    package var message: String?
    /// How far it is trusted with tasks; what its attempts decide, not its people.
    package var trust = AgentTrust()
    /// Grows by one with each change, from 1; heartbeats are none.
    package var version: Int64
    package let createdAt: Timestamp
    package var updatedAt: Timestamp
    /// The identifier of the user who registered it.
    package let createdBy: String

    package init(
        id: UUIDv7,
        fields: AgentFields,
        isDraining: Bool = false,
        lastHeartbeatAt: Timestamp? = nil,
        load: Double? = nil,
        message: String? = nil,
        version: Int64 = 1,
        createdAt: Timestamp,
        updatedAt: Timestamp,
        createdBy: String
    ) {
        self.id = id
        self.fields = fields
        self.isDraining = isDraining
        self.lastHeartbeatAt = lastHeartbeatAt
        self.load = load
        self.message = message
        self.version = version
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.createdBy = createdBy
    }

    /// What the status depends on.
    package var presence: AgentPresence {
        AgentPresence(
            lastHeartbeatAt: lastHeartbeatAt,
            timeout: .seconds(fields.heartbeatTimeoutSeconds),
            isDraining: isDraining,
            isQuarantined: trust.quarantine != nil,
            hasEnded: endedAt != nil
        )
    }
}

/// The fields of an agent that its people write: the body of a registration or replacement.
package struct AgentFields: Hashable, Sendable {
    /// Unique among the agents that are not deleted, without regard to case.
    package var name: String
    package var type: AgentType
    package var description: String
    /// What it can do, for tasks that ask for it.
    package var capabilities: [String]
    /// What it is selected by.
    package var labels: [String: String]
    /// How many tasks it takes at a time.
    package var concurrency: Int
    /// How long it may be silent before it counts as late.
    package var heartbeatTimeoutSeconds: Int

    package init(
        name: String,
        type: AgentType,
        description: String = "",
        capabilities: [String] = [],
        labels: [String: String] = [:],
        concurrency: Int = AgentLimits.concurrencyDefault,
        heartbeatTimeoutSeconds: Int = AgentLimits.heartbeatTimeoutSecondsDefault
    ) {
        self.name = name
        self.type = type
        self.description = description
        self.capabilities = capabilities
        self.labels = labels
        self.concurrency = concurrency
        self.heartbeatTimeoutSeconds = heartbeatTimeoutSeconds
    }
}

/// What kind of work an agent is for.
package enum AgentType: String, Hashable, Sendable, CaseIterable {
    case researcher, coder, analyst, tester, designer, coordinator, optimizer
}

/// A sign of life.
package struct AgentHeartbeat: Hashable, Sendable {
    /// How busy the agent is.
    package var load: Double?
    /// What it is doing, in a line.
    package var message: String?
    /// Whether it is the last one for now: the agent ends, as one wanted.
    package var isEnding: Bool

    package init(load: Double? = nil, message: String? = nil, isEnding: Bool = false) {
        self.load = load
        self.message = message
        self.isEnding = isEnding
    }
}

/// An agent and its status at the time of reading.
package struct ObservedAgent: Hashable, Sendable {
    package let agent: Agent
    package let status: AgentStatus

    package init(_ agent: Agent, at now: Timestamp) {
        self.agent = agent
        status = agent.presence.status(at: now)
    }
}
