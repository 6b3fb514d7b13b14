/// A label's name and value.
public struct Label: Hashable, Sendable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// The label that holds the metric name.
    public static let metricName = "__name__"
    /// The upper bound of a classic histogram's bucket.
    public static let bucketBound = "le"
    /// The quantile of a summary's series.
    public static let quantile = "quantile"
    /// The name of an alert.
    public static let alertName = "alertname"
}
