import Basics
import Dispatch
import Instruments
import Synchronization

/// A connection whose thread does the look-ups of many callers: those that have come while others were under way are
/// sent together.
///
/// It is opened when it is first asked, and whoever asks while it is not open, or has something done that fails, gets
/// nothing and goes the way of all reads, which waits, tries again and explains. So nothing here has to be right about
/// faults, only quick about their absence.
///
/// Concurrency: any thread.
final class PostgreSQLLookUpLane: Sendable {
    private struct Waiter {
        let sql: String
        let arguments: [SQLValue]
        let continuation: CheckedContinuation<[SQLRow]?, Never>
    }

    private struct State {
        var waiting: [Waiter] = []
        var isOpen = false
        /// Whether the thread works: it looks for more before it rests.
        var isBusy = false
        var isClosed = false
        /// When a connection that failed is opened again.
        var openAt = Duration.zero
    }

    private enum Admission {
        case refused, opening, waiting, first
    }

    private let settings: PostgreSQLSettings
    private let redaction: PostgreSQLRedaction
    private let clock: any WallClock
    private let metrics: PostgreSQLMetrics
    private let deadlines: OperationDeadlines
    private let queue: DispatchQueue
    private let state = Mutex(State())
    /// SAFETY: only touched on ``queue``.
    nonisolated(unsafe) private var session: PostgreSQLSession?
    nonisolated(unsafe) private var retireAt = Duration.zero

    /// The pause before a connection that failed is opened again.
    private static let openInterval = Duration.seconds(1)

    init(
        _ number: Int,
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
        queue = DispatchQueue(label: "database.lookups.\(number)")
    }

    /// How many look-ups wait to be sent.
    var waiters: Int { state.withLock { $0.waiting.count } }

    /// The rows that a statement finds; nil when this connection cannot tell.
    func rows(_ sql: String, _ arguments: [SQLValue]) async -> [SQLRow]? {
        await withCheckedContinuation { continuation in
            let admission: Admission = state.withLock { state in
                if state.isClosed || state.waiting.count >= settings.lookUpsWaitingMax { return .refused }
                guard state.isOpen else {
                    guard !state.isBusy, clock.uptime >= state.openAt else { return .refused }
                    state.isBusy = true
                    return .opening
                }
                state.waiting.append(Waiter(sql: sql, arguments: arguments, continuation: continuation))
                defer { state.isBusy = true }
                return state.isBusy ? .waiting : .first
            }
            switch admission {
            case .waiting: break
            case .first: queue.async { [self] in work() }
            case .opening:
                continuation.resume(returning: nil)
                queue.async { [self] in open() }
            case .refused: continuation.resume(returning: nil)
            }
        }
    }

    /// Refuses what comes, and returns when the connection is closed.
    func close() async {
        state.withLock { $0.isClosed = true }
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                drop()
                continuation.resume()
            }
        }
    }

    // MARK: On the connection's thread

    private func open() {
        do {
            let session = try PostgreSQLSession.connect(settings, redaction)
            self.session = session
            // A statement by itself is a transaction of its own, and this one is to change nothing.
            try session.runScript("SET default_transaction_read_only = on")
            retireAt = clock.uptime + settings.lifetimeMax
            metrics.opened.increment()
            let isWanted = state.withLock { state in
                (state.isOpen, state.isBusy) = (!state.isClosed, false)
                return state.isOpen
            }
            if !isWanted { drop() }
        } catch {
            metrics.openFailures.increment()
            drop()
        }
    }

    /// Closes the connection; those who wait go another way.
    private func drop() {
        session?.close()
        session = nil
        let waiting = state.withLock { state in
            (state.isOpen, state.isBusy) = (false, false)
            state.openAt = clock.uptime + Self.openInterval
            defer { state.waiting = [] }
            return state.waiting
        }
        for waiter in waiting { waiter.continuation.resume(returning: nil) }
    }

    /// Sends what has gathered, again and again until nothing has.
    private func work() {
        while true {
            let batch = state.withLock { state in
                let batch = Array(state.waiting.prefix(settings.lookUpsTogetherMax))
                state.waiting.removeFirst(batch.count)
                if batch.isEmpty { state.isBusy = false }
                return batch
            }
            if batch.isEmpty { return }
            guard let session, let answers = lookUp(batch, session) else {
                for waiter in batch { waiter.continuation.resume(returning: nil) }
                metrics.lost.increment()
                return drop()
            }
            for (waiter, answer) in zip(batch, answers) { waiter.continuation.resume(returning: answer) }
            // A plan that a migration has made stale fails for ever on this connection; and a new server may stand
            // behind an old name.
            if answers.contains(where: { $0 == nil }) || clock.uptime >= retireAt { return drop() }
        }
    }

    /// The rows of each; nil when the connection is lost, or did not answer in time and was cut.
    private func lookUp(_ batch: [Waiter], _ session: PostgreSQLSession) -> [[SQLRow]?]? {
        let interrupter = session.interrupter
        let operation = interrupter.begin()
        let limit = AccessTicket()
        limit.whenAbandoned { interrupter.cut(operation) }
        deadlines.add(limit, limit: settings.lookUpTimeout)
        defer { deadlines.remove(limit) }
        let answers = try? session.lookUp(batch.map { ($0.sql, $0.arguments) }, rowsMax: settings.resultRowsMax)
        return interrupter.end().isSettled ? answers : nil
    }
}
