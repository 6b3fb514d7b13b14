import APIModel
package import HTTP
import HTTPTypes
import JSON
import Records
package import Tasks

/// What is done with several tasks at once: plans by strategy, a coordinator's children, dead letters.
package struct PlanRoutes: Sendable {
    private let tasks: TaskRepository

    package init(tasks: TaskRepository) { self.tasks = tasks }

    package var routes: [Route] { [coordinate, spawn, retry].map(\.mappingErrors) }

    private static func key(_ description: String) -> Parameter {
        .header("Idempotency-Key", .string(1...IdempotencyKey.lengthMax + 2), description)
    }

    private static func replayed(_ isReplay: Bool) -> HTTPFields {
        guard isReplay, let name = HTTPField.Name("Idempotency-Replayed") else { return [:] }
        return [name: "true"]
    }

    private var coordinate: Route {
        Route(
            .post,
            "/api/v1/rnd/coordinate",
            access: .requires(.tasksWrite),
            summary: "Make several tasks one piece of work, by a strategy: all of them, or none.",
            tag: ProjectTask.table.name,
            parameters: [
                Self.key(
                    "The client's name for this creation: within 24 hours the same request with it creates nothing more."
                )
            ],
            body: .json(PlanInput.schema),
            responses: [
                ResponseRule(
                    201,
                    "The new plan, or the one that an earlier request with the key made, as it is now.",
                    json: PlanBody.schema
                ),
                ResponseRule.problem(409, "The idempotency key or a unique key is another's."),
                ResourceRoutes<ProjectTask>.invalid,
            ]
        ) { request in
            let creation = try await tasks.coordinate(
                try PlanInput.plan(request.json),
                idempotencyKey: try IdempotencyKey(request.head.headerFields)?.value,
                by: try request.origin
            )
            var headers = Self.replayed(creation.isReplay)
            headers[.location] = "\(ResourceRoutes<ProjectTask>.path)?plan=\(creation.plan.id)"
            return .json(PlanBody(creation.plan), status: .created, headers: headers)
        }
    }

    private var spawn: Route {
        Route(
            .post,
            ResourceRoutes<ProjectTask>.one + "/children",
            access: .requires(.tasksWork),
            summary: "Make tasks while the coordinator of a plan runs; the plan's merge waits for them.",
            tag: ProjectTask.table.name,
            parameters: [
                ResourceID.parameter,
                Self.key(
                    "Belongs to the task: a later request with it, also of a later attempt, creates nothing more."
                ),
            ],
            body: .json(PlanInput.childrenSchema),
            responses: [
                ResponseRule(201, "The tasks.", json: ChildrenBody.schema), ResourceRoutes<ProjectTask>.notFound,
                ResourceRoutes<ProjectTask>.invalid,
                ResponseRule.problem(
                    409,
                    "The lease is not the caller's, the task coordinates nothing or has made as many as it may, "
                        + "or a unique key is another's."
                ),
            ],
            rateClass: .work
        ) { request in
            let id = try ResourceID.of(request)
            let project = try await tasks.get(id).fields.projectID
            let (made, isReplay) = try await tasks.spawn(
                from: id,
                try LeaseInput.claim(request),
                try PlanInput.list(request.json?["tasks"], project),
                idempotencyKey: try IdempotencyKey(request.head.headerFields)?.value,
                by: try request.origin
            )
            return .json(ChildrenBody(tasks: made), status: .created, headers: Self.replayed(isReplay))
        }
    }

    private var retry: Route {
        Route(
            .post,
            ResourceRoutes<ProjectTask>.path + "/retry",
            access: .requires(.tasksWrite),
            summary: "Try dead tasks again with all their attempts, many at a time; or say which those would be.",
            tag: ProjectTask.table.name,
            body: .json(PlanInput.retrySchema),
            responses: [
                ResponseRule(200, "What it came to.", json: DeadLetterRetryBody.schema),
                ResourceRoutes<ProjectTask>.invalid,
            ]
        ) { request in
            let isDryRun = request.json?["dry_run"]?.boolean ?? false
            let limit = request.json?["limit"]?.integer.map { Int(clamping: $0) }
            let result = try await tasks.retryDeadLetters(
                try PlanInput.deadLetters(request.json),
                isDryRun: isDryRun,
                limit: limit ?? TaskLimits.bulkRetryTasksDefault,
                by: try request.origin
            )
            return .json(DeadLetterRetryBody(isDryRun: isDryRun, result: result))
        }
    }
}
