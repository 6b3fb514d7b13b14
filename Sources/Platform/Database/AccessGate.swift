import Synchronization

/// Lets a limited number of operations in, the others wait in line: first come, first served.
///
/// GRDB would queue them too, but without an end: a stuck disk would collect every request the server ever gets.
final class AccessGate: Sendable {
    private struct State {
        /// The numbers of the slots that nobody has; the one that was used last is used next.
        var free: [Int]
        var line: [AccessTicket] = []
        var isClosed = false
    }

    private let waitersMax: Int
    private let state: Mutex<State>

    init(slots: Int, waitersMax: Int) {
        precondition(slots > 0 && waitersMax >= 0, "BUG: a gate needs a slot")
        self.waitersMax = waitersMax
        state = Mutex(State(free: Array((0..<slots).reversed())))
    }

    /// How many operations wait.
    var waiters: Int { state.withLock { $0.line.count } }

    /// Waits for a slot and returns its number; every return must be followed by ``leave(_:)``.
    /// - Throws: ``DatabaseError``: `overloaded` when the line is full, `connection` when the gate is closed, or what
    ///   the ticket was abandoned with.
    func enter(_ ticket: AccessTicket) async throws -> Int {
        enum Entry {
            case admitted(Int), refused(DatabaseError), waiting
        }
        do {
            return try await withCheckedThrowingContinuation { continuation in
                let entry: Entry = state.withLock { state in
                    if state.isClosed { return .refused(DatabaseError(.connection, "the database is closed")) }
                    if let slot = state.free.last {
                        guard ticket.admit(to: slot) else { return .refused(ticket.abandonment ?? Self.abandoned) }
                        state.free.removeLast()
                        return .admitted(slot)
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
                case .admitted(let slot): continuation.resume(returning: slot)
                case .refused(let error): continuation.resume(throwing: error)
                case .waiting: break
                }
            }
        } catch {
            state.withLock { state in state.line.removeAll { $0 === ticket } }
            throw error
        }
    }

    /// Gives a slot to the next in line.
    func leave(_ slot: Int) {
        state.withLock { state in
            while !state.line.isEmpty {
                if state.line.removeFirst().admit(to: slot) { return }
            }
            state.free.append(slot)
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
