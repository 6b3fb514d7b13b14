/// Which connections there are, who has them and who waits: the decisions of a connection pool.
///
/// Pure. Each method is an event and returns what is to be done about it, in order; times are readings of a steady clock,
/// and chance is handed in. A connection is in one phase at a time, counts against the limit from the decision to open it
/// until it is closed, and is handed to nobody but from `idle`: whatever else it is in, its state is not known.
struct ConnectionPoolState {
    struct Limits: Hashable, Sendable {
        var connectionsMin: Int
        var connectionsMax: Int
        /// How many connections may be with writers at once.
        var writersMax: Int
        var waitersMax: Int
        var waitMax: Duration
        var idleMax: Duration
        var lifetimeMax: Duration
        var probeAfter: Duration
        /// The pause after the first attempt to connect that failed; it doubles with each further one.
        var backoffMin: Duration = .milliseconds(100)
        var backoffMax: Duration = .seconds(5)
    }

    /// What an operation wants a connection for.
    enum Access: Hashable, Sendable {
        case read, write
    }

    /// Why an operation gets no connection.
    enum Refusal: Hashable, Sendable {
        case tooManyWait, waitedTooLong, closed
    }

    enum Action: Hashable, Sendable {
        case open(connection: Int)
        case hand(connection: Int, waiter: Int)
        case refuse(waiter: Int, Refusal)
        /// Ask the idle connection whether it still works.
        case probe(connection: Int)
        case close(connection: Int)
        /// The pool is closed, and its last connection too.
        case drained
    }

    /// How a connection comes back.
    enum Return: Hashable, Sendable {
        case usable
        /// Its state is not known.
        case broken
        /// The server is gone, or has ended the connection: others may be dead too.
        case lost
    }

    /// What a connection is doing; the values are those of the metric label `state`.
    enum Phase: String, Hashable, Sendable, CaseIterable {
        case opening, idle, leased, probing, closing
    }

    private struct Connection {
        var phase: Phase
        var retireAt: Duration = .zero
        /// Since when it has been in its phase.
        var since: Duration
        var access: Access?
        /// When an idle one was last known to work.
        var knownAt: Duration
    }

    private struct Waiter {
        let id: Int
        let access: Access
        let since: Duration
    }

    private let limits: Limits
    private var connections: [Int: Connection] = [:]
    /// The idle ones; the last was used last, and is used next: so those that are not needed stay unused and are closed.
    private var idle: [Int] = []
    private var waiting: [Waiter] = []
    private var writers = 0
    private var opening = 0
    private var failures = 0
    private var retryAt: Duration = .zero
    private var lastConnection = 0
    private(set) var isClosed = false

    init(_ limits: Limits) {
        precondition(
            limits.connectionsMin >= 0 && limits.connectionsMax >= max(1, limits.connectionsMin)
                && limits.writersMax > 0 && limits.waitersMax >= 0,
            "BUG: a pool needs a connection, for writers too"
        )
        self.limits = limits
    }

    var waiterCount: Int { waiting.count }

    /// How many connections are in a phase.
    func count(_ phase: Phase) -> Int { connections.values.count { $0.phase == phase } }

    // MARK: Operations

    /// An operation wants a connection.
    mutating func acquire(waiter id: Int, _ access: Access, at now: Duration) -> [Action] {
        if isClosed { return [.refuse(waiter: id, .closed)] }
        waiting.append(Waiter(id: id, access: access, since: now))
        let actions = serve(at: now)
        // Only who would really wait is too many.
        guard waiting.count > limits.waitersMax, waiting.last?.id == id else { return actions }
        waiting.removeLast()
        return actions + [.refuse(waiter: id, .tooManyWait)]
    }

    /// An operation was given up while it waited; it is told nothing.
    mutating func abandon(waiter id: Int) { waiting.removeAll { $0.id == id } }

    /// An operation gives its connection back.
    mutating func release(_ id: Int, _ condition: Return, at now: Duration) -> [Action] {
        guard let connection = connections[id], connection.phase == .leased else { return [] }
        if connection.access == .write { writers -= 1 }
        connections[id]?.access = nil
        switch condition {
        case .usable where !isClosed && now < connection.retireAt:
            settle(id, at: now)
            return serve(at: now)
        case .usable, .broken:
            return [close(id, at: now)] + serve(at: now)
        case .lost:
            return [close(id, at: now)] + probeAll(at: now) + serve(at: now)
        }
    }

    // MARK: Connections

    /// A connection is open; `jitter` from 0 to 1 shortens its lifetime by up to a tenth, so that not all end at once.
    mutating func opened(_ id: Int, at now: Duration, jitter: Double) -> [Action] {
        guard let connection = connections[id], connection.phase == .opening else { return [] }
        opening -= 1
        failures = 0
        retryAt = .zero
        if isClosed { return [close(id, at: now)] }
        connections[id]?.retireAt = now + limits.lifetimeMax * (1 - 0.1 * jitter)
        settle(id, at: now)
        return serve(at: now)
    }

