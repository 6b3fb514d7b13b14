package import Basics
package import JSON

/// Names one attempt of one task.
package struct LeaseKey: Hashable, Sendable, CustomStringConvertible {
    package let taskID: String
    /// The fencing token, which is also the number of the attempt.
    package let token: Int64

    package init(taskID: String, token: Int64) {
        self.taskID = taskID
        self.token = token
    }

    /// The command `task/attempt`.
    package var description: String { "\(taskID)/\(token)" }
}

/// What came of a request for work.
package struct LeaseAnswer: Hashable, Sendable {
    package let grants: [LeaseGrant]
    /// Whether the agent is to end once nothing runs.
    package let isStopping: Bool
}

/// What an agent is told when it says that it lives.
package struct AgentOrders: Hashable, Sendable {
    /// Whether it is to take no new tasks.
    package let isDraining: Bool
    /// Whether it is to end once nothing runs; servers that know no such thing do not say it.
    package let isStopping: Bool
}

/// A task that an agent has leased.
package struct LeaseGrant: Hashable, Sendable {
    package let key: LeaseKey
    package let projectID: String
    package let kind: String
    package let name: String
    package let input: JSONValue
    /// What those gave that were to end first: an array of objects with `task_id`, `status`, `output` and more; empty for a
    /// task that depends on nothing.
    package let upstream: JSONValue
    /// How long the lease lasts without a renewal; nil when the server does not say.
    package let length: Duration?
    /// When it ends, by the server's clock.
    package let deadline: Timestamp

    package init(
        key: LeaseKey,
        projectID: String,
        kind: String,
        name: String = "",
        input: JSONValue,
        upstream: JSONValue = [],
        length: Duration?,
        deadline: Timestamp
    ) {
        self.key = key
        self.projectID = projectID
        self.kind = kind
        self.name = name
        self.input = input
        self.upstream = upstream
        self.length = length
        self.deadline = deadline
    }

    /// Reads one entry of the answer to a request for work.
    init(_ json: JSONValue) throws(AgentCallError) {
        guard let token = json["token"]?.integer, let task = json["task"], let id = task["id"]?.string,
            let project = task["project_id"]?.string, let kind = task["kind"]?.string,
            let deadline = json["deadline"]?.string.flatMap({ Timestamp(rfc3339: $0) })
        else { throw .unexpectedAnswer("a lease without token, deadline or task") }
        let seconds = task["timeouts"]?["heartbeat_seconds"]?.integer
        self.init(
            key: LeaseKey(taskID: id, token: token),
            projectID: project,
            kind: kind,
            name: task["name"]?.string ?? "",
            input: task["input"] ?? .emptyObject,
            upstream: json["upstream"]?.array.map { .array($0) } ?? [],
            length: seconds.flatMap { $0 > 0 ? .seconds(min($0, Self.lengthSecondsMax)) : nil },
            deadline: deadline
        )
    }

    /// A lease that is said to last longer is renewed as if it did not.
    package static let lengthSecondsMax: Int64 = 86_400
}
