/// The steps at which a node is evaluated: `start`, `start + step` and so on.
struct TimeGrid: Equatable {
    var start: Int64
    /// Positive, also when there is one step only.
    var step: Int64
    /// At least 0.
    var count: Int

    init(start: Int64, step: Int64, count: Int) {
        self.start = start
        self.step = step
        self.count = count
    }

    /// All steps from `start` that do not pass `end`.
    init(start: Int64, through end: Int64, step: Int64) {
        self.start = start
        self.step = step
        if end < start {
            count = 0
        } else {
            let length = end.subtractingReportingOverflow(start)
            let steps = (length.overflow ? Int64.max : length.partialValue) / step
            count = steps == .max ? Int(steps) : Int(steps) + 1
        }
    }

    /// The time of a step, in milliseconds.
    func time(_ index: Int) -> Int64 { start &+ step &* Int64(index) }

    var last: Int64 { time(max(count - 1, 0)) }

    /// The first step alone.
    var first: TimeGrid { TimeGrid(start: start, step: step, count: min(count, 1)) }
}

extension Int64 {
    /// The sum, or the nearest number that fits.
    func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the nearest number that fits.
    func subtractingClamped(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }
}
