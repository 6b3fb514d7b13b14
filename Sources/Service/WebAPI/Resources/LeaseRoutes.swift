import APIModel
package import Agents
package import Basics
import Coordination
package import HTTP
import HTTPTypes
import Identity
import JSON
import Records
import Synchronization
package import Tasks

/// What agents do with tasks: ask for work, renew leases, hand in results.
package struct LeaseRoutes: Sendable {
    private let tasks: TaskRepository
    private let agents: AgentRepository
    private let clock: any WallClock
    private let isDraining: @Sendable () -> Bool

    /// `isDraining`: whether the server is to end, so that nobody waits for work any longer.
    package init(
        tasks: TaskRepository,
        agents: AgentRepository,
        clock: any WallClock,
        isDraining: @escaping @Sendable () -> Bool
    ) {
        self.tasks = tasks
        self.agents = agents
        self.clock = clock
        self.isDraining = isDraining
    }

    package var routes: [Route] {
        [
            lease, results,
            use("renew", "Say that an attempt goes on.", LeaseInput.renewal, Self.renewed) { id, claim, request in
                let deadline = try await tasks.renew(id, claim, LeaseInput.report(request.json))
                await heardOf(try request.caller)
                return .json(RenewalBody(deadline: deadline))
            },
            use("complete", "Hand in what an attempt gave.", LeaseInput.result, Self.task) { id, claim, request in
                let output = request.json?["output"] ?? .emptyObject
                return .json(TaskBody(try await tasks.complete(id, claim, output: output, by: try request.origin)))
            },
            use("fail", "Say that an attempt failed.", LeaseInput.failure, Self.task) { id, claim, request in
                let failure = LeaseInput.error(request.json)
                return .json(TaskBody(try await tasks.fail(id, claim, failure, by: try request.origin)))
            },
        ].map(\.mappingErrors)
    }

    static let leaseLost = ResponseRule.problem(409, "The lease is not, or not any more, the caller's to use.")
    private static let task = ResponseRule(200, "The result is accepted; the task.", json: TaskBody.schema)
    private static let renewed = ResponseRule(200, "The lease lasts longer.", json: RenewalBody.schema)

    private var lease: Route {
        Route(
            .post,
            "/api/v1/agents/{id}/leases",
            access: .requires(.tasksWork),
            summary: "Ask for tasks that the agent can do, and wait for some when there are none.",
            tag: ProjectTask.table.name,
            parameters: [ResourceID.parameter],
            body: .json(LeaseInput.request),
            responses: [
                ResponseRule(200, "The leases; none when there was no work in time.", json: LeasesBody.schema),
                ResponseRule.problem(403, "The token is another agent's."),
                ResponseRule.problem(409, "The agent is draining or in quarantine, and not itself that asks."),
                ResourceRoutes<Agent>.notFound, ResourceRoutes<Agent>.invalid,
            ],
            rateClass: .work
        ) { request in
            let id = try ResourceID.of(request)
            let caller = try request.caller
            // Who may do everything may also ask in an agent's name: to see what it would get.
            guard caller.kind != .agent || caller.userID == id else {
                throw ProblemError(.forbidden, "an agent asks for work with its own token")
            }
            let count = request.json?["count"]?.integer.map { Int(clamping: $0) } ?? 1
            let wait = request.json?["wait_seconds"]?.double ?? 0
            if caller.kind != .agent { try await refuseUnwilling(id) }
            // Who is to end is told at once, rather than at the end of the wait.
            let isStopping = Mutex(false)
            let leased = try await tasks.lease(
                waitingFor: .milliseconds(Int64(wait * 1000)),
                isDraining: { isDraining() || request.isClientGone() || isStopping.withLock { $0 } },
                recheck: { connection in
                    // A task that nobody takes would wait for its lease to end, and count an attempt.
                    if request.isClientGone() { return nil }
                    return try agents.locked(id, in: connection).flatMap { agent in self.request(agent, [], count) }
                }
            ) {
                if request.isClientGone() { return nil }
                let (agent, records) = try await agents.withRecords(id)
                if caller.kind == .agent { try await agents.sighted(id, agent.presence) }
                isStopping.withLock { $0 = agent.isStopping }
                return self.request(agent, records, count)
            }
            let upstream = try await tasks.upstream(of: leased)
            return .json(LeasesBody(leased, upstream, isStopping: isStopping.withLock { $0 }))
        }
    }

    private var results: Route {
        Route(
            .post,
            "/api/v1/agents/{id}/results",
            access: .requires(.tasksWork),
            summary: "Hand in what several attempts gave; each is accepted or refused by itself.",
            tag: ProjectTask.table.name,
            parameters: [ResourceID.parameter],
            body: .json(ResultsInput.schema),
            responses: [
                ResponseRule(200, "What became of each, in order.", json: ResultsBody.schema),
                ResponseRule.problem(403, "The token is another agent's."), ResourceRoutes<Agent>.invalid,
            ],
            rateClass: .work
        ) { request in
            let id = try ResourceID.of(request)
            let caller = try request.caller
            guard caller.kind == .agent, caller.userID == id else {
                throw ProblemError(.forbidden, "an agent hands in results with its own token")
            }
            let results = try ResultsInput.results(request.json, of: id)
            let answers = try await tasks.finish(results, by: try request.origin)
            return .json(ResultsBody(zip(results, answers).map { ($0.taskID, $1) }))
        }
    }

    /// What an agent asks for, as it is now; nil when it is to get nothing.
    private func request(_ agent: Agent, _ records: [AgentTaskRecord], _ count: Int) -> LeaseRequest? {
        let concurrency = agent.trust.concurrency(agent.fields.concurrency, at: clock.now)
        if agent.isDraining || concurrency == 0 { return nil }
        var request = LeaseRequest(
            agentID: agent.id,
            capabilities: agent.fields.capabilities,
            labels: agent.fields.labels,
            concurrency: concurrency,
            countMax: count
        )
        for record in records {
            request.records[record.kind] = AttemptCounts(successes: record.successes, failures: record.failures)
        }
        return request
    }

    /// Notes that the agent lives which has renewed a lease.
    ///
    /// The renewal has been accepted, whatever comes of noting that; a failure is counted.
    private func heardOf(_ caller: Identity.Principal) async {
        guard caller.kind == .agent, let agent = try? await agents.get(caller.userID).agent else { return }
        try? await agents.sighted(agent.id, agent.presence)
    }

    /// Tells a person who asks in the name of an agent why that one gets nothing, rather than letting them wait.
    private func refuseUnwilling(_ id: UUIDv7) async throws {
        let agent = try await agents.get(id).agent
        if agent.isDraining { throw ProblemError(.conflict, "the agent is draining: it takes no new tasks") }
        if let quarantine = agent.trust.quarantine, agent.trust.concurrency(1, at: clock.now) == 0 {
            throw ProblemError(.conflict, "the agent is in quarantine until \(quarantine.probeAt.rfc3339)")
        }
    }

    private func use(
        _ word: String,
        _ summary: String,
        _ schema: JSONSchema,
        _ answer: ResponseRule,
        _ handler: @escaping @Sendable (UUIDv7, LeaseClaim, RouteRequest) async throws -> RouteResponse
    ) -> Route {
        Route(
            .post,
            ResourceRoutes<ProjectTask>.one + "/" + word,
            access: .requires(.tasksWork),
            summary: summary,
            tag: ProjectTask.table.name,
            parameters: [ResourceID.parameter],
            body: .json(schema),
            responses: [
                answer, ResourceRoutes<ProjectTask>.notFound, ResourceRoutes<ProjectTask>.invalid,
                Self.leaseLost,
            ],
            rateClass: .work
        ) { request in
            try await handler(try ResourceID.of(request), try LeaseInput.claim(request), request)
        }
    }
}

