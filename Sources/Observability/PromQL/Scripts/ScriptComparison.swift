import Basics
import MetricModel

/// Whether a result is what a script expects.
enum ScriptComparison {
    /// Why a result is not the expected one; nil when it is.
    static func complaint(about value: QueryValue, _ eval: ScriptEval) -> String? {
        if eval.series.contains(where: \.isHistogram) { return "native histograms are not supported" }
        if let text = eval.string {
            guard case .string(let found, _) = value else { return "expected a string, got \(value)" }
            return found == text ? nil : "expected string \(QuotedText.quote(text)) but got \(QuotedText.quote(found))"
        }
        if let number = eval.scalar {
            guard case .scalar(let found, _) = value else { return "expected scalar result, but got \(value)" }
            return areEqual(number, found) ? nil : "expected scalar \(number) but got \(found)"
        }
        switch value {
        case .scalar, .string: return "expected vector or matrix result, but got \(value)"
        case .vector(let samples): return vectorComplaint(samples, eval)
        case .matrix(let series): return matrixComplaint(series, eval)
        }
    }

    private static func vectorComplaint(_ samples: [Sample], _ eval: ScriptEval) -> String? {
        var expected: [Labels: (index: Int, value: Double)] = [:]
        for (index, series) in eval.series.enumerated() {
            guard let point = series.points.first, let value = point else {
                return "expected series \(series.labels.bracedText) has no point"
            }
            expected[series.labels] = (index, value)
        }
        for (position, sample) in samples.enumerated() {
            guard let wanted = expected.removeValue(forKey: sample.labels) else {
                return "unexpected metric \(sample.labels.bracedText) in result, has value \(sample.value)"
            }
            if eval.isOrdered && wanted.index != position {
                return "expected metric \(sample.labels.bracedText) at position \(wanted.index + 1) but was at "
                    + "\(position + 1)"
            }
            if !areEqual(wanted.value, sample.value) {
                return "expected \(wanted.value) for \(sample.labels.bracedText) but got \(sample.value)"
            }
        }
        if let missing = expected.keys.min() { return "expected metric \(missing.bracedText) not found" }
        return nil
    }

    private static func matrixComplaint(_ matrix: [Series], _ eval: ScriptEval) -> String? {
        if eval.isOrdered { return "expected ordered result, but query returned a matrix" }
        let grid: (start: Int64, end: Int64, step: Int64)
        switch (eval.rangeVector, eval.time) {
        case (let range?, _): grid = range
        case (nil, .range(let start, let end, let step)): grid = (start, end, step)
        case (nil, .instant(let time)): return "unexpected matrix for an instant query at \(time)"
        }
        if let complaint = orderComplaint(matrix) { return complaint }
        var expected: [Labels: ScriptSeries] = [:]
        for series in eval.series { expected[series.labels] = series }
        for series in matrix {
            guard let wanted = expected.removeValue(forKey: series.labels) else {
                return "unexpected metric \(series.labels.bracedText) in result, has \(series.values)"
            }
            if let complaint = pointsComplaint(series, wanted, grid) { return complaint }
        }
        // A series line with nothing but gaps expects no series.
        for (labels, series) in expected.sorted(by: { $0.key < $1.key })
        where series.points.contains(where: { $0 != nil }) {
            return "expected metric \(labels.bracedText) not found"
        }
        return nil
    }

    static func orderComplaint(_ matrix: [Series]) -> String? {
        for index in matrix.indices.dropFirst() where !(matrix[index - 1].labels < matrix[index].labels) {
            return "matrix results should always be sorted by labels, but are not"
        }
        return nil
    }

    private static func pointsComplaint(
        _ series: Series,
        _ wanted: ScriptSeries,
        _ grid: (start: Int64, end: Int64, step: Int64)
    ) -> String? {
        var times: [Int64] = []
        var values: [Double] = []
        for (index, point) in wanted.points.enumerated() {
            guard let point else { continue }
            let time = grid.start + Int64(index) * grid.step
            if time > grid.end { return "expected point for \(wanted.labels.bracedText) lies after the end" }
            times.append(time)
            values.append(point)
        }
        let name = series.labels.bracedText
        guard times.count == series.timestamps.count else {
            return "expected \(times.count) float points for \(name), but got \(series.values) @ \(series.timestamps)"
        }
        for index in times.indices {
            if times[index] != series.timestamps[index] {
                return "expected float point \(index) for \(name) at \(times[index]), got \(series.timestamps[index])"
            }
            if !areEqual(values[index], series.values[index]) {
                return "expected float point \(index) (t=\(times[index])) for \(name) to be \(values[index]), but got "
                    + "\(series.values[index])"
            }
        }
        return nil
    }

    /// Equal up to one part in a million of both; NaN equals NaN.
    static func areEqual(_ left: Double, _ right: Double) -> Bool {
        if StaleMarker.isStale(left) || StaleMarker.isStale(right) {
            return StaleMarker.isStale(left) && StaleMarker.isStale(right)
        }
        if left.isNaN || right.isNaN { return left.isNaN && right.isNaN }
        if left == right { return true }
        let sum = left.magnitude + right.magnitude
        let difference = (left - right).magnitude
        if left == 0 || right == 0 || sum < Double.leastNormalMagnitude {
            return difference < tolerance * Double.leastNormalMagnitude
        }
        return difference / min(sum, Double.greatestFiniteMagnitude) < tolerance
    }

    private static let tolerance = 1e-6
}
