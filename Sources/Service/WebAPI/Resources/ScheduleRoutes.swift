import APIModel
import Basics
package import HTTP
import HTTPTypes
import JSON
import Records
package import Schedules
import Tasks

/// The schedules: what makes a project's tasks by the clock.
package struct ScheduleRoutes: Sendable {
    private typealias Shared = ResourceRoutes<Schedule>

    /// How often a patch without `If-Match` is made anew because the schedule was changed in between.
    private static let patchAttemptsMax = 5

    private let schedules: ScheduleRepository
    private let shared: Shared

    package init(schedules: ScheduleRepository) {
        self.schedules = schedules
        shared = Shared { try await schedules.get($0).version }
    }

    package var routes: [Route] {
        [
            list, create, get, replace, patch, delete, run, next, preview,
            step("pause", "Have due times pass without tasks.") {
                try await schedules.pause($0, expecting: $1, by: $2)
            },
            step("resume", "Have due times make tasks again, from the next one on.") {
                try await schedules.resume($0, expecting: $1, by: $2)
            },
        ].map(\.mappingErrors)
    }

    private static let schedule = ResponseRule(200, "The schedule.", json: ScheduleBody.schema)
    private static let dueTimes = ResponseRule(200, "The due times.", json: DueTimesBody.schema)
    private static let unreadable = ResponseRule.problem(409, "This server does not know its time zone any more.")
    private static let idempotencyKey = Parameter.header(
        "Idempotency-Key",
        .string(1...IdempotencyKey.lengthMax + 2),
        "The client's name for this creation: within 24 hours the same request with it creates nothing more."
    )

    private var list: Route {
        Route(
            .get,
            Shared.path,
            access: .requires(.tasksRead),
            summary: "Schedules by filters, a page at a time.",
            tag: Shared.tag,
            parameters: [
                .query("project", .string(format: .uuid)),
                .query("paused", .boolean, "Only those that are paused, or only those that are not."),
            ] + PageParameters.list(ScheduleListQuery.self, words: "name, or of the name or kind of its tasks"),
            responses: [ResponseRule(200, "A page of schedules.", json: .page(of: ScheduleBody.schema))]
        ) { request in
            var query: ScheduleListQuery = PageParameters.query(request)
            if let text = request.parameters.string("project") {
                guard let id = UUIDv7(text) else {
                    throw ProblemMapping.invalidParameter("project", "must be a UUID, version 7")
                }
                query.projectID = id
            }
            query.isPaused = request.parameters.boolean("paused")
            return .json(try await schedules.list(query).map { ScheduleBody($0) })
        }
    }

    private var create: Route {
        Route(
            .post,
            Shared.path,
            access: .requires(.tasksWrite),
            summary: "Make a schedule; its first due time is the first one after now.",
            tag: Shared.tag,
            parameters: [Self.idempotencyKey],
            body: .json(ScheduleInput.schema),
            responses: [
                ResponseRule(
                    201,
                    "The new schedule, or the one that an earlier request with the key made, as it is now.",
                    json: ScheduleBody.schema
                ),
                ResponseRule.problem(404, "The schedule that an earlier request with the key made was deleted."),
                ResponseRule.problem(409, "The key was used for another content, or there are too many schedules."),
                Shared.invalid,
            ]
        ) { request in
            let creation = try await schedules.create(
                try ScheduleInput.fields(request.json),
                idempotencyKey: try IdempotencyKey(request.head.headerFields)?.value,
                by: try request.origin
            )
            let headers = Self.replayed(creation.isReplay)
            return Shared.created(ScheduleBody(creation.schedule), creation.schedule, headers)
        }
    }

    private var get: Route {
        Route(
            .get,
            Shared.one,
            access: .requires(.tasksRead),
            summary: "A schedule.",
            tag: Shared.tag,
            parameters: [ResourceID.parameter],
            responses: [Self.schedule, Shared.notFound]
        ) { request in
            // Never 304: the tag tells the version of the record, while due times move on without it.
            Self.answer(try await schedules.get(try ResourceID.of(request)))
        }
    }

    private var replace: Route {
        shared.change(
            .put,
            .tasksWrite,
            "Replace the fields of a schedule; what is left out gets its default.",
            body: .json(ScheduleInput.schema),
            responses: [Self.schedule, Shared.invalid]
        ) { request, id, expected in
            let fields = try ScheduleInput.fields(request.json)
            return Self.answer(
                try await schedules.replace(id, with: fields, expecting: expected, by: try request.origin)
            )
        }
    }

    private var patch: Route {
        shared.change(
            .patch,
            .tasksWrite,
            "Change some fields of a schedule, or of its task (JSON merge patch); lists are replaced as a whole.",
            body: .json(ScheduleInput.patchSchema),
            responses: [Self.schedule, Shared.invalid]
        ) { request, id, expected in
            let origin = try request.origin
            var attempt = 1
            while true {
                let current = try await schedules.get(id)
                let fields = try ScheduleInput.fields(current.fields, patchedBy: request.json)
                do {
                    let version = expected ?? .exactly(current.version)
                    return Self.answer(try await schedules.replace(id, with: fields, expecting: version, by: origin))
                } catch let error as ScheduleError {
                    // Someone was faster; with a version of the caller's own that is for the caller to know.
                    guard case .versionMismatch = error, expected == nil, attempt < Self.patchAttemptsMax else {
                        throw error
                    }
                    attempt += 1
                }
            }
        }
    }

    private var delete: Route {
        shared.change(
            .delete,
            .tasksWrite,
            "Delete a schedule: it makes no more tasks; those that it made stay.",
            responses: [ResponseRule(204, "The schedule is deleted.")]
        ) { request, id, expected in
            try await schedules.delete(id, expecting: expected, by: try request.origin)
            return .noContent
        }
    }

    private var run: Route {
        Route(
            .post,
            Shared.one + "/run",
            access: .requires(.tasksWrite),
            summary:
                "Make a task of a schedule now, also while it is paused or its last task runs; its due times stay.",
            tag: Shared.tag,
            parameters: [ResourceID.parameter, Self.idempotencyKey],
            responses: [
                ResponseRule(201, "The new task, or that of an earlier request with the key.", json: TaskBody.schema),
                Shared.notFound,
                ResponseRule.problem(409, "The idempotency key or the unique key is another task's."),
                ResponseRule.problem(422, "The project was deleted."),
            ]
        ) { request in
            let creation = try await schedules.run(
                try ResourceID.of(request),
                idempotencyKey: try IdempotencyKey(request.head.headerFields)?.value,
                by: try request.origin
            )
            return ResourceRoutes<ProjectTask>.created(
                TaskBody(creation.task),
                creation.task,
                Self.replayed(creation.isReplay)
            )
        }
    }

    private var next: Route {
        Route(
            .get,
            Shared.one + "/next",
            access: .requires(.tasksRead),
            summary: "The next due times of a schedule, as they would come if it were not paused.",
            tag: Shared.tag,
            parameters: [
                ResourceID.parameter,
                .query(
                    "count",
                    .integer(1...Int64(ScheduleLimits.previewItemsMax)),
                    "\(ScheduleLimits.previewItemsDefault) when it is left out."
                ),
            ],
            responses: [Self.dueTimes, Shared.notFound, Self.unreadable]
        ) { request in
            let count = ScheduleInput.count(request.parameters.integer("count"))
            return .json(DueTimesBody(try await schedules.preview(try ResourceID.of(request), countMax: count)))
        }
    }

    private var preview: Route {
        Route(
            .post,
            Shared.path + "/preview",
            access: .requires(.tasksRead),
            summary: "The next due times of an expression; nothing is stored.",
            tag: Shared.tag,
            body: .json(ScheduleInput.previewSchema),
            responses: [Self.dueTimes, Shared.invalid]
        ) { request in
            let count = ScheduleInput.count(request.json?["count"]?.integer)
            let clock = try ScheduleInput.clock(request.json)
            return .json(DueTimesBody(try await schedules.preview(clock, countMax: count)))
        }
    }

    private func step(
        _ word: String,
        _ summary: String,
        _ change: @escaping @Sendable (UUIDv7, ExpectedVersion?, ChangeOrigin) async throws -> Schedule
    ) -> Route {
        let responses = [Self.schedule, Self.unreadable]
        return shared.change(.post, at: "/" + word, .tasksWrite, summary, responses: responses) {
            (request: RouteRequest, id: UUIDv7, expected: ExpectedVersion?) in
            Self.answer(try await change(id, expected, try request.origin))
        }
    }

    private static func answer(_ schedule: Schedule) -> RouteResponse {
        Shared.answer(ScheduleBody(schedule), version: schedule.version)
    }

    private static func replayed(_ isReplay: Bool) -> HTTPFields {
        var headers: HTTPFields = [:]
        if isReplay, let name = HTTPField.Name("Idempotency-Replayed") { headers[name] = "true" }
        return headers
    }
}
