import APIModel
package import Agents
package import Basics
package import HTTP
import HTTPTypes
import Identity
import Records

/// The agents: the programs that do the projects' work.
package struct AgentRoutes: Sendable {
    private typealias Shared = ResourceRoutes<Agent>

    private let agents: AgentRepository
    private let clock: any WallClock
    private let shared: Shared

    package init(agents: AgentRepository, clock: any WallClock) {
        self.agents = agents
        self.clock = clock
        shared = Shared { try await agents.get($0).agent.version }
    }

    package var routes: [Route] {
        [
            list, register, me, get, replace, delete, heartbeat, rotateToken, stop,
            draining("drain", true, "Tell an agent to take no new tasks."),
            draining("undrain", false, "Tell an agent to take tasks again."),
        ].map(\.mappingErrors)
    }

    private static let agent = ResponseRule(200, "The agent.", json: AgentBody.schema)
    private static let nameTaken = ResponseRule.problem(409, "Another agent has this name.")

    private var list: Route {
        Route(
            .get,
            Shared.path,
            access: .requires(.agentsRead),
            summary: "Agents by filters, a page at a time, with their statuses now.",
            tag: Shared.tag,
            parameters: AgentListParameters.all,
            responses: [ResponseRule(200, "A page of agents.", json: .page(of: AgentBody.schema))]
        ) { request in
            let page = try await agents.list(AgentListParameters.query(request))
            return .json(page.map { AgentBody($0) })
        }
    }

    private var register: Route {
        Route(
            .post,
            Shared.path,
            access: .requires(.agentsWrite),
            summary: "Register an agent; the answer shows its token, this once.",
            tag: Shared.tag,
            body: .json(AgentInput.schema),
            responses: [
                ResponseRule(201, "The new agent and its token.", json: RegistrationBody.schema), Self.nameTaken,
                Shared.invalid,
            ]
        ) { request in
            let registration = try await agents.register(try AgentInput.fields(request.json), by: try request.origin)
            return Shared.created(RegistrationBody(registration, at: clock.now), registration.agent)
        }
    }

    private var me: Route {
        Route(
            .get,
            Shared.path + "/me",
            access: .authenticated,
            summary: "The agent whose token is sent: a worker that knows nothing but its token learns who it is.",
            tag: Shared.tag,
            responses: [
                ResponseRule(200, "The agent.", json: AgentBody.schema),
                ResponseRule.problem(404, "The caller is no agent."),
            ]
        ) { request in
            let caller = try request.caller
            guard caller.kind == .agent else { throw ProblemError(.notFound, "the token is no agent's") }
            return Self.answer(try await agents.get(caller.userID))
        }
    }

    private var get: Route {
        Route(
            .get,
            Shared.one,
            access: .requires(.agentsRead),
            summary: "An agent, with its status now.",
            tag: Shared.tag,
            parameters: [ResourceID.parameter],
            responses: [ResponseRule(200, "The agent.", json: AgentBody.schema), Shared.notFound]
        ) { request in
            // Never 304: the tag tells the version of the record, while status and heartbeat move on without it.
            Self.answer(try await agents.get(try ResourceID.of(request)))
        }
    }

    private var replace: Route {
        shared.change(
            .put,
            .agentsWrite,
            "Replace the fields of an agent; what is left out gets its default.",
            body: .json(AgentInput.schema),
            responses: [Self.agent, Self.nameTaken, Shared.invalid]
        ) { request, id, expected in
            let fields = try AgentInput.fields(request.json)
            return Self.answer(try await agents.replace(id, with: fields, expecting: expected, by: try request.origin))
        }
    }

    private var delete: Route {
        shared.change(
            .delete,
            .agentsDelete,
            "Delete an agent: its tokens are good no more and its name is free; its activities stay.",
            responses: [ResponseRule(204, "The agent is deleted.")]
        ) { request, id, expected in
            try await agents.delete(id, expecting: expected, by: try request.origin)
            return .noContent
        }
    }

    private var heartbeat: Route {
        Route(
            .post,
            Shared.one + "/heartbeat",
            access: .authenticated,
            summary: "Say that an agent lives: with its own token, or with the permission agents.write.",
            tag: Shared.tag,
            parameters: [ResourceID.parameter],
            body: .json(AgentInput.heartbeatSchema, isRequired: false),
            responses: [
                ResponseRule(200, "What the agent is to know.", json: HeartbeatBody.schema),
                ResponseRule.problem(403, "The token is another agent's."), Shared.notFound, Shared.invalid,
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
        shared.change(
            .post,
            at: "/token",
            .agentsWrite,
            "Give an agent a new token; the old ones are good no more.",
            responses: [ResponseRule(200, "The agent and its token.", json: RegistrationBody.schema)]
        ) { request, id, expected in
            let registration = try await agents.rotateToken(id, expecting: expected, by: try request.origin)
            return .json(RegistrationBody(registration, at: clock.now))
        }
    }

    private func draining(_ word: String, _ isDraining: Bool, _ summary: String) -> Route {
        shared.change(.post, at: "/" + word, .agentsWrite, summary, responses: [Self.agent]) { request, id, expected in
            Self.answer(try await agents.setDraining(isDraining, id, expecting: expected, by: try request.origin))
        }
    }

    private var stop: Route {
        shared.change(
            .post,
            at: "/stop",
            .agentsWrite,
            "Tell an agent to take no new tasks, and its program to end once nothing runs.",
            responses: [Self.agent]
        ) { request, id, expected in
            Self.answer(try await agents.stop(id, expecting: expected, by: try request.origin))
        }
    }

    private static func answer(_ observed: ObservedAgent) -> RouteResponse {
        Shared.answer(AgentBody(observed), version: observed.agent.version)
    }
}

extension RateClass {
    /// Heartbeats, per agent: generous, since an agent that is refused counts as late.
    package static let heartbeat = RateClass("heartbeat", Quota(600, perSeconds: 60))
}

/// The parameters of the list of agents.
private enum AgentListParameters {
    static let all: [Parameter] =
        [
            .query(
                "status",
                .array(of: .oneOf(AgentStatus.self), count: 0...AgentStatus.allCases.count),
                "May be repeated."
            ),
            .query("type", .oneOf(AgentType.self)),
            .query("capability", .string(1...AgentLimits.capabilityLengthMax)),
        ] + PageParameters.list(AgentListQuery.self, words: "name, description, type or capabilities")

    static func query(_ request: RouteRequest) -> AgentListQuery {
        let parameters = request.parameters
        var query: AgentListQuery = PageParameters.query(request)
        query.statuses = Set(parameters.strings("status").compactMap { AgentStatus(rawValue: $0) })
        query.type = parameters.string("type").flatMap { AgentType(rawValue: $0) }
        query.capability = parameters.string("capability")
        return query
    }
}
