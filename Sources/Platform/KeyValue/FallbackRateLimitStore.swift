package import Basics
package import Instruments

/// Decides in one store, and while that one cannot be reached in another: by Redis for all servers together, without it by each for itself.
///
/// What the one has counted the other does not know: with N servers a caller has up to N times its quota for as long as the first store is away, and
/// begins with a whole one.
package struct FallbackRateLimitStore: RateLimitStore {
    private let first: any RateLimitStore
    private let second: InProcessRateLimitStore
    private let fallbacks: Counter

    /// Makes a store of two; the registry takes `kaskman_rate_limit_fallback_decisions_total`.
    package init(_ first: any RateLimitStore, orElse second: InProcessRateLimitStore, registry: Registry) {
        self.first = first
        self.second = second
        fallbacks = registry.counter(
            "kaskman_rate_limit_fallback_decisions_total",
            help: "Decisions that this server made alone, because the store that servers share did not answer."
        )
    }

    /// Decides about one use of a key and notes it when it is allowed; never throws but for cancellation.
    package func take(_ key: String, quota: RateQuota, now: Timestamp) async throws -> RateLimitDecision {
        do {
            return try await first.take(key, quota: quota, now: now)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            fallbacks.increment()
            return second.decide(key, quota: quota, now: now)
        }
    }
}
