/// The clock that every component is handed: wall-clock time, a steady time for measuring, and sleeping.
///
/// Nothing below Commands reads the time or sleeps in any other way, so evaluators, notifiers and retention run under a
/// ``ManualClock`` in tests, back-tests and simulations.
public protocol WallClock: Sendable {
    /// The wall-clock time; may jump when the machine's clock is set.
    var now: Timestamp { get }

    /// A time that never goes back, from an arbitrary origin: for measuring how long something took.
    var uptime: Duration { get }

    /// Waits until `uptime` has advanced by `duration`.
    ///
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    func sleep(for duration: Duration) async throws
}

/// The machine's own clock.
public struct SystemClock: WallClock {
    private static let origin = ContinuousClock.now

    /// Makes the clock; all of one process share the origin of `uptime`.
    public init() {}

    /// The real-time clock's reading, cut to milliseconds.
    public var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// The time since the process first asked, by a clock that goes on while the machine sleeps.
    public var uptime: Duration { Self.origin.duration(to: .now) }

    /// Suspends the task for the duration; throws `CancellationError` when it is cancelled.
    public func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration)
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif
