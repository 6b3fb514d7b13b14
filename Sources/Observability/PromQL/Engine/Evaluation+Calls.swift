import Basics
import MetricModel

extension Evaluation {
    /// Calls a function.
    func evaluate(_ call: FunctionCall, on grid: TimeGrid) throws(QueryError) -> NodeValue {
        if let value = try timeFunction(call, on: grid) { return value }
        if let elementwise = ElementFunctions.function(call.function), call.arguments.count == 1 {
            return .vector(try mapValues(of: call.arguments[0], on: grid, elementwise))
        }
        guard let first = call.arguments.first else { return try callWithoutArguments(call, on: grid) }
        switch call.function {
        case .vector:
            let scalar = try scalar(first, on: grid)
            return .vector([VectorSeries(labels: .empty, column: column(scalar, grid))])
        case .scalar: return .scalar(.column(onlyValues(try vector(first, on: grid), grid)))
        case .minOf, .maxOf: return try lesserOrGreater(call, on: grid)
        case .clamp, .clampMin, .clampMax: return .vector(try clamp(call, on: grid))
        case .round: return .vector(try round(call, on: grid))
        case .timestamp: return .vector(try timestamps(call, on: grid))
        case .absent: return .vector(try absent(first, on: grid))
        case .labelReplace: return .vector(try labelReplace(call, on: grid))
        case .labelJoin: return .vector(try labelJoin(call, on: grid))
        case .sort, .sortDescending, .sortByLabel, .sortByLabelDescending: return .vector(try sort(call, on: grid))
        case .histogramQuantile, .histogramQuantiles, .histogramFraction:
            return .vector(try classicHistogram(call, on: grid))
        case .histogramAvg, .histogramCount, .histogramSum, .histogramStddev, .histogramStdvar:
            // Floats are no native histograms: nothing is left of them.
            _ = try vector(first, on: grid)
            return .vector([])
        case .startTimestamp:
            throw QueryError.invalid("start_timestamp() is not supported: the store keeps no start timestamps")
        case .info: return .vector(try info(call, on: grid))
        default: return .vector(try rangeFunction(call, on: grid))
        }
    }

    private func callWithoutArguments(_ call: FunctionCall, on grid: TimeGrid) throws(QueryError) -> NodeValue {
        throw QueryError.invalid("expected at least 1 argument(s) in call to \"\(call.function.rawValue)\", got 0")
    }

    /// Functions of the query's times, and the date functions.
    private func timeFunction(_ call: FunctionCall, on grid: TimeGrid) throws(QueryError) -> NodeValue? {
        switch call.function {
        case .pi: return .scalar(.constant(Double.pi))
        case .start: return .scalar(.constant(Double(query.start) / 1000))
        case .end: return .scalar(.constant(Double(query.end) / 1000))
        case .step: return .scalar(.constant(Double(query.step) / 1000))
        case .range: return .scalar(.constant(Double(query.end.subtractingClamped(query.start)) / 1000))
        case .time:
            var seconds: [Double] = []
            seconds.reserveCapacity(grid.count)
            for step in 0..<grid.count { seconds.append(Double(grid.time(step)) / 1000) }
            return .scalar(.column(seconds))
        default: break
        }
        guard let part = DateFunctions.function(call.function) else { return nil }
        if let argument = call.arguments.first {
            return .vector(try mapValues(of: argument, on: grid) { DateFunctions.apply(part, toSeconds: $0) })
        }
        var column = StepColumn(count: grid.count)
        for step in 0..<grid.count {
            column.values[step] = part(CivilTime(Timestamp(milliseconds: grid.time(step))))
        }
        return .vector([VectorSeries(labels: .empty, column: column)])
    }

    /// Applies a function to each value; the metric name goes.
    private func mapValues(
        of expression: Expression,
        on grid: TimeGrid,
        _ transform: (Double) -> Double
    ) throws(QueryError) -> [VectorSeries] {
        var series = try vector(expression, on: grid)
        for index in series.indices {
            for step in 0..<grid.count where StepColumn.isPresent(series[index].column.values[step]) {
                series[index].column.values[step] = transform(series[index].column.values[step])
            }
            dropName(&series[index])
        }
        return try mergingIfNamesAreDropped(series)
    }

    private func column(_ scalar: ScalarColumn, _ grid: TimeGrid) -> StepColumn {
        switch scalar {
        case .constant(let value): StepColumn(repeating: value, count: grid.count)
        case .column(let values): StepColumn(values)
        }
    }

    /// The value of the only series that has one at a step, else NaN.
    private func onlyValues(_ series: [VectorSeries], _ grid: TimeGrid) -> [Double] {
        var values = [Double](repeating: .nan, count: grid.count)
        for step in 0..<grid.count {
            var found = 0
            for one in series where StepColumn.isPresent(one.column.values[step]) {
                found += 1
                values[step] = one.column.values[step]
            }
            if found > 1 { values[step] = .nan }
        }
        return values
    }

