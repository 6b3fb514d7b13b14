import HTTP
import Identity

/// The permissions that routes ask for, as Identity names them.
extension HTTP.Permission {
    static let metricsQuery = HTTP.Permission(.metricsQuery)
    static let systemRead = HTTP.Permission(.systemRead)
    static let projectsRead = HTTP.Permission(.projectsRead)
    static let projectsWrite = HTTP.Permission(.projectsWrite)
    static let projectsDelete = HTTP.Permission(.projectsDelete)
    static let tasksRead = HTTP.Permission(.tasksRead)
    static let tasksWrite = HTTP.Permission(.tasksWrite)
    static let tasksWork = HTTP.Permission(.tasksWork)
    static let agentsRead = HTTP.Permission(.agentsRead)
    static let agentsWrite = HTTP.Permission(.agentsWrite)
    static let agentsDelete = HTTP.Permission(.agentsDelete)
    static let activitiesRead = HTTP.Permission(.activitiesRead)
    static let usersRead = HTTP.Permission(.usersRead)
    static let usersWrite = HTTP.Permission(.usersWrite)

    private init(_ permission: Identity.Permission) { self.init(rawValue: permission.rawValue) }
}
