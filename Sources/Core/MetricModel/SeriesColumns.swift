/// The samples of one series as two columns: the batch in which series cross modules.
///
/// `timestamps` (milliseconds since the Unix epoch) increase strictly and have as many elements as `values`.
/// Stale markers are included: the reader of the columns decides what they end.
public struct SeriesColumns: Sendable, Equatable {
    /// What identifies the series, its name included.
    public var labels: Labels
    /// When the samples were taken, in milliseconds since the Unix epoch, increasing strictly.
    public var timestamps: [Int64]
    /// One value for each of `timestamps`.
    public var values: [Double]

    /// Makes the columns of a series; both must have the same length.
    public init(labels: Labels, timestamps: [Int64], values: [Double]) {
        precondition(timestamps.count == values.count, "BUG: columns of different lengths")
        self.labels = labels
        self.timestamps = timestamps
        self.values = values
    }

    /// The number of samples.
    public var count: Int { timestamps.count }
}
