public import Basics
public import MetricModel
import Synchronization

/// The newest samples of every series, compressed, in memory.
///
/// Samples are kept for ``HeadConfiguration/retention``; whoever owns the head calls ``collectGarbage(now:)`` now and
/// then.
///
/// Concurrency: all members may be called from any thread. One lock guards everything. It is held while a batch is
/// appended (about 0.1 µs a sample) and while a read collects references to chunks; matchers are evaluated and chunks
/// are decoded without it, on immutable copies, so reads neither see half a sample nor wait for each other. A read
/// sees all samples whose append returned before it began.
public final class Head: SampleAppender, Sendable {
    /// What is kept and what is refused.
    public let configuration: HeadConfiguration
    let clock: any WallClock
    let state: Mutex<HeadState>

    /// How many slots garbage collection looks at before it lets others have the lock.
    static let slotsPerCollection = 4096

    /// Makes an empty head; the clock decides what is too old or too far in the future.
    public init(configuration: HeadConfiguration = HeadConfiguration(), clock: any WallClock) {
        self.configuration = configuration
        self.clock = clock
        state = Mutex(HeadState(configuration: configuration))
    }

    /// Stores samples in the order given; what is refused is named by position.
    ///
    /// - Throws: ``SampleAppendError/closed``.
    public func append(_ samples: [LabeledSample]) throws(SampleAppendError) -> [RejectedSample] {
        try append(samples, mayUseReserve: false)
    }

    /// Stores samples of the series that alerts are (`ALERTS`, `ALERTS_FOR_STATE`), which a full head has room for too.
    ///
    /// As ``append(_:)``, but when the head holds ``HeadConfiguration/seriesMax`` series a new one takes of
    /// ``HeadConfiguration/alertSeriesMax``, until it is removed.
    /// - Throws: ``SampleAppendError/closed``.
    public func appendAlerts(_ samples: [LabeledSample]) throws(SampleAppendError) -> [RejectedSample] {
        try append(samples, mayUseReserve: true)
    }

    private func append(
        _ samples: [LabeledSample],
        mayUseReserve: Bool
    ) throws(SampleAppendError) -> [RejectedSample] {
        let now = clock.now.milliseconds
        let rejected: [RejectedSample]? = state.withLock { state in
            guard !state.isClosed else { return nil }
            let window = state.window(at: now)
            var rejected: [RejectedSample] = []
            for (index, sample) in samples.enumerated() {
                if let reason = state.append(sample, window, mayUseReserve: mayUseReserve) {
                    rejected.append(RejectedSample(index: index, reason: reason))
                }
            }
            return rejected
        }
        guard let rejected else { throw .closed }
        return rejected
    }

    /// Drops chunks that end, and series whose last sample lies, more than the retention before `now`.
    ///
    /// From then on samples older than that are not read either, also where their chunk is still held for newer ones.
    /// A time before that of an earlier call changes nothing.
    public func collectGarbage(now: Timestamp) {
        let oldest = now.advanced(by: .zero - configuration.retention).milliseconds
        var next: Int? = 0
        while let first = next {
            next = state.withLock { $0.collect(before: oldest, from: first, count: Self.slotsPerCollection) }
        }
    }

    /// Refuses samples from now on; reads still work.
    public func close() {
        state.withLock { $0.isClosed = true }
    }

    /// What the head holds and what has happened to it.
    public var statistics: HeadStatistics {
        state.withLock { $0.statistics() }
    }
}
