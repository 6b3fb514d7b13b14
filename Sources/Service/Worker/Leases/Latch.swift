import Basics
import Synchronization

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
