package import Basics
package import JSON

/// A piece of a project's work that an agent does.
///
/// Not called `Task`, which is Swift's word for something else.
package struct ProjectTask: Hashable, Sendable {
    package let id: UUIDv7
    /// What is to be done; never changes.
    package let fields: TaskFields
    /// Whether it depends, or has ever depended, on others.
    package var hasDependencies = false
    /// Where it stands.
    package var progress: TaskProgress
    /// What the attempt that succeeded gave; nil unless one did.
    package var output: JSONValue?
    /// The error of the newest attempt that failed; nil before the first.
    package var failure: TaskFailure?
    /// Grows by one with each change, from 1; signs of life are none.
    package var version: Int64
    package let createdAt: Timestamp
    package var updatedAt: Timestamp
    /// The identifier of who made it.
    package let createdBy: String

    package init(
        id: UUIDv7,
        fields: TaskFields,
        progress: TaskProgress,
        output: JSONValue? = nil,
        failure: TaskFailure? = nil,
        version: Int64 = 1,
        createdAt: Timestamp,
        updatedAt: Timestamp,
        createdBy: String
    ) {
        self.id = id
        self.fields = fields
        self.progress = progress
        self.output = output
        self.failure = failure
        self.version = version
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.createdBy = createdBy
    }
}

/// What a task is: the body of a creation.
package struct TaskFields: Hashable, Sendable {
    package var projectID: UUIDv7
    /// What people call it.
    package var name: String
    /// What kind of work it is, which tells an agent how to read the input, such as `shell`.
    package var kind: String
    /// A JSON object.
    package var input: JSONValue
    /// What an agent must be able to do to get it: all of these.
    package var capabilities: [String]
    /// What labels an agent must have to get it, with these values.
    package var labels: [String: String]
    /// What only so many tasks may use at a time, of whatever project: the limits by key.
    ///
    /// Where tasks disagree on the limit, the smallest one wins.
    package var concurrencyKeys: [String: Int]
    /// Whether a person has to approve it before it is begun; how long that may take is one of its time-outs.
    package var needsApproval: Bool
    /// From 1 to 10; 10 goes first.
    package var priority: Int
    package var rules: TaskRules
    /// No two open tasks of a project have the same.
    package var uniqueKey: String?
    /// Where it stands in a plan; nil for a task of none.
    package var plan: PlanPlace?

    package init(projectID: UUIDv7, kind: String, name: String? = nil, input: JSONValue = .emptyObject) {
        self.projectID = projectID
        self.kind = kind
        self.name = name ?? kind
        self.input = input
        capabilities = []
        labels = [:]
        concurrencyKeys = [:]
        needsApproval = false
        priority = TaskLimits.priorityDefault
        rules = TaskRules()
    }
}

/// A task that is about to be made.
package struct NewTask: Hashable, Sendable {
    package var fields: TaskFields
    /// Not to be begun earlier; nil for at once.
    package var runAt: Timestamp?
    /// What is to end first.
    package var dependencies: [TaskDependency]

    package init(_ fields: TaskFields, runAt: Timestamp? = nil, dependencies: [TaskDependency] = []) {
        self.fields = fields
        self.runAt = runAt
        self.dependencies = dependencies
    }
}

/// One attempt at a task.
package struct TaskAttempt: Hashable, Sendable {
    /// From 1 within its task; also the fencing token of its lease.
    package let number: Int64
    package let agentID: UUIDv7
    package let startedAt: Timestamp
    /// When the agent last gave a sign of life.
    package let heartbeatAt: Timestamp
    /// How far the agent says it is.
    package let report: TaskReport
    /// When and how it ended; nil while it runs.
    package let endedAt: Timestamp?
    package let outcome: AttemptOutcome?
    /// The error it failed with.
    package let failure: TaskFailure?
    /// Why this agent got it: a JSON object; nil for attempts from before the reasons were kept.
    package let reasons: JSONValue?
    /// What it has cost, as far as its agent said.
    package let cost: Double
}

/// How far an agent says it is.
package struct TaskReport: Hashable, Sendable {
    /// From 0 to 1; nil when it does not say.
    package var fraction: Double?
    /// What it is doing, in a line.
    package var message: String?

    package init(fraction: Double? = nil, message: String? = nil) {
        self.fraction = fraction
        self.message = message
    }
}
