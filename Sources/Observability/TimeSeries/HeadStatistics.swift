public import MetricModel

/// What a ``Head`` holds and what has happened to it; for metrics and the status page.
public struct HeadStatistics: Sendable, Equatable {
    /// Series now.
    public var series = 0
    /// Those of them that have room which is kept for alerts: they do not count against the limit of series.
    public var reservedSeries = 0
    /// Chunks now, with the open ones.
    public var chunks = 0
    /// Samples now.
    public var samples = 0
    /// The bytes of the chunks.
    public var chunkBytes = 0
    /// Different pairs of label name and value.
    public var labelPairs = 0
    /// An estimate of the memory in use, in bytes: chunks, labels, index, bookkeeping.
    public var bytes = 0
    /// Samples stored since the start, with stale markers.
    public var appendedTotal: UInt64 = 0
    /// Samples that repeated the newest one of their series, and so changed nothing.
    public var repeatedTotal: UInt64 = 0
    /// Stale markers written because a series was missing from a snapshot.
    public var staleMarkersTotal: UInt64 = 0
    /// Series created since the start.
    public var seriesCreatedTotal: UInt64 = 0
    /// Series removed since the start.
    public var seriesRemovedTotal: UInt64 = 0
    /// Samples refused since the start; every reason is there.
    public var rejectedTotal: [RejectedSample.Reason: UInt64] = [:]
    /// The oldest time that may be read, in milliseconds; nil when there are no samples.
    public var minTime: Int64?
    /// The time of the newest sample, in milliseconds; nil when there are no samples.
    public var maxTime: Int64?
}
