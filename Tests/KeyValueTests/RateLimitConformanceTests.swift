import Basics
import ChaosTesting
import DatabaseTesting
import Instruments
import RedisTesting
import Testing

@testable import KeyValue

/// What every store of limits does, whoever keeps the numbers.
@Suite(.timeLimit(.minutes(10)))
struct RateLimitConformanceTests {
    enum Store: String, CaseIterable, Sendable {
        case inProcess, redis

        static var present: [Store] { RedisServer.isInstalled ? allCases : [.inProcess] }

        /// Runs `body` with a store under the caller's time.
        func with<T: Sendable>(_ body: (any RateLimitStore) async throws -> T) async throws -> T {
            switch self {
            case .inProcess: try await body(InProcessRateLimitStore(seed: 1))
            case .redis:
                try await withRedisClient { client, _ in
                    try await body(RedisRateLimitStore(client: client, time: .caller))
                }
            }
        }
    }

    private let start = Timestamp(milliseconds: 1_900_000_000_000)

    /// A key that no other test has.
    private func newKey(_ name: String, _ seed: UInt64 = 0) -> String {
        "test/\(name)/\(seed)/\(UInt64.random(in: 0 ... .max))"
    }

    @Test("A burst passes, then one each interval; what is left is told exactly", arguments: Store.present)
    func burst(store: Store) async throws {
        try await store.with { limits in
            let quota = RateQuota(1, per: .seconds(60), burst: 3)
            let key = newKey("burst")
            func expect(_ second: Int, _ isAllowed: Bool, remaining: Int, reset: Int, retryAfter: Int) async throws {
                let now = start.advanced(by: .seconds(second))
                let decision = try await limits.take(key, quota: quota, now: now)
                let expected = RateLimitDecision(
                    isAllowed: isAllowed,
                    remaining: remaining,
                    reset: .seconds(reset),
                    retryAfter: .seconds(retryAfter)
                )
                #expect(decision == expected, "after \(second) s")
            }
            try await expect(0, true, remaining: 2, reset: 60, retryAfter: 0)
            try await expect(0, true, remaining: 1, reset: 120, retryAfter: 0)
            try await expect(10, true, remaining: 0, reset: 170, retryAfter: 0)
            try await expect(10, false, remaining: 0, reset: 170, retryAfter: 50)
            try await expect(59, false, remaining: 0, reset: 121, retryAfter: 1)
            try await expect(60, true, remaining: 0, reset: 180, retryAfter: 0)
            try await expect(600, true, remaining: 2, reset: 60, retryAfter: 0)
            // The clock was set back: nobody waits longer than a whole burst takes.
            try await expect(0, false, remaining: 0, reset: 180, retryAfter: 60)
        }
    }

    @Test("Keys are limited each for itself, whatever they are made of", arguments: Store.present)
    func keys(store: Store) async throws {
        try await store.with { limits in
            let quota = RateQuota(1, per: .seconds(60))
            for text in ["a", "a}", "{a}", "a b\r\nDEL x", "ä\0", ""] {
                let key = newKey("keys") + text
                let decisions = [
                    try await limits.take(key, quota: quota, now: start),
                    try await limits.take(key, quota: quota, now: start),
                ]
                #expect(decisions.map(\.isAllowed) == [true, false], "\(text)")
            }
        }
    }

