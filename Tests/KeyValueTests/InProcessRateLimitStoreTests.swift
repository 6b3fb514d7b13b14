import Basics
import DatabaseTesting
import Instruments
import KeyValue
import Testing

@Suite struct InProcessRateLimitStoreTests {
    private let quota = RateQuota(1, per: .seconds(60), burst: 3)
    private let now = Timestamp(milliseconds: 1_700_000_000_000)

    @Test func keysAreLimitedEachForItself() async throws {
        let store = InProcessRateLimitStore(seed: 1, registry: Registry())
        for key in ["a", "b"] {
            for expected in [true, true, true, false] {
                let decision = try await store.take(key, quota: quota, now: now)
                #expect(decision.isAllowed == expected, "\(key)")
            }
        }
    }

    @Test func theNumberOfKeysIsBounded() {
        let registry = Registry()
        let store = InProcessRateLimitStore(keysMax: 160, seed: 1, registry: registry)
        for key in 0..<10_000 {
            let decision = store.decide("key \(key)", quota: quota, now: now)
            #expect(decision.isAllowed, "a new key is served")
        }
        #expect(registry.value(of: "kaskman_rate_limit_keys") == 160)
        #expect(registry.value(of: "kaskman_rate_limit_evicted_keys_total") == 9840)
    }

    @Test func numbersAreKeysOfTheirOwn() {
        let registry = Registry()
        let store = InProcessRateLimitStore(keysMax: 160, seed: 1, registry: registry)
        let once = RateQuota(1, per: .seconds(60))
        #expect(store.decide(7, quota: once, now: now).isAllowed)
        #expect(!store.decide(7, quota: once, now: now).isAllowed)
        #expect(store.decide("7", quota: once, now: now).isAllowed)
        for key in 100..<10_000 { _ = store.decide(UInt64(key), quota: quota, now: now) }
        #expect(registry.value(of: "kaskman_rate_limit_keys") == 160)
    }

    @Test func aBlockedKeyCannotFreeItselfByAFloodOfOthers() {
        let store = InProcessRateLimitStore(keysMax: 160, seed: 1, registry: Registry())
        for _ in 0..<4 { _ = store.decide("blocked", quota: quota, now: now) }
        for key in 0..<10_000 { _ = store.decide("key \(key)", quota: quota, now: now) }
        #expect(!store.decide("blocked", quota: quota, now: now).isAllowed)
        let later = now.advanced(by: .seconds(60))
        #expect(store.decide("blocked", quota: quota, now: later).isAllowed, "but its time comes")
    }

    @Test func whenAllPlacesAreBlockedNewKeysShareOneAllowance() {
        let registry = Registry()
        let store = InProcessRateLimitStore(keysMax: 16, seed: 1, registry: registry)
        // Far more keys than places, each used up: every shard ends full of blocked keys.
        for key in 0..<1000 {
            for _ in 0..<3 { _ = store.decide("key \(key)", quota: quota, now: now) }
        }
        let refused = (0..<1000).count { !store.decide("new \($0)", quota: quota, now: now).isAllowed }
        #expect(refused == 1000, "the common allowance is used up too")
        #expect(registry.value(of: "kaskman_rate_limit_keys") == 16)
        let later = now.advanced(by: .seconds(300))
        #expect(store.decide("new 1", quota: quota, now: later).isAllowed)
    }
}
