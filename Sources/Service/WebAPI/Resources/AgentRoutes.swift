import APIModel
package import Agents
package import Basics
package import HTTP
import HTTPTypes
import Identity
import Projects

/// The agents: the programs that do the projects' work.
package struct AgentRoutes: Sendable {
    private let agents: AgentRepository
    private let clock: any WallClock

    package init(agents: AgentRepository, clock: any WallClock) {
        self.agents = agents
        self.clock = clock
    }

    package var routes: [Route] {
        [
            list, register, get, replace, delete, heartbeat, rotateToken,
            draining("drain", true, "Tell an agent to take no new tasks."),
            draining("undrain", false, "Tell an agent to take tasks again."),
        ].map(\.mappingErrors)
    }

    private static let path = "/api/v1/agents"
    private static let notFound = ResponseRule(404, "There is no such agent.", json: .problem)
    private static let outdated = ResponseRule(412, "The agent was changed meanwhile.", json: .problem)
    private static let nameTaken = ResponseRule(409, "Another agent has this name.", json: .problem)
    private static let invalid = ResponseRule(422, "Fields break their rules.", json: .problem)

    private var list: Route {
        Route(
            .get,
            Self.path,
            access: .requires(.agentsRead),
            summary: "Agents by filters, a page at a time, with their statuses now.",
            tag: "agents",
            parameters: AgentListParameters.all,
            responses: [ResponseRule(200, "A page of agents.", json: .page(of: AgentBody.schema))]
        ) { request in
            let page = try await agents.list(AgentListParameters.query(request))
            return .json(APIModel.Page(items: page.items.map { AgentBody($0) }, nextCursor: page.nextCursor))
        }
    }

    private var register: Route {
        Route(
            .post,
            Self.path,
            access: .requires(.agentsWrite),
            summary: "Register an agent; the answer shows its token, this once.",
            tag: "agents",
            body: .json(AgentInput.schema),
            responses: [
                ResponseRule(201, "The new agent and its token.", json: RegistrationBody.schema), Self.nameTaken,
                Self.invalid,
            ]
        ) { request in
            let registration = try await agents.register(try AgentInput.fields(request.json), by: try request.origin)
            let agent = registration.agent
            return .json(
                RegistrationBody(registration, at: clock.now),
                status: .created,
                headers: [
                    .location: "\(Self.path)/\(agent.id)", .eTag: EntityTag(version: agent.version).description,
                ]
            )
        }
    }

    private var get: Route {
        Route(
            .get,
            Self.path + "/{id}",
            access: .requires(.agentsRead),
            summary: "An agent, with its status now.",
            tag: "agents",
            parameters: [ResourceID.parameter],
            responses: [ResponseRule(200, "The agent.", json: AgentBody.schema), Self.notFound]
        ) { request in
            // Never 304: the tag tells the version of the record, while status and heartbeat move on without it.
            Self.answer(try await agents.get(try ResourceID.of(request)))
        }
    }

    private var replace: Route {
        Route(
            .put,
            Self.path + "/{id}",
            access: .requires(.agentsWrite),
            summary: "Replace the fields of an agent; what is left out gets its default.",
            tag: "agents",
            parameters: [ResourceID.parameter, VersionCondition.parameter],
            body: .json(AgentInput.schema),
            responses: [
                ResponseRule(200, "The agent.", json: AgentBody.schema), Self.notFound, Self.nameTaken, Self.outdated,
                Self.invalid,
            ]
        ) { request in
            let id = try ResourceID.of(request)
            let fields = try AgentInput.fields(request.json)
            let expected = try await expectedVersion(request, id)
            return Self.answer(try await agents.replace(id, with: fields, expecting: expected, by: try request.origin))
        }
    }

    private var delete: Route {
        Route(
            .delete,
            Self.path + "/{id}",
            access: .requires(.agentsDelete),
            summary: "Delete an agent: its tokens are good no more and its name is free; its activities stay.",
            tag: "agents",
            parameters: [ResourceID.parameter, VersionCondition.parameter],
            responses: [ResponseRule(204, "The agent is deleted."), Self.notFound, Self.outdated]
        ) { request in
            let id = try ResourceID.of(request)
            let expected = try await expectedVersion(request, id)
            try await agents.delete(id, expecting: expected, by: try request.origin)
            return .noContent
        }
    }

    private var heartbeat: Route {
        Route(
            .post,
            Self.path + "/{id}/heartbeat",
            access: .authenticated,
            summary: "Say that an agent lives: with its own token, or with the permission agents.write.",
            tag: "agents",
            parameters: [ResourceID.parameter],
            body: .json(AgentInput.heartbeatSchema, isRequired: false),
            responses: [
                ResponseRule(200, "What the agent is to know.", json: HeartbeatBody.schema),
                ResponseRule(403, "The token is another agent's.", json: .problem), Self.notFound, Self.invalid,
            ],
            rateClass: .heartbeat
        ) { request in
            let id = try ResourceID.of(request)
            let caller = try request.caller
            guard caller.kind == .agent && caller.userID == id || caller.permissions.contains(.agentsWrite) else {
                throw ProblemError(.forbidden, "an agent's own token is needed, or the permission agents.write")
            }
            return .json(HeartbeatBody(try await agents.heartbeat(id, AgentInput.heartbeat(request.json))))
        }
    }

    private var rotateToken: Route {
        Route(
            .post,
            Self.path + "/{id}/token",
            access: .requires(.agentsWrite),
            summary: "Give an agent a new token; the old ones are good no more.",
            tag: "agents",
            parameters: [ResourceID.parameter, VersionCondition.parameter],
            responses: [
                ResponseRule(200, "The agent and its token.", json: RegistrationBody.schema), Self.notFound,
                Self.outdated,
            ]
        ) { request in
            let id = try ResourceID.of(request)
            let expected = try await expectedVersion(request, id)
            let registration = try await agents.rotateToken(id, expecting: expected, by: try request.origin)
            return .json(RegistrationBody(registration, at: clock.now))
        }
    }

    private func draining(_ word: String, _ isDraining: Bool, _ summary: String) -> Route {
        Route(
            .post,
            Self.path + "/{id}/" + word,
            access: .requires(.agentsWrite),
            summary: summary,
            tag: "agents",
            parameters: [ResourceID.parameter, VersionCondition.parameter],
            responses: [ResponseRule(200, "The agent.", json: AgentBody.schema), Self.notFound, Self.outdated]
        ) { request in
            let id = try ResourceID.of(request)
            let expected = try await expectedVersion(request, id)
            return Self.answer(
                try await agents.setDraining(isDraining, id, expecting: expected, by: try request.origin)
            )
        }
    }

    private func expectedVersion(_ request: RouteRequest, _ id: UUIDv7) async throws -> ExpectedVersion? {
        try await VersionCondition(request).expected { try await agents.get(id).agent.version }
    }

    private static func answer(_ observed: ObservedAgent) -> RouteResponse {
        .json(AgentBody(observed), headers: [.eTag: EntityTag(version: observed.agent.version).description])
    }
}

