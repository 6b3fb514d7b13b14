import Basics
import Synchronization

/// One operation on its way through a database: waiting, running, given up.
///
/// Three parties meet here: the ``AccessGate`` that lets it in, the thread that runs it, and whoever gives it up (the
/// timer, or the cancellation of the caller's task).
final class AccessTicket: Sendable {
    private enum State {
        case fresh
        case waiting(CheckedContinuation<Int, any Error>)
        case admitted
        case finished
        case abandoned(DatabaseError)
    }

    private let state = Mutex(State.fresh)
    /// What stops the running operation from outside; nil where it looks at ``abandonment`` itself.
    private let interruption = Mutex<Callback<Void>?>(nil)

    /// Why the operation was given up; nil while it was not.
    var abandonment: DatabaseError? {
        state.withLock { if case .abandoned(let error) = $0 { error } else { nil } }
    }

    /// Stores the continuation to resume when a slot is free; false when the operation was given up before.
    func wait(_ continuation: CheckedContinuation<Int, any Error>) -> Bool {
        state.withLock { state in
            guard case .fresh = state else { return false }
            state = .waiting(continuation)
            return true
        }
    }

    /// Gives the operation a slot; false when it was given up.
    func admit(to slot: Int) -> Bool {
        let admitted: (isAdmitted: Bool, continuation: CheckedContinuation<Int, any Error>?) = state.withLock {
            state in
            switch state {
            case .fresh:
                state = .admitted
                return (true, nil)
            case .waiting(let continuation):
                state = .admitted
                return (true, continuation)
            case .admitted, .finished, .abandoned:
                return (false, nil)
            }
        }
        admitted.continuation?.resume(returning: slot)
        return admitted.isAdmitted
    }

    /// Notes that the operation is past being given up: from here on it commits.
    /// - Throws: ``DatabaseError`` when it was given up before.
    func finish() throws(DatabaseError) {
        let abandonment: DatabaseError? = state.withLock { state in
            if case .abandoned(let error) = state { return error }
            state = .finished
            return nil
        }
        if let abandonment { throw abandonment }
    }

    /// Has `action` called when the operation is given up, and at once when it was: any thread, late or twice, so it must look
    /// whether there is still something to stop.
    func whenAbandoned(_ action: @escaping @Sendable () -> Void) {
        interruption.withLock { $0 = Callback(action) }
        if abandonment != nil { action() }
    }

    /// Lets the operation wait for a slot once more, after the one it had was of no use; false when it was given up.
    func enterAgain() -> Bool {
        interruption.withLock { $0 = nil }
        return state.withLock { state in
            guard case .admitted = state else { return false }
            state = .fresh
            return true
        }
    }

    /// Gives the operation up: a waiting one stops waiting, a running one stops at its next step.
    func abandon(_ error: DatabaseError) {
        let (isNew, continuation): (Bool, CheckedContinuation<Int, any Error>?) = state.withLock { state in
            switch state {
            case .fresh, .admitted:
                state = .abandoned(error)
                return (true, nil)
            case .waiting(let continuation):
                state = .abandoned(error)
                return (true, continuation)
            case .finished, .abandoned:
                return (false, nil)
            }
        }
        guard isNew else { return }
        continuation?.resume(throwing: error)
        interruption.withLock { $0 }?()
    }
}
