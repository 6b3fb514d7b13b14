import Basics

/// How long to wait before a call is made again that brought no answer: longer each time, by chance a little less, so that
/// many workers do not come back together.
///
/// Pure.
package struct RetryDelay: Hashable, Sendable {
    package static let first = Duration.milliseconds(250)
    package static let longestMax = Duration.seconds(30)
    /// The part of a wait that chance may take away.
    package static let jitter = 0.3

    private let longest: Duration
    package private(set) var failures = 0

    /// - Parameter longest: no wait that grew by itself is longer; what a server asks for may be.
    package init(longest: Duration = longestMax) { self.longest = longest }

    /// The wait after one more failure; never less than the server asked for (`Retry-After`).
    package mutating func next(_ retryAfter: Duration?, _ random: inout some RandomNumberGenerator) -> Duration {
        failures += 1
        // Doubled step by step and bounded on the way, so that nothing overflows.
        var delay = Self.first
        for _ in 1..<min(failures, 64) where delay < longest { delay *= 2 }
        delay = min(delay, longest)
        let part = Double.random(in: 0..<Self.jitter, using: &random)
        delay -= .milliseconds(Int64(Double(delay.wholeMilliseconds) * part))
        return max(delay, retryAfter ?? .zero)
    }

    /// After a success the next failure is the first again.
    package mutating func succeed() { failures = 0 }
}
