/// What a ``Head`` keeps and what it refuses.
public struct HeadConfiguration: Sendable, Equatable {
    /// How long samples are kept.
    ///
    /// Older ones are refused as `too_old`, not read, and dropped with their chunk.
    public var retention: Duration
    /// How far in the future a sample may lie.
    public var futureMax: Duration
    /// The number of series that the head holds at a time.
    public var seriesMax: Int
    /// The number of further series that ``Head/appendAlerts(_:)`` may make when the head is full.
    ///
    /// A full store must still be able to say that it is full: alerts are series too.
    public var alertSeriesMax: Int
    /// The number of labels of a series, with the metric name.
    public var labelsMax: Int
    /// The length of a label name in bytes.
    public var labelNameBytesMax: Int
    /// The length of a label value in bytes.
    public var labelValueBytesMax: Int

    /// Makes a configuration; all limits must be positive, and the series fit 32 bits.
    public init(
        retention: Duration = .seconds(2 * 60 * 60),
        futureMax: Duration = .seconds(10 * 60),
        seriesMax: Int = 1_000_000,
        alertSeriesMax: Int = 10_000,
        labelsMax: Int = 64,
        labelNameBytesMax: Int = 256,
        labelValueBytesMax: Int = 4096
    ) {
        precondition(retention > .zero && futureMax >= .zero, "BUG: a head that keeps nothing")
        precondition(
            seriesMax > 0 && alertSeriesMax > 0 && seriesMax < Int(UInt32.max) - alertSeriesMax,
            "BUG: seriesMax or alertSeriesMax out of range"
        )
        precondition(
            labelsMax > 0 && labelNameBytesMax > 0 && labelValueBytesMax > 0,
            "BUG: a limit that admits nothing"
        )
        self.retention = retention
        self.futureMax = futureMax
        self.seriesMax = seriesMax
        self.alertSeriesMax = alertSeriesMax
        self.labelsMax = labelsMax
        self.labelNameBytesMax = labelNameBytesMax
        self.labelValueBytesMax = labelValueBytesMax
    }
}
