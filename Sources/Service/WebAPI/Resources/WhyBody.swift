import APIModel
import Basics
import HTTP
import JSON
import Tasks

/// Why a task is where it is.
struct WhyBody: JSONWritable {
    static let schema = JSONSchema.object([
        .required("status", .oneOf(TaskStatus.self)),
        .required(
            "reasons",
            .array(
                of: .object([
                    .required("kind", .oneOf(TaskReason.Kind.self)),
                    .required("detail", .string(), "The same in a sentence."),
                    .required("task_id", .string(format: .uuid).orNull, "The task that stands in the way."),
                    .required(
                        "holders",
                        .array(of: .string(format: .uuid), count: 0...TaskReason.holdersShownMax),
                        "Tasks that use the concurrency key now."
                    ),
                ])
            )
        ),
        .required(
            "decision",
            .anything,
            "Why the newest attempt went to its agent, as the scheduler decided; null before the first."
        ),
    ])

    private let why: TaskWhy

    init(_ why: TaskWhy) { self.why = why }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("status", why.status.rawValue)
            json.key("reasons")
            json.array { json in
                for reason in why.reasons {
                    json.object { json in
                        json.member("kind", reason.kind.rawValue)
                        json.member("detail", reason.detail)
                        json.member("task_id", orNull: reason.taskID?.description)
                        json.member("holders", reason.holders.map(\.description))
                    }
                }
            }
            json.member("decision", why.decision ?? .null)
        }
    }
}
