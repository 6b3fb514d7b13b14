package import Basics
package import Events
package import Instruments
import Synchronization

/// Reads the event log once for all live clients, and hands it on.
///
/// One follower reads each new page and each event is written as JSON once; from then on it is a matter of references.
///
/// Concurrency: any thread.
package final class LiveHub: Sendable {
    /// The events that are kept for clients that are up to date or nearly so.
    package static let tailEventsMax = 4096
    /// The events of one page, of the log and of the tail.
    package static let pageEventsMax = 200
    /// How long the hub waits between two looks at where the log ends while nobody listens.
    package static let idleInterval = Duration.milliseconds(100)

    private struct State {
        var tail: LiveTail<LiveEvent>
        var hasBegun = false
        var clients: [ObjectIdentifier: LiveSubscription] = [:]
    }

    let log: EventLog
    let clock: any WallClock
    let instruments: LiveInstruments
    private let tailEventsMax: Int
    private let state: Mutex<State>
    private let requests: AsyncStream<LiveSubscription>
    private let request: AsyncStream<LiveSubscription>.Continuation
    /// Somebody listens, perhaps the first.
    private let arrival = WakeSignal()

    /// Makes a hub over the log; the registry takes the metrics `kaskman_live_*`, one hub a registry.
    package init(log: EventLog, clock: any WallClock, registry: Registry, tailEventsMax: Int = LiveHub.tailEventsMax) {
        self.log = log
        self.clock = clock
        instruments = LiveInstruments(registry)
        self.tailEventsMax = tailEventsMax
        state = Mutex(State(tail: LiveTail(after: 0, eventsMax: tailEventsMax)))
        // A client asks for one page at a time, so that as many wait as there are clients.
        (requests, request) = AsyncStream.makeStream(of: LiveSubscription.self)
    }

    var now: Timestamp { clock.now }

    /// The position up to which the log was read.
    package var end: Int64 { state.withLock { $0.tail.end } }

    // MARK: Clients

    func add(_ client: LiveSubscription) {
        state.withLock { $0.clients[ObjectIdentifier(client)] = client }
        arrival.set()
    }

    func remove(_ client: LiveSubscription) {
        _ = state.withLock { $0.clients.removeValue(forKey: ObjectIdentifier(client)) }
    }

    var clients: [LiveSubscription] { state.withLock { Array($0.clients.values) } }

    func step(_ feed: inout LiveFeed<LiveEvent>) -> LiveFeed<LiveEvent>.Step { state.withLock { feed.step($0.tail) } }

    func ask(for client: LiveSubscription) { request.yield(client) }

    // MARK: Loops

    /// Finds the end of the log, at the first call; later ones go on where the reading ended.
    /// - Throws: `DatabaseError`.
    package func begin() async throws {
        guard !state.withLock({ $0.hasBegun }) else { return }
        let latest = try await log.latestPosition()
        state.withLock { state in
            state.tail = LiveTail(after: latest, eventsMax: tailEventsMax)
            state.hasBegun = true
        }
        instruments.position.set(Double(latest))
        wake()
    }

    /// Follows the log until the task is cancelled.
    /// - Throws: `DatabaseError`, `EventError`.
    package func follow() async throws {
        let wakeUps = try log.wakeUps()
        do {
            try await readOn()
            for await _ in wakeUps { try await readOn() }
        } catch {
            // A read that the cancellation caught ends as a wait does.
            if !Task.isCancelled { throw error }
        }
    }

    /// Reads what the log has grown by; while nobody listens only how far that is, not after each event, and who comes later
    /// reads it for itself.
    private func readOn() async throws {
        while !Task.isCancelled {
            if state.withLock({ $0.clients.isEmpty }) {
                let latest = try await log.latestPosition()
                take([], through: latest, earliest: latest + 1)
                await arrival.wait(atMost: Self.idleInterval, by: clock)
                if state.withLock({ $0.clients.isEmpty }) { return }
                continue
            }
            let page = try await log.page(.after(end), limit: EventLog.pageEventsMax)
            guard case .after(let through) = page.next, !page.events.isEmpty || page.isTruncated else { return }
            take(page.events.map { LiveEvent($0) }, through: through, earliest: page.earliestPosition)
        }
    }

    func take(_ events: [LiveEvent], through: Int64, earliest: Int64) {
        state.withLock { state in
            state.tail.skip(to: earliest - 1)
            state.tail.append(events, through: through)
        }
        instruments.position.set(Double(through))
        wake()
    }

    private func wake() {
        for client in clients { client.pump() }
    }

    /// Reads pages for those who are behind, one after the other and each in its turn, until the task is cancelled: many of
    /// them together take no more of the database than one.
    ///
    /// - Parameters:
    ///   - pause: waits after a failure; false when it is time to end.
    ///   - onFailure: is told of it.
    package func serveLate(pause: @Sendable () async -> Bool, onFailure: @Sendable (any Error) -> Void) async {
        for await client in requests {
            guard let after = client.wanted() else { continue }
            do {
                let page = try await page(after: after)
                instruments.pages.increment()
                client.take(page)
            } catch {
                if Task.isCancelled { return }
                instruments.failedPages.increment()
                onFailure(error)
                client.wait()
                guard await pause() else { return }
            }
        }
    }

    private func page(after position: Int64) async throws -> LivePage {
        let page = try await log.page(.after(position), limit: Self.pageEventsMax)
        guard case .after(let next) = page.next else { throw EventOrderError() }
        // Of a log that ends before the position the page tells nothing.
        let latest = page.events.isEmpty && next == position ? try await log.latestPosition() : next
        return LivePage(
            after: position,
            events: page.events.map { LiveEvent($0) },
            through: next,
            earliest: page.earliestPosition,
            latest: latest
        )
    }
}

/// A page that goes the wrong way, which the log never gives.
private struct EventOrderError: Error {}
