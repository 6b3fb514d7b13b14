package import Basics
import Synchronization

/// Wakes one sleeping task before its time; set while nobody sleeps, it lets the next wait return at once.
///
/// Concurrency: any thread may call ``set()``; one task at a time waits.
package final class Wakeup: Sendable {
    private struct State {
        var isSet = false
        var nextID: UInt64 = 0
        var sleeper: (id: UInt64, continuation: CheckedContinuation<Void, Never>)?
        var cancelledEarly: Set<UInt64> = []
    }

    private let state = Mutex(State())

    package init() {}

    package func set() {
        let sleeper = state.withLock { state in
            defer { state.sleeper = nil }
            state.isSet = state.sleeper == nil
            return state.sleeper
        }
        sleeper?.continuation.resume()
    }

    /// Returns when set, when the time is over, or when the task is cancelled; nil waits without end.
    package func wait(atMost duration: Duration?, by clock: any WallClock) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.sleep() }
            if let duration { group.addTask { try? await clock.sleep(for: duration) } }
            await group.next()
            group.cancelAll()
        }
    }

    private func sleep() async {
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
                    precondition(state.sleeper == nil, "BUG: two tasks wait for one wake-up")
                    state.sleeper = (id, continuation)
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard let sleeper = state.sleeper, sleeper.id == id else {
                    state.cancelledEarly.insert(id)
                    return nil
                }
                state.sleeper = nil
                return sleeper.continuation
            }
            sleeper?.resume()
        }
        state.withLock { state in _ = state.cancelledEarly.remove(id) }
    }
}

/// Something that is said once and stays said; whoever waits for it, or asks later, hears it.
///
/// Concurrency: any thread, any number of waiting tasks.
package final class Latch<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var nextID: UInt64 = 0
        var waiting: [UInt64: CheckedContinuation<Value?, Never>] = [:]
        var cancelledEarly: Set<UInt64> = []
    }

    private let state = Mutex(State())

    package init() {}

    package var value: Value? { state.withLock { $0.value } }

    /// Says it; what was said before stands.
    package func set(_ value: Value) {
        let waiting = state.withLock { state in
            guard state.value == nil else { return [CheckedContinuation<Value?, Never>]() }
            state.value = value
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for continuation in waiting { continuation.resume(returning: value) }
    }

    /// Returns what was said, or nil when the task is cancelled first.
    package func wait() async -> Value? {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let value: Value? = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Value?? in
                    if let value = state.value { return value }
                    if state.cancelledEarly.remove(id) != nil { return .some(nil) }
                    state.waiting[id] = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let continuation = state.withLock { state in
                let continuation = state.waiting.removeValue(forKey: id)
                if continuation == nil { state.cancelledEarly.insert(id) }
                return continuation
            }
            continuation?.resume(returning: nil)
        }
        state.withLock { state in _ = state.cancelledEarly.remove(id) }
        return value
    }
}

extension Latch {
    /// Waits until it is said, for a time at most, and returns whether it was; a cancelled task waits no longer.
    func isSet(within duration: Duration, by clock: any WallClock) async -> Bool {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = await self.wait() }
            group.addTask { try? await clock.sleep(for: duration) }
            await group.next()
            group.cancelAll()
        }
        return value != nil || Task.isCancelled
    }
}
