import APIModel
import Basics
import HTTP
import JSON
import Tasks

/// What an agent sends to hand in several results.
enum ResultsInput {
    static let schema = JSONSchema.object([
        .required(
            "results",
            .array(
                of: .object([
                    .required("task_id", .string(format: .uuid)),
                    LeaseInput.token,
                    .optional(
                        "output",
                        .dictionary(.anything, countMax: TaskInput.membersMax),
                        "Of an attempt that succeeded."
                    ),
                    .optional("error", LeaseInput.errorSchema, "Of an attempt that failed: with it, it has."),
                    LeaseInput.cost,
                ]),
                count: 1...TaskLimits.leasesPerRequestMax
            )
        )
    ])

    /// The results of a body that satisfies ``schema``.
    /// - Throws: ``ProblemError``: `validation_failed`, also for an identifier that can be nothing's.
    static func results(_ json: JSONValue?, of agentID: UUIDv7) throws(ProblemError) -> [TaskResult] {
        var results: [TaskResult] = []
        for (index, item) in (json?["results"]?.array ?? []).enumerated() {
            guard let taskID = item["task_id"]?.string.flatMap({ UUIDv7($0) }) else {
                let place = Violation(.body(pointer: "/results/\(index)/task_id"), "must be a UUID, version 7")
                throw ProblemError(.validationFailed, errors: [place])
            }
            guard let token = item["token"]?.integer else { throw ProblemError(.validationFailed) }
            let claim = LeaseClaim(agentID: agentID, token: token, cost: item["cost"]?.double)
            let outcome: TaskResult.Outcome =
                item["error"] == nil
                ? .succeeded(output: item["output"] ?? .emptyObject) : .failed(LeaseInput.error(item))
            results.append(TaskResult(taskID, claim, outcome))
        }
        return results
    }
}

/// What became of several results.
struct ResultsBody: JSONWritable {
    static let schema = JSONSchema.object([
        .required(
            "results",
            .array(
                of: .object([
                    .required("task_id", .string(format: .uuid)),
                    .required("accepted", .boolean),
                    .required(
                        "status",
                        .nullable(.oneOf(TaskStatus.self)),
                        "The task's, when the result was accepted."
                    ),
                    .required(
                        "problem",
                        JSONSchema.object([
                            .required("type", .string()), .required("title", .string()),
                            .required("status", .integer()),
                            .required("detail", .string().orNull),
                        ]).orNull,
                        "Why it was not: what a request with this result alone would be answered."
                    ),
                ])
            )
        )
    ])

    private let results: [(id: UUIDv7, answer: Result<ProjectTask, TaskError>)]

    init(_ results: [(UUIDv7, Result<ProjectTask, TaskError>)]) { self.results = results.map { ($0, $1) } }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.key("results")
            json.array { json in
                for (id, answer) in results { Self.write(id, answer, to: &json) }
            }
        }
    }

    private static func write(_ id: UUIDv7, _ answer: Result<ProjectTask, TaskError>, to json: inout JSONWriter) {
        json.object { json in
            json.member("task_id", id.description)
            switch answer {
            case .success(let task):
                json.member("accepted", true)
                json.member("status", task.progress.status.rawValue)
                json.key("problem")
                json.null()
            case .failure(let error):
                let problem = ProblemMapping.problem(error)?.problem ?? Problem(.internalError)
                json.member("accepted", false)
                json.key("status")
                json.null()
                json.key("problem")
                json.object { json in
                    json.member("type", ProblemType.uriPrefix + problem.type.rawValue)
                    json.member("title", problem.type.title)
                    json.member("status", problem.type.status)
                    json.member("detail", orNull: problem.detail)
                }
            }
        }
    }
}
