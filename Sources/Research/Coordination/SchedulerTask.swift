package import Basics

/// A task as the scheduler sees it: what the decision depends on, and nothing else.
package struct SchedulerTask: Hashable, Sendable {
    package let id: UUIDv7
    package let projectID: UUIDv7
    /// What agents have a record of.
    package let kind: String
    package let needs: AgentNeeds
    /// What no more than so many tasks may use at a time; the order does not matter.
    package let keys: [ConcurrencyKey]
    /// From 1 to 10; 10 goes first.
    package let priority: Int
    /// When it may be begun, and since when its age counts.
    package let readyAt: Timestamp
    /// What it has in common with tasks that are better done by other agents; nil for none.
    package let spread: UUIDv7?

    package init(
        id: UUIDv7,
        projectID: UUIDv7,
        kind: String,
        needs: AgentNeeds = AgentNeeds(),
        keys: [ConcurrencyKey] = [],
        priority: Int,
        readyAt: Timestamp,
        spread: UUIDv7? = nil
    ) {
        self.id = id
        self.projectID = projectID
        self.kind = kind
        self.needs = needs
        self.keys = keys.sorted { ($0.key, $0.limit) < ($1.key, $1.limit) }
        self.priority = priority
        self.readyAt = readyAt
        self.spread = spread
    }

    /// The task's place in its project; a lower one goes first.
    package var rank: TaskRank {
        let ahead = Int64(priority) * SchedulerLimits.ageingStep.wholeMilliseconds
        return TaskRank(turn: readyAt.milliseconds.subtractingReportingOverflow(ahead).partialValue, id: id)
    }
}

/// A task's place among those of its project.
///
/// Each step of priority is worth ``SchedulerLimits/ageingStep`` of age. Since all tasks age alike, the place never
/// changes while a task waits, so nothing is ever sorted again.
package struct TaskRank: Hashable, Comparable, Sendable {
    let turn: Int64
    let id: UUIDv7

    package static func < (left: TaskRank, right: TaskRank) -> Bool {
        left.turn != right.turn ? left.turn < right.turn : left.id < right.id
    }
}

/// What an agent must be and have to get a task.
package struct AgentNeeds: Hashable, Sendable {
    /// It can do all of these.
    package var capabilities: Set<String>
    /// It has these labels with these values.
    package var labels: [String: String]

    package init(capabilities: Set<String> = [], labels: [String: String] = [:]) {
        self.capabilities = capabilities
        self.labels = labels
    }

    /// Whether an agent has what is needed.
    package func areMet(capabilities have: Set<String>, labels marks: [String: String]) -> Bool {
        capabilities.isSubset(of: have) && labels.allSatisfy { marks[$0.key] == $0.value }
    }
}

/// A name that only so many tasks may use at a time; where tasks disagree on the limit, the smallest one wins.
package struct ConcurrencyKey: Hashable, Sendable {
    package let key: String
    /// At least 1.
    package let limit: Int

    package init(_ key: String, limit: Int) {
        self.key = key
        self.limit = limit
    }
}

/// What the scheduler's promises are made of.
package enum SchedulerLimits {
    /// The age that one step of priority is worth: a task of priority 1 waits for no task that was ready more than nine
    /// of these after it.
    package static let ageingStep: Duration = .seconds(300)
    /// How many starts a project may be behind the others and catch up on, when no agent could do its tasks meanwhile.
    package static let creditStartsMax = 32
    /// How many starts of agents that can do it go by until the task that has been ready longest is begun, whatever its
    /// project and priority.
    package static let startsPerOldest = 32
    /// How long a task of several keys is blocked until nobody that comes after it gets one of them.
    package static let patience: Duration = .seconds(600)
}
