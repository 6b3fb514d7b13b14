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
            summary: "The names of users and agents by identifier; unknown identifiers are left out.",
            tag: "users",
            parameters: [
                .query(
                    "id",
                    .array(of: .string(format: .uuid), count: 1...Self.idsMax),
                    isRequired: true,
                    "May be repeated."
                )
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
            let users = try await identity.users(ids).map {
                PersonBody(id: $0.id, kind: "user", name: $0.username, displayName: $0.displayName)
            }
            let agents = try await agents.names(ids.subtracting(users.map(\.id))).map {
                PersonBody(id: $0.key, kind: "agent", name: $0.value, displayName: $0.value)
            }
            let people = (users + agents).sorted { $0.name < $1.name }
            return .json(PeopleBody(people: people))
        }
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
