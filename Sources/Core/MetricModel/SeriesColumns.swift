/// The samples of one series as two columns: the batch in which series cross modules.
///
/// `timestamps` (milliseconds since the Unix epoch) increase strictly and have as many elements as `values`.
/// Stale markers are included: the reader of the columns decides what they end.
public struct SeriesColumns: Sendable, Equatable {
    public var labels: Labels
    public var timestamps: [Int64]
    public var values: [Double]

    public init(labels: Labels, timestamps: [Int64], values: [Double]) {
        precondition(timestamps.count == values.count, "BUG: columns of different lengths")
        self.labels = labels
        self.timestamps = timestamps
        self.values = values
    }

    /// The number of samples.
    public var count: Int { timestamps.count }
}
