/// A label's name and value.
public struct Label: Hashable, Sendable {
    /// What the label is called; of PromQL's own, `__name__` holds the metric name.
    public let name: String
    /// What the label says of its series; an empty value is the same as no label.
    public let value: String

    /// Makes a label; nothing is checked here.
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
