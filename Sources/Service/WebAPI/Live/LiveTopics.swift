import Events

/// What a client may subscribe to: sets of topics.
struct LiveTopics: OptionSet, Hashable, Sendable {
    let rawValue: UInt16

    static let projects = LiveTopics(rawValue: 1 << 0)
    static let tasks = LiveTopics(rawValue: 1 << 1)
    static let agents = LiveTopics(rawValue: 1 << 2)
    static let users = LiveTopics(rawValue: 1 << 3)
    /// Alerts that fire, and that have passed.
    static let notifications = LiveTopics(rawValue: 1 << 4)
    /// The platform's own: components, rules, configuration, starts and stops.
    static let system = LiveTopics(rawValue: 1 << 5)
    /// Everything that the activity page shows.
    static let activities = LiveTopics(rawValue: 1 << 6)
    /// A few figures every few seconds.
    static let metrics = LiveTopics(rawValue: 1 << 7)

    static let names: [(name: String, topic: LiveTopics)] = [
        ("projects", .projects), ("tasks", .tasks), ("agents", .agents), ("users", .users),
        ("notifications", .notifications), ("system", .system), ("activities", .activities), ("metrics", .metrics),
    ]

    /// The topics of a name; nil for an unknown one.
    init?(name: String) {
        guard let known = Self.names.first(where: { $0.name == name }) else { return nil }
        self = known.topic
    }

    init(rawValue: UInt16) { self.rawValue = rawValue }

    var names: [String] { Self.names.filter { contains($0.topic) }.map(\.name) }

    /// The topics under which an event about something goes.
    init(of subject: EventSubject?) {
        let own: LiveTopics =
            switch subject {
            case .project: .projects
            case .task, .schedule: .tasks
            case .agent: .agents
            case .user, .session: .users
            case .alert: .notifications
            case .rules, .configuration, .component, .system: .system
            case nil: []
            }
        self = [own, .activities]
    }

    /// The type of the message that tells of an event about something; those of the original's hub.
    static func messageType(of subject: EventSubject?) -> String {
        switch subject {
        case .project: "project_update"
        case .task: "task_update"
        case .agent: "agent_update"
        case .user, .session: "user_update"
        case .alert: "notification"
        case .schedule, .rules, .configuration, .component, .system, nil: "activity_update"
        }
    }
}
