import Basics
import Synchronization

/// A clock on which every sleep is over at once: the time is the sum of all sleeps.
final class InstantClock: WallClock {
    private let slept = Mutex(Duration.zero)

    var now: Timestamp { Timestamp(milliseconds: 0).advanced(by: uptime) }
    var uptime: Duration { slept.withLock { $0 } }

    func sleep(for duration: Duration) async throws {
        slept.withLock { $0 += duration }
        await Task.yield()
        try Task.checkCancellation()
    }
}

/// The machine's clock, eight times as fast: for what many loops do together.
struct FastClock: WallClock {
    private static let factor = 8
    private let clock = SystemClock()

    var now: Timestamp { clock.now }
    var uptime: Duration { clock.uptime * Self.factor }

    func sleep(for duration: Duration) async throws { try await clock.sleep(for: duration / Self.factor) }
}
