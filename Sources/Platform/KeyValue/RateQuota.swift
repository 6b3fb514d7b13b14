/// How often something may be done: so many times in a period, evenly spread, with a burst.
package struct RateQuota: Hashable, Sendable {
    /// The nanoseconds after which one more is allowed: the period divided by the number; at least 1.
    let interval: Int64
    /// The nanoseconds in which a whole burst comes back; saturates.
    let window: Int64
    /// How many may come at once after a pause; at least 1.
    package let burst: Int

    /// A quota of `count` in each `period`, of which `burst` may come at once (`count` when nil).
    ///
    /// Values below 1 count as 1, a period below a microsecond as a microsecond.
    package init(_ count: Int, per period: Duration, burst: Int? = nil) {
        let count = max(count, 1)
        interval = max(max(period, .microseconds(1)) / count, .nanoseconds(1)).wholeNanoseconds
        self.burst = max(burst ?? count, 1)
        window = interval.multipliedClamped(by: Int64(self.burst))
    }

    /// The time after which one more is allowed.
    package var emissionInterval: Duration { .nanoseconds(interval) }
}

/// What a rate limiter answers.
package struct RateLimitDecision: Hashable, Sendable {
    /// Whether it may be done now.
    package let isAllowed: Bool
    /// How many more would be allowed right now.
    package let remaining: Int
    /// After which time the whole burst is available again.
    package let reset: Duration
    /// After which time one more is allowed; zero when this one was.
    package let retryAfter: Duration
}

extension Duration {
    fileprivate var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds.multipliedClamped(by: 1_000_000_000).addingClamped(attoseconds / 1_000_000_000)
    }
}

extension Int64 {
    func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    func subtractingClamped(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other > 0 ? .min : .max) : difference
    }

    func multipliedClamped(by other: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
    }
}
