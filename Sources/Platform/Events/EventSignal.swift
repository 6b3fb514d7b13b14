import Synchronization

/// Wakes whoever follows the log, after each commit that appended to it.
///
/// A wake-up carries nothing and several melt into one: the follower reads on from its own position. So the buffer is
/// one wake-up a follower, however slow that is.
package final class EventSignal: Sendable {
    private struct State {
        var nextID: UInt64 = 0
        var continuations: [UInt64: AsyncStream<Void>.Continuation] = [:]
    }

    private let subscribersMax: Int
    private let state = Mutex(State())

    init(subscribersMax: Int) { self.subscribersMax = subscribersMax }

    /// How many followers there are.
    package var subscriberCount: Int { state.withLock { $0.continuations.count } }

    /// Wakes all followers; another server's commits are announced by this too.
    package func send() {
        let continuations = state.withLock { Array($0.continuations.values) }
        for continuation in continuations { continuation.yield() }
    }

    /// A stream of wake-ups; it ends when its reader goes away.
    /// - Throws: ``EventError/tooManySubscribers(subscribersMax:)``.
    package func subscribe() throws(EventError) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id: UInt64? = state.withLock { state in
            guard state.continuations.count < subscribersMax else { return nil }
            state.nextID += 1
            state.continuations[state.nextID] = continuation
            return state.nextID
        }
        guard let id else { throw .tooManySubscribers(subscribersMax: subscribersMax) }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.continuations.removeValue(forKey: id) }
        }
        return stream
    }
}

/// Follows the log from a position: pages as they come, each event once, in order.
package struct EventFollower: AsyncSequence, Sendable {
    package typealias Element = EventPage

    private let log: EventLog
    private let position: Int64
    private let filter: EventFilter
    private let limit: Int
    private let wakeUps: AsyncStream<Void>

    init(log: EventLog, after position: Int64, filter: EventFilter, limit: Int) throws(EventError) {
        self.log = log
        self.position = position
        self.filter = filter
        self.limit = limit
        wakeUps = try log.signal.subscribe()
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(log: log, cursor: .after(position), filter: filter, limit: limit, wakeUps: wakeUps.makeAsyncIterator())
    }

    /// Reads a page when there is one, and waits for the next wake-up when there is none.
    package struct Iterator: AsyncIteratorProtocol {
        let log: EventLog
        var cursor: EventCursor
        let filter: EventFilter
        let limit: Int
        var wakeUps: AsyncStream<Void>.Iterator

        /// The next page that has events, or that tells of missed ones; nil when the task is cancelled.
        package mutating func next() async throws -> EventPage? {
            while !Task.isCancelled {
                let page: EventPage
                do { page = try await log.page(cursor, filter: filter, limit: limit) } catch {
                    // A read that the cancellation caught ends as a wait does.
                    if Task.isCancelled { return nil }
                    throw error
                }
                cursor = page.next
                if !page.events.isEmpty || page.isTruncated { return page }
                if await wakeUps.next(isolation: #isolation) == nil { return nil }
            }
            return nil
        }
    }
}

extension EventLog {
    /// Follows the log after a position: first what there is, then what comes.
    ///
    /// - Parameters:
    ///   - position: the last position that the reader has; 0 for the beginning.
    ///   - filter: which events the reader gets.
    ///   - limit: the most events on a page.
    /// - Returns: a follower, which counts against the limit for as long as it lives.
    /// - Throws: ``EventError/tooManySubscribers(subscribersMax:)``.
    package func follow(
        after position: Int64,
        filter: EventFilter = EventFilter(),
        limit: Int = 100
    ) throws(EventError) -> EventFollower {
        try EventFollower(log: self, after: position, filter: filter, limit: limit)
    }

    /// A wake-up after each commit that appended, for who reads the log in its own way; it ends when its reader goes away.
    /// - Throws: ``EventError/tooManySubscribers(subscribersMax:)``.
    package func wakeUps() throws(EventError) -> AsyncStream<Void> { try signal.subscribe() }

    /// Wakes all followers, when another server has appended.
    package func wakeFollowers() { signal.send() }
}
