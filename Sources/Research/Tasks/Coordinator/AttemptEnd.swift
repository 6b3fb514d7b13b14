package import Basics
package import Database

/// The end of an attempt, for whoever keeps a record of agents.
package struct AttemptEnd: Hashable, Sendable {
    package let taskID: UUIDv7
    /// Its number.
    package let attempt: Int64
    package let agentID: UUIDv7
    package let kind: String
    package let outcome: AttemptOutcome
    package let endedAt: Timestamp

    init(_ task: ProjectTask, _ lease: TaskLease, _ outcome: AttemptOutcome, at now: Timestamp) {
        taskID = task.id
        attempt = task.progress.token
        agentID = lease.agentID
        kind = task.fields.kind
        self.outcome = outcome
        endedAt = now
    }
}

/// Is told of the end of an attempt in the transaction that ends it; what it throws undoes the end.
package typealias AttemptEndHandler = @Sendable (AttemptEnd, any SQLConnection) throws -> Void

/// How many attempts went well with an agent and how many did not.
package struct AttemptCounts: Hashable, Sendable {
    package var successes: Int
    package var failures: Int

    package init(successes: Int, failures: Int) {
        self.successes = successes
        self.failures = failures
    }
}

/// An agent that asks for work, as it is at the time.
package struct LeaseRequest: Hashable, Sendable {
    package var agentID: UUIDv7
    package var capabilities: [String]
    package var labels: [String: String]
    /// How many tasks it may have leased at a time.
    package var concurrency: Int
    /// How many it wants now at most.
    package var countMax: Int
    /// How attempts of each kind of task went with it.
    package var records: [String: AttemptCounts] = [:]

    package init(
        agentID: UUIDv7,
        capabilities: [String],
        labels: [String: String] = [:],
        concurrency: Int,
        countMax: Int
    ) {
        self.agentID = agentID
        self.capabilities = capabilities
        self.labels = labels
        self.concurrency = concurrency
        self.countMax = countMax
    }
}

/// Reads the agent of a request once more, inside the transaction that leases: as it is then, its row locked; nil when it
/// is to get nothing.
package typealias LeaseRecheck = @Sendable (any SQLConnection) throws -> LeaseRequest?
