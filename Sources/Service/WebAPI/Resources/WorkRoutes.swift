import APIModel
package import Agents
import Basics
package import HTTP
import HTTPTypes
import JSON
import Records
package import Tasks

/// How work stands: tasks counted and connected, and what agents make of them.
package struct WorkRoutes: Sendable {
    private let tasks: TaskRepository
    private let agents: AgentRepository

    package init(tasks: TaskRepository, agents: AgentRepository) {
        self.tasks = tasks
        self.agents = agents
    }

    package var routes: [Route] { [counts, graph, work, attempts].map(\.mappingErrors) }

    private var counts: Route {
        Route(
            .get,
            ResourceRoutes<ProjectTask>.path + "/counts",
            access: .requires(.tasksRead),
            summary: "How many tasks the filters of the list admit, by status.",
            tag: ProjectTask.table.name,
            parameters: TaskListParameters.filtersAndWords,
            responses: [ResponseRule(200, "The counts.", json: TaskCountsBody.schema)]
        ) { request in
            .json(TaskCountsBody(counts: try await tasks.counts(try TaskListParameters.query(request))))
        }
    }

    private var graph: Route {
        Route(
            .get,
            ResourceRoutes<ProjectTask>.one + "/graph",
            access: .requires(.tasksRead),
            summary: "What is connected with a task by dependencies, however long the way is, the nearest first.",
            tag: ProjectTask.table.name,
            parameters: [
                ResourceID.parameter,
                .query(
                    "limit",
                    .integer(1...Int64(TaskLimits.neighboursMax)),
                    "How many tasks at most; \(TaskLimits.neighboursDefault) when it is left out."
                ),
            ],
            responses: [
                ResponseRule(200, "The tasks and their dependencies.", json: TaskGraphBody.schema),
                ResourceRoutes<ProjectTask>.notFound,
            ]
        ) { request in
            let limit = request.parameters.integer("limit").map { Int($0) } ?? TaskLimits.neighboursDefault
            return .json(TaskGraphBody(try await tasks.neighbourhood(of: try ResourceID.of(request), limit: limit)))
        }
    }

    private var work: Route {
        Route(
            .get,
            ResourceRoutes<Agent>.path + "/work",
            access: .requires(.tasksRead),
            summary: "What some agents do now, and how their newest \(TaskLimits.recordAttemptsMax) attempts ended.",
            tag: ResourceRoutes<Agent>.tag,
            parameters: [
                .query(
                    "id",
                    .array(of: .string(format: .uuid), count: 1...TaskLimits.agentsPerRequestMax),
                    isRequired: true,
                    "May be repeated."
                )
            ],
            responses: [
                ResponseRule(200, "The agents' work.", json: .object([.required("items", .array(of: WorkBody.schema))]))
            ]
        ) { request in
            var seen: Set<UUIDv7> = []
            let ids = request.parameters.strings("id").compactMap { UUIDv7($0) }.filter { seen.insert($0).inserted }
            return .json(Items(try await tasks.work(of: ids).map { WorkBody(work: $0) }))
        }
    }

    private var attempts: Route {
        Route(
            .get,
            ResourceRoutes<Agent>.one + "/attempts",
            access: .requires(.tasksRead),
            summary: "An agent's newest attempts at tasks, newest first.",
            tag: ResourceRoutes<Agent>.tag,
            parameters: [ResourceID.parameter, PageParameters.limit(max: TaskLimits.attemptsPerRequestMax)],
            responses: [
                ResponseRule(
                    200,
                    "The attempts.",
                    json: .object([.required("items", .array(of: AgentAttemptBody.schema))])
                ), ResourceRoutes<Agent>.notFound,
            ]
        ) { request in
            let id = try await agents.get(try ResourceID.of(request)).agent.id
            let attempts = try await tasks.attempts(of: id, limit: PageParameters.limit(request))
            return .json(Items(attempts.map { AgentAttemptBody(attempt: $0) }))
        }
    }
}

/// A list that is whole.
private struct Items<Item: JSONWritable & Sendable>: JSONWritable {
    private let items: [Item]

    init(_ items: [Item]) { self.items = items }

    func write(to json: inout JSONWriter) {
        json.object { $0.member("items", items) }
    }
}
