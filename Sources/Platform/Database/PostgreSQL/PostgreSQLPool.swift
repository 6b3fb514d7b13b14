import Basics
import Instruments
import Synchronization

/// Does what ``ConnectionPoolState`` decides: opens, hands out, probes and closes connections.
///
/// Concurrency: any thread.
final class PostgreSQLPool: Sendable {
    private struct State {
        var pool: ConnectionPoolState
        var connections: [Int: PooledConnection] = [:]
        var waiters: [Int: AccessTicket] = [:]
        var lastWaiter = 0
        var lastFault: DatabaseError?
        var isDrained = false
        var whenDrained: [CheckedContinuation<Void, Never>] = []
        var ticker: Task<Void, Never>?
    }

    /// How often the pool looks what time has done.
    private static let tickInterval = Duration.milliseconds(200)

    private let settings: PostgreSQLSettings
    private let redaction: PostgreSQLRedaction
    private let clock: any WallClock
    private let metrics: PostgreSQLMetrics
    private let deadlines: OperationDeadlines
    private let state: Mutex<State>

    init(
        _ settings: PostgreSQLSettings,
        _ redaction: PostgreSQLRedaction,
        clock: any WallClock,
        metrics: PostgreSQLMetrics,
        deadlines: OperationDeadlines
    ) {
        self.settings = settings
        self.redaction = redaction
        self.clock = clock
        self.metrics = metrics
        self.deadlines = deadlines
        let limits = ConnectionPoolState.Limits(
            connectionsMin: settings.connectionsMin,
            connectionsMax: settings.connectionsMax,
            writersMax: settings.writersMax,
            waitersMax: settings.waitersMax,
            waitMax: settings.waitMax,
            idleMax: settings.idleMax,
            lifetimeMax: settings.lifetimeMax,
            probeAfter: settings.probeAfter
        )
        state = Mutex(State(pool: ConnectionPoolState(limits)))
        metrics.connectionsMax.set(Double(settings.connectionsMax))
    }

    /// Opens the first connections and begins to look at the time.
    func start() {
        let ticker = Task { [weak self, clock] in
            while !Task.isCancelled {
                guard let self else { return }
                self.happened { pool, now in pool.tick(at: now) }
                do { try await clock.sleep(for: Self.tickInterval) } catch { return }
            }
        }
        state.withLock { $0.ticker = ticker }
    }

    /// How many operations wait for a connection.
    var waiters: Int { state.withLock { $0.pool.waiterCount } }

    /// Waits for a connection; every return must be followed by ``leave(_:_:)``.
    /// - Throws: ``DatabaseError``: `overloaded`, `timeout`, `connection`, or what the ticket was abandoned with.
    func enter(_ ticket: AccessTicket, _ access: ConnectionPoolState.Access) async throws -> PooledConnection {
        let waiter = state.withLock { state in
            state.lastWaiter += 1
            state.waiters[state.lastWaiter] = ticket
            return state.lastWaiter
        }
        let id: Int
        do {
            id = try await withCheckedThrowingContinuation { continuation in
                guard ticket.wait(continuation) else {
                    continuation.resume(throwing: ticket.abandonment ?? Self.closed)
                    return
                }
                happened { pool, now in pool.acquire(waiter: waiter, access, at: now) }
            }
        } catch {
            state.withLock { state in
                state.waiters[waiter] = nil
                state.pool.abandon(waiter: waiter)
            }
            throw error
        }
        guard let connection = state.withLock({ $0.connections[id] }) else { throw Self.closed }
        return connection
    }

    /// Gives a connection back.
    func leave(_ connection: PooledConnection, _ condition: ConnectionPoolState.Return) {
        if condition != .usable { metrics.lost.increment() }
        happened { pool, now in pool.release(connection.id, condition, at: now) }
    }

    /// Refuses new work and returns when the running work has ended and every connection is closed.
    func close() async {
        state.withLock { $0.ticker }?.cancel()
        happened { pool, now in pool.close(at: now) }
        await withCheckedContinuation { continuation in
            let isDrained = state.withLock { state in
                if !state.isDrained { state.whenDrained.append(continuation) }
                return state.isDrained
            }
            if isDrained { continuation.resume() }
        }
        state.withLock { metrics.show($0.pool) }
    }

