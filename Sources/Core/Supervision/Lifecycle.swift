import Synchronization

/// The milestones of the platform's life: each is reached once and stays reached; tasks wait for them.
///
/// Concurrency: any thread.
final class Lifecycle: Sendable {
    enum Milestone: Hashable, Sendable {
        /// The platform is to end: readiness is false from here on.
        case drainRequested
        /// The component has served for the first time, or never will: those that depend on it need not wait.
        case started(ComponentKind)
        /// The component is to end.
        case draining(ComponentKind)
        /// The component has had its time: its task is cancelled.
        case forced(ComponentKind)
        /// The component runs no more.
        case ended(ComponentKind)
    }

    private struct State {
        var reached: Set<Milestone> = []
        var waiters: [UInt64: (milestone: Milestone, continuation: CheckedContinuation<Void, Never>)] = [:]
        var cancelledEarly: Set<UInt64> = []
        var nextID: UInt64 = 0
    }

    private let state = Mutex(State())
    private let onReady: @Sendable (ComponentKind) -> Void

    init(onReady: @escaping @Sendable (ComponentKind) -> Void) {
        self.onReady = onReady
    }

    func ready(_ kind: ComponentKind) {
        onReady(kind)
        reach(.started(kind))
    }

    func drained(_ kind: ComponentKind) async { await wait(for: .draining(kind)) }

    func isDraining(_ kind: ComponentKind) -> Bool { has(.draining(kind)) }

    func has(_ milestone: Milestone) -> Bool { state.withLock { $0.reached.contains(milestone) } }

    func reach(_ milestone: Milestone) {
        let woken = state.withLock { state in
            guard state.reached.insert(milestone).inserted else { return [CheckedContinuation<Void, Never>]() }
            let due = state.waiters.filter { $0.value.milestone == milestone }
            for id in due.keys { state.waiters[id] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Returns when the milestone is reached or the task is cancelled.
    func wait(for milestone: Milestone) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.cancelledEarly.remove(id) != nil || state.reached.contains(milestone) { return true }
                    state.waiters[id] = (milestone, continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                let waiter = state.waiters.removeValue(forKey: id)
                if waiter == nil { state.cancelledEarly.insert(id) }
                return waiter
            }
            waiter?.continuation.resume()
        }
        _ = state.withLock { $0.cancelledEarly.remove(id) }
    }
}
