public import MetricModel

/// The answer to a query.
public struct QueryResult: Sendable {
    /// The value itself.
    public var value: QueryValue
    /// What the user should know about the answer.
    public var annotations: Annotations
    /// How many stored samples were read.
    public var samplesRead: Int
    /// The most samples that were in memory at a time; stored ones and those of intermediate results count alike.
    public var samplesPeak: Int

    /// Makes an answer.
    public init(
        value: QueryValue,
        annotations: Annotations = Annotations(),
        samplesRead: Int = 0,
        samplesPeak: Int = 0
    ) {
        self.value = value
        self.annotations = annotations
        self.samplesRead = samplesRead
        self.samplesPeak = samplesPeak
    }
}

/// The value of a query.
public enum QueryValue: Sendable, Equatable {
    case scalar(Double, timestamp: Int64)
    case string(String, timestamp: Int64)
    /// In the order that the query asks for (`sort`, `topk`); otherwise in no particular one.
    case vector([Sample])
    /// Sorted by labels.
    case matrix([Series])
}

/// A value of a series at one time.
public struct Sample: Sendable, Equatable {
    /// What identifies the series.
    public var labels: Labels
    /// Milliseconds since the Unix epoch.
    public var timestamp: Int64
    /// The value at that time.
    public var value: Double

    /// Makes a sample.
    public init(labels: Labels, timestamp: Int64, value: Double) {
        self.labels = labels
        self.timestamp = timestamp
        self.value = value
    }
}

/// The values of a series over time, as two columns of equal length.
public struct Series: Sendable, Equatable {
    /// What identifies the series.
    public var labels: Labels
    /// Milliseconds since the Unix epoch, increasing strictly.
    public var timestamps: [Int64]
    /// One value for each timestamp.
    public var values: [Double]

    /// Makes a series; the columns must be of equal length.
    public init(labels: Labels, timestamps: [Int64], values: [Double]) {
        precondition(timestamps.count == values.count, "BUG: columns of different lengths")
        self.labels = labels
        self.timestamps = timestamps
        self.values = values
    }
}
