import MetricModel

/// `rate`, `increase` and `delta`.
struct RateFunction {
    var isCounter: Bool
    var isPerSecond: Bool
    /// Milliseconds.
    var range: Int64
    var extent: VectorSelector.Extent

    /// The change over a window, extended to the range's borders.
    func callAsFunction(_ window: borrowing Window) -> Double {
        extent == .plain ? extrapolated(window) : bounded(window)
    }

    /// Extends the change between the first and the last sample to the borders, when they are near, or else by half of
    /// the average distance between samples; a counter is not extended below zero.
    private func extrapolated(_ window: borrowing Window) -> Double {
        guard window.count >= 2 else { return StepColumn.absent }
        let first = window.lower
        let last = window.upper - 1
        var change = window.values[last] - window.values[first]
        if isCounter {
            var previous = window.values[first]
            for index in first + 1...last {
                let value = window.values[index]
                if value < previous { change += previous }
                previous = value
            }
        }
        var toStart = Double(window.timestamps[first] &- window.start) / 1000
        var toEnd = Double(window.end &- window.timestamps[last]) / 1000
        let sampled = Double(window.timestamps[last] &- window.timestamps[first]) / 1000
        let average = sampled / Double(last - first)
        let threshold = average * 1.1
        if toStart >= threshold { toStart = average / 2 }
        if isCounter && change > 0 && window.values[first] >= 0 {
            toStart = min(toStart, sampled * (window.values[first] / change))
        }
        if toEnd >= threshold { toEnd = average / 2 }
        var factor = (sampled + toStart + toEnd) / sampled
        if isPerSecond { factor /= Double(range) / 1000 }
        return change * factor
    }

    /// The change between the values at the borders: the nearest earlier sample (`anchored`), or the line between the
    /// samples around the border (`smoothed`).
    private func bounded(_ window: borrowing Window) -> Double {
        guard let bounds = ExtendedBounds(window, extent: extent, isCounter: isCounter) else {
            return StepColumn.absent
        }
        var change = bounds.right - bounds.left
        if isCounter {
            var previous = bounds.left
            var index = bounds.inner.lowerBound
            while index < bounds.inner.upperBound {
                let value = window.values[index]
                if value < previous { change += previous }
                previous = value
                index += 1
            }
            if bounds.right < previous { change += previous }
        }
        return isPerSecond ? change / (Double(range) / 1000) : change
    }
}

/// The values of a series at the borders of a range with the modifier `anchored` or `smoothed`.
struct ExtendedBounds {
    var left: Double
    var right: Double
    /// The samples strictly inside of the range.
    var inner: Range<Int>

    /// Nil when there is no sample after the start.
    init?(_ window: borrowing Window, extent: VectorSelector.Extent, isCounter: Bool) {
        guard window.count > 0 else { return nil }
        let isSmoothed = extent == .smoothed
        var last = window.upper - 1
        // The last sample at or before the start, or the first of all.
        var next = window.lower
        while next < last && window.timestamps[next] <= window.start { next += 1 }
        let first = max(window.lower, next - 1)
        if isSmoothed {
            var index = window.lower
            while index < last && window.timestamps[index] < window.end { index += 1 }
            last = index
        }
        guard window.timestamps[last] > window.start else { return nil }
        // Samples after the range only help to draw a line to one before.
        if isSmoothed && window.timestamps[first] > window.end { return nil }
        let times = window.timestamps
        let values = window.values
        if isSmoothed && times[first] < window.start && first + 1 < window.upper {
            left = Interpolation.value(
                at: window.start,
                times[first],
                values[first],
                times[first + 1],
                values[first + 1],
                isCounter: isCounter
            )
        } else {
            left = values[first]
        }
        if isSmoothed && last > window.lower && times[last] > window.end {
            right = Interpolation.value(
                at: window.end,
                times[last - 1],
                values[last - 1],
                times[last],
                values[last],
                isCounter: isCounter
            )
        } else {
            right = values[last]
        }
        let from = times[first] <= window.start ? first + 1 : first
        let through = times[last] >= window.end ? last - 1 : last
        inner = from..<max(from, through + 1)
    }
}

extension RangeSource {
    /// The samples of a range vector with a modifier, with the values at the borders as samples of their own.
    func extendedPoints(_ window: borrowing Window) -> Series {
        var points = Series(labels: window.labels, timestamps: [], values: [])
        guard let bounds = ExtendedBounds(window, extent: selector.extent, isCounter: false) else { return points }
        points.timestamps = [window.start] + window.timestamps[bounds.inner] + [window.end]
        points.values = [bounds.left] + window.values[bounds.inner] + [bounds.right]
        return points
    }
}
