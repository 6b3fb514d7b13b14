import MetricModel

/// A series as scripts write it: a metric, and points at even distances.
struct ScriptSeries {
    var labels: Labels
    /// Nil for a missing point.
    var points: [Double?] = []
    /// Whether there are native histograms among the points; `points` is empty then.
    var isHistogram = false

    /// Reads `metric item item …`.
    init(_ line: String) throws(ScriptError) {
        let values: [SeriesValue]
        do throws(ParseError) {
            (labels, values) = try SeriesDescription.parse(line)
        } catch {
            throw ScriptError("\(error)")
        }
        for value in values {
            switch value {
            case .missing: points.append(nil)
            case .float(let value): points.append(value)
            case .stale: points.append(StaleMarker.value)
            case .histogram: isHistogram = true
            }
        }
        if isHistogram { points = [] }
    }
}
