/// What a query engine allows and assumes.
public struct EngineOptions: Sendable, Hashable {
    /// How far an instant selector looks back for a sample, in milliseconds.
    public var lookback: Int64
    /// The step of a subquery that names none, in milliseconds.
    public var defaultSubqueryStep: Int64
    /// How many samples a query may hold in memory at a time; raw samples and intermediate results count alike.
    public var samplesMax: Int
    /// How many points a series of a range query may have.
    public var pointsPerSeriesMax: Int
    /// How many series a result (of the query or of a part of it) may have.
    public var seriesMax: Int
    /// How many bytes a label value made by `label_join` or `label_replace` may have.
    public var labelValueBytesMax: Int
    /// How many bytes all labels made by functions and `count_values` may have together in one query.
    public var labelBytesMax: Int
    /// Whether the metric name goes when the query ends (true) or at each operation that drops it (false).
    public var delayedNameRemoval: Bool
    /// Whether "might not be a counter" goes by the label `__type__` and not by the name's suffix.
    public var typeAndUnitLabels: Bool

    /// Makes options; durations are in milliseconds and must be positive.
    public init(
        lookback: Int64 = 300_000,
        defaultSubqueryStep: Int64 = 60_000,
        samplesMax: Int = 50_000_000,
        pointsPerSeriesMax: Int = 11_000,
        seriesMax: Int = 1_000_000,
        labelValueBytesMax: Int = 1_048_576,
        labelBytesMax: Int = 268_435_456,
        delayedNameRemoval: Bool = false,
        typeAndUnitLabels: Bool = false
    ) {
        precondition(lookback > 0 && defaultSubqueryStep > 0, "BUG: durations of the engine must be positive")
        self.lookback = lookback
        self.defaultSubqueryStep = defaultSubqueryStep
        self.samplesMax = samplesMax
        self.pointsPerSeriesMax = pointsPerSeriesMax
        self.seriesMax = seriesMax
        self.labelValueBytesMax = labelValueBytesMax
        self.labelBytesMax = labelBytesMax
        self.delayedNameRemoval = delayedNameRemoval
        self.typeAndUnitLabels = typeAndUnitLabels
    }
}
