package import Basics
package import Instruments
internal import Synchronization

/// The platform's own events on their way to the log: offered without waiting, written when the database takes them.
///
/// For what must not await the database, such as alerts, which may be about the database. An event keeps the time at
/// which it was offered, and an identifier, so that a write of which nobody knows whether it worked can be repeated.
///
/// Concurrency: ``offer(_:)`` from any thread; ``writeBatch(to:)`` from one task at a time.
package final class EventOutbox: Sendable {
    /// The most events that wait.
    package static let eventsMax = 1000
    /// The most events that are written in one transaction.
    package static let batchEventsMax = 100
    /// The longest that one transaction may take; it then counts as failed, and is repeated.
    package static let writeTimeout = Duration.seconds(5)

    /// What became of a batch.
    package enum Outcome: Sendable {
        /// None waits.
        case nothing
        case written(endsOutage: Bool)
        /// All wait still.
        case failed(any Error, EventBacklog.Retry)
    }

    private let backlog: Mutex<EventBacklog>
    private let clock: any WallClock
    private let ids: UUIDv7Generator
    private let dropped: Counter

    /// Makes an empty outbox; the registry takes the metrics `kaskman_events_own_*`, one outbox a registry.
    package init(
        clock: any WallClock,
        ids: UUIDv7Generator,
        registry: Registry,
        eventsMax: Int = EventOutbox.eventsMax,
        batchEventsMax: Int = EventOutbox.batchEventsMax
    ) {
        backlog = Mutex(EventBacklog(eventsMax: eventsMax, batchEventsMax: batchEventsMax))
        self.clock = clock
        self.ids = ids
        dropped = registry.counter(
            "kaskman_events_own_dropped_total",
            help: "Events of the platform itself that were lost: no room was left for them, or their data was too long."
        )
        registry.gauge(
            "kaskman_events_own_waiting",
            help: "Events of the platform itself that wait to be written to the log."
        ) { [weak self] in Double(self?.waitingCount ?? 0) }
    }

    /// How many events wait.
    package var waitingCount: Int { backlog.withLock { $0.count } }

    /// Takes an event; one for which there is no room is dropped and counted.
    package func offer(_ event: NewEvent) {
        var event = event
        event.occurredAt = event.occurredAt ?? clock.now
        event.id = event.id ?? ids.next()
        let stamped = event
        if !backlog.withLock({ $0.add(stamped) }) { dropped.increment() }
    }

    /// Counts events that their source had to drop.
    package func countDropped(_ count: Int) {
        if count > 0 { dropped.increment(by: count) }
    }

    /// Writes the oldest events that wait, in one transaction.
    package func writeBatch(to log: EventLog) async -> Outcome {
        let batch = backlog.withLock { $0.batch }
        guard !batch.isEmpty else { return .nothing }
        do {
            countDropped(try await log.append(contentsOf: batch, timeout: Self.writeTimeout))
            return .written(endsOutage: backlog.withLock { $0.written(batch.count) })
        } catch {
            return .failed(error, backlog.withLock { $0.failed() })
        }
    }

    /// Drops and counts everything that waits, when there will be no further write; returns how much that was.
    package func abandon() -> Int {
        let count = backlog.withLock { $0.abandon() }
        countDropped(count)
        return count
    }
}