extension RateClass {
    /// What agents do with tasks, per agent: generous, since an agent that is refused loses its lease.
    package static let work = RateClass("work", Quota(60_000, perSeconds: 60))
}

/// What agents send about leases.
enum LeaseInput {
    static let request = JSONSchema.object([
        .optional("count", .integer(1...Int64(TaskLimits.leasesPerRequestMax)), "The most tasks; 1 at first."),
        .optional(
            "wait_seconds",
            .number(0...Double(TaskLimits.waitSecondsMax)),
            "How long to wait while there are none; 0 at first."
        ),
    ])

    static let token = JSONSchema.Property.required("token", .integer(1...Int64.max), "Of the lease.")

    static let cost = JSONSchema.Property.optional(
        "cost",
        .number(TaskLimits.costs).orNull,
        "What the attempt has cost so far, in the currency of the budget."
    )

    static let renewal = JSONSchema.object([
        token,
        .optional("fraction", .number(0...1).orNull, "How far the attempt is."),
        .optional("message", .string(0...TaskLimits.reportLengthMax).orNull, "What it is doing, in a line."),
        cost,
    ])

    static let result = JSONSchema.object([
        token, .optional("output", .dictionary(.anything, countMax: TaskInput.membersMax)), cost,
    ])

    static let failure = JSONSchema.object([
        token, .required("error", errorSchema), cost,
    ])

