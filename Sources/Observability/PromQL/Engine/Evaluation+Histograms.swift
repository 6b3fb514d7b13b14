import Basics
import MetricModel

/// Functions over classic histograms: series with the label `le`.
extension Evaluation {
    /// `histogram_quantile`, `histogram_quantiles` and `histogram_fraction`.
    func classicHistogram(_ call: FunctionCall, on grid: TimeGrid) throws(QueryError) -> [VectorSeries] {
        switch call.function {
        case .histogramQuantile:
            guard call.arguments.count == 2 else { break }
            let quantile = try scalar(call.arguments[0], on: grid)
            warnAboutQuantiles(quantile, call.arguments[0])
            let histograms = try histograms(call.arguments[1], on: grid)
            return try quantiles(quantile, histograms, call.arguments[1], grid, label: nil)
        case .histogramQuantiles:
            guard call.arguments.count >= 3 else { break }
            let histograms = try histograms(call.arguments[0], on: grid)
            let label = try string(call.arguments[1], on: grid)
            var result: [VectorSeries] = []
            for argument in call.arguments.dropFirst(2) {
                let quantile = try scalar(argument, on: grid)
                warnAboutQuantiles(quantile, argument)
                result += try quantiles(quantile, histograms, call.arguments[0], grid, label: label)
            }
            return try merging(result)
        default:
            guard call.arguments.count == 3 else { break }
            let lower = try scalar(call.arguments[0], on: grid)
            let upper = try scalar(call.arguments[1], on: grid)
            let histograms = try histograms(call.arguments[2], on: grid)
            var result: [VectorSeries] = []
            for histogram in histograms {
                var series = VectorSeries(
                    labels: histogram.labels,
                    column: StepColumn(count: grid.count),
                    dropsName: histogram.dropsName
                )
                histogram.forEachStep { step, buckets in
                    series.column.values[step] = buckets.fraction(from: lower[step], to: upper[step])
                }
                dropName(&series)
                result.append(series)
            }
            return try mergingIfNamesAreDropped(result)
        }
        throw QueryError.invalid("wrong number of arguments for \(call.function.rawValue)")
    }

    private func warnAboutQuantiles(_ quantile: ScalarColumn, _ argument: Expression) {
        for value in quantile.all where Quantile.isInvalid(value) { warnAboutQuantile(value, argument.position) }
    }

    private func quantiles(
        _ quantile: ScalarColumn,
        _ histograms: [ClassicHistogram],
        _ argument: Expression,
        _ grid: TimeGrid,
        label: String?
    ) throws(QueryError) -> [VectorSeries] {
        try hold(series: histograms.count, steps: grid.count)
        var result: [VectorSeries] = []
        for histogram in histograms {
            try poll()
            var columns: [UInt64: StepColumn] = [:]
            var order: [Double] = []
            histogram.forEachStep { step, buckets in
                let (value, repair) = buckets.quantile(quantile[step])
                if let repair { inform(repair, histogram, argument, at: grid.time(step)) }
                let key = label == nil ? 0 : quantile[step].bitPattern
                if columns[key] == nil { order.append(quantile[step]) }
                columns[key, default: StepColumn(count: grid.count)].values[step] = value
            }
            for quantile in order {
                guard let column = columns[label == nil ? 0 : quantile.bitPattern] else { continue }
                var series = VectorSeries(labels: histogram.labels, column: column, dropsName: histogram.dropsName)
                dropName(&series)
                if let label {
                    try holdLabel(label, "")
                    series.labels = series.labels.setting(label, to: Self.openMetricsText(quantile))
                }
                result.append(series)
            }
        }
        return try mergingIfNamesAreDropped(result)
    }

    /// As OpenMetrics writes numbers in labels: `1.0`, `0.5`.
    private static func openMetricsText(_ value: Double) -> String {
        let text = FloatText.shortest(value)
        return value.isFinite && !text.utf8.contains(UInt8(ascii: ".")) && !text.utf8.contains(UInt8(ascii: "e"))
            ? text + ".0" : text
    }

    private func inform(
        _ repair: ClassicBuckets.Repair,
        _ histogram: ClassicHistogram,
        _ argument: Expression,
        at time: Int64
    ) {
        let name = options.delayedNameRemoval ? histogram.labels.metricName : ""
        let suffix = name.isEmpty ? "" : " for metric name \(QuotedText.quote(name))"
        annotations.add(
            Annotations.Entry(
                kind: .info,
                message: "PromQL info: input to histogram_quantile needed to be fixed for monotonicity "
                    + "(see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
                    + suffix,
                position: argument.position,
                monotonicity: MonotonicityRepair(
                    firstTimestamp: time,
                    lastTimestamp: time,
                    lowestBound: repair.lowestBound,
                    highestBound: repair.highestBound,
                    differenceMax: repair.differenceMax
                )
            )
        )
    }

    /// The histograms that the series of an expression make up.
    private func histograms(_ argument: Expression, on grid: TimeGrid) throws(QueryError) -> [ClassicHistogram] {
        let bound = Array(Label.bucketBound.utf8)
        var indexByLabels: [Labels: Int] = [:]
        var histograms: [ClassicHistogram] = []
        for series in try vector(argument, on: grid) where !series.column.isEmpty {
            let text = series.labels[Label.bucketBound]
            guard let upperBound = BucketBound.parse(text) else {
                let name = series.labels.metricName
                let suffix = name.isEmpty ? "" : " for metric name \(QuotedText.quote(name))"
                annotations.warn(
                    "bucket label \"le\" is missing or has a malformed value of \(QuotedText.quote(text))\(suffix)",
                    argument.position
                )
                continue
            }
            let labels = series.labels.selecting([bound], isKept: false)
            if let index = indexByLabels[labels] {
                histograms[index].bounds.append((upperBound, series.column))
            } else {
                indexByLabels[labels] = histograms.count
                histograms.append(
                    ClassicHistogram(
                        labels: labels,
                        dropsName: series.dropsName,
                        steps: grid.count,
                        bounds: [(upperBound, series.column)]
                    )
                )
            }
        }
        for index in histograms.indices {
            histograms[index].bounds.sort { $0.upperBound < $1.upperBound }
        }
        return histograms
    }
}

/// The columns of one classic histogram, one for each bucket.
struct ClassicHistogram {
    var labels: Labels
    var dropsName: Bool
    var steps: Int
    /// By upper bound.
    var bounds: [(upperBound: Double, column: StepColumn)]

    /// Calls `body` for each step at which there is any bucket.
    func forEachStep(_ body: (Int, inout ClassicBuckets) -> Void) {
        var buckets = ClassicBuckets()
        for step in 0..<steps {
            buckets.removeAll()
            for bound in bounds where StepColumn.isPresent(bound.column.values[step]) {
                buckets.append(upperBound: bound.upperBound, count: bound.column.values[step])
            }
            if !buckets.buckets.isEmpty { body(step, &buckets) }
        }
    }
}

/// The value of the label `le`.
enum BucketBound {
    /// The number, or nil for what is none (nor is NaN).
    static func parse(_ text: String) -> Double? {
        switch text.lowercased() {
        case "inf", "+inf", "infinity", "+infinity": return .infinity
        case "-inf", "-infinity": return -.infinity
        default:
            guard let first = text.utf8.first, first == 43 || first == 45 || first == 46 || (48...57).contains(first),
                let value = Double(text), !value.isNaN
            else { return nil }
            return value
        }
    }
}
