/// Where samples are stored.
///
/// Concurrency: may be called from any thread.
public protocol SampleAppender: Sendable {
    /// Stores one sample for each of some series, in the order given, and says of each that was refused why.
    ///
    /// What is not refused is stored when the call returns.
    func append(_ samples: [LabeledSample]) throws(SampleAppendError) -> [RejectedSample]
}

/// A sample with the series it belongs to.
public struct LabeledSample: Sendable, Equatable {
    /// The series, its name included as `__name__`.
    public let labels: Labels
    /// Milliseconds since the Unix epoch.
    public let timestamp: Int64
    /// The value; a ``StaleMarker`` ends the series.
    public let value: Double

    /// Makes a sample; `timestamp` is in milliseconds since the Unix epoch.
    public init(labels: Labels, timestamp: Int64, value: Double) {
        self.labels = labels
        self.timestamp = timestamp
        self.value = value
    }
}

/// A sample that was not stored.
public struct RejectedSample: Sendable, Equatable {
    /// The reasons; a closed set, since it becomes the label `reason`.
    public enum Reason: String, CaseIterable, Sendable {
        /// Older than the newest sample of its series.
        case outOfOrder = "out_of_order"
        /// At the same time as the newest sample of its series, with another value.
        case duplicateTimestamp = "duplicate_timestamp"
        /// Older than what the store keeps.
        case tooOld = "too_old"
        /// Farther in the future than the store allows.
        case tooFarInFuture = "too_far_in_future"
        /// The store holds as many series as it may.
        case seriesLimit = "series_limit"
        /// No metric name, or labels beyond the limits of their number or length.
        case invalidLabels = "invalid_labels"
    }

    /// The position in the batch.
    public let index: Int
    /// Why the store refused it.
    public let reason: Reason

    /// Notes that the sample at a position of the batch was refused.
    public init(index: Int, reason: Reason) {
        self.index = index
        self.reason = reason
    }
}

/// A store that can take no samples at all.
public enum SampleAppendError: Error, Hashable, Sendable {
    /// The store has been closed.
    case closed
    /// The store's disk failed; the text says how.
    case disk(String)
}