    /// A connection could not be opened; `jitter` from 0 to 1 lengthens the pause by up to a half, so that many servers do not
    /// come back at once.
    mutating func openFailed(_ id: Int, at now: Duration, jitter: Double) -> [Action] {
        guard let connection = connections[id], connection.phase == .opening else { return [] }
        opening -= 1
        connections[id] = nil
        var pause = limits.backoffMin
        for _ in 0..<failures where pause < limits.backoffMax { pause *= 2 }
        failures += 1
        retryAt = now + min(pause, limits.backoffMax) * (1 + 0.5 * jitter)
        return drainedIfEmpty()
    }

    /// A connection was asked whether it works.
    mutating func probed(_ id: Int, isUsable: Bool, at now: Duration) -> [Action] {
        guard let connection = connections[id], connection.phase == .probing else { return [] }
        guard isUsable, !isClosed else { return [close(id, at: now)] + serve(at: now) }
        // It was not used: how long it has been idle counts on.
        connections[id]?.phase = .idle
        connections[id]?.knownAt = now
        idle.insert(id, at: 0)
        return serve(at: now)
    }

    /// A connection is closed.
    mutating func closed(_ id: Int, at now: Duration) -> [Action] {
        guard connections[id]?.phase == .closing else { return [] }
        connections[id] = nil
        return serve(at: now) + drainedIfEmpty()
    }

    // MARK: Time

    /// Time has passed: ends waits, idleness and lifetimes, probes, and opens what is missing.
    mutating func tick(at now: Duration) -> [Action] {
        if isClosed { return [] }
        var actions: [Action] = []
        while let first = waiting.first, now - first.since >= limits.waitMax {
            waiting.removeFirst()
            actions.append(.refuse(waiter: first.id, .waitedTooLong))
        }
        for id in idle {
            guard let connection = connections[id] else { continue }
            let isSpare = kept > limits.connectionsMin && now - connection.since >= limits.idleMax
            if isSpare || now >= connection.retireAt {
                idle.removeAll { $0 == id }
                actions.append(close(id, at: now))
            } else if now - connection.knownAt >= limits.probeAfter {
                actions.append(probe(id, at: now))
            }
        }
        return actions + serve(at: now)
    }

    /// Refuses everyone from now on, those who wait too; the connections close as they come back.
    mutating func close(at now: Duration) -> [Action] {
        if isClosed { return drainedIfEmpty() }
        isClosed = true
        var actions = waiting.map { Action.refuse(waiter: $0.id, .closed) }
        waiting = []
        for id in idle { actions.append(close(id, at: now)) }
        idle = []
        return actions + drainedIfEmpty()
    }

    // MARK: Decisions

    /// Hands idle connections to those who wait, first come, first served, but that writers beyond their number let readers
    /// pass; then opens as many as are still missing.
    private mutating func serve(at now: Duration) -> [Action] {
        if isClosed { return [] }
        var actions: [Action] = []
        var index = 0
        while let id = idle.last, index < waiting.count {
            let waiter = waiting[index]
            if waiter.access == .write, writers >= limits.writersMax {
                index += 1
                continue
            }
            waiting.remove(at: index)
            idle.removeLast()
            connections[id]?.phase = .leased
            connections[id]?.since = now
            connections[id]?.access = waiter.access
            if waiter.access == .write { writers += 1 }
            actions.append(.hand(connection: id, waiter: waiter.id))
        }
        while needsMore, mayOpen(at: now) {
            lastConnection += 1
            connections[lastConnection] = Connection(phase: .opening, since: now, knownAt: now)
            opening += 1
            actions.append(.open(connection: lastConnection))
        }
        return actions
    }

    /// Whether another connection would be used, or is missing to the minimum.
    private var needsMore: Bool {
        guard connections.count < limits.connectionsMax else { return false }
        let writersWaiting = waiting.count { $0.access == .write }
        let servable = waiting.count - writersWaiting + min(writersWaiting, limits.writersMax - writers)
        return opening < servable || kept < limits.connectionsMin
    }

    /// The connections that will stay.
    private var kept: Int { connections.count - count(.closing) }

    /// After a failure one attempt at a time is made, when its time has come.
    private func mayOpen(at now: Duration) -> Bool { failures == 0 || (opening == 0 && now >= retryAt) }

    private mutating func settle(_ id: Int, at now: Duration) {
        connections[id]?.phase = .idle
        connections[id]?.since = now
        connections[id]?.knownAt = now
        idle.append(id)
    }

    private mutating func probeAll(at now: Duration) -> [Action] {
        var actions: [Action] = []
        for id in idle { actions.append(probe(id, at: now)) }
        return actions
    }

    private mutating func probe(_ id: Int, at now: Duration) -> Action {
        idle.removeAll { $0 == id }
        connections[id]?.phase = .probing
        return .probe(connection: id)
    }

    private mutating func close(_ id: Int, at now: Duration) -> Action {
        connections[id]?.phase = .closing
        connections[id]?.since = now
        return .close(connection: id)
    }

    private func drainedIfEmpty() -> [Action] { isClosed && connections.isEmpty ? [.drained] : [] }
}
