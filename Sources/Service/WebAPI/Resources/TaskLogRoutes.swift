import APIModel
import Basics
package import HTTP
import HTTPTypes
import JSON
import Records
package import Tasks

/// The log lines of tasks: agents report them, people and programs follow them.
package struct TaskLogRoutes: Sendable {
    private typealias Shared = ResourceRoutes<ProjectTask>

    /// How much earlier than asked for a wait ends at the latest: before the server gives the handler up.
    private static let answerMargin: Duration = .seconds(5)

    private let tasks: TaskRepository
    private let isDraining: @Sendable () -> Bool

    /// `isDraining`: whether the server is to end, so that nobody waits for lines any longer.
    package init(tasks: TaskRepository, isDraining: @escaping @Sendable () -> Bool) {
        self.tasks = tasks
        self.isDraining = isDraining
    }

    package var routes: [Route] { [append, read].map(\.mappingErrors) }

    private var append: Route {
        Route(
            .post,
            Shared.one + "/logs",
            access: .requires(.tasksWork),
            summary:
                "Report lines that the program of a running attempt wrote; lines that have come already are left out.",
            tag: Shared.tag,
            parameters: [ResourceID.parameter],
            body: .json(TaskLogInput.schema, bytesMax: TaskLogInput.bytesMax),
            responses: [
                ResponseRule(200, "The lines are stored, or dropped since the log is full.", json: TaskLogInput.answer),
                Shared.notFound, Shared.invalid, LeaseRoutes.leaseLost,
            ],
            rateClass: .work
        ) { request in
            let claim = try LeaseInput.claim(request)
            let lines = try TaskLogInput.lines(request.json)
            return .json(TaskLogReceiptBody(try await tasks.appendLog(try ResourceID.of(request), claim, lines)))
        }
    }

    private var read: Route {
        Route(
            .get,
            Shared.one + "/logs",
            access: .requires(.tasksRead),
            summary: "Lines of the log of an attempt, and wait for some when there are none.",
            tag: Shared.tag,
            parameters: [
                ResourceID.parameter,
                .query("attempt", .integer(0...Int64.max), "The newest when it is left out."),
                .query("after", .integer(0...Int64.max), "The member next_after of the answer before; 0 at first."),
                .query("limit", .integer(1...Int64(TaskLimits.logLinesMax)), "The most lines; all at first."),
                .query(
                    "wait_seconds",
                    .integer(0...Int64(TaskLimits.logWaitSecondsMax)),
                    "How long to wait while there are none; 0 at first. The answer may come somewhat earlier."
                ),
            ],
            responses: [
                ResponseRule(200, "The lines.", json: TaskLogPageBody.schema), Shared.notFound,
            ]
        ) { request in
            let parameters = request.parameters
            var query = TaskLogQuery()
            query.attempt = parameters.integer("attempt")
            query.after = parameters.integer("after") ?? 0
            query.limit = parameters.integer("limit").map { Int(clamping: $0) } ?? TaskLimits.logLinesMax
            let longest: Duration = .seconds(TaskLimits.logWaitSecondsMax) - Self.answerMargin
            let page = try await tasks.log(
                try ResourceID.of(request),
                query,
                waitingFor: min(.seconds(parameters.integer("wait_seconds") ?? 0), longest),
                isDraining: isDraining
            )
            return .json(TaskLogPageBody(page))
        }
    }
}

/// What agents send of logs.
private enum TaskLogInput {
    /// A thousand lines of the greatest size would be larger: the agent sends several requests then.
    static let bytesMax = 4 << 20

    static let schema = JSONSchema.object([
        LeaseInput.token,
        .required(
            "lines",
            .array(
                of: .object([
                    .required("sequence", .integer(1...Int64.max), "Grows from line to line within an attempt."),
                    .required("at", .string(format: .dateTime)),
                    .required("stream", .oneOf(TaskLogLine.Stream.self)),
                    .required("text", .string(0...TaskLimits.logLineBytesMax), "Without the line's end."),
                ]),
                count: 1...TaskLimits.logLinesMax
            )
        ),
    ])

    static let answer = JSONSchema.object([
        .required("next_sequence", .integer(), "The least sequence that is new."),
        .required("dropped", .integer(), "Lines of the attempt that were not stored, since its log is full."),
    ])

    static func lines(_ json: JSONValue?) throws(ProblemError) -> [TaskLogLine] {
        var lines: [TaskLogLine] = []
        for (index, line) in (json?["lines"]?.array ?? []).enumerated() {
            guard let sequence = line["sequence"]?.integer, let text = line["text"]?.string,
                let stream = line["stream"]?.string.flatMap({ TaskLogLine.Stream(rawValue: $0) })
            else { throw ProblemError(.validationFailed) }
            // The schema lets leap seconds pass, which a timestamp cannot hold.
            guard let at = line["at"]?.string.flatMap({ Timestamp(rfc3339: $0) }) else {
                throw ProblemMapping.invalid("/lines/\(index)/at", "must be an RFC 3339 time without a leap second")
            }
            lines.append(TaskLogLine(sequence: sequence, at: at, stream: stream, text: text))
        }
        return lines
    }
}

private struct TaskLogReceiptBody: JSONWritable {
    private let receipt: TaskLogReceipt

    init(_ receipt: TaskLogReceipt) { self.receipt = receipt }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("next_sequence", Int(receipt.nextSequence))
            json.member("dropped", Int(receipt.dropped))
        }
    }
}

private struct TaskLogPageBody: JSONWritable {
    static let schema = JSONSchema.object([
        .required("attempt", .integer(), "The attempt; 0 when the task has none."),
        .required(
            "items",
            .array(
                of: .object([
                    .required("attempt", .integer()),
                    .required("sequence", .integer()),
                    .required("at", .string(format: .dateTime), "By the agent's clock."),
                    .required("stream", .oneOf(TaskLogLine.Stream.self)),
                    .required("text", .string()),
                ])
            )
        ),
        .required("next_after", .integer(), "The parameter after of the next request."),
        .required("ended", .boolean, "Whether there are no further lines, and will be none."),
        .required("dropped", .integer(), "Lines of the attempt that were not stored, since its log was full."),
    ])

    private let page: TaskLogPage

    init(_ page: TaskLogPage) { self.page = page }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("attempt", Int(page.attempt))
            json.key("items")
            json.array { json in
                for line in page.lines {
                    json.object { json in
                        json.member("attempt", Int(page.attempt))
                        json.member("sequence", Int(line.sequence))
                        json.member("at", line.at.rfc3339)
                        json.member("stream", line.stream.rawValue)
                        json.member("text", line.text)
                    }
                }
            }
            json.member("next_after", Int(page.nextAfter))
            json.member("ended", page.hasEnded)
            json.member("dropped", Int(page.dropped))
        }
    }
}
