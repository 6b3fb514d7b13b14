/// What someone may do: the closed set that routes name, and nothing that no route asks for yet.
package enum Permission: String, Hashable, Sendable, CaseIterable, Codable {
    case projectsRead = "projects.read"
    case projectsWrite = "projects.write"
    case projectsDelete = "projects.delete"
    case tasksRead = "tasks.read"
    case tasksWrite = "tasks.write"
    /// To lease tasks and hand in results.
    case tasksWork = "tasks.work"
    case agentsRead = "agents.read"
    case agentsWrite = "agents.write"
    case agentsDelete = "agents.delete"
    case metricsQuery = "metrics.query"
    case activitiesRead = "activities.read"
    case usersRead = "users.read"
    case usersWrite = "users.write"
    case systemRead = "system.read"
}

/// A bundle of permissions that a user or an agent has.
package enum Role: String, Hashable, Sendable, CaseIterable, Codable, Comparable {
    /// Everything.
    case administrator
    /// Runs the platform: agents above all; reads who may do what.
    case `operator`
    /// Does research: projects and their agents.
    case researcher
    /// Looks.
    case viewer
    /// A worker process.
    case agent

    /// The permissions of the role.
    package var permissions: Set<Permission> {
        switch self {
        case .administrator: Set(Permission.allCases)
        case .operator: Self.reading.union(Self.operating)
        case .researcher: Self.reading.union(Self.researching)
        case .viewer: Self.reading
        case .agent: [.projectsRead, .agentsRead, .tasksRead, .tasksWork]
        }
    }

    /// What everyone who may look has.
    static let reading: Set<Permission> = [
        .projectsRead, .tasksRead, .agentsRead, .metricsQuery, .activitiesRead, .systemRead,
    ]

    private static let operating: Set<Permission> = [
        .projectsWrite, .tasksWrite, .agentsWrite, .agentsDelete, .usersRead,
    ]

    private static let researching: Set<Permission> = [
        .projectsWrite, .projectsDelete, .tasksWrite, .agentsWrite,
    ]

    package static func < (left: Role, right: Role) -> Bool { left.rawValue < right.rawValue }
}

extension Collection<Role> {
    /// The permissions of all these roles together.
    package var permissions: Set<Permission> { reduce(into: []) { $0.formUnion($1.permissions) } }

    /// How the roles are stored: sorted, with commas between.
    var stored: String { sorted().map(\.rawValue).joined(separator: ",") }
}
