import APIModel
package import Agents
import Basics
package import HTTP
import HTTPTypes
package import Identity
import JSON

/// Who stands behind the identifiers in records: owners, assignees, actors.
package struct PeopleRoutes: Sendable {
    private static let idsMax = 100
    private static let matchesMax = 20
    private static let matchesDefault = 10
    private static let beginningLengthMax = 100

    private let identity: IdentityService
    private let agents: AgentRepository

    package init(identity: IdentityService, agents: AgentRepository) {
        self.identity = identity
        self.agents = agents
    }

    package var routes: [Route] { [find].map(\.mappingErrors) }

    private var find: Route {
        Route(
            .get,
            "/api/v1/people",
            access: .requires(.projectsRead),
            summary: "Users and agents by identifier, of which unknown ones are left out, or by how their names begin.",
            tag: "users",
            parameters: [
                .query("id", .array(of: .string(format: .uuid), count: 1...Self.idsMax), "May be repeated."),
                .query(
                    "q",
                    .string(1...Self.beginningLengthMax),
                    "Instead of id: how the name of an active user or an agent begins; needs projects.write."
                ),
                .query(
                    "limit",
                    .integer(1...Int64(Self.matchesMax)),
                    "How many are found by q; \(Self.matchesDefault) when it is left out."
                ),
            ],
            responses: [
                ResponseRule(
                    200,
                    "Who was found.",
                    json: .object([.required("items", .array(of: PersonBody.schema, count: 0...Self.idsMax))])
                )
            ]
        ) { request in
            let ids = Set(request.parameters.strings("id").compactMap { UUIDv7($0) })
            guard let beginning = request.parameters.string("q") else {
                if ids.isEmpty { throw ProblemMapping.invalidParameter("id", "is needed where q is not given") }
                return .json(PeopleBody(people: try await named(ids)))
            }
            if !ids.isEmpty { throw ProblemMapping.invalidParameter("q", "and id exclude each other") }
            // Who may only read meets those who stand in records, and cannot list everyone.
            guard try request.caller.permissions.contains(.projectsWrite) else {
                throw ProblemError(.forbidden, "the permission projects.write is needed to look for people")
            }
            let limit = request.parameters.integer("limit").map { Int($0) } ?? Self.matchesDefault
            return .json(PeopleBody(people: try await matching(beginning, limit: limit)))
        }
    }

    private func named(_ ids: Set<UUIDv7>) async throws -> [PersonBody] {
        let users = try await identity.users(ids).map { PersonBody($0) }
        let agents = try await agents.names(ids.subtracting(users.map(\.id))).map { PersonBody(agent: $0, $1) }
        return (users + agents).sorted { $0.name < $1.name }
    }

    /// Users before agents, each by name.
    private func matching(_ beginning: String, limit: Int) async throws -> [PersonBody] {
        let users = try await identity.activeUsers(beginning: beginning, limit: limit).map { PersonBody($0) }
        let agents = try await agents.names(beginning: beginning, limit: limit - users.count)
        return users + agents.map { PersonBody(agent: $0.id, $0.name) }
    }
}

private struct PersonBody: JSONWritable {
    static let schema = JSONSchema.named(
        "Person",
        .object([
            .required("id", .string(format: .uuid)), .required("kind", .oneOf(["user", "agent"])),
            .required("name", .string(), "By which a user signs in."), .required("display_name", .string()),
        ])
    )

    let id: UUIDv7
    let kind: String
    let name: String
    let displayName: String

    init(_ user: User) {
        id = user.id
        kind = "user"
        name = user.username
        displayName = user.displayName
    }

    init(agent id: UUIDv7, _ name: String) {
        self.id = id
        kind = "agent"
        self.name = name
        displayName = name
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id.description)
            json.member("kind", kind)
            json.member("name", name)
            json.member("display_name", displayName)
        }
    }
}

private struct PeopleBody: JSONWritable {
    let people: [PersonBody]

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.key("items")
            json.array { json in
                for person in people { person.write(to: &json) }
            }
        }
    }
}
