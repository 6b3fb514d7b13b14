internal import Basics
internal import Coordination
internal import Events
internal import Logging
internal import Records
package import Supervision
internal import Synchronization

/// Keeps the scheduler's image of the open tasks true for as long as the platform runs.
package struct CoordinatorComponent: Component {
    /// The time between two looks at what others changed.
    package static let interval: Duration = .seconds(1)
    /// With several servers: how long changes are gathered before they are looked at.
    package static let gatherInterval: Duration = .milliseconds(2)

    package let repository: TaskRepository
    private let context: ComponentContext

    /// Makes the component around a repository that works on the same database and clock.
    package init(_ context: ComponentContext, repository: TaskRepository) {
        self.context = context
        self.repository = repository
    }

    /// Brings the image up to date in each round; a round that fails is logged, and the next one tries again.
    package func run() async throws {
        var cursor = CoordinationCursor()
        var wakeUps = self.wakeUps()
        try await repository.coordinate(&cursor)
        context.ready()
        while await pause(wakeUps) {
            // Before the look, so that what comes during it is not missed.
            wakeUps = self.wakeUps()
            do throws(TaskError) {
                try await repository.coordinate(&cursor)
            } catch {
                if !Task.isCancelled { context.log.warning("a round failed", metadata: ["error": "\(error)"]) }
            }
        }
    }

    /// Says when the log has grown, where others write it: on a database of its own the repository's commits move the
    /// image on, and nil is enough.
    private func wakeUps() -> AsyncStream<Void>? {
        // Where there are too many who follow the log, the interval has to do.
        repository.isShared ? try? repository.store.events.wakeUps(own: { !$0.isOfTask }) : nil
    }

    /// Waits for the next round: the interval, or until the log has grown.
    private func pause(_ wakeUps: AsyncStream<Void>?) async -> Bool {
        guard let wakeUps else { return await context.pause(for: Self.interval) }
        let isOn = await withTaskGroup(of: Bool.self) { group in
            group.addTask { await context.pause(for: Self.interval) }
            group.addTask {
                for await _ in wakeUps { return true }
                return !context.isDraining
            }
            let isOn = await group.next() ?? false
            group.cancelAll()
            return isOn
        }
        return isOn ? await context.pause(for: Self.gatherInterval) : false
    }

    package func health() async -> Health { await repository.coordinationHealth() }
}

extension TaskRepository {
    /// Reads the log's position as a round does, and has a scheduler decide on one task and one agent.
    package func coordinationHealth() async -> Health {
        guard board.state.withLock({ $0.isLoaded }) else { return .degraded("the open tasks have not been read yet") }
        do {
            _ = try await store.events.latestPosition()
        } catch {
            return .unhealthy("what others changed cannot be read: \(TaskError(error).code.rawValue)")
        }
        let (id, now) = (store.ids.next(), store.clock.now)
        var scheduler = Scheduler(seed: 0)
        scheduler.put(SchedulerTask(id: id, projectID: id, kind: "probe", priority: 1, readyAt: now))
        _ = scheduler.park(WaitingAgent(agentID: id, capabilities: [], concurrency: 1, countMax: 1, since: now))
        return scheduler.decide(at: now).map(\.task.id) == [id]
            ? .healthy : .unhealthy("the scheduler does not give a task to an agent that can do it")
    }
}