    private func lesserOrGreater(_ call: FunctionCall, on grid: TimeGrid) throws(QueryError) -> NodeValue {
        guard call.arguments.count == 2 else { throw QueryError.invalid("expected 2 arguments") }
        let left = try scalar(call.arguments[0], on: grid)
        let right = try scalar(call.arguments[1], on: grid)
        let choose = call.function == .minOf ? ElementFunctions.lesser : ElementFunctions.greater
        if case .constant(let leftValue) = left, case .constant(let rightValue) = right {
            return .scalar(.constant(choose(leftValue, rightValue)))
        }
        var values: [Double] = []
        values.reserveCapacity(grid.count)
        for step in 0..<grid.count { values.append(choose(left[step], right[step])) }
        return .scalar(.column(values))
    }

    private func clamp(_ call: FunctionCall, on grid: TimeGrid) throws(QueryError) -> [VectorSeries] {
        guard call.arguments.count >= (call.function == .clamp ? 3 : 2) else {
            throw QueryError.invalid("too few arguments for \(call.function.rawValue)")
        }
        var series = try vector(call.arguments[0], on: grid)
        var lower = ScalarColumn.constant(-.infinity)
        var upper = ScalarColumn.constant(.infinity)
        if call.function != .clampMax { lower = try scalar(call.arguments[1], on: grid) }
        if call.function == .clampMax { upper = try scalar(call.arguments[1], on: grid) }
        if call.function == .clamp { upper = try scalar(call.arguments[2], on: grid) }
        for index in series.indices {
            for step in 0..<grid.count where StepColumn.isPresent(series[index].column.values[step]) {
                let value = series[index].column.values[step]
                series[index].column.values[step] =
                    upper[step] < lower[step]
                    ? StepColumn.absent
                    : ElementFunctions.greater(lower[step], ElementFunctions.lesser(upper[step], value))
            }
            dropName(&series[index])
        }
        return try mergingIfNamesAreDropped(series)
    }

    private func round(_ call: FunctionCall, on grid: TimeGrid) throws(QueryError) -> [VectorSeries] {
        var series = try vector(call.arguments[0], on: grid)
        let unit = call.arguments.count > 1 ? try scalar(call.arguments[1], on: grid) : .constant(1)
        for index in series.indices {
            for step in 0..<grid.count where StepColumn.isPresent(series[index].column.values[step]) {
                // Multiplying by the inverse loses less than dividing by the unit.
                let inverse = 1 / unit[step]
                let scaled = series[index].column.values[step] * inverse
                series[index].column.values[step] = (scaled + 0.5).rounded(.down) / inverse
            }
            dropName(&series[index])
        }
        return try mergingIfNamesAreDropped(series)
    }

    /// The time of each sample; of the step, when the argument is computed.
    private func timestamps(_ call: FunctionCall, on grid: TimeGrid) throws(QueryError) -> [VectorSeries] {
        var series: [VectorSeries]
        if case .vectorSelector(let selector) = call.arguments[0].unparenthesized, selector.extent == .plain {
            series = try select(selector, on: grid, yielding: .timestamps)
        } else {
            series = try vector(call.arguments[0], on: grid)
            for index in series.indices {
                for step in 0..<grid.count where StepColumn.isPresent(series[index].column.values[step]) {
                    series[index].column.values[step] = Double(grid.time(step)) / 1000
                }
            }
        }
        for index in series.indices { dropName(&series[index]) }
        return try mergingIfNamesAreDropped(series)
    }

    private func absent(_ argument: Expression, on grid: TimeGrid) throws(QueryError) -> [VectorSeries] {
        let series = try vector(argument, on: grid)
        var column = StepColumn(repeating: 1, count: grid.count)
        for one in series {
            for step in 0..<grid.count where StepColumn.isPresent(one.column.values[step]) {
                column.values[step] = StepColumn.absent
            }
        }
        return column.isEmpty ? [] : [VectorSeries(labels: AbsentLabels.labels(of: argument), column: column)]
    }
}

/// The labels of the series that `absent` makes up: those that the selector says exactly.
enum AbsentLabels {
    static func labels(of expression: Expression) -> Labels {
        let matchers: [LabelMatcher]
        switch expression.unparenthesized {
        case .vectorSelector(let selector): matchers = selector.matchers
        case .matrixSelector(let matrix): matchers = matrix.selector.matchers
        default: return .empty
        }
        var builder = LabelsBuilder()
        var seen: Set<String> = []
        for matcher in matchers where matcher.name != Label.metricName {
            // A label with two conditions, or another one than equality, has no value that could be told.
            let isOnly = seen.insert(matcher.name).inserted
            builder.set(matcher.name, isOnly && matcher.operation == .equal ? matcher.value : "")
        }
        return builder.labels
    }
}
