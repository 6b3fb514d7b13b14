import Basics
import Synchronization

/// Gives operations up when their time is over, with one sleeping task for all of them: a task and a timer for each would cost more
/// than most operations do.
///
/// The task sleeps until the nearest deadline that it knew when it fell asleep. An operation that ends in time only leaves the
/// table; the task wakes later, finds nothing due, and sleeps on, or ends when the table is empty.
///
/// Concurrency: any thread.
final class OperationDeadlines: Sendable {
    private struct Deadline {
        let ticket: AccessTicket
        let limit: Duration
        let at: Duration
    }

    private struct State {
        var deadlines: [ObjectIdentifier: Deadline] = [:]
        /// The sleeping task and when it wakes.
        var sweeper: (task: Task<Void, Never>, wakesAt: Duration)?
    }

    private let clock: any WallClock
    private let state = Mutex(State())

    init(clock: any WallClock) { self.clock = clock }

    /// Abandons the ticket when `limit` has passed, unless it is removed before.
    func add(_ ticket: AccessTicket, limit: Duration) {
        let at = clock.uptime + limit
        state.withLock { state in
            state.deadlines[ObjectIdentifier(ticket)] = Deadline(ticket: ticket, limit: limit, at: at)
            if let sweeper = state.sweeper, sweeper.wakesAt <= at { return }
            state.sweeper?.task.cancel()
            state.sweeper = (Task { await sweep(firstAt: at) }, at)
        }
    }

    /// The operation has ended, one way or another.
    func remove(_ ticket: AccessTicket) {
        state.withLock { state in _ = state.deadlines.removeValue(forKey: ObjectIdentifier(ticket)) }
    }

    private func sweep(firstAt: Duration) async {
        var next: Duration? = firstAt
        while let at = next {
            // It is cancelled when another took over that wakes earlier.
            do { try await clock.sleep(for: at - clock.uptime) } catch { return }
            let now = clock.uptime
            let due: [Deadline] = state.withLock { state in
                guard !Task.isCancelled else {
                    next = nil
                    return []
                }
                let due = state.deadlines.values.filter { $0.at <= now }
                for deadline in due { state.deadlines[ObjectIdentifier(deadline.ticket)] = nil }
                next = state.deadlines.values.map(\.at).min()
                if let next { state.sweeper?.wakesAt = next } else { state.sweeper = nil }
                return due
            }
            for deadline in due {
                deadline.ticket.abandon(DatabaseError(.timeout, "took longer than \(deadline.limit)"))
            }
        }
    }
}
