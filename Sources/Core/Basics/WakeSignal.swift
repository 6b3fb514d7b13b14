import Synchronization

/// A flag that one task waits for and any other sets: wakes a sleeping loop before its time.
///
/// Concurrency: any thread may call ``set()``; one task at a time waits. A set flag is consumed by the next wait.
public final class WakeSignal: Sendable {
    private struct State {
        var isSet = false
        var nextID: UInt64 = 0
        var waiter: (id: UInt64, continuation: CheckedContinuation<Void, Never>)?
        var cancelledEarly: Set<UInt64> = []
    }

    private let state = Mutex(State())

    /// Makes a signal that is not set.
    public init() {}

    /// Wakes the waiting task, or lets the next wait return at once.
    public func set() {
        let waiter = state.withLock { state in
            let waiter = state.waiter
            state.waiter = nil
            if waiter == nil { state.isSet = true }
            return waiter
        }
        waiter?.continuation.resume()
    }

    /// Returns when the flag is set, when the time is over, or when the task is cancelled; nil waits without end.
    public func wait(atMost duration: Duration?, by clock: any WallClock) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            if let duration { group.addTask { try? await clock.sleep(for: duration) } }
            await group.next()
            group.cancelAll()
        }
    }

    /// Returns when the flag is set, or the task is cancelled.
    public func wait() async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.cancelledEarly.remove(id) != nil { return true }
                    if state.isSet {
                        state.isSet = false
                        return true
                    }
                    precondition(state.waiter == nil, "BUG: two tasks wait for one signal")
                    state.waiter = (id, continuation)
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                guard let waiter = state.waiter, waiter.id == id else {
                    state.cancelledEarly.insert(id)
                    return nil as CheckedContinuation<Void, Never>?
                }
                state.waiter = nil
                return waiter.continuation
            }
            waiter?.resume()
        }
        state.withLock { state in _ = state.cancelledEarly.remove(id) }
    }
}
