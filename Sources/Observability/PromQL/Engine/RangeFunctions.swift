import MetricModel

/// What a range-vector function makes of one window; ``StepColumn/absent`` for nothing.
typealias WindowFunction = (borrowing Window) -> Double

/// The functions over the samples of a window that need no other argument.
enum RangeFunctions {
    static func function(_ name: FunctionName) -> WindowFunction? {
        switch name {
        case .irate: return { instantValue($0, isRate: true) }
        case .idelta: return { instantValue($0, isRate: false) }
        case .deriv: return derivative
        case .avgOverTime: return mean
        case .sumOverTime: return sum
        case .countOverTime: return { $0.count == 0 ? StepColumn.absent : Double($0.count) }
        case .presentOverTime, .absentOverTime: return { $0.count == 0 ? StepColumn.absent : 1 }
        case .firstOverTime: return { $0.count == 0 ? StepColumn.absent : $0.values[$0.lower] }
        case .lastOverTime: return { $0.count == 0 ? StepColumn.absent : $0.values[$0.upper - 1] }
        case .maxOverTime: return { window in extreme(window) { $0 > $1 }.value }
        case .minOverTime: return { window in extreme(window) { $0 < $1 }.value }
        case .tsOfMaxOverTime: return { window in extreme(window) { $0 >= $1 }.seconds }
        case .tsOfMinOverTime: return { window in extreme(window) { $0 <= $1 }.seconds }
        case .tsOfFirstOverTime: return { $0.count == 0 ? StepColumn.absent : Double($0.timestamps[$0.lower]) / 1000 }
        case .tsOfLastOverTime:
            return { $0.count == 0 ? StepColumn.absent : Double($0.timestamps[$0.upper - 1]) / 1000 }
        case .stddevOverTime:
            return {
                let value = variance($0); return value == value ? value.squareRoot() : value
            }
        case .stdvarOverTime: return variance
        case .madOverTime: return medianAbsoluteDeviation
        default: return nil
        }
    }

    private static func instantValue(_ window: borrowing Window, isRate: Bool) -> Double {
        guard window.count >= 2 else { return StepColumn.absent }
        let last = window.upper - 1
        let interval = window.timestamps[last] &- window.timestamps[last - 1]
        let previous = window.values[last - 1]
        var value = window.values[last]
        // A counter that fell restarted from 0.
        if !isRate || !(value < previous) { value -= previous }
        return isRate ? value / (Double(interval) / 1000) : value
    }

    private static func sum(_ window: borrowing Window) -> Double {
        guard window.count > 0 else { return StepColumn.absent }
        var sum = KahanSum()
        for index in window.lower..<window.upper { sum.add(window.values[index]) }
        return sum.value
    }

    private static func mean(_ window: borrowing Window) -> Double {
        guard window.count > 0 else { return StepColumn.absent }
        var mean = Mean(window.values[window.lower])
        for index in window.lower + 1..<window.upper { mean.add(window.values[index]) }
        return mean.value
    }

    @inline(__always)
    private static func extreme(
        _ window: borrowing Window,
        _ replaces: (Double, Double) -> Bool
    ) -> (value: Double, seconds: Double) {
        guard window.count > 0 else { return (StepColumn.absent, StepColumn.absent) }
        var best = window.lower
        for index in window.lower..<window.upper
        where replaces(window.values[index], window.values[best]) || window.values[best].isNaN {
            best = index
        }
        return (window.values[best], Double(window.timestamps[best]) / 1000)
    }

    private static func variance(_ window: borrowing Window) -> Double {
        guard window.count > 0 else { return StepColumn.absent }
        var mean = KahanSum()
        var squares = KahanSum()
        var count = 0.0
        for index in window.lower..<window.upper {
            count += 1
            let delta = window.values[index] - (mean.sum + mean.compensation)
            mean.add(delta / count)
            squares.add(delta * (window.values[index] - (mean.sum + mean.compensation)))
        }
        return (squares.sum + squares.compensation) / count
    }

    private static func medianAbsoluteDeviation(_ window: borrowing Window) -> Double {
        guard window.count > 0 else { return StepColumn.absent }
        var values = Array(window.values[window.lower..<window.upper])
        if values.contains(where: \.isNaN) { return .nan }
        let median = Quantile.of(0.5, &values)
        for index in values.indices { values[index] = (values[index] - median).magnitude }
        return Quantile.of(0.5, &values)
    }

    private static func derivative(_ window: borrowing Window) -> Double {
        guard window.count >= 2 else { return StepColumn.absent }
        // Times near those of the samples keep the sums small.
        return LinearRegression(window, origin: window.timestamps[window.lower]).slope
    }

    /// How often the value changed from one sample to the next.
    static func changes(_ window: borrowing Window) -> Double {
        transitions(window) { $0 != $1 && !($0.isNaN && $1.isNaN) }
    }

    /// How often a counter fell.
    static func resets(_ window: borrowing Window) -> Double {
        transitions(window) { $1 < $0 }
    }

    @inline(__always)
    private static func transitions(_ window: borrowing Window, _ counts: (Double, Double) -> Bool) -> Double {
        guard window.count > 0 else { return StepColumn.absent }
        var first = window.lower
        if window.timestamps[first] <= window.start {
            // Anchored: from the last sample at or before the start on, if there are any after it.
            guard window.timestamps[window.upper - 1] > window.start else { return StepColumn.absent }
            while window.timestamps[first + 1] <= window.start { first += 1 }
        }
        var count = 0
        for index in first + 1..<window.upper where counts(window.values[index - 1], window.values[index]) {
            count += 1
        }
        return Double(count)
    }

    /// Double exponential smoothing (Holt's linear method).
    static func smooth(_ window: borrowing Window, smoothing: Double, trend: Double) -> Double {
        guard window.count >= 2 else { return StepColumn.absent }
        var previous = 0.0
        var smoothed = window.values[window.lower]
        var slope = window.values[window.lower + 1] - smoothed
        for index in window.lower + 1..<window.upper {
            if index > window.lower + 1 { slope = trend * (smoothed - previous) + (1 - trend) * slope }
            let next = smoothing * window.values[index] + (1 - smoothing) * (smoothed + slope)
            previous = smoothed
            smoothed = next
        }
        return smoothed
    }
}

/// The straight line nearest to the samples of a window.
struct LinearRegression {
    var slope: Double
    /// The line's value at the origin.
    var intercept: Double

    init(_ window: borrowing Window, origin: Int64) {
        let first = window.values[window.lower]
        var isConstant = true
        var sumX = KahanSum()
        var sumY = KahanSum()
        var sumXY = KahanSum()
        var sumXX = KahanSum()
        for index in window.lower..<window.upper {
            let y = window.values[index]
            if y != first && index > window.lower { isConstant = false }
            let x = Double(window.timestamps[index] &- origin) / 1000
            sumX.add(x)
            sumY.add(y)
            sumXY.add(x * y)
            sumXX.add(x * x)
        }
        if isConstant {
            slope = first.isInfinite ? .nan : 0
            intercept = first.isInfinite ? .nan : first
            return
        }
        let count = Double(window.count)
        let x = sumX.sum + sumX.compensation
        let y = sumY.sum + sumY.compensation
        let covariance = (sumXY.sum + sumXY.compensation) - x * y / count
        let variance = (sumXX.sum + sumXX.compensation) - x * x / count
        slope = covariance / variance
        intercept = y / count - slope * x / count
    }
}
