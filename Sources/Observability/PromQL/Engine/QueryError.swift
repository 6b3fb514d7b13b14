public import MetricModel

/// Why a query failed.
///
/// The texts are those of Prometheus where it has one.
public enum QueryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The caller no longer wants the answer.
    case cancelled
    /// The query took longer than it may.
    case timeout
    /// The query would hold more samples in memory than ``EngineOptions/samplesMax``.
    case tooManySamples(limit: Int)
    /// A result would have more series than ``EngineOptions/seriesMax``.
    case tooManySeries(limit: Int)
    /// A range query would have more points per series than ``EngineOptions/pointsPerSeriesMax``.
    case tooManyPoints(limit: Int)
    /// A label value would have more bytes than ``EngineOptions/labelValueBytesMax``.
    case labelValueTooLong(label: String, limit: Int)
    /// The labels made in a query would have more bytes than ``EngineOptions/labelBytesMax``.
    case tooManyLabelBytes(limit: Int)
    /// The query cannot be run as asked: a step of zero, an end before the start, a range query of a range vector.
    case invalid(String)
    /// The expression has no value with this data.
    case evaluation(String)
    /// The store could not answer.
    case storage(SeriesReadError)

    /// The message, without position.
    public var description: String {
        switch self {
        case .cancelled: "query was canceled in expression evaluation"
        case .timeout: "query timed out in expression evaluation"
        case .tooManySamples:
            "query processing would load too many samples into memory in query execution"
        case .tooManySeries(let limit): "query result would have more than \(limit) series"
        case .tooManyPoints(let limit): "exceeded maximum resolution of \(limit) points per timeseries"
        case .labelValueTooLong(let label, let limit): "value of label \"\(label)\" would exceed \(limit) bytes"
        case .tooManyLabelBytes(let limit): "query would make labels of more than \(limit) bytes"
        case .invalid(let text), .evaluation(let text): text
        case .storage(.tooManySamples):
            "query processing would load too many samples into memory in query execution"
        case .storage(.corrupted(let text)): "stored data is damaged: \(text)"
        }
    }

    static let duplicateLabelSet = QueryError.evaluation("vector cannot contain metrics with the same labelset")
}

/// Why a caller ends a query early.
public enum QueryInterruption: Hashable, Sendable {
    case cancelled, timedOut
}