    @Test("Callers at once get no more than the quota together", arguments: Store.present)
    func atOnce(store: Store) async throws {
        try await store.with { limits in
            let key = newKey("at once")
            let (now, quota) = (start, RateQuota(50, per: .seconds(600)))
            let allowed = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<200 {
                    group.addTask { try await limits.take(key, quota: quota, now: now).isAllowed }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(allowed == 50)
        }
    }

    /// In whole microseconds both count the same; else Redis' script rounds up and is later, by less than a microsecond for each use since the limit was whole.
    @Test("Both stores decide the same over any history", .enabled(if: RedisServer.isInstalled))
    func agreement() async throws {
        try await Store.redis.with { redis in
            for seed in Chaos.seeds(1...60) {
                var random = SeededGenerator(seed: seed)
                let count = Int.random(in: 1...40, using: &random)
                let isWhole = seed.isMultiple(of: 2)
                // Long enough that nothing expires in Redis while a simulated time stands still.
                let period: Duration =
                    isWhole ? .seconds(60 * count) : .seconds(Int.random(in: 600...9000, using: &random))
                let quota = RateQuota(count, per: period, burst: Int.random(in: 1...20, using: &random))
                let local = InProcessRateLimitStore(seed: 1)
                let key = newKey("agreement", seed)
                var now = start
                for step in 0..<80 {
                    let tolerance = isWhole ? Duration.zero : .microseconds(step + 1 + quota.burst)
                    let pause = Int64.random(in: 0...1_200, using: &random)
                    now = now.advanced(by: quota.emissionInterval * Int(pause) / 1000)
                    if Int.random(in: 0..<20, using: &random) == 0 { now = now.advanced(by: .seconds(-1000)) }
                    let mine = local.decide(key, quota: quota, now: now)
                    let theirs = try await redis.take(key, quota: quota, now: now)
                    let place: Comment = "seed \(seed), step \(step): \(mine) and \(theirs)"
                    guard mine.isAllowed == theirs.isAllowed else {
                        // At the very edge one allows what the other lets wait for a moment; then they differ.
                        #expect(mine.retryAfter <= tolerance && theirs.retryAfter <= tolerance, place)
                        break
                    }
                    #expect(distance(mine.reset, theirs.reset) <= tolerance, place)
                    #expect(distance(mine.retryAfter, theirs.retryAfter) <= tolerance, place)
                    #expect((mine.remaining - theirs.remaining).magnitude <= (isWhole ? 0 : 1), place)
                }
            }
        }
    }

    private func distance(_ left: Duration, _ right: Duration) -> Duration {
        left > right ? left - right : right - left
    }

    @Test(
        "Under Redis' own time a limit holds across clients, and its key expires",
        .enabled(if: RedisServer.isInstalled)
    )
    func sharedTime() async throws {
        let key = newKey("shared")
        let quota = RateQuota(5, per: .seconds(3600))
        let begin = ContinuousClock.now
        try await withRedisClient { first, _ in
            try await withRedisClient { second, _ in
                let stores = [RedisRateLimitStore(client: first), RedisRateLimitStore(client: second)]
                var allowed = 0
                for turn in 0..<20 {
                    // The callers' clocks are years apart, and nobody cares.
                    let now = Timestamp(milliseconds: turn.isMultiple(of: 2) ? 0 : 4_000_000_000_000)
                    if try await stores[turn % 2].take(key, quota: quota, now: now).isAllowed { allowed += 1 }
                }
                #expect(allowed == 5)
                let left = try await first.send(RedisCommand("PTTL", "kaskman:limit:{\(key)}")).integer ?? -1
                // The oldest of what counts is as old as the test at the most.
                let age = (ContinuousClock.now - begin) / .milliseconds(1)
                #expect((3_600_000 - Int64(age.rounded(.up))...3_600_001).contains(left), "\(left) after \(age) ms")
            }
        }
    }

    @Test("Extreme quotas are kept within what the script counts with", .enabled(if: RedisServer.isInstalled))
    func extremes() async throws {
        try await Store.redis.with { limits in
            let years = RateQuota(1, per: .seconds(Int64.max / 4), burst: .max)
            let decision = try await limits.take(newKey("years"), quota: years, now: start)
            #expect(decision.isAllowed && decision.reset == .seconds(100 * 366 * 86_400))
            let quick = RateQuota(.max, per: .microseconds(1), burst: 5)
            let first = try await limits.take(newKey("quick"), quota: quick, now: start)
            #expect(first.remaining == 4)
            for now in [Timestamp(milliseconds: .min), Timestamp(milliseconds: .max)] {
                _ = try await limits.take(newKey("time"), quota: RateQuota(1, per: .seconds(1)), now: now)
            }
            await #expect(throws: RedisError.self) {
                _ = try await limits.take(String(repeating: "x", count: 2000), quota: years, now: start)
            }
        }
    }

    @Test(
        "Without Redis each server decides for itself, and counts that; with it, together",
        .enabled(if: RedisServer.isInstalled)
    )
    func fallback() async throws {
        let registry = Registry()
        try await withRedisServer { server in
            try await withRedisClient(server) { client, news in
                let store = FallbackRateLimitStore(
                    RedisRateLimitStore(client: client),
                    orElse: InProcessRateLimitStore(seed: 1),
                    registry: registry
                )
                let quota = RateQuota(2, per: .seconds(3600))
                func allowed(of count: Int) async throws -> Int {
                    var allowed = 0
                    for _ in 0..<count {
                        if try await store.take("a", quota: quota, now: start).isAllowed { allowed += 1 }
                    }
                    return allowed
                }
                let together = try await allowed(of: 5)
                #expect(together == 2)
                #expect(registry.value(of: "kaskman_rate_limit_fallback_decisions_total") == 0)
                server.kill()
                _ = await news.untilDown()
                let alone = try await allowed(of: 5)
                #expect(alone == 2, "the limit begins anew, and holds")
                #expect(registry.value(of: "kaskman_rate_limit_fallback_decisions_total") == 5)
            }
        }
    }
}