    static let errorSchema = JSONSchema.object([
        .required("class", .string(1...TaskLimits.errorClassLengthMax), "What a retry policy names."),
        .optional("message", .string(0...TaskLimits.errorMessageBytesMax)),
    ])

    /// What the body of a request shows of its lease.
    static func claim(_ request: RouteRequest) throws -> LeaseClaim {
        guard let token = request.json?["token"]?.integer else { throw ProblemError(.validationFailed) }
        return LeaseClaim(
            agentID: try request.caller.userID,
            token: token,
            cost: request.json?["cost"]?.double
        )
    }

    /// The lease of requests whose bodies are not JSON.
    static let tokenParameter = Parameter.query("token", .integer(1...Int64.max), isRequired: true, "Of the lease.")

    static func claim(ofQuery request: RouteRequest) throws -> LeaseClaim {
        LeaseClaim(agentID: try request.caller.userID, token: request.parameters.integer("token") ?? 0)
    }

    static func report(_ json: JSONValue?) -> TaskReport {
        TaskReport(fraction: json?["fraction"]?.double, message: json?["message"]?.string)
    }

    static func error(_ json: JSONValue?) -> TaskFailure {
        let error = json?["error"]
        return TaskFailure(error?["class"]?.string ?? "", error?["message"]?.string ?? "")
    }
}

/// The tasks that an agent got.
private struct LeasesBody: JSONWritable {
    static let schema = JSONSchema.object([
        .required(
            "leases",
            .array(
                of: .object([
                    .required("token", .integer(), "The fencing token: grows with each lease of the task."),
                    .required("deadline", .string(format: .dateTime), "To be renewed before."),
                    .required("task", TaskBody.schema),
                    .optional("upstream", .array(of: UpstreamBody.schema), "What it depends on; left out for nothing."),
                ])
            )
        ),
        .optional("stop", .boolean, "That the agent is to end once nothing runs; left out while it is not."),
    ])

    private let tasks: [ProjectTask]
    private let upstream: [UUIDv7: [UpstreamResult]]
    private let isStopping: Bool

    init(_ tasks: [ProjectTask], _ upstream: [UUIDv7: [UpstreamResult]], isStopping: Bool) {
        self.tasks = tasks
        self.upstream = upstream
        self.isStopping = isStopping
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.key("leases")
            json.array { json in
                for task in tasks {
                    guard let lease = task.progress.lease else { continue }
                    json.object { json in
                        json.member("token", Int(task.progress.token))
                        json.member("deadline", lease.deadline.rfc3339)
                        json.member("task", TaskBody(task))
                        if let results = upstream[task.id] {
                            json.member("upstream", results.map { UpstreamBody($0) })
                        }
                    }
                }
            }
            if isStopping { json.member("stop", true) }
        }
    }
}

/// What a task gave that was to end first.
private struct UpstreamBody: JSONWritable {
    static let schema = JSONSchema.object([
        .required("task_id", .string(format: .uuid)), .required("name", .string()), .required("kind", .string()),
        .required("role", .nullable(.oneOf(PlanRole.self)), "Its part in a plan; null for a task of none."),
        .required("status", .oneOf(TaskStatus.self)),
        .required("output", .anything, "Null when it did not succeed."),
        .optional(
            "output_omitted",
            .boolean,
            "That the output is left out since all together are longer than \(TaskLimits.upstreamBytesMax) bytes, or the answer "
                + "would become too long: ask for the task itself."
        ),
    ])

    private let result: UpstreamResult

    init(_ result: UpstreamResult) { self.result = result }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("task_id", result.taskID.description)
            json.member("name", result.name)
            json.member("kind", result.kind)
            json.member("role", orNull: result.role?.rawValue)
            json.member("status", result.status.rawValue)
            json.member("output", result.output ?? .null)
            if result.isOmitted { json.member("output_omitted", true) }
        }
    }
}

/// What a renewal gave.
private struct RenewalBody: JSONWritable {
    static let schema = JSONSchema.object([
        .required("deadline", .string(format: .dateTime), "To be renewed before.")
    ])

    let deadline: Timestamp

    func write(to json: inout JSONWriter) {
        json.object { $0.member("deadline", deadline.rfc3339) }
    }
}
