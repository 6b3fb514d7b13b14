import APIModel
import Basics
import HTTP
import JSON
import Records
import Tasks

/// Tasks by status.
struct TaskCountsBody: JSONWritable {
    static let schema = JSONSchema.object([
        .required(
            "statuses",
            .object(TaskStatus.allCases.map { .required($0.rawValue, .integer()) }),
            "Each status, also those of no task."
        ),
        .required(
            "complete",
            .boolean,
            "False where more than \(ListLimits.recordsCountedMax) tasks match: then only so many of them were counted."
        ),
    ])

    let counts: RecordCounts

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.key("statuses")
            json.object { json in
                for status in TaskStatus.allCases { json.member(status.rawValue, counts.values[status.rawValue] ?? 0) }
            }
            json.member("complete", counts.isComplete)
        }
    }
}

/// Tasks and the dependencies between them.
struct TaskGraphBody: JSONWritable {
    static let schema = JSONSchema.named(
        "TaskGraph",
        .object([
            .required(
                "nodes",
                .array(
                    of: .object([
                        .required("id", .string(format: .uuid)), .required("name", .string()),
                        .required("kind", .string()), .required("status", .oneOf(TaskStatus.self)),
                        .required("deleted", .boolean, "Whether it is found no more, though others depend on it."),
                    ])
                ),
                "The task itself, then the nearest ones first."
            ),
            .required(
                "edges",
                .array(
                    of: .object([
                        .required("task_id", .string(format: .uuid)),
                        .required("depends_on", .string(format: .uuid)),
                        .required("condition", .oneOf(TaskDependency.Condition.self)),
                    ])
                )
            ),
            .required("complete", .boolean, "Whether everything that is connected is there."),
        ])
    )

    private let graph: TaskNeighbourhood

    init(_ graph: TaskNeighbourhood) { self.graph = graph }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.key("nodes")
            json.array { json in
                for node in graph.nodes {
                    json.object { json in
                        json.member("id", node.id.description)
                        json.member("name", node.name)
                        json.member("kind", node.kind)
                        json.member("status", node.status.rawValue)
                        json.member("deleted", node.isDeleted)
                    }
                }
            }
            json.key("edges")
            json.array { json in
                for edge in graph.edges {
                    json.object { json in
                        json.member("task_id", edge.taskID.description)
                        json.member("depends_on", edge.dependency.taskID.description)
                        json.member("condition", edge.dependency.condition.rawValue)
                    }
                }
            }
            json.member("complete", graph.isComplete)
        }
    }
}

/// An attempt with the task it was made at.
struct AgentAttemptBody: JSONWritable, Sendable {
    static let schema = JSONSchema.named(
        "AgentAttempt",
        .object(
            [
                .required("task_id", .string(format: .uuid)), .required("project_id", .string(format: .uuid)),
                .required("task_name", .string()), .required("kind", .string()),
            ] + TaskDetailsBody.attemptProperties
        )
    )

    let attempt: AgentAttempt

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("task_id", attempt.taskID.description)
            json.member("project_id", attempt.projectID.description)
            json.member("task_name", attempt.taskName)
            json.member("kind", attempt.kind)
            TaskDetailsBody.writeMembers(of: attempt.attempt, to: &json)
        }
    }
}

/// What an agent does, and how its newest attempts ended.
struct WorkBody: JSONWritable, Sendable {
    static let schema = JSONSchema.object([
        .required("agent_id", .string(format: .uuid)),
        .required("running", .integer(), "How many tasks it has leased now."),
        .required("current", .array(of: AgentAttemptBody.schema), "The oldest of them."),
        .required(
            "outcomes",
            .object(AttemptOutcome.allCases.map { .required($0.rawValue, .integer()) }),
            "Of its newest attempts that ended."
        ),
    ])

    let work: AgentWork

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("agent_id", work.agentID.description)
            json.member("running", work.running)
            json.member("current", work.current.map { AgentAttemptBody(attempt: $0) })
            json.key("outcomes")
            json.object { json in
                for outcome in AttemptOutcome.allCases { json.member(outcome.rawValue, work.outcomes[outcome] ?? 0) }
            }
        }
    }
}
