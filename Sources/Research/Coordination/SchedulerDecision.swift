package import Basics

/// That a task goes to an agent, and why.
package struct SchedulerDecision: Hashable, Sendable {
    package let task: SchedulerTask
    package let agentID: UUIDv7
    package let waiter: WaiterID
    package let reasons: DecisionReasons
}

/// What a decision was made from.
package struct DecisionReasons: Hashable, Sendable {
    package let priority: Int
    /// How long the task could have been begun.
    package let waited: Duration
    /// Whether it was its turn as the one that had been ready longest, rather than by its project's share and its rank.
    package let isByAge: Bool
    /// How many projects had a ready task.
    package let projects: Int
    /// How many starts the project was behind the one that has had most; never negative.
    package let startsBehind: Int64
    /// How many waiting agents could do it.
    package let candidates: Int
    /// How many of them have a record that is surely worse than another's.
    package let passedOver: Int
    /// How many tasks the agent had before.
    package let agentTasks: Int
    package let agentConcurrency: Int
    /// The agent's record on this kind of task.
    package let record: SuccessRecord
    /// What came of the wish for different agents; nil for a task without one.
    package let spread: SpreadOutcome?
}

/// Why a task that the scheduler knows is not begun, as data.
package enum WaitReason: Hashable, Sendable {
    /// Its time has not come.
    case notBefore(Timestamp)
    /// Its project is closed, paused or deleted.
    case projectHeld
    /// So many tasks that come before it, and at most `shown` of them by name, use a key up to its limit.
    case keyFull(key: String, limit: Int, holders: [UUIDv7])
    /// A task that waits for several keys comes before it.
    case keyReserved(key: String, by: UUIDv7)
    /// Nobody who can do it asks for work now.
    case nobodyWaits
    /// Others of its project go first.
    case behind(tasks: Int)
}