extension RateClass {
    /// Heartbeats, per agent: generous, since an agent that is refused counts as late.
    package static let heartbeat = RateClass("heartbeat", Quota(600, perSeconds: 60))
}

/// The parameters of the list of agents.
private enum AgentListParameters {
    static let all: [Parameter] = [
        .query(
            "status",
            .array(of: .oneOf(AgentStatus.self), count: 0...AgentStatus.allCases.count),
            "May be repeated."
        ),
        .query("type", .oneOf(AgentType.self)),
        .query("capability", .string(1...AgentLimits.capabilityLengthMax)),
        .query(
            "q",
            .string(1...AgentLimits.searchLengthMax),
            "Every word of it begins some word of the name, description, type or capabilities."
        ),
        .query(
            "sort",
            .oneOf(AgentListQuery.SortKey.allCases.flatMap { [$0.rawValue, "-" + $0.rawValue] }),
            "-created_at at first."
        ),
        PageParameters.limit(max: AgentLimits.pageItemsMax), PageParameters.cursor,
    ]

    static func query(_ request: RouteRequest) -> AgentListQuery {
        let parameters = request.parameters
        var query = AgentListQuery()
        query.statuses = Set(parameters.strings("status").compactMap { AgentStatus(rawValue: $0) })
        query.type = parameters.string("type").flatMap { AgentType(rawValue: $0) }
        query.capability = parameters.string("capability")
        query.text = parameters.string("q")
        if let sort = parameters.string("sort") {
            query.isDescending = sort.hasPrefix("-")
            query.sortKey = AgentListQuery.SortKey(rawValue: String(sort.drop { $0 == "-" })) ?? .createdAt
        }
        query.cursor = parameters.string("cursor")
        query.limit = PageParameters.limit(request, max: AgentLimits.pageItemsMax)
        return query
    }
}
