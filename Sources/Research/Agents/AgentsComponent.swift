internal import Basics
internal import Database
internal import Events
internal import Instruments
internal import JSON
internal import Logging
internal import Records
package import Supervision

extension AgentRepository {
    /// How many changes of status one transaction says at most.
    private static let announcementsPerTransaction = 100

    /// Looks at all agents once: says the changes of status as events, and sets the gauge `kaskman_agents`.
    /// - Throws: ``AgentError``: `event`, `database`; what was not said then is said in the next round.
    package func watch(_ watch: inout AgentWatch) async throws(AgentError) {
        var next = watch
        let round = try await store.perform(.watch) {
            let sightings = try await store.database.read("agents.watch") { connection in
                try AgentTable(connection: connection).sightings()
            }
            let now = store.clock.now
            let round = next.round(sightings, at: now)
            var rest = round.transitions[...]
            while !rest.isEmpty {
                let batch = Array(rest.prefix(Self.announcementsPerTransaction))
                rest = rest.dropFirst(batch.count)
                try await store.database.write("agents.announce") { connection in try announce(batch, connection) }
            }
            metrics.watched(round.counts, at: now)
            return next
        }
        watch = round
    }

    private func announce(_ transitions: [AgentWatch.Transition], _ connection: any SQLConnection) throws {
        let table = AgentTable(connection: connection)
        // All rows before the first event, whose lock others wait for who hold a row.
        let announced = try transitions.filter { transition in try table.announce(transition) }
        for transition in announced {
            try store.events.append(transition.event, in: connection)
            connection.afterCommit { [metrics] in metrics.announced(transition.to) }
        }
    }

    /// Reads the newest agent as a list would, and says whether that worked.
    package func health() async -> Health {
        await store.health(as: .probe, "agents.probe", list: AgentListQuery.self)
    }
}

extension AgentWatch.Transition {
    /// The event that says the change.
    fileprivate var event: NewEvent {
        NewEvent(
            .agentStatusChanged,
            subject: .agent,
            id: id.description,
            by: .system,
            data: [
                "name": .string(name), "from": .string(from.rawValue), "to": .string(to.rawValue),
                "last_heartbeat_at": lastHeartbeatAt.map { .string($0.rfc3339) } ?? .null,
            ]
        )
    }
}

/// Watches the agents' heartbeats for as long as the platform runs.
package struct AgentsComponent: Component {
    /// The time between two looks at all agents.
    package static let interval: Duration = .seconds(5)
    /// The time between two looks beyond which silence does not count; agents had nobody to talk to.
    package static let gapMax: Duration = .seconds(20)

    package let repository: AgentRepository
    private let context: ComponentContext

    /// Makes the component around a repository that works on the same database and clock.
    package init(_ context: ComponentContext, repository: AgentRepository) {
        self.context = context
        self.repository = repository
    }

    /// Looks at the agents in each round; a round that fails is logged, and the next one tries again.
    package func run() async throws {
        var watch = AgentWatch(gapMax: Self.gapMax)
        try await repository.watch(&watch)
        context.ready()
        while await context.pause(for: Self.interval) {
            do throws(AgentError) {
                try await repository.watch(&watch)
            } catch {
                if !Task.isCancelled { context.log.warning("watching failed", metadata: ["error": "\(error)"]) }
            }
        }
    }

    package func health() async -> Health { await repository.health() }
}
