import Events
import HTTP
import Identity

/// Which events a client gets: what it asked for, of what it may see.
///
/// The rights are those of the list of activities, and of the resource that an event is about.
struct LiveFilter: Sendable {
    /// What a client asks for.
    struct Wish: Hashable, Sendable {
        /// Any of these topics.
        var topics: LiveTopics = .activities
        /// Any of these kinds; empty for all.
        var kinds: Set<EventKind> = []
        var subject: EventSubject?
        var subjectID: String?
    }

    var wish: Wish
    private let userID: String
    private let seesIdentities: Bool
    private let hiddenSubjects: Set<EventSubject>
    /// Whether it may see figures of the platform.
    let seesMetrics: Bool
    let seesStatus: Bool
    /// Whether it gets no texts of errors: they tell of addresses, names and paths.
    var hidesErrors: Bool { !seesIdentities }

    init(_ wish: Wish, for principal: any HTTP.Principal) {
        self.wish = wish
        userID = principal.id
        seesIdentities = principal.allows(.usersRead)
        seesMetrics = principal.allows(.metricsQuery)
        seesStatus = principal.allows(.systemRead)
        let rights: [(EventSubject, HTTP.Permission)] = [
            (.project, .projectsRead), (.task, .tasksRead), (.schedule, .tasksRead), (.agent, .agentsRead),
        ]
        let all =
            principal.allows(.activitiesRead)
            ? rights.filter { !principal.allows($0.1) }.map(\.0) : EventSubject.allCases
        hiddenSubjects = Set(all)
    }

    func admits(_ event: LiveEvent) -> Bool {
        guard !event.topics.isDisjoint(with: wish.topics) else { return false }
        guard wish.kinds.isEmpty || event.kind.map(wish.kinds.contains) == true else { return false }
        if let subject = wish.subject, subject != event.subject { return false }
        if let id = wish.subjectID, id != event.subjectID { return false }
        return isVisible(event)
    }

    private func isVisible(_ event: LiveEvent) -> Bool {
        // What a newer server writes of is shown to nobody whose rights to it are not known.
        guard let subject = event.subject else { return seesIdentities }
        if hiddenSubjects.contains(subject) { return false }
        return seesIdentities || (subject != .user && subject != .session) || event.subjectID == userID
    }
}
