import MetricModel

/// The samples of a series that a range selector or a subquery refers to, without stale markers.
struct RangeSeries {
    var labels: Labels
    var dropsName = false
    var timestamps: [Int64]
    var values: [Double]

    init(labels: Labels, dropsName: Bool, timestamps: [Int64], values: [Double]) {
        self.labels = labels
        self.dropsName = dropsName
        self.timestamps = timestamps
        self.values = values
    }

    init(_ columns: SeriesColumns) {
        labels = columns.labels
        if columns.values.contains(where: StaleMarker.isStale) {
            timestamps = []
            values = []
            for index in columns.values.indices where !StaleMarker.isStale(columns.values[index]) {
                timestamps.append(columns.timestamps[index])
                values.append(columns.values[index])
            }
        } else {
            timestamps = columns.timestamps
            values = columns.values
        }
    }
}

/// One series and the part of it that a function sees at a step.
struct Window {
    let labels: Labels
    let timestamps: [Int64]
    let values: [Double]
    /// The samples in the window: indices into the columns, the end exclusive.
    var lower = 0
    var upper = 0
    /// The range's borders, in milliseconds: after this time.
    ///
    /// Other than plain ranges hold samples beyond the borders.
    var start: Int64 = 0
    /// The last time in the range.
    var end: Int64 = 0
    /// The step that is being evaluated, and its time.
    var step = 0
    var time: Int64 = 0

    init(_ series: RangeSeries) {
        labels = series.labels
        timestamps = series.timestamps
        values = series.values
    }

    var count: Int { upper - lower }

    var points: Series {
        Series(
            labels: labels,
            timestamps: Array(timestamps[lower..<upper]),
            values: Array(values[lower..<upper])
        )
    }
}

/// What the argument of a range-vector function selects, over all steps.
struct RangeSource {
    var series: [RangeSeries]
    let times: ReferenceTimes
    /// Milliseconds.
    let range: Int64
    /// How far the samples reach beyond the range, in milliseconds: for `anchored` and `smoothed`.
    let before: Int64
    let after: Int64
    let selector: VectorSelector

    /// Moves a window on to a step; steps must come in order.
    @inline(__always)
    func slide(_ window: inout Window, to step: Int) {
        let end = times[step]
        window.step = step
        window.time = times.grid.time(step)
        window.end = end
        window.start = end.subtractingClamped(range)
        let first = window.start.subtractingClamped(before)
        let last = end.addingClamped(after)
        let count = window.timestamps.count
        var lower = window.lower
        while lower < count && window.timestamps[lower] <= first { lower += 1 }
        var upper = max(window.upper, lower)
        while upper < count && window.timestamps[upper] <= last { upper += 1 }
        window.lower = lower
        window.upper = upper
    }
}

extension Evaluation {
    /// What a range vector selects; nil when the expression is none.
    func rangeSource(_ expression: Expression, on grid: TimeGrid) throws(QueryError) -> RangeSource? {
        switch expression.unparenthesized {
        case .matrixSelector(let matrix): return try rangeSource(matrix, on: grid)
        case .subquery(let subquery): return try rangeSource(subquery, on: grid)
        default: return nil
        }
    }

    private func rangeSource(_ matrix: MatrixSelector, on grid: TimeGrid) throws(QueryError) -> RangeSource {
        let selector = matrix.selector
        let times = ReferenceTimes(grid: grid, at: selector.at, offset: selector.offset)
        let before = selector.extent == .plain ? 0 : options.lookback
        let after = selector.extent == .smoothed ? options.lookback : 0
        var series: [RangeSeries] = []
        if grid.count > 0 && matrix.range > 0 {
            let start = times.first.subtractingClamped(matrix.range).subtractingClamped(before).addingClamped(1)
            for columns in try read(selector.matchers, from: start, through: times.last.addingClamped(after)) {
                let one = RangeSeries(columns)
                if !one.values.isEmpty { series.append(one) }
            }
        }
        return RangeSource(
            series: series,
            times: times,
            range: matrix.range,
            before: before,
            after: after,
            selector: selector
        )
    }

    private func rangeSource(_ subquery: Subquery, on grid: TimeGrid) throws(QueryError) -> RangeSource {
        let times = ReferenceTimes(grid: grid, at: subquery.at, offset: subquery.offset)
        let step = subquery.step > 0 ? subquery.step : options.defaultSubqueryStep
        // The first multiple of the step after the start of the first range.
        let border = times.first.subtractingClamped(subquery.range)
        var start = border / step * step
        if start <= border { start = start.addingClamped(step) }
        let inner = TimeGrid(start: start, through: grid.count > 0 ? times.last : Int64.min, step: step)
        var series: [RangeSeries] = []
        if inner.count > 0 {
            if inner.count > options.samplesMax { throw QueryError.tooManySamples(limit: options.samplesMax) }
            guard case .vector(let vector) = try evaluate(subquery.expression, on: inner) else {
                throw QueryError.invalid("subquery is only allowed on instant vector")
            }
            for one in vector { series.append(rangeSeries(one, inner)) }
        }
        let selector = VectorSelector(name: "", matchers: [], position: subquery.position)
        return RangeSource(
            series: series,
            times: times,
            range: subquery.range,
            before: 0,
            after: 0,
            selector: selector
        )
    }

    private func rangeSeries(_ series: VectorSeries, _ grid: TimeGrid) -> RangeSeries {
        var timestamps: [Int64] = []
        var values: [Double] = []
        timestamps.reserveCapacity(grid.count)
        values.reserveCapacity(grid.count)
        for (index, value) in series.column.values.enumerated() where StepColumn.isPresent(value) {
            timestamps.append(grid.time(index))
            values.append(value)
        }
        return RangeSeries(
            labels: series.labels,
            dropsName: series.dropsName,
            timestamps: timestamps,
            values: values
        )
    }
}
