import Synchronization

/// Lets a limited number of operations in, the others wait in line: first come, first served.
///
/// GRDB would queue them too, but without an end: a stuck disk would collect every request the server ever gets.
final class AccessGate: Sendable {
    private struct State {
        var free: Int
        var line: [AccessTicket] = []
        var isClosed = false
    }

    private let waitersMax: Int
    private let state: Mutex<State>

    init(slots: Int, waitersMax: Int) {
        precondition(slots > 0 && waitersMax >= 0, "BUG: a gate needs a slot")
        self.waitersMax = waitersMax
        state = Mutex(State(free: slots))
    }

    /// How many operations wait.
    var waiters: Int { state.withLock { $0.line.count } }

    /// Waits for a slot; every return must be followed by ``leave()``.
    /// - Throws: ``DatabaseError``: `overloaded` when the line is full, `connection` when the gate is closed, or what
    ///   the ticket was abandoned with.
    func enter(_ ticket: AccessTicket) async throws {
        enum Entry {
            case admitted, refused(DatabaseError), waiting
        }
        do {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let entry: Entry = state.withLock { state in
                    if state.isClosed { return .refused(DatabaseError(.connection, "the database is closed")) }
                    if state.free > 0 {
                        guard ticket.admit() else { return .refused(ticket.abandonment ?? Self.abandoned) }
                        state.free -= 1
                        return .admitted
                    }
                    if state.line.count >= waitersMax {
                        let message = "\(waitersMax) operations are waiting already (waitersMax)"
                        return .refused(DatabaseError(.overloaded, message))
                    }
                    guard ticket.wait(continuation) else { return .refused(ticket.abandonment ?? Self.abandoned) }
                    state.line.append(ticket)
                    return .waiting
                }
                switch entry {
                case .admitted: continuation.resume()
                case .refused(let error): continuation.resume(throwing: error)
                case .waiting: break
                }
            }
        } catch {
            state.withLock { state in state.line.removeAll { $0 === ticket } }
            throw error
        }
    }

    /// Gives the slot to the next in line.
    func leave() {
        state.withLock { state in
            while !state.line.isEmpty {
                if state.line.removeFirst().admit() { return }
            }
            state.free += 1
        }
    }

    /// Refuses everyone from now on, those in line too.
    func close() {
        let line = state.withLock { state in
            state.isClosed = true
            defer { state.line = [] }
            return state.line
        }
        for ticket in line { ticket.abandon(DatabaseError(.connection, "the database is closed")) }
    }

    private static let abandoned = DatabaseError(.cancelled, "the operation was given up")
}
