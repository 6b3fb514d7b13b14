import MetricModel

/// The values of one series at each step of a grid.
///
/// A step without value holds the stale marker: markers never survive selection, and arithmetic on NaN never yields
/// that bit pattern (it is a signalling NaN), so no bitmap is needed. This type is where native histograms would join.
struct StepColumn {
    /// The mark of a step without value.
    static let absent = StaleMarker.value

    var values: [Double]

    /// A column without any value.
    init(count: Int) { values = [Double](repeating: Self.absent, count: count) }

    init(repeating value: Double, count: Int) { values = [Double](repeating: value, count: count) }

    init(_ values: [Double]) { self.values = values }

    @inline(__always)
    static func isPresent(_ value: Double) -> Bool { value.bitPattern != StaleMarker.bitPattern }

    var isEmpty: Bool { !values.contains(where: Self.isPresent) }
}

/// A series while a query runs.
struct VectorSeries {
    var labels: Labels
    var column: StepColumn
    /// Whether the metric name goes when the query ends (delayed name removal).
    var dropsName = false
}

/// A scalar at each step.
enum ScalarColumn {
    case constant(Double)
    case column([Double])

    @inline(__always)
    subscript(step: Int) -> Double {
        switch self {
        case .constant(let value): value
        case .column(let values): values[step]
        }
    }

    /// The distinct values to check: one when constant.
    var all: [Double] {
        switch self {
        case .constant(let value): [value]
        case .column(let values): values
        }
    }
}

/// What a node of an expression yields over a whole grid.
enum NodeValue {
    case scalar(ScalarColumn)
    case string(String)
    case vector([VectorSeries])
}

/// The labels that say what a metric is; they are dropped together.
enum MetadataLabels {
    static let name = Array("__name__".utf8)
    static let type = Array("__type__".utf8)
    static let unit = Array("__unit__".utf8)
    static let all = [name, type, unit]
}

extension Labels {
    /// Without the metric name, type and unit.
    var droppingMetadata: Labels { selecting(MetadataLabels.all, isKept: false) }

    /// All labels in braces, the metric name among them: the form of error texts.
    var bracedText: String {
        var parts: [String] = []
        for label in self {
            let key = MetricNames.isLegacyLabelName(label.name) ? label.name : QuotedText.quote(label.name)
            parts.append("\(key)=\(QuotedText.quote(label.value))")
        }
        return "{" + parts.joined(separator: ", ") + "}"
    }
}
