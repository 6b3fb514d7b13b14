internal import Basics
internal import Instruments
internal import Synchronization

/// Wakes those who wait for something new about a task, after the commit that brought it.
///
/// A wake-up carries nothing and several melt into one: who is woken looks again. Another server's commits wake nobody
/// here, so who waits looks again after a while in any case.
final class TaskFollowers: Sendable {
    private struct State {
        var nextID: UInt64 = 0
        var count = 0
        var waiting: [UUIDv7: [UInt64: AsyncStream<Void>.Continuation]] = [:]
    }

    private let gauge: Gauge
    private let followersMax: Int
    private let state = Mutex(State())

    init(_ gauge: Gauge, followersMax: Int) {
        self.gauge = gauge
        self.followersMax = followersMax
    }

    /// Wakes all who follow a task.
    func wake(_ task: UUIDv7) {
        let continuations = state.withLock { Array($0.waiting[task, default: [:]].values) }
        for continuation in continuations { continuation.yield() }
    }

    /// A stream of wake-ups, which ends when its reader goes away; nil when there are as many followers as may be.
    func follow(_ task: UUIDv7) -> AsyncStream<Void>? {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id: UInt64? = state.withLock { state in
            guard state.count < followersMax else { return nil }
            state.count += 1
            state.nextID += 1
            state.waiting[task, default: [:]][state.nextID] = continuation
            return state.nextID
        }
        guard let id else { return nil }
        gauge.increment()
        continuation.onTermination = { [weak self] _ in self?.leave(task, id) }
        return stream
    }

    private func leave(_ task: UUIDv7, _ id: UInt64) {
        state.withLock { state in
            guard state.waiting[task]?.removeValue(forKey: id) != nil else { return }
            state.count -= 1
            if state.waiting[task]?.isEmpty == true { state.waiting[task] = nil }
        }
        gauge.decrement()
    }
}
