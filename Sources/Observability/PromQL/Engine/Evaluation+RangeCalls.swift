import Basics
import MetricModel

extension Evaluation {
    /// Calls a function of a range vector: slides a window over each series.
    func rangeFunction(_ call: FunctionCall, on grid: TimeGrid) throws(QueryError) -> [VectorSeries] {
        let isQuantile = call.function == .quantileOverTime
        guard call.arguments.count > (isQuantile ? 1 : 0) else {
            throw QueryError.invalid("too few arguments for \(call.function.rawValue)")
        }
        let argument = call.arguments[isQuantile ? 1 : 0]
        guard let source = try rangeSource(argument, on: grid) else {
            throw QueryError.invalid("expected a range vector in call to \"\(call.function.rawValue)\"")
        }
        try checkExtent(call, source)
        let function = try windowFunction(call, source, on: grid)
        let keepsName = call.function == .lastOverTime || call.function == .firstOverTime
        try hold(series: source.series.count, steps: grid.count)
        var result: [VectorSeries] = []
        result.reserveCapacity(source.series.count)
        for one in source.series {
            try poll()
            let column = slide(function, over: one, source, grid)
            if column.isEmpty { continue }
            if call.function == .rate || call.function == .increase { checkCounter(one.labels, argument.position) }
            var series = VectorSeries(labels: one.labels, column: column, dropsName: one.dropsName)
            if !keepsName { dropName(&series) }
            result.append(series)
        }
        if call.function == .absentOverTime { return absentOverTime(result, argument, grid) }
        if !options.delayedNameRemoval {
            var seen: Set<Labels> = []
            for one in result where !seen.insert(one.labels).inserted { throw QueryError.duplicateLabelSet }
        }
        return result
    }

    private func slide(
        _ function: WindowFunction,
        over series: RangeSeries,
        _ source: RangeSource,
        _ grid: TimeGrid
    ) -> StepColumn {
        var column = StepColumn(count: grid.count)
        var window = Window(series)
        for step in 0..<grid.count {
            source.slide(&window, to: step)
            if window.count > 0 { column.values[step] = function(window) }
        }
        return column
    }

    private func windowFunction(
        _ call: FunctionCall,
        _ source: RangeSource,
        on grid: TimeGrid
    ) throws(QueryError) -> WindowFunction {
        switch call.function {
        case .rate, .increase, .delta:
            let rate = RateFunction(
                isCounter: call.function != .delta,
                isPerSecond: call.function == .rate,
                range: source.range,
                extent: source.selector.extent
            )
            return { rate($0) }
        case .changes: return RangeFunctions.changes
        case .resets: return RangeFunctions.resets
        case .quantileOverTime: return try quantileOverTime(call, source, on: grid)
        case .predictLinear:
            guard call.arguments.count > 1 else { break }
            let duration = try scalar(call.arguments[1], on: grid)
            return { window in
                guard window.count >= 2 else { return StepColumn.absent }
                let line = LinearRegression(window, origin: window.time)
                return line.slope * duration[window.step] + line.intercept
            }
        case .doubleExponentialSmoothing: return try smoothing(call, source, on: grid)
        default:
            if let function = RangeFunctions.function(call.function) { return function }
        }
        throw QueryError.invalid("wrong arguments in call to \"\(call.function.rawValue)\"")
    }

    private func quantileOverTime(
        _ call: FunctionCall,
        _ source: RangeSource,
        on grid: TimeGrid
    ) throws(QueryError) -> WindowFunction {
        let quantile = try scalar(call.arguments[0], on: grid)
        if source.series.contains(where: { !$0.values.isEmpty }) {
            for value in quantile.all where Quantile.isInvalid(value) {
                warnAboutQuantile(value, call.arguments[0].position)
            }
        }
        return { window in
            var values = Array(window.values[window.lower..<window.upper])
            return Quantile.of(quantile[window.step], &values)
        }
    }

    private func smoothing(
        _ call: FunctionCall,
        _ source: RangeSource,
        on grid: TimeGrid
    ) throws(QueryError) -> WindowFunction {
        guard call.arguments.count > 2 else { throw QueryError.invalid("too few arguments") }
        let smoothing = try scalar(call.arguments[1], on: grid)
        let trend = try scalar(call.arguments[2], on: grid)
        if !source.series.isEmpty {
            for value in smoothing.all where !(value > 0 && value < 1) {
                throw QueryError.evaluation(
                    "invalid smoothing factor. Expected: 0 < sf < 1, got: \(ErrorText.fixed(value))"
                )
            }
            for value in trend.all where !(value > 0 && value < 1) {
                throw QueryError.evaluation(
                    "invalid trend factor. Expected: 0 < tf < 1, got: \(ErrorText.fixed(value))"
                )
            }
        }
        return { RangeFunctions.smooth($0, smoothing: smoothing[$0.step], trend: trend[$0.step]) }
    }

    func warnAboutQuantile(_ quantile: Double, _ position: SourceRange) {
        annotations.warn(
            "quantile value should be between 0 and 1, got \(FloatText.shortest(quantile))",
            position
        )
    }

    private func checkExtent(_ call: FunctionCall, _ source: RangeSource) throws(QueryError) {
        let allowed: [FunctionName]
        switch source.selector.extent {
        case .plain: return
        case .anchored: allowed = [.changes, .delta, .increase, .rate, .resets]
        case .smoothed: allowed = [.delta, .increase, .rate]
        }
        if allowed.contains(call.function) { return }
        let names = allowed.map(\.rawValue).joined(separator: ", ")
        let modifier = source.selector.extent == .anchored ? "anchored" : "smoothed"
        throw QueryError.evaluation(
            "\(modifier) modifier can only be used with: \(names) - not with \(call.function.rawValue)"
        )
    }

    private func checkCounter(_ labels: Labels, _ position: SourceRange) {
        let name = labels.metricName
        if name.isEmpty { return }
        if options.typeAndUnitLabels {
            let type = labels["__type__"]
            if type == "counter" || type == "histogram" { return }
            annotations.inform(
                "metric might not be a counter, __type__ label is not set to \"counter\" or \"histogram\", got "
                    + "\(QuotedText.quote(type)): \(QuotedText.quote(name))",
                position
            )
        } else if !["_total", "_sum", "_count", "_bucket"].contains(where: name.hasSuffix) {
            annotations.inform(
                "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "
                    + QuotedText.quote(name),
                position
            )
        }
    }

    private func absentOverTime(_ present: [VectorSeries], _ argument: Expression, _ grid: TimeGrid) -> [VectorSeries] {
        var column = StepColumn(repeating: 1, count: grid.count)
        for one in present {
            for step in 0..<grid.count where StepColumn.isPresent(one.column.values[step]) {
                column.values[step] = StepColumn.absent
            }
        }
        return column.isEmpty ? [] : [VectorSeries(labels: AbsentLabels.labels(of: argument), column: column)]
    }
}

/// Numbers in error texts.
enum ErrorText {
    /// As `%f`: six digits after the point.
    static func fixed(_ value: Double) -> String {
        guard value.magnitude < 9e12 else { return FloatText.decimal(value) }
        let scaled = (value.magnitude * 1_000_000).rounded()
        let whole = Int64(scaled / 1_000_000)
        let fraction = String(Int64(scaled) % 1_000_000)
        let zeros = String(repeating: "0", count: 6 - fraction.count)
        return (value < 0 ? "-" : "") + "\(whole).\(zeros)\(fraction)"
    }
}
