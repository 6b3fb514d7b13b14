import Basics
import KeyValue
import Supervision

/// Counts requests against their limits, for admission: in Redis for all servers together, where one is configured.
final class AdmissionComponent: Component, RateLimitStore {
    private let context: ComponentContext
    private let store: InProcessRateLimitStore
    /// What servers share, with `store` for the time that it is away.
    private let shared: FallbackRateLimitStore?

    init(context: ComponentContext, redis: RedisClient?, seed: UInt64) {
        self.context = context
        let store = InProcessRateLimitStore(seed: seed, registry: context.registry)
        self.store = store
        shared = redis.map { client in
            FallbackRateLimitStore(RedisRateLimitStore(client: client), orElse: store, registry: context.registry)
        }
    }

    func run() async throws {
        context.ready()
        await context.drained()
    }

    /// Takes one request from a quota of its own, in this process: how Redis is its own component says.
    func health() async -> Health {
        let decision = store.decide("health", quota: RateQuota(1_000_000, per: .seconds(1)), now: context.clock.now)
        return decision.isAllowed ? .healthy : .degraded("a limit that nobody uses is exhausted")
    }

    func take(_ key: String, quota: RateQuota, now: Timestamp) async throws -> RateLimitDecision {
        if let shared { return try await shared.take(key, quota: quota, now: now) }
        return store.decide(key, quota: quota, now: now)
    }
}
