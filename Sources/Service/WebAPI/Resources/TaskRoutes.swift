import APIModel
package import Agents
import Basics
package import HTTP
import HTTPTypes
import JSON
import Records
package import Tasks

/// The tasks: the work of the projects, as people see it.
package struct TaskRoutes: Sendable {
    private typealias Shared = ResourceRoutes<ProjectTask>

    private let tasks: TaskRepository
    private let agents: AgentRepository
    private let shared: Shared

    package init(tasks: TaskRepository, agents: AgentRepository) {
        self.tasks = tasks
        self.agents = agents
        shared = Shared { try await tasks.get($0).version }
    }

    package var routes: [Route] {
        [
            list, create, get, delete, depend, why, reject,
            step("approve", "Let a task be begun that waits for approval.") {
                try await tasks.approve($0, expecting: $1, by: $2)
            },
            step("pause", "Hold back a task that has not begun.") { try await tasks.pause($0, expecting: $1, by: $2) },
            step("resume", "Let a task go on that was held back.") {
                try await tasks.resume($0, expecting: $1, by: $2)
            },
            step("cancel", "End a task; one that runs loses its lease.") {
                try await tasks.cancel($0, expecting: $1, by: $2)
            },
            step("retry", "Try a dead or cancelled task again, with all its attempts.") {
                try await tasks.retry($0, expecting: $1, by: $2)
            },
        ].map(\.mappingErrors)
    }

    private static let task = ResponseRule(200, "The task.", json: TaskBody.schema)
    private static let notPossible = ResponseRule.problem(
        409,
        "Its status does not allow that, or, for a retry, its project was deleted."
    )

    private var list: Route {
        Route(
            .get,
            Shared.path,
            access: .requires(.tasksRead),
            summary: "Tasks by filters, a page at a time.",
            tag: Shared.tag,
            parameters: TaskListParameters.all,
            responses: [ResponseRule(200, "A page of tasks.", json: .page(of: TaskBody.schema))]
        ) { request in
            .json(try await tasks.list(try TaskListParameters.query(request)).map { TaskBody($0) })
        }
    }

    private var create: Route {
        Route(
            .post,
            Shared.path,
            access: .requires(.tasksWrite),
            summary: "Make a task.",
            tag: Shared.tag,
            parameters: [
                .header(
                    "Idempotency-Key",
                    .string(1...IdempotencyKey.lengthMax + 2),
                    "The client's name for this creation: within 24 hours the same request with it creates nothing more."
                )
            ],
            body: .json(TaskInput.schema),
            responses: [
                ResponseRule(
                    201,
                    "The new task, or the one that an earlier request with the key made, as it is now.",
                    json: TaskBody.schema
                ),
                ResponseRule.problem(404, "The task that an earlier request with the key made was deleted."),
                ResponseRule.problem(409, "The idempotency key or the unique key is another task's."),
                Shared.invalid,
            ]
        ) { request in
            let creation = try await tasks.create(
                try TaskInput.task(request.json),
                idempotencyKey: try IdempotencyKey(request.head.headerFields)?.value,
                by: try request.origin
            )
            var headers: HTTPFields = [:]
            if creation.isReplay, let name = HTTPField.Name("Idempotency-Replayed") { headers[name] = "true" }
            return Shared.created(TaskBody(creation.task), creation.task, headers)
        }
    }

    private var get: Route {
        Route(
            .get,
            Shared.one,
            access: .requires(.tasksRead),
            summary: "A task, with its dependencies and attempts.",
            tag: Shared.tag,
            parameters: [ResourceID.parameter],
            responses: [ResponseRule(200, "The task.", json: TaskDetailsBody.schema), Shared.notFound]
        ) { request in
            // Never 304: the tag tells the version of the record, while attempts move on without it.
            let details = try await tasks.details(try ResourceID.of(request))
            return Shared.answer(TaskDetailsBody(details), version: details.task.version)
        }
    }

    private var delete: Route {
        shared.change(
            .delete,
            .tasksWrite,
            "Delete a task that has ended: it is found no more, but its activities stay.",
            responses: [ResponseRule(204, "The task is deleted."), Self.notPossible]
        ) { request, id, expected in
            try await tasks.delete(id, expecting: expected, by: try request.origin)
            return .noContent
        }
    }

    private var depend: Route {
        shared.change(
            .post,
            at: "/dependencies",
            .tasksWrite,
            "Have a task that has not begun depend on a further one.",
            body: .json(TaskInput.dependencySchema),
            responses: [
                Self.task, ResponseRule.problem(409, "It would close a cycle, or the task has begun."), Shared.invalid,
            ]
        ) { request, id, expected in
            let dependency = try TaskInput.dependency(request.json)
            return Self.answer(try await tasks.add(dependency, to: id, expecting: expected, by: try request.origin))
        }
    }

    private var why: Route {
        Route(
            .get,
            Shared.one + "/why",
            access: .requires(.tasksRead),
            summary: "Why a task is not done yet, or how it came to its end.",
            tag: Shared.tag,
            parameters: [ResourceID.parameter],
            responses: [ResponseRule(200, "The reasons.", json: WhyBody.schema), Shared.notFound]
        ) { request in
            .json(WhyBody(try await tasks.why(try ResourceID.of(request)) { try await roster($0) }))
        }
    }

    /// How many agents could do a task, and how those are.
    private func roster(_ need: AgentNeed) async throws -> AgentRoster {
        var roster = AgentRoster()
        for observed in try await agents.all() {
            let fields = observed.agent.fields
            guard need.isMet(capabilities: fields.capabilities, labels: fields.labels) else { continue }
            roster.able += 1
            switch observed.status {
            case .online: roster.online += 1
            case .quarantined:
                roster.online += 1
                roster.quarantined += 1
            case .draining, .stopped, .late, .offline, .neverSeen: break
            }
        }
        return roster
    }

    private var reject: Route {
        shared.change(
            .post,
            at: "/reject",
            .tasksWrite,
            "End a task that waits for approval: it is not to be done.",
            body: .json(Self.rejection, isRequired: false),
            responses: [Self.task, Self.notPossible, Shared.invalid]
        ) { request, id, expected in
            let reason = request.json?["reason"]?.string ?? ""
            return Self.answer(try await tasks.reject(id, reason: reason, expecting: expected, by: try request.origin))
        }
    }

    private static let rejection = JSONSchema.object([
        .optional("reason", .string(0...TaskLimits.errorMessageBytesMax), "What people are told as the task's error.")
    ])

    private func step(
        _ word: String,
        _ summary: String,
        _ change: @escaping @Sendable (UUIDv7, ExpectedVersion?, ChangeOrigin) async throws -> ProjectTask
    ) -> Route {
        let responses = [Self.task, Self.notPossible]
        return shared.change(.post, at: "/" + word, .tasksWrite, summary, responses: responses) {
            (request: RouteRequest, id: UUIDv7, expected: ExpectedVersion?) in
            Self.answer(try await change(id, expected, try request.origin))
        }
    }

    private static func answer(_ task: ProjectTask) -> RouteResponse {
        Shared.answer(TaskBody(task), version: task.version)
    }
}
