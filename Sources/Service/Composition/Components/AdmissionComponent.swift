import Basics
import KeyValue
import Supervision

/// Counts requests against their limits, for admission.
final class AdmissionComponent: Component, RateLimitStore {
    private let context: ComponentContext
    private let store: InProcessRateLimitStore

    init(context: ComponentContext, seed: UInt64) {
        self.context = context
        store = InProcessRateLimitStore(seed: seed, registry: context.registry)
    }

    func run() async throws {
        context.ready()
        await context.drained()
    }

    /// Takes one request from a quota of its own.
    func health() async -> Health {
        let decision = store.decide("health", quota: RateQuota(1_000_000, per: .seconds(1)), now: context.clock.now)
        return decision.isAllowed ? .healthy : .degraded("a limit that nobody uses is exhausted")
    }

    func take(_ key: String, quota: RateQuota, now: Timestamp) async throws -> RateLimitDecision {
        store.decide(key, quota: quota, now: now)
    }
}
