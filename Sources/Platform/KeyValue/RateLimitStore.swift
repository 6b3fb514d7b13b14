package import Basics

/// Remembers how often each key was used: in this process, or in Redis for several servers together.
///
/// Concurrency: may be shared.
package protocol RateLimitStore: Sendable {
    /// Decides about one use of a key and notes it when it is allowed.
    ///
    /// - Parameters:
    ///   - key: who or what is limited, with the kind of limit: `login/ip/192.0.2.1`.
    ///   - quota: what is allowed; always the same for one key.
    ///   - now: the wall-clock time.
    /// - Returns: whether the use is allowed, and what is left.
    /// - Throws: an error when the store cannot be reached; the one in this process never throws.
    func take(_ key: String, quota: RateQuota, now: Timestamp) async throws -> RateLimitDecision
}
