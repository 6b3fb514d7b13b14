import APIModel
import Basics
import Coordination
import HTTP
import JSON
import Tasks

/// A plan as it was made, with the statuses of its tasks now.
struct PlanBody: JSONWritable {
    static let schema = JSONSchema.named(
        "Plan",
        .object([
            .required("plan_id", .string(format: .uuid), "What its tasks are listed by."),
            .required("strategy", .oneOf(Strategy.self)), .required("project_id", .string(format: .uuid)),
            .required(
                "tasks",
                .array(
                    of: .object([
                        .required("task_id", .string(format: .uuid)), .required("name", .string()),
                        .required("kind", .string()), .required("role", .oneOf(PlanRole.self)),
                        .required("purpose", .string(), "The role in words."),
                        .required("status", .oneOf(TaskStatus.self)),
                        .required(
                            "depends_on",
                            .array(
                                of: .object([
                                    .required("task_id", .string(format: .uuid)),
                                    .required("condition", .oneOf(TaskDependency.Condition.self)),
                                ])
                            )
                        ),
                    ])
                ),
                "None depends on a later one."
            ),
        ])
    )

    private let plan: TaskPlan

    init(_ plan: TaskPlan) { self.plan = plan }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("plan_id", plan.id.description)
            json.member("strategy", plan.strategy.rawValue)
            json.member("project_id", plan.projectID.description)
            json.key("tasks")
            json.array { json in for entry in plan.entries { Self.write(entry, to: &json) } }
        }
    }

    private static func write(_ entry: TaskPlan.Entry, to json: inout JSONWriter) {
        json.object { json in
            json.member("task_id", entry.task.id.description)
            json.member("name", entry.task.fields.name)
            json.member("kind", entry.task.fields.kind)
            json.member("role", entry.role.rawValue)
            json.member("purpose", entry.purpose)
            json.member("status", entry.task.progress.status.rawValue)
            json.key("depends_on")
            json.array { json in
                for dependency in entry.dependencies {
                    json.object { json in
                        json.member("task_id", dependency.taskID.description)
                        json.member("condition", dependency.condition.rawValue)
                    }
                }
            }
        }
    }
}

/// The tasks that a coordinator has made.
struct ChildrenBody: JSONWritable {
    static let schema = JSONSchema.object([
        .required("tasks", .array(of: TaskBody.schema), "In the order of the request.")
    ])

    let tasks: [ProjectTask]

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("tasks", tasks.map { TaskBody($0) })
        }
    }
}

/// What trying dead letters again came to, or would come to.
struct DeadLetterRetryBody: JSONWritable {
    static let schema = JSONSchema.object([
        .required("dry_run", .boolean),
        .required("retried", .integer(), "How many are tried again, or would be."),
        .required("refused", .integer(), "How many stay dead, or would."),
        .required("has_more", .boolean, "Whether there are more than the limit lets be looked at."),
        .required("tasks", .array(of: .string(format: .uuid)), "Those that are tried again, the oldest first."),
        .required(
            "refusals",
            .array(
                of: .object([
                    .required("task_id", .string(format: .uuid)), .required("detail", .string()),
                ])
            )
        ),
    ])

    let isDryRun: Bool
    let result: DeadLetterRetry

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("dry_run", isDryRun)
            json.member("retried", result.retried.count)
            json.member("refused", result.refused.count)
            json.member("has_more", result.hasMore)
            json.member("tasks", result.retried.map(\.description))
            json.key("refusals")
            json.array { json in
                for refused in result.refused {
                    json.object { json in
                        json.member("task_id", refused.taskID.description)
                        json.member("detail", ProblemMapping.text(refused.refusal))
                    }
                }
            }
        }
    }
}
