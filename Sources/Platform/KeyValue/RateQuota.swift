/// How often something may be done: so many times in a period, evenly spread, with a burst.
package struct RateQuota: Hashable, Sendable {
    /// The time after which one more is allowed: the period divided by the number.
    package let emissionInterval: Duration
    /// How many may come at once after a pause; at least 1.
    package let burst: Int

    /// A quota of `count` in each `period`, of which `burst` may come at once (`count` when nil).
    ///
    /// Values below 1 count as 1, a period below a microsecond as a microsecond.
    package init(_ count: Int, per period: Duration, burst: Int? = nil) {
        let count = max(count, 1)
        emissionInterval = max(max(period, .microseconds(1)) / count, .nanoseconds(1))
        self.burst = max(burst ?? count, 1)
    }
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
