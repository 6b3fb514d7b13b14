package import Basics

/// Decides which changes of agents' status are to be said: pure, called once a round with all agents and the time.
///
/// Silence counts only while the platform listened: after a start, or a gap between two rounds, an agent gets its whole
/// timeout again before it is called late. Good news are said at once.
package struct AgentWatch: Sendable {
    /// One agent, as a round sees it.
    package struct Sighting: Hashable, Sendable {
        package let id: UUIDv7
        package let name: String
        /// What was said last.
        package let announced: AgentStatus
        package let presence: AgentPresence

        package init(id: UUIDv7, name: String, announced: AgentStatus, presence: AgentPresence) {
            self.id = id
            self.name = name
            self.announced = announced
            self.presence = presence
        }
    }

    /// A change of status that is to be said.
    package struct Transition: Hashable, Sendable {
        package let id: UUIDv7
        package let name: String
        package let from: AgentStatus
        package let to: AgentStatus
        package let lastHeartbeatAt: Timestamp?
    }

    /// What a round decided.
    package struct Round: Hashable, Sendable {
        /// In the order of the sightings.
        package let transitions: [Transition]
        /// How many agents have each status once the transitions are said.
        package let counts: [AgentStatus: Int]
    }

    /// The time between two rounds beyond which the platform has not listened.
    private let gapMax: Duration
    private var listeningSince: Timestamp?
    private var lastRoundAt: Timestamp?

    /// Makes a watch that has not listened yet.
    package init(gapMax: Duration) { self.gapMax = gapMax }

    /// Compares what was said of each agent with how it is.
    package mutating func round(_ sightings: [Sighting], at now: Timestamp) -> Round {
        let pause = lastRoundAt.map { now.since($0) }
        // A clock that was set back or far ahead makes the times before it useless, as a pause does.
        if listeningSince == nil || pause.map({ $0 > gapMax || $0 < .zero }) == true { listeningSince = now }
        lastRoundAt = now
        var transitions: [Transition] = []
        var counts: [AgentStatus: Int] = [:]
        for sighting in sightings {
            let status = nextStatus(of: sighting, at: now)
            counts[status, default: 0] += 1
            if status != sighting.announced {
                transitions.append(
                    Transition(
                        id: sighting.id,
                        name: sighting.name,
                        from: sighting.announced,
                        to: status,
                        lastHeartbeatAt: sighting.presence.lastHeartbeatAt
                    )
                )
            }
        }
        return Round(transitions: transitions, counts: counts)
    }

    private func nextStatus(of sighting: Sighting, at now: Timestamp) -> AgentStatus {
        let actual = sighting.presence.status(at: now)
        guard actual.severity > sighting.announced.severity, let listeningSince else { return actual }
        var heard = sighting.presence
        heard.lastHeartbeatAt = heard.lastHeartbeatAt.map { max($0, listeningSince) }
        let since = heard.status(at: now)
        return since.severity > sighting.announced.severity ? since : sighting.announced
    }
}
