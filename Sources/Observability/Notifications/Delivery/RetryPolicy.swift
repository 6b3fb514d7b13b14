/// How long to wait before the next attempt: exponential back-off with jitter.
public struct RetryPolicy: Sendable {
    /// The delay after the first failure, before chance changes it.
    public var first = Duration.milliseconds(500)
    /// The longest delay, before chance changes it.
    public var longest = Duration.seconds(60)
    /// By how much the delay grows with each failure.
    public var factor = 2.0
    /// The share of the delay that chance may add or take away.
    public var jitter = 0.5

    /// Makes the policy that deliveries follow.
    public init() {}

    /// The delay after the `attempt`-th failure (from 1).
    public func delay(afterAttempt attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        var delay = first
        for _ in 0..<max(0, min(attempt, 64) - 1) { delay = min(longest, delay * factor) }
        return min(longest, delay) * Double.random(in: (1 - jitter)...(1 + jitter), using: &generator)
    }
}
