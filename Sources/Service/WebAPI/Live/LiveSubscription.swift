import Basics
import HTTP
import Instruments
import NIOCore
import Synchronization

/// How a way of streaming puts things into words.
protocol LiveEncoding: Sendable {
    func event(_ event: LiveEvent, hidesErrors: Bool, on stream: OutgoingStream) -> ByteBuffer
    /// Events were removed by age before the client got them.
    func gap(from first: Int64, through last: Int64) -> ByteBuffer
    /// The log ends before the client's position: it is not the log that the client knew.
    func reset(to position: Int64) -> ByteBuffer
}

/// One client's share of the log: takes from the hub what the client wants and may have, as fast as it reads.
///
/// A slow reader is not cut off for being slow, and nothing is dropped: while its queue is full it is given nothing, and
/// when it has read it goes on from its position, from the database if need be. Only who reads nothing at all is closed
/// (``StreamLimits/silenceTimeout``).
///
/// Concurrency: any thread; what is handed out is handed out under the lock, in order.
final class LiveSubscription: Sendable {
    private struct State {
        var feed: LiveFeed<LiveEvent>
        var filter: LiveFilter
        var expires: Timestamp
        var stream: OutgoingStream?
        /// Whether the client was at the tail before.
        var wasAtTail = false
        /// Whether it stands in line for a page, where it stands once.
        var isInLine = false
    }

    private let state: Mutex<State>
    private let encoding: any LiveEncoding
    private let hub: LiveHub

    /// - Parameters:
    ///   - hub: Where events come from.
    ///   - position: The last position that the client has; nil to begin with what comes.
    ///   - filter: What it wants and may have.
    ///   - expires: When its rights end.
    ///   - encoding: How things are put.
    init(_ hub: LiveHub, after position: Int64?, _ filter: LiveFilter, expires: Timestamp, _ encoding: any LiveEncoding)
    {
        self.hub = hub
        self.encoding = encoding
        let feed = LiveFeed<LiveEvent>(after: position ?? hub.end, pageEventsMax: LiveHub.pageEventsMax)
        state = Mutex(State(feed: feed, filter: filter, expires: expires))
    }

    var position: Int64 { state.withLock { $0.feed.position } }

    var filter: LiveFilter { state.withLock { $0.filter } }

    // MARK: Life

    /// Begins to feed a stream.
    func start(_ stream: OutgoingStream) {
        state.withLock { $0.stream = stream }
        hub.add(self)
        pump()
    }

    /// Feeds no more.
    func stop() {
        hub.remove(self)
        state.withLock { $0.stream = nil }
    }

    /// Changes what the client gets from here on.
    func change(_ body: (inout LiveFilter) -> Void) { state.withLock { body(&$0.filter) } }

    /// The client has shown new credentials.
    func renew(_ filter: LiveFilter, expires: Timestamp) {
        state.withLock { state in
            var filter = filter
            filter.wish = state.filter.wish
            state.filter = filter
            state.expires = expires
        }
    }

    /// Goes on behind a position that the client names.
    func resume(after position: Int64) {
        state.withLock { $0.feed.jump(to: position) }
        pump()
    }

    /// Sends something that is not from the log; false when there was no room.
    @discardableResult
    func send(_ frame: (OutgoingStream) -> ByteBuffer) -> Bool {
        state.withLock { state in
            guard let stream = state.stream, stream.hasRoom else { return false }
            return stream.send(frame(stream))
        }
    }

    /// Closes the stream when the client's rights have ended.
    func expire(at now: Timestamp) {
        let stream = state.withLock { $0.expires <= now ? $0.stream : nil }
        stream?.close(.expired, .authorizationExpired, "the credentials have expired")
    }

    // MARK: Feeding

    /// Hands out what there is, as far as there is room.
    func pump() {
        let asks: Bool = state.withLock { state in
            while let stream = state.stream, stream.hasRoom {
                switch hub.step(&state.feed) {
                case .wait:
                    state.wasAtTail = state.wasAtTail || !state.feed.isReading
                    return false
                case .read:
                    if state.wasAtTail { hub.instruments.lagged.increment() }
                    state.wasAtTail = false
                    defer { state.isInLine = true }
                    return !state.isInLine
                case .send(let events, let through):
                    deliver(events, through: through, &state, isTail: true)
                }
            }
            return false
        }
        if asks { hub.ask(for: self) }
    }

    /// Its turn for a page has come: the position behind which it wants one; nil when it wants none any more.
    func wanted() -> Int64? {
        state.withLock { state in
            state.isInLine = false
            return state.feed.isReading && state.stream != nil ? state.feed.position : nil
        }
    }

    /// The page could not be read: it stands in line again.
    func wait() {
        let asks = state.withLock { state in
            defer { state.isInLine = true }
            return !state.isInLine
        }
        if asks { hub.ask(for: self) }
    }

    /// A page has come from the database.
    func take(_ page: LivePage) {
        state.withLock { state in
            let isEmpty = page.through <= page.after
            guard state.feed.answered(after: page.after, isEmpty: isEmpty), let stream = state.stream else { return }
            if page.latest < page.after {
                stream.send(encoding.reset(to: page.latest))
                state.feed.jump(to: page.latest)
                return
            }
            if page.earliest - 1 > page.after {
                hub.instruments.gaps.increment()
                stream.send(encoding.gap(from: page.after + 1, through: page.earliest - 1))
                state.feed.passed(page.earliest - 1)
            }
            deliver(page.events[...], through: page.through, &state, isTail: false)
        }
        pump()
    }

    private func deliver(_ events: ArraySlice<LiveEvent>, through: Int64, _ state: inout State, isTail: Bool) {
        guard let stream = state.stream else { return }
        let filter = state.filter
        let now = isTail ? hub.now : nil
        state.feed.handOut(events, through: through) { event in
            guard filter.admits(event) else { return true }
            guard stream.hasRoom, stream.send(encoding.event(event, hidesErrors: filter.hidesErrors, on: stream))
            else { return false }
            if let now { hub.instruments.delay.observe(now.since(event.occurredAt)) }
            return true
        }
    }
}

/// A page of the log for those who are behind.
struct LivePage: Sendable {
    /// The position behind which it was asked for.
    let after: Int64
    let events: [LiveEvent]
    /// Up to where there is nothing else.
    let through: Int64
    /// The first position that the log has.
    let earliest: Int64
    /// The newest position of the log.
    let latest: Int64
}
