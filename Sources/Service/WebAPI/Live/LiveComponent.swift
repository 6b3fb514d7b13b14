import Basics
import Events
import Logging
package import Supervision
import Synchronization

/// Follows the event log for all live clients, for as long as the platform runs.
package final class LiveComponent: Component {
    /// How often rights are looked at, and whether it is time for new figures.
    package static let tickInterval = Duration.seconds(1)
    /// How often figures are sent to those who want them.
    package static let figuresInterval = Duration.seconds(5)
    /// How long to wait after a page that could not be read.
    package static let retryDelay = Duration.seconds(1)

    package let hub: LiveHub
    private let context: ComponentContext
    private let figures: LiveFigures
    /// What the log ended with at the last look.
    private let lastLatest = Mutex<Int64>(0)

    package init(_ context: ComponentContext, hub: LiveHub, figures: LiveFigures) {
        self.context = context
        self.hub = hub
        self.figures = figures
    }

    /// Runs until the drain.
    package func run() async throws {
        try await hub.begin()
        context.ready()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.follow() }
            group.addTask { await self.serveLate() }
            group.addTask { await self.tick() }
            group.addTask { await self.context.drained() }
            // They end with the drain.
            _ = await group.next()
            group.cancelAll()
        }
    }

    /// Follows the log; what cannot be read while the database is away is read when it is back, from the same position.
    private func follow() async {
        repeat {
            do {
                try await hub.follow()
            } catch {
                if Task.isCancelled { return }
                context.log.warning("the event log cannot be followed", metadata: ["error": "\(error)"])
            }
        } while await context.pause(for: Self.retryDelay)
    }

    private func serveLate() async {
        await hub.serveLate(
            pause: { await self.context.pause(for: Self.retryDelay) },
            onFailure: { error in
                self.context.log.warning("events could not be read for a client", metadata: ["error": "\(error)"])
            }
        )
        await context.drained()
    }

    private func tick() async {
        var sent = context.clock.uptime
        while await context.pause(for: Self.tickInterval) {
            let now = context.clock.now
            for client in hub.clients { client.expire(at: now) }
            guard context.clock.uptime - sent >= Self.figuresInterval else { continue }
            sent = context.clock.uptime
            await figures.send(to: hub)
        }
        await context.drained()
    }

    /// Compares the log's end with what was followed: an event that was there at the last look must have arrived by now.
    package func health() async -> Health {
        do {
            let latest = try await hub.log.latestPosition()
            let before: Int64 = lastLatest.withLock { last in
                defer { last = latest }
                return last
            }
            guard hub.end >= before else { return .degraded("events reach the live clients late") }
            return .healthy
        } catch {
            return .degraded("the event log cannot be read, so live clients hear nothing new")
        }
    }
}
