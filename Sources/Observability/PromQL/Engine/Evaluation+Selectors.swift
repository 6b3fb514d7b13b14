import MetricModel

/// What an instant selector yields of a sample.
enum SampleAspect {
    case values
    /// The sample's own time in seconds.
    case timestamps
}

extension Evaluation {
    /// The latest sample of each series at each step, no older than the lookback and not ended by a stale marker.
    func select(
        _ selector: VectorSelector,
        on grid: TimeGrid,
        yielding aspect: SampleAspect
    ) throws(QueryError) -> [VectorSeries] {
        guard grid.count > 0 else { return [] }
        if selector.extent == .anchored {
            throw QueryError.evaluation("anchored modifier can only be used with range selectors")
        }
        let times = ReferenceTimes(grid: grid, at: selector.at, offset: selector.offset)
        let isSmoothed = selector.extent == .smoothed
        let stored = try read(
            selector.matchers,
            from: times.first.subtractingClamped(options.lookback).addingClamped(1),
            through: isSmoothed ? times.last.addingClamped(options.lookback) : times.last
        )
        try hold(series: stored.count, steps: grid.count)
        var selected: [VectorSeries] = []
        selected.reserveCapacity(stored.count)
        for series in stored {
            let column =
                isSmoothed ? interpolated(series, times) : latest(series, times, yielding: aspect)
            if !column.isEmpty { selected.append(VectorSeries(labels: series.labels, column: column)) }
        }
        return selected
    }

    private func latest(_ series: SeriesColumns, _ times: ReferenceTimes, yielding aspect: SampleAspect) -> StepColumn {
        var column = StepColumn(count: times.grid.count)
        let count = series.timestamps.count
        var next = 0
        for step in 0..<times.grid.count {
            let reference = times[step]
            while next < count && series.timestamps[next] <= reference { next += 1 }
            guard next > 0 else { continue }
            let time = series.timestamps[next - 1]
            let value = series.values[next - 1]
            guard time > reference.subtractingClamped(options.lookback), !StaleMarker.isStale(value) else { continue }
            column.values[step] = aspect == .values ? value : Double(time) / 1000
        }
        return column
    }

    /// The value on the straight line between the samples around each step.
    private func interpolated(_ stored: SeriesColumns, _ times: ReferenceTimes) -> StepColumn {
        let series = RangeSeries(stored)
        var column = StepColumn(count: times.grid.count)
        let count = series.timestamps.count
        var next = 0
        for step in 0..<times.grid.count {
            let reference = times[step]
            while next < count && series.timestamps[next] < reference { next += 1 }
            let hasNext = next < count && series.timestamps[next] <= reference.addingClamped(options.lookback)
            if hasNext && series.timestamps[next] == reference {
                column.values[step] = series.values[next]
                continue
            }
            guard next > 0, series.timestamps[next - 1] > reference.subtractingClamped(options.lookback) else {
                continue
            }
            column.values[step] =
                hasNext
                ? Interpolation.value(
                    at: reference,
                    series.timestamps[next - 1],
                    series.values[next - 1],
                    series.timestamps[next],
                    series.values[next],
                    isCounter: false
                )
                : series.values[next - 1]
        }
        return column
    }
}

/// The times that a selector refers to at each step, after `@` and `offset`.
struct ReferenceTimes {
    let grid: TimeGrid
    let pinned: Int64?
    let offset: Int64

    init(grid: TimeGrid, at: AtModifier?, offset: Int64) {
        self.grid = grid
        self.offset = offset
        if case .timestamp(let time) = at { pinned = time } else { pinned = nil }
    }

    subscript(step: Int) -> Int64 { (pinned ?? grid.time(step)).subtractingClamped(offset) }

    var first: Int64 { self[0] }
    var last: Int64 { self[max(grid.count - 1, 0)] }
}

/// Straight lines between samples, for the modifiers `anchored` and `smoothed`.
enum Interpolation {
    /// The value at a time between two samples; a counter that fell is taken to have restarted from 0.
    static func value(
        at time: Int64,
        _ firstTime: Int64,
        _ firstValue: Double,
        _ secondTime: Int64,
        _ secondValue: Double,
        isCounter: Bool
    ) -> Double {
        let start = isCounter && secondValue < firstValue ? 0 : firstValue
        return start + (secondValue - start) * Double(time &- firstTime) / Double(secondTime &- firstTime)
    }
}
