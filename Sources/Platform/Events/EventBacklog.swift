/// Events that wait until the database takes them: bounded, in order, each kept until it was written.
///
/// Pure: the shell writes what ``batch`` holds and says how that went. What does not fit is refused, not what waits
/// already: the beginning of a trouble says more than its end.
package struct EventBacklog: Sendable {
    /// What follows a write that failed.
    package struct Retry: Hashable, Sendable {
        /// How long to wait before the next try.
        package let delay: Duration
        /// Whether the write before this one had worked.
        package let isFirst: Bool
    }

    /// The delay after the first failure; it doubles with each further one.
    package static let retryDelayMin = Duration.seconds(1)
    /// The longest delay.
    package static let retryDelayMax = Duration.seconds(30)

    private let eventsMax: Int
    private let batchEventsMax: Int
    private var waiting: [NewEvent] = []
    private var failures = 0

    /// Makes an empty backlog; both limits are positive.
    package init(eventsMax: Int, batchEventsMax: Int) {
        precondition(eventsMax > 0 && batchEventsMax > 0, "BUG: a backlog must hold something")
        self.eventsMax = eventsMax
        self.batchEventsMax = batchEventsMax
    }

    /// How many events wait.
    package var count: Int { waiting.count }

    /// The events to write next, oldest first; empty when none waits.
    package var batch: [NewEvent] { Array(waiting.prefix(batchEventsMax)) }

    /// Takes an event to the end of the queue; false when there is no room.
    package mutating func add(_ event: NewEvent) -> Bool {
        guard waiting.count < eventsMax else { return false }
        waiting.append(event)
        return true
    }

    /// Forgets the oldest `count` events, which were written; returns whether that ended an outage.
    package mutating func written(_ count: Int) -> Bool {
        waiting.removeFirst(min(count, waiting.count))
        defer { failures = 0 }
        return failures > 0
    }

    /// Keeps everything, since the write failed.
    package mutating func failed() -> Retry {
        var delay = Self.retryDelayMin
        for _ in 0..<failures where delay < Self.retryDelayMax { delay *= 2 }
        failures += 1
        return Retry(delay: min(delay, Self.retryDelayMax), isFirst: failures == 1)
    }

    /// Forgets everything; returns how much that was.
    package mutating func abandon() -> Int {
        defer { waiting = [] }
        return waiting.count
    }
}
