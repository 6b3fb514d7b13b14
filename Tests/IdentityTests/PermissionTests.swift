import Identity
import Testing

@Suite struct PermissionTests {
    @Test func roles() {
        func f(_ role: Role, may: [Permission], not: [Permission]) {
            for permission in may { #expect(role.permissions.contains(permission), "\(role) \(permission)") }
            for permission in not { #expect(!role.permissions.contains(permission), "\(role) \(permission)") }
        }
        f(.administrator, may: Permission.allCases, not: [])
        f(
            .operator,
            may: [.agentsWrite, .agentsDelete, .usersRead, .metricsQuery],
            not: [.usersWrite, .projectsDelete]
        )
        f(
            .researcher,
            may: [.projectsWrite, .projectsDelete, .agentsWrite],
            not: [.usersRead, .usersWrite, .agentsDelete]
        )
        f(
            .viewer,
            may: [.projectsRead, .agentsRead, .metricsQuery, .activitiesRead, .systemRead],
            not: Permission.allCases.filter { $0.rawValue.hasSuffix(".write") || $0.rawValue.hasSuffix(".delete") }
        )
        f(
            .agent,
            may: [.projectsRead, .agentsRead, .tasksRead, .tasksWork],
            not: [.usersRead, .projectsWrite, .tasksWrite, .metricsQuery, .systemRead]
        )
        #expect([Role.viewer, .agent].permissions == Role.viewer.permissions.union(Role.agent.permissions))
        #expect([Role]().permissions.isEmpty)
    }
}
