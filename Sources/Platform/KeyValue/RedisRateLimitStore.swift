package import Basics

/// The rate limits of several servers together: ``GCRA`` as one Lua script, which Redis runs as a whole.
///
/// Time is Redis' own, not the caller's: servers whose clocks differ would give each other's callers more or less than
/// their quota, and a clock that is ahead would shut them out. Lua counts in floating point, exact up to 2^53: so the
/// script counts in microseconds since the epoch, which are exact until the year 2255. The time between two uses is rounded
/// up to whole microseconds; so a limit is whole later than that of ``GCRA`` by less than a microsecond for each use since
/// it was last whole, and over no span of time do more pass than allowed. Periods of more than 100 years count as 100 years.
///
/// A key expires when its limit is whole again, so nothing stays behind.
package struct RedisRateLimitStore: RateLimitStore {
    /// Whose time counts.
    package enum Time: Hashable, Sendable {
        case redis
        /// The caller's: for one server alone, and for tests that let time pass.
        case caller
    }

    /// The most bytes of a key.
    package static let keyBytesMax = 1024
    /// The longest time that the script counts with, in microseconds.
    private static let microsecondsMax: Int64 = 100 * 366 * 86_400 * 1_000_000

    /// The algorithm of ``GCRA/take(_:now:)``.
    ///
    /// - KEYS: the limit.
    /// - ARGV: microseconds between two uses, microseconds of a whole burst, and now, empty for Redis' own time.
    /// - Reply: whether it is allowed, microseconds until the burst is whole, microseconds until one more is allowed.
    private static let script = RedisScript(
        """
        local interval, window, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
        if not now then
            local time = redis.call('TIME')
            now = tonumber(time[1]) * 1000000 + tonumber(time[2])
        end
        local arrival = tonumber(redis.call('GET', KEYS[1]) or '') or now
        local start = math.min(math.max(arrival, now), now + window)
        local ahead = start + interval - now
        if ahead > window then return {0, start - now, ahead - window} end
        redis.call('SET', KEYS[1], string.format('%.0f', start + interval), 'PX', math.ceil(ahead / 1000))
        return {1, ahead, 0}
        """
    )

    private let client: RedisClient
    private let time: Time

    /// Makes a store over a connection, which it shares with others.
    package init(client: RedisClient, time: Time = .redis) {
        self.client = client
        self.time = time
    }

    /// Decides about one use of a key and notes it when it is allowed.
    ///
    /// - Throws: ``RedisError``; after `timeout` and `connection_lost` the use may have been noted.
    package func take(_ key: String, quota: RateQuota, now: Timestamp) async throws -> RateLimitDecision {
        guard key.utf8.count <= Self.keyBytesMax else {
            throw RedisError(.tooLarge, "a key of a limit is longer than \(Self.keyBytesMax) bytes")
        }
        let interval = min(quota.interval.microsecondsRoundedUp, Self.microsecondsMax)
        let window = min(interval.multipliedClamped(by: Int64(quota.burst)), Self.microsecondsMax)
        // The clock's milliseconds are exact in the script for as long as its microseconds are.
        let caller = now.milliseconds.multipliedClamped(by: 1000)
        let reply = try await client.run(
            Self.script,
            keys: [Array("kaskman:limit:{\(key)}".utf8)],
            [
                Array(String(interval).utf8), Array(String(window).utf8),
                time == .caller ? Array(String(caller).utf8) : [],
            ]
        )
        guard let numbers = reply.elements?.compactMap(\.integer), numbers.count == 3 else {
            throw RedisError(.protocolViolation, "the script of the limits gave no three numbers")
        }
        let (isAllowed, ahead, wait) = (numbers[0] == 1, max(numbers[1], 0), max(numbers[2], 0))
        return RateLimitDecision(
            isAllowed: isAllowed,
            remaining: isAllowed ? Int(max(window - ahead, 0) / interval) : 0,
            reset: .microseconds(ahead),
            retryAfter: .microseconds(wait)
        )
    }
}

extension Int64 {
    fileprivate var microsecondsRoundedUp: Int64 { self / 1000 + (self % 1000 > 0 ? 1 : 0) }
}
