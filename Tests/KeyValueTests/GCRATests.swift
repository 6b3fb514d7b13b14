import Basics
import ChaosTesting
import KeyValue
import Testing

@Suite struct GCRATests {
    private func decide(_ quota: RateQuota, at milliseconds: [Int64]) -> [RateLimitDecision] {
        var limiter = GCRA()
        return milliseconds.map { limiter.take(quota, now: Timestamp(milliseconds: $0)) }
    }

    @Test func allowsTheBurstAndThenOneAnInterval() {
        func f(_ quota: RateQuota, _ times: [Int64], _ expected: [Bool]) {
            #expect(decide(quota, at: times).map(\.isAllowed) == expected, "\(quota) \(times)")
        }
        let tenPerSecond = RateQuota(10, per: .seconds(1), burst: 2)
        f(tenPerSecond, [0, 0, 0], [true, true, false])
        f(tenPerSecond, [0, 0, 99, 100, 100], [true, true, false, true, false])
        f(tenPerSecond, [0, 0, 200, 200, 200], [true, true, true, true, false])
        f(RateQuota(1, per: .seconds(60)), [0, 59_999, 60_000], [true, false, true])
        f(RateQuota(0, per: .zero), [0, 0, 1], [true, false, true])
    }

    @Test func saysWhatIsLeftAndHowLongToWait() {
        let decisions = decide(RateQuota(10, per: .seconds(1), burst: 3), at: [0, 0, 0, 50, 150])
        #expect(decisions.map(\.remaining) == [2, 1, 0, 0, 0])
        #expect(decisions.map(\.retryAfter) == [.zero, .zero, .zero, .milliseconds(50), .zero])
        #expect(
            decisions.map(\.reset) == [100, 200, 300, 250, 250].map { .milliseconds($0) },
            "the time until the whole burst is there again"
        )
    }

    @Test func aClockThatIsSetBackBlocksNoLongerThanABurst() {
        var limiter = GCRA()
        let quota = RateQuota(1, per: .seconds(10), burst: 2)
        _ = limiter.take(quota, now: Timestamp(milliseconds: 1_000_000_000))
        let decision = limiter.take(quota, now: Timestamp(milliseconds: 0))
        #expect(!decision.isAllowed)
        #expect(decision.retryAfter <= .seconds(20))
    }

    @Test func theEndsOfTimeDoNotTrap() {
        for milliseconds in [Int64.min, -1, 0, .max] {
            var limiter = GCRA()
            for _ in 0..<3 {
                _ = limiter.take(RateQuota(.max, per: .seconds(1)), now: Timestamp(milliseconds: milliseconds))
                _ = limiter.take(RateQuota(1, per: .seconds(Int64.max)), now: Timestamp(milliseconds: milliseconds))
            }
        }
    }

    /// A bucket that fills with time, in whole nanoseconds.
    private struct TokenBucket {
        let interval: Int64
        let capacity: Int64
        var level: Int64
        var last: Int64 = 0

        init(_ quota: RateQuota) {
            interval =
                quota.emissionInterval.components.seconds * 1_000_000_000
                + quota.emissionInterval.components.attoseconds / 1_000_000_000
            capacity = interval * Int64(quota.burst)
            level = capacity
        }

        mutating func take(at time: Int64) -> (isAllowed: Bool, remaining: Int, retryAfter: Int64) {
            level = min(capacity, level + time - last)
            last = time
            guard level >= interval else { return (false, 0, interval - level) }
            level -= interval
            return (true, Int(level / interval), 0)
        }
    }

    @Test(arguments: Chaos.seeds(1...20)) func agreesWithATokenBucket(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            let quota = RateQuota(
                Int.random(in: 1...1000, using: &random),
                per: .milliseconds(Int.random(in: 1...100_000, using: &random)),
                burst: Int.random(in: 1...20, using: &random)
            )
            var limiter = GCRA()
            var bucket = TokenBucket(quota)
            var time: Int64 = 0
            for _ in 0..<200 {
                let step = quota.emissionInterval.components.seconds * 2000 + 300
                time += Int64.random(in: 0...step, using: &random) * (Bool.random(using: &random) ? 1 : 0)
                let expected = bucket.take(at: time * 1_000_000)
                let found = limiter.take(quota, now: Timestamp(milliseconds: time))
                #expect(found.isAllowed == expected.isAllowed, "seed \(seed), \(quota), at \(time)")
                #expect(found.remaining == expected.remaining, "seed \(seed), \(quota), at \(time)")
                #expect(found.retryAfter == .nanoseconds(expected.retryAfter), "seed \(seed), \(quota), at \(time)")
            }
        }
    }
}
