import Synchronization

/// A clock that stands still until it is told to advance: for tests, back-tests and simulations.
///
/// A test that needs a component to have gone to sleep awaits ``waitForSleepers(_:)`` instead of sleeping itself.
public final class ManualClock: WallClock {
    private struct Sleeper {
        let wakeAt: Duration
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct Watcher {
        let count: Int
        /// Sleepers that wake later do not count.
        let wakeAtMax: Duration
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var now: Timestamp
        var uptime: Duration = .zero
        var nextID: UInt64 = 0
        var sleepers: [UInt64: Sleeper] = [:]
        var cancelledEarly: Set<UInt64> = []
        var watchers: [Watcher] = []

        func isSatisfied(_ count: Int, wakeAtMax: Duration) -> Bool {
            sleepers.values.count { $0.wakeAt <= wakeAtMax } >= count
        }

        mutating func takeSatisfiedWatchers() -> [Watcher] {
            let satisfied = watchers.filter { isSatisfied($0.count, wakeAtMax: $0.wakeAtMax) }
            watchers = watchers.filter { !isSatisfied($0.count, wakeAtMax: $0.wakeAtMax) }
            return satisfied
        }
    }

    private let state: Mutex<State>

    /// Makes a clock that shows `now`.
    public init(now: Timestamp = Timestamp(milliseconds: 0)) {
        state = Mutex(State(now: now))
    }

    /// The wall-clock time as last advanced or set.
    public var now: Timestamp { state.withLock { $0.now } }

    /// How far the clock was advanced since it was made; setting the wall-clock time does not change it.
    public var uptime: Duration { state.withLock { $0.uptime } }

    /// Waits until ``advance(by:)`` has moved `uptime` on by the duration; throws when the task is cancelled.
    public func sleep(for duration: Duration) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enqueue(id, duration: duration, continuation)
            }
        } onCancel: {
            cancel(id)
        }
    }

    /// Moves the time on and wakes every sleeper that is due, in the order of their times.
    public func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            state.uptime += duration
            let due = state.sleepers.filter { $0.value.wakeAt <= state.uptime }
            for id in due.keys { state.sleepers[id] = nil }
            return due.sorted { ($0.value.wakeAt, $0.key) < ($1.value.wakeAt, $1.key) }
        }
        for (_, sleeper) in due { sleeper.continuation.resume() }
    }

    /// Sets the wall-clock time without waking anyone, as an administrator or a time server may.
    public func set(_ now: Timestamp) {
        state.withLock { $0.now = now }
    }

    /// Returns when at least `count` tasks are asleep that wake within a duration from now; without one, whenever they wake.
    public func waitForSleepers(_ count: Int = 1, dueWithin duration: Duration? = nil) async {
        await withCheckedContinuation { continuation in
            let isSatisfied = state.withLock { state in
                let wakeAtMax = duration.map { state.uptime + $0 } ?? .seconds(Int64.max)
                if state.isSatisfied(count, wakeAtMax: wakeAtMax) { return true }
                state.watchers.append(Watcher(count: count, wakeAtMax: wakeAtMax, continuation: continuation))
                return false
            }
            if isSatisfied { continuation.resume() }
        }
    }

    private func enqueue(_ id: UInt64, duration: Duration, _ continuation: CheckedContinuation<Void, any Error>) {
        enum Outcome {
            case cancelled, due, asleep([Watcher])
        }
        let outcome: Outcome = state.withLock { state in
            if state.cancelledEarly.remove(id) != nil { return .cancelled }
            if duration <= .zero { return .due }
            state.sleepers[id] = Sleeper(wakeAt: state.uptime + duration, continuation: continuation)
            return .asleep(state.takeSatisfiedWatchers())
        }
        switch outcome {
        case .cancelled: continuation.resume(throwing: CancellationError())
        case .due: continuation.resume()
        case .asleep(let watchers): for watcher in watchers { watcher.continuation.resume() }
        }
    }

    private func cancel(_ id: UInt64) {
        let sleeper = state.withLock { state in
            let sleeper = state.sleepers.removeValue(forKey: id)
            if sleeper == nil { state.cancelledEarly.insert(id) }
            return sleeper
        }
        sleeper?.continuation.resume(throwing: CancellationError())
    }
}
