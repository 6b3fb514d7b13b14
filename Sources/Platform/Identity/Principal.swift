package import Basics
package import Events

/// Who makes a request, as far as it was proved.
package struct Principal: Hashable, Sendable {
    /// The kinds of principal.
    package enum Kind: String, Hashable, Sendable {
        case user, agent
    }

    package let kind: Kind
    /// The user's identifier; for an agent the agent's.
    package let userID: UUIDv7
    /// The user's name; for an agent the agent's.
    package let username: String
    package let roles: Set<Role>
    /// What it may do: usually what its roles may; less while the database is away (see ``IdentityService``).
    package let permissions: Set<Permission>
    /// The session of an access token; nil for Basic and for agents.
    package let sessionID: UUIDv7?

    package init(
        kind: Kind,
        userID: UUIDv7,
        username: String,
        roles: Set<Role>,
        permissions: Set<Permission>? = nil,
        sessionID: UUIDv7? = nil
    ) {
        self.kind = kind
        self.userID = userID
        self.username = username
        self.roles = roles
        self.permissions = permissions ?? roles.permissions
        self.sessionID = sessionID
    }

    /// The same as the actor of an event.
    package var actor: EventActor {
        switch kind {
        case .user: .user(userID.description)
        case .agent: .agent(userID.description)
        }
    }
}
