import Synchronization

/// Wakes whoever follows the log, after each commit that appended to it.
///
/// A wake-up carries nothing and several melt into one: the follower reads on from its own position. So the buffer is
/// one wake-up a follower, however slow that is.
package final class EventSignal: Sendable {
    private struct State {
        var nextID: UInt64 = 0
        var followers: [UInt64: Follower] = [:]
    }

    private struct Follower {
        let wakeUp: AsyncStream<Void>.Continuation
        /// Which of this server's own events it wants to be woken for.
        let wantsOwn: @Sendable (EventKind) -> Bool
    }

    private let subscribersMax: Int
    private let state = Mutex(State())

    init(subscribersMax: Int) { self.subscribersMax = subscribersMax }

    /// How many followers there are.
    package var subscriberCount: Int { state.withLock { $0.followers.count } }

    /// Wakes who wants to know of an event that this server has appended; with nil, for another server's, all followers.
    package func send(own kind: EventKind? = nil) {
        let wakeUps = state.withLock { state in
            state.followers.values.compactMap { kind.map($0.wantsOwn) ?? true ? $0.wakeUp : nil }
        }
        for wakeUp in wakeUps { wakeUp.yield() }
    }

    /// A stream of wake-ups, for this server's own events those that are wanted; it ends when its reader goes away.
    /// - Throws: ``EventError/tooManySubscribers(subscribersMax:)``.
    package func subscribe(
        own wantsOwn: @escaping @Sendable (EventKind) -> Bool = { _ in true }
    ) throws(EventError) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id: UInt64? = state.withLock { state in
            guard state.followers.count < subscribersMax else { return nil }
            state.nextID += 1
            state.followers[state.nextID] = Follower(wakeUp: continuation, wantsOwn: wantsOwn)
            return state.nextID
        }
        guard let id else { throw .tooManySubscribers(subscribersMax: subscribersMax) }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.followers.removeValue(forKey: id) }
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
    ///
    /// `wantsOwn`: which of this server's own events are worth one; all of other servers' are.
    /// - Throws: ``EventError/tooManySubscribers(subscribersMax:)``.
    package func wakeUps(
        own wantsOwn: @escaping @Sendable (EventKind) -> Bool = { _ in true }
    ) throws(EventError) -> AsyncStream<Void> {
        try signal.subscribe(own: wantsOwn)
    }

    /// Wakes all followers, when another server has appended.
    ///
    /// `origin`: what the database's notification carries; nothing happens when that is this log itself, whose commits have told
    /// them already. Nil when it is not known who has appended.
    package func wakeFollowers(toldBy origin: String? = nil) {
        if origin != self.origin { signal.send() }
    }
}
