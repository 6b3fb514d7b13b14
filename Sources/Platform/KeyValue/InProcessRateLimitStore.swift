package import Basics
package import Instruments
import Synchronization

/// The rate limits of one process: a table with a bounded number of keys, in shards with a lock each.
///
/// When a shard is full, a new key takes the place of the least used of a few keys drawn at random. A key that is
/// blocked at the moment never loses its place, or whoever is blocked could free itself by a flood of other keys. When
/// all that were drawn are blocked, the new key shares one common allowance with all others in that position.
package final class InProcessRateLimitStore: RateLimitStore {
    /// How many keys are drawn when one must go.
    private static let candidates = 8
    private static let shardCount = 16
    /// How many different quotas the common allowance tells apart; those beyond are refused.
    private static let sharedQuotasMax = 64

    private enum Key: Hashable {
        case text(String)
        case number(UInt64)
    }

    private struct Entry {
        let key: Key
        var limiter: GCRA
        var quota: RateQuota
    }

    private struct Shard {
        var entries: [Entry] = []
        var positions: [Key: Int] = [:]
        var shared: [RateQuota: GCRA] = [:]
        var random: SeededGenerator
    }

    private final class Box: Sendable {
        let shard: Mutex<Shard>
        init(seed: UInt64) { shard = Mutex(Shard(random: SeededGenerator(seed: seed))) }
    }

    private let shards: [Box]
    private let keysPerShardMax: Int
    private let evictions: Counter?
    private let shared: Counter?

    /// Makes an empty store.
    ///
    /// - Parameters:
    ///   - keysMax: how many keys are remembered; rounded up to a multiple of 16.
    ///   - seed: of the random choice of the key that goes.
    ///   - registry: takes the metrics `kaskman_rate_limit_*`; one store a registry, others go without.
    package init(keysMax: Int = 100_000, seed: UInt64, registry: Registry? = nil) {
        precondition(keysMax > 0, "BUG: a rate limit store needs room for a key")
        keysPerShardMax = (keysMax - 1) / Self.shardCount + 1
        let shards = (0..<Self.shardCount).map { Box(seed: seed &+ UInt64($0)) }
        self.shards = shards
        evictions = registry?.counter(
            "kaskman_rate_limit_evicted_keys_total",
            help: "Keys that were forgotten to make room for others before their limit was whole again."
        )
        shared = registry?.counter(
            "kaskman_rate_limit_shared_decisions_total",
            help: "Decisions about keys that found no room and shared one common allowance."
        )
        registry?.gauge("kaskman_rate_limit_keys", help: "Keys whose use is remembered.") {
            Double(shards.reduce(0) { $0 + $1.shard.withLock { $0.entries.count } })
        }
    }

    package func take(_ key: String, quota: RateQuota, now: Timestamp) async throws -> RateLimitDecision {
        decide(key, quota: quota, now: now)
    }

    /// The same as ``take(_:quota:now:)``, for callers that cannot wait.
    package func decide(_ key: String, quota: RateQuota, now: Timestamp) -> RateLimitDecision {
        decide(.text(key), quota, now)
    }

    /// The same for keys that are numbers, which no text need be made of.
    package func decide(_ key: UInt64, quota: RateQuota, now: Timestamp) -> RateLimitDecision {
        decide(.number(key), quota, now)
    }

    private func decide(_ key: Key, _ quota: RateQuota, _ now: Timestamp) -> RateLimitDecision {
        // The standard hash is keyed at random in each process, so nobody can aim at one shard.
        let box = shards[Int(UInt(bitPattern: key.hashValue) % UInt(shards.count))]
        return box.shard.withLock { shard in
            if let position = shard.positions[key] {
                shard.entries[position].quota = quota
                return shard.entries[position].limiter.take(quota, now: now)
            }
            guard let position = place(in: &shard, now: now) else { return takeShared(&shard, quota, now: now) }
            var entry = Entry(key: key, limiter: GCRA(), quota: quota)
            let decision = entry.limiter.take(quota, now: now)
            if position < shard.entries.count {
                shard.positions[shard.entries[position].key] = nil
                shard.entries[position] = entry
            } else {
                shard.entries.append(entry)
            }
            shard.positions[key] = position
            return decision
        }
    }

    /// Where a new key may stand; nil when there is no place.
    private func place(in shard: inout Shard, now: Timestamp) -> Int? {
        if shard.entries.count < keysPerShardMax { return shard.entries.count }
        var best: Int?
        for _ in 0..<Self.candidates {
            let position = Int.random(in: 0..<shard.entries.count, using: &shard.random)
            let entry = shard.entries[position]
            if entry.limiter.isBlocking(entry.quota, now: now) { continue }
            if let other = best, !GCRA.isLessUsed(entry.limiter, than: shard.entries[other].limiter) { continue }
            best = position
        }
        if let best, !shard.entries[best].limiter.isSpent(now: now) { evictions?.increment() }
        return best
    }

    private func takeShared(_ shard: inout Shard, _ quota: RateQuota, now: Timestamp) -> RateLimitDecision {
        shared?.increment()
        if shard.shared[quota] == nil, shard.shared.count >= Self.sharedQuotasMax {
            shard.shared = shard.shared.filter { !$0.value.isSpent(now: now) }
            if shard.shared.count >= Self.sharedQuotasMax {
                // No honest caller has so many quotas; refuse until one is whole again.
                return RateLimitDecision(
                    isAllowed: false,
                    remaining: 0,
                    reset: quota.emissionInterval,
                    retryAfter: quota.emissionInterval
                )
            }
        }
        return shard.shared[quota, default: GCRA()].take(quota, now: now)
    }
}
