/// What a query engine asks a store of series.
///
/// Concurrency: may be called from any thread, also while samples are appended; a call sees all samples whose append
/// returned before it began. Calls do not suspend; they may block on a disk.
public protocol SeriesReader: Sendable {
    /// The series that fit all matchers and have a sample in the closed range, with these samples, sorted by labels.
    ///
    /// - Parameters:
    ///   - matchers: All must fit; an empty list fits every series.
    ///   - start: First timestamp, inclusive, in milliseconds.
    ///   - end: Last timestamp, inclusive, in milliseconds.
    ///   - samplesMax: A limit on the number of samples that the answer may hold.
    /// - Returns: Sorted by labels; no series is empty.
    /// - Throws: ``SeriesReadError``.
    func select(
        _ matchers: [LabelMatcher],
        from start: Int64,
        through end: Int64,
        samplesMax: Int
    ) throws(SeriesReadError) -> [SeriesColumns]

    /// The label sets of the series that fit all matchers and have a sample in the closed range, sorted.
    func series(_ matchers: [LabelMatcher], from start: Int64, through end: Int64) throws(SeriesReadError) -> [Labels]

    /// The names of all labels of the series that fit, sorted as bytes.
    func labelNames(_ matchers: [LabelMatcher], from start: Int64, through end: Int64) throws(SeriesReadError)
        -> [String]

    /// The values that a label has in the series that fit, sorted as bytes.
    func labelValues(
        _ name: String,
        _ matchers: [LabelMatcher],
        from start: Int64,
        through end: Int64
    ) throws(SeriesReadError) -> [String]
}

/// A read that a store could not answer.
public enum SeriesReadError: Error, Hashable, Sendable {
    /// The answer would hold more samples than allowed.
    case tooManySamples(limit: Int)
    /// Stored data is damaged; the text says where.
    case corrupted(String)
}