    private static let closed = DatabaseError(.connection, "the database is closed")

    // MARK: Events and what follows

    /// Tells the pool what happened and does what it decides.
    private func happened(_ event: (inout ConnectionPoolState, _ now: Duration) -> [ConnectionPoolState.Action]) {
        let now = clock.uptime
        let actions = state.withLock { state in
            let actions = event(&state.pool, now)
            for case .open(let id) in actions { state.connections[id] = PooledConnection(id: id) }
            return actions
        }
        for action in actions { perform(action) }
    }

    private func perform(_ action: ConnectionPoolState.Action) {
        switch action {
        case .hand(let id, let waiter):
            let ticket = state.withLock { $0.waiters.removeValue(forKey: waiter) }
            // Whoever was given up meanwhile has no use for it.
            if ticket?.admit(to: id) != true { happened { pool, now in pool.release(id, .usable, at: now) } }
        case .refuse(let waiter, let refusal):
            let ticket = state.withLock { $0.waiters.removeValue(forKey: waiter) }
            ticket?.abandon(error(refusal))
        case .open(let id): onWorker(of: id) { await self.open($0) }
        case .probe(let id): onWorker(of: id) { await self.probe($0) }
        case .close(let id): onWorker(of: id) { await self.close($0) }
        case .drained:
            let waiting = state.withLock { state in
                state.isDrained = true
                defer { state.whenDrained = [] }
                return state.whenDrained
            }
            for continuation in waiting { continuation.resume() }
        }
        if case .hand = action { return }
        state.withLock { metrics.show($0.pool) }
    }

    private func onWorker(of id: Int, _ work: @escaping @Sendable (PooledConnection) async -> Void) {
        guard let connection = state.withLock({ $0.connections[id] }) else { return }
        Task { await work(connection) }
    }

    private func error(_ refusal: ConnectionPoolState.Refusal) -> DatabaseError {
        switch refusal {
        case .tooManyWait:
            return DatabaseError(.overloaded, "\(settings.waitersMax) operations are waiting already (waitersMax)")
        case .waitedTooLong:
            // The reason, where there is one, tells more than the wait.
            if let fault = state.withLock({ $0.lastFault }) { return fault }
            return DatabaseError(.timeout, "no connection was free within \(settings.waitMax) (waitMax)")
        case .closed: return Self.closed
        }
    }

    // MARK: Connections

    private func open(_ connection: PooledConnection) async {
        let fault: DatabaseError?
        do {
            try await connection.worker.run { try connection.open(settings, redaction) }
            fault = nil
        } catch {
            fault = error as? DatabaseError ?? DatabaseError(.connection, "\(error)")
        }
        state.withLock { $0.lastFault = fault }
        let jitter = Double.random(in: 0...1)
        if fault == nil {
            metrics.opened.increment()
            happened { pool, now in pool.opened(connection.id, at: now, jitter: jitter) }
        } else {
            metrics.openFailures.increment()
            state.withLock { $0.connections[connection.id] = nil }
            happened { pool, now in pool.openFailed(connection.id, at: now, jitter: jitter) }
        }
        state.withLock { metrics.show($0.pool) }
    }

    /// Asks a connection whether it works; one that does not answer in time is cut, and only that one.
    private func probe(_ connection: PooledConnection) async {
        let limit = AccessTicket()
        let isUsable = await connection.worker.run { () -> Bool in
            guard let session = connection.session else { return false }
            let operation = session.interrupter.begin()
            limit.whenAbandoned { [interrupter = session.interrupter] in interrupter.cut(operation) }
            deadlines.add(limit, limit: settings.probeTimeout)
            defer { deadlines.remove(limit) }
            do {
                try session.settle()
                _ = try session.run("SELECT 1")
            } catch {
                _ = session.interrupter.end()
                return false
            }
            return session.interrupter.end().isSettled && session.isIdle
        }
        if !isUsable { metrics.lost.increment() }
        happened { pool, now in pool.probed(connection.id, isUsable: isUsable, at: now) }
    }

    private func close(_ connection: PooledConnection) async {
        await connection.worker.run { connection.close() }
        state.withLock { $0.connections[connection.id] = nil }
        happened { pool, now in pool.closed(connection.id, at: now) }
    }
}
