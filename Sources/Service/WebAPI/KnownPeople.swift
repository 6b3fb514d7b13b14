package import Agents
internal import Basics
package import Database
package import Identity
import Projects

/// The users and agents of this server, as projects ask for them.
package struct KnownPeople: ProjectPeople {
    private let identity: IdentityService
    private let agents: AgentRepository

    package init(identity: IdentityService, agents: AgentRepository) {
        self.identity = identity
        self.agents = agents
    }

    package func user(_ text: String, _ connection: any SQLConnection) throws -> String? {
        try identity.activeUserID(text, in: connection)?.description
    }

    package func agent(_ text: String, _ connection: any SQLConnection) throws -> String? {
        try agents.identifier(of: text, in: connection)
    }
}
