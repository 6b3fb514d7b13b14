package import Basics
import Synchronization

/// A rate limiter in process: the generic cell rate algorithm, one time for each key.
///
/// A key's time is when its quota would be whole again. A request moves it on by window ÷ quota, and is refused when
/// that would lead more than a window ahead. So a burst up to the quota passes, and the long-term rate is the quota's.
///
/// At most `keysMax` keys are kept: when they are reached, those whose quota is whole are dropped, and if that frees
/// none, the shard's keys all are. Concurrency: any thread; each call takes the short lock of one of 16 shards.
package final class LocalRateLimiter<Key: Hashable & Sendable>: Sendable {
    private final class Shard: Sendable {
        let fullAt = Mutex<[Key: Int64]>([:])
    }

    private static var shardCount: Int { 16 }

    private let clock: any WallClock
    private let keysPerShardMax: Int
    private let shards: [Shard]

    package init(clock: any WallClock, keysMax: Int = 65_536) {
        self.clock = clock
        keysPerShardMax = max(1, keysMax / Self.shardCount)
        shards = (0..<Self.shardCount).map { _ in Shard() }
    }

    /// Takes one request from a key's quota.
    package func takeNow(_ key: Key, _ quota: Quota) -> RateDecision {
        let now = clock.uptime.microseconds
        let window = Int64(quota.windowSeconds) * 1_000_000
        let step = max(1, window / Int64(quota.requests))
        let shard = shards[Int(UInt(bitPattern: key.hashValue) % UInt(Self.shardCount))]
        return shard.fullAt.withLock { fullAt in
            let known = max(fullAt[key] ?? now, now)
            let next = known + step
            guard next - now <= step * Int64(quota.requests) else {
                return RateDecision(
                    isAllowed: false,
                    remaining: 0,
                    resetSeconds: Self.seconds(next - now - step * Int64(quota.requests))
                )
            }
            if fullAt[key] == nil, fullAt.count >= keysPerShardMax { Self.makeRoom(in: &fullAt, now, keysPerShardMax) }
            fullAt[key] = next
            return RateDecision(
                isAllowed: true,
                remaining: Int((step * Int64(quota.requests) - (next - now)) / step),
                resetSeconds: Self.seconds(next - now)
            )
        }
    }

    /// How many keys are kept.
    package var keyCount: Int { shards.reduce(0) { $0 + $1.fullAt.withLock { $0.count } } }

    private static func makeRoom(in fullAt: inout [Key: Int64], _ now: Int64, _ countMax: Int) {
        fullAt = fullAt.filter { $0.value > now }
        if fullAt.count >= countMax { fullAt.removeAll(keepingCapacity: true) }
    }

    private static func seconds(_ microseconds: Int64) -> Int {
        Int((microseconds + 999_999) / 1_000_000)
    }
}

extension LocalRateLimiter: RateLimiter where Key == String {
    package func take(_ key: String, _ quota: Quota) async throws -> RateDecision {
        takeNow(key, quota)
    }
}

extension Duration {
    /// Whole microseconds.
    var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }

    /// Seconds as a double.
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
