package import Basics

/// The generic cell rate algorithm: a rate limit with a burst that needs one number of memory.
///
/// The number is the theoretical arrival time: when the next request would come if requests came evenly. A request is
/// allowed when that time is no further ahead than the burst. ITU-T I.371, virtual scheduling form.
package struct GCRA: Hashable, Sendable {
    /// The theoretical arrival time, in nanoseconds since the Unix epoch; saturates.
    private var arrival: Int64

    /// A limiter that has seen nothing.
    package init() { arrival = .min }

    /// Decides about one request and notes it when it is allowed.
    ///
    /// When the clock was set back, nobody waits longer than a whole burst takes.
    package mutating func take(_ quota: RateQuota, now: Timestamp) -> RateLimitDecision {
        let now = now.nanoseconds
        let (interval, window) = (quota.interval, quota.window)
        let start = min(max(arrival, now), now.addingClamped(window))
        let next = start.addingClamped(interval)
        let ahead = next.subtractingClamped(now)
        if ahead > window {
            let used = start.subtractingClamped(now)
            return RateLimitDecision(
                isAllowed: false,
                remaining: 0,
                reset: .nanoseconds(used),
                retryAfter: .nanoseconds(ahead - window)
            )
        }
        arrival = next
        return RateLimitDecision(
            isAllowed: true,
            remaining: Int((window - ahead) / interval),
            reset: .nanoseconds(ahead),
            retryAfter: .zero
        )
    }

    /// Whether a request would be refused now.
    package func isBlocking(_ quota: RateQuota, now: Timestamp) -> Bool {
        var copy = self
        return !copy.take(quota, now: now).isAllowed
    }

    /// Whether it has nothing to remember: it decides as a new one would.
    package func isSpent(now: Timestamp) -> Bool { arrival <= now.nanoseconds }

    /// The limiter that was used less lately.
    static func isLessUsed(_ left: GCRA, than right: GCRA) -> Bool { left.arrival < right.arrival }
}

extension Timestamp {
    fileprivate var nanoseconds: Int64 { milliseconds.multipliedClamped(by: 1_000_000) }
}
