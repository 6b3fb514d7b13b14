import Basics
import Events
import Logging
import Supervision
import Synchronization

/// Writes the platform's own events to the log, and keeps the log within its retention.
final class EventsComponent: Component {
    /// How often events past their retention are removed.
    static let pruneInterval = Duration.seconds(600)
    /// How long an event of the platform waits at most while the database takes it.
    static let writeInterval = Duration.seconds(1)

    let log: EventLog
    private let context: ComponentContext
    private let outbox: EventOutbox
    private let retention: Duration
    private let version: String
    private let beforeWriting: @Sendable () -> Void
    private let hasStarted = Mutex(false)

    /// - Parameters:
    ///   - context: What the component lives on.
    ///   - log: The log that it keeps.
    ///   - outbox: What it writes to the log.
    ///   - retention: How long events are kept.
    ///   - version: The server's, which the events of its start and end tell.
    ///   - beforeWriting: Lets sources offer what the time has brought; called each second.
    init(
        context: ComponentContext,
        log: EventLog,
        outbox: EventOutbox,
        retention: Duration,
        version: String,
        beforeWriting: @escaping @Sendable () -> Void = {}
    ) {
        self.context = context
        self.log = log
        self.outbox = outbox
        self.retention = retention
        self.version = version
        self.beforeWriting = beforeWriting
    }

    func run() async throws {
        let isFirstRun = hasStarted.withLock { hasStarted in
            defer { hasStarted = true }
            return !hasStarted
        }
        if isFirstRun { outbox.offer(OwnEvents.started(version: version)) }
        context.ready()
        await withTaskGroup(of: Void.self) { group in
            // Apart, since removing much takes long.
            group.addTask { await self.removeOldEvents() }
            group.addTask { await self.writeOwnEvents() }
        }
        if context.isDraining { await end() }
    }

    /// Reads the log's end.
    func health() async -> Health {
        do {
            _ = try await log.latestPosition()
            return .healthy
        } catch {
            return .unhealthy("the event log cannot be read")
        }
    }

    // MARK: The platform's own events

    private func writeOwnEvents() async {
        var delay = Duration.zero
        while await context.pause(for: delay) {
            beforeWriting()
            delay = await writeWaiting()
        }
    }

    /// Writes all that waits, or as much as the database takes; returns how long to wait before the next look.
    private func writeWaiting() async -> Duration {
        while true {
            switch await outbox.writeBatch(to: log) {
            case .nothing: return Self.writeInterval
            case .written(let endsOutage):
                if endsOutage { context.log.notice("the platform's own events are written to the log again") }
            case .failed(let error, let retry):
                // Once for an outage; the database's own metrics and alert tell how it goes on.
                if retry.isFirst {
                    context.log.error(
                        "the platform's own events cannot be written to the log, and wait",
                        metadata: ["error": "\(error)"]
                    )
                }
                return retry.delay
            }
        }
    }

    /// The last writing: what waits, and then that the platform has stopped.
    private func end() async {
        _ = await writeWaiting()
        outbox.offer(OwnEvents.stopped(version: version))
        _ = await writeWaiting()
        let lost = outbox.abandon()
        if lost > 0 {
            context.log.error(
                "the platform's own events could not be written",
                metadata: ["lost": .stringConvertible(lost)]
            )
        }
    }

    // MARK: Retention

    private func removeOldEvents() async {
        while await context.pause(for: Self.pruneInterval) {
            do {
                let cutoff = context.clock.now.advanced(by: .zero - retention)
                while try await log.prune(before: cutoff) == EventLog.pruneEventsMax && !context.isDraining {}
            } catch {
                // The database's own metrics and alert tell of it; what is not removed now is removed next time.
                context.log.warning("events past their retention could not be removed", metadata: ["error": "\(error)"])
            }
        }
    }
}
