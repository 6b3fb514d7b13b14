import Synchronization

/// Lets writes in by groups: one by itself while nothing is written, otherwise all that have come meanwhile, first
/// come, first served.
///
/// So the fewer waits for the disk there are, the more there is to write: no write waits for others to come.
final class WriteGate: Sendable {
    private struct State {
        /// Those of the group that was let in that have not begun.
        var coming = 0
        /// Those of the group that have not left.
        var inside = 0
        var line: [AccessTicket] = []
        var isClosed = false
        var whenEmpty: [CheckedContinuation<Void, Never>] = []
    }

    private let groupMax: Int
    private let waitersMax: Int
    private let state = Mutex(State())

    init(groupMax: Int, waitersMax: Int) {
        precondition(groupMax > 0 && waitersMax >= 0, "BUG: a gate lets at least one in")
        self.groupMax = groupMax
        self.waitersMax = waitersMax
    }

    /// How many operations wait.
    var waiters: Int { state.withLock { $0.line.count } }

    /// Waits to be let in; every return must be followed by ``begin()`` and ``leave()``.
    /// - Throws: ``DatabaseError``: `overloaded` when the line is full, `connection` when the gate is closed, or what
    ///   the ticket was abandoned with.
    func enter(_ ticket: AccessTicket) async throws {
        do {
            _ = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int, any Error>) in
                let refusal: DatabaseError? = state.withLock { state in
                    if state.isClosed { return DatabaseError(.connection, "the database is closed") }
                    if state.inside > 0, state.line.count >= waitersMax {
                        return DatabaseError(.overloaded, "\(waitersMax) operations are waiting already (waitersMax)")
                    }
                    guard ticket.wait(continuation) else {
                        return ticket.abandonment ?? DatabaseError(.cancelled, "the operation was given up")
                    }
                    state.line.append(ticket)
                    if state.inside == 0 { letIn(&state) }
                    return nil
                }
                if let refusal { continuation.resume(throwing: refusal) }
            }
        } catch {
            state.withLock { state in state.line.removeAll { $0 === ticket } }
            throw error
        }
    }

    /// One of the group begins; returns whether it is the last that was let in.
    func begin() -> Bool {
        state.withLock { state in
            state.coming -= 1
            return state.coming == 0
        }
    }

    /// Whether all of the group have begun.
    var hasBegun: Bool { state.withLock { $0.coming == 0 } }

    /// So many of the group have to begin again.
    func again(_ count: Int) { state.withLock { $0.coming += count } }

    /// One of the group is done; the last one lets the next group in.
    func leave() {
        let waiting = state.withLock { state in
            state.inside -= 1
            guard state.inside == 0 else { return [CheckedContinuation<Void, Never>]() }
            letIn(&state)
            guard state.inside == 0 else { return [] }
            defer { state.whenEmpty = [] }
            return state.whenEmpty
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Refuses everyone from now on, those in line too, and returns when those inside have left.
    func close() async {
        let line = state.withLock { state in
            state.isClosed = true
            defer { state.line = [] }
            return state.line
        }
        for ticket in line { ticket.abandon(DatabaseError(.connection, "the database is closed")) }
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if state.inside > 0 { state.whenEmpty.append(continuation) }
                return state.inside == 0
            }
            if isEmpty { continuation.resume() }
        }
    }

    /// Lets the first of the line in, under the lock: whoever begins is told by it how many there are in all.
    private func letIn(_ state: inout State) {
        var passed = 0
        while passed < state.line.count, state.inside < groupMax {
            // Whoever was given up while it stood in line is passed over.
            if state.line[passed].admit(to: state.inside) { state.inside += 1 }
            passed += 1
        }
        state.line.removeFirst(passed)
        state.coming = state.inside
    }
}
