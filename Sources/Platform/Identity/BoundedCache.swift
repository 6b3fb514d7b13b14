internal import Basics
import Synchronization

/// Answers that were found lately, for a limited time and in a limited number.
///
/// An answer that was being looked up while the cache was emptied is not kept: it may be from before the change.
final class BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct State {
        var generation: UInt64 = 0
        var entries: [Key: (value: Value, expires: Duration)] = [:]
    }

    private let entriesMax: Int
    private let lifetime: Duration
    private let clock: any WallClock
    private let state = Mutex(State())

    init(entriesMax: Int, lifetime: Duration, clock: any WallClock) {
        self.entriesMax = entriesMax
        self.lifetime = lifetime
        self.clock = clock
    }

    /// The answer kept for a key, and what to hand to ``store(_:for:generation:)`` when there is none.
    func find(_ key: Key) -> (value: Value?, generation: UInt64) {
        let now = clock.uptime
        return state.withLock { state in
            guard let entry = state.entries[key] else { return (nil, state.generation) }
            if entry.expires > now { return (entry.value, state.generation) }
            state.entries[key] = nil
            return (nil, state.generation)
        }
    }

    /// Keeps an answer, unless the cache was emptied since it was looked up.
    func store(_ value: Value, for key: Key, generation: UInt64) {
        let now = clock.uptime
        state.withLock { state in
            guard state.generation == generation, entriesMax > 0 else { return }
            if state.entries.count >= entriesMax, state.entries[key] == nil {
                state.entries = state.entries.filter { $0.value.expires > now }
                if state.entries.count >= entriesMax, let any = state.entries.keys.first { state.entries[any] = nil }
            }
            state.entries[key] = (value, now + lifetime)
        }
    }

    /// Empties the cache, after a change.
    func removeAll() {
        state.withLock { state in
            state.generation += 1
            state.entries = [:]
        }
    }

    var count: Int { state.withLock { $0.entries.count } }
}
