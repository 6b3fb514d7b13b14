import Basics
import Testing

@testable import Identity

@Suite struct LoginThrottleTests {
    private let now = Timestamp(milliseconds: 1_700_000_000_000)

    private func throttle(keysMax: Int = 1000) -> LoginThrottle {
        LoginThrottle(
            name: .init(freeFailures: 3, keysMax: keysMax),
            network: .init(freeFailures: 10, keysMax: keysMax),
            seed: 1
        )
    }

    @Test func theWaitDoublesUpToTheLongest() {
        let rule = LoginThrottle.Rule(freeFailures: 3)
        func f(_ failures: Int, _ seconds: Int) {
            #expect(rule.delay(failures: failures) == .seconds(seconds), "\(failures)")
        }
        f(0, 0)
        f(3, 0)
        f(4, 1)
        f(5, 2)
        f(6, 4)
        f(13, 512)
        f(14, 900)
        f(1000, 900)
        f(.max, 900)
    }

    @Test func aNameIsLockedAfterItsFreeFailures() {
        var throttle = throttle()
        for _ in 0..<3 { #expect(throttle.begin(name: "ada", network: "n", now: now) == .admitted(locks: false)) }
        #expect(throttle.begin(name: "ada", network: "n", now: now) == .admitted(locks: true))
        #expect(throttle.begin(name: "ada", network: "m", now: now) == .locked(retryAfter: .seconds(1)))
        #expect(throttle.begin(name: "bob", network: "n", now: now) == .admitted(locks: false), "others are not")
        let later = now.advanced(by: .seconds(1))
        #expect(throttle.begin(name: "ada", network: "n", now: later) == .admitted(locks: true))
        #expect(throttle.begin(name: "ada", network: "n", now: later) == .locked(retryAfter: .seconds(2)))
    }

    @Test func aNetworkIsLockedWhateverNamesItTries() {
        var throttle = throttle()
        for number in 0..<10 { _ = throttle.begin(name: "user\(number)", network: "n", now: now) }
        #expect(throttle.begin(name: "next", network: "n", now: now) == .admitted(locks: true))
        #expect(throttle.begin(name: "another", network: "n", now: now) == .locked(retryAfter: .seconds(1)))
        #expect(throttle.begin(name: "another", network: "m", now: now) == .admitted(locks: false))
    }

    @Test func successForgetsTheNameAndTakesBackOneOfTheNetwork() {
        var throttle = throttle()
        for _ in 0..<3 { _ = throttle.begin(name: "ada", network: "n", now: now) }
        _ = throttle.begin(name: "ada", network: "n", now: now)
        throttle.succeed(name: "ada", network: "n")
        for _ in 0..<3 { #expect(throttle.begin(name: "ada", network: "m", now: now) == .admitted(locks: false)) }
        // The network has 3 of its 10 left on record.
        for number in 0..<7 {
            #expect(throttle.begin(name: "u\(number)", network: "n", now: now) == .admitted(locks: false))
        }
        #expect(throttle.begin(name: "u", network: "n", now: now) == .admitted(locks: true))
    }

    @Test func anAbandonedAttemptCountsForNothing() {
        var throttle = throttle()
        for _ in 0..<100 {
            #expect(throttle.begin(name: "ada", network: "n", now: now) == .admitted(locks: false))
            throttle.abandon(name: "ada", network: "n")
        }
    }

    @Test func failuresAreForgottenWithTime() {
        var throttle = throttle()
        for _ in 0..<4 { _ = throttle.begin(name: "ada", network: "n", now: now) }
        let later = now.advanced(by: .seconds(3601))
        #expect(throttle.begin(name: "ada", network: "n", now: later) == .admitted(locks: false))
    }

    @Test func aLockedNameStaysLockedThroughAFloodOfOthers() {
        var throttle = throttle(keysMax: 50)
        for _ in 0..<4 { _ = throttle.begin(name: "ada", network: "n", now: now) }
        for number in 0..<5000 { _ = throttle.begin(name: "u\(number)", network: "m\(number)", now: now) }
        #expect(throttle.begin(name: "ada", network: "n", now: now) == .locked(retryAfter: .seconds(1)))
    }

    @Test func whenAllAreLockedNewNamesShareOneRecord() {
        var throttle = throttle(keysMax: 4)
        for name in 0..<4 {
            for _ in 0..<4 { _ = throttle.begin(name: "u\(name)", network: "n\(name)", now: now) }
        }
        var admitted = 0
        for number in 0..<100 {
            if case .admitted = throttle.begin(name: "new\(number)", network: "x\(number)", now: now) { admitted += 1 }
        }
        #expect(admitted <= 4, "the shared record is locked after its free failures, too")
    }

    @Test func theEmptyNameIsANameLikeOthers() {
        var throttle = throttle()
        for _ in 0..<10 { _ = throttle.begin(name: "", network: "", now: now) }
        #expect(throttle.begin(name: "", network: "n", now: now) == .locked(retryAfter: .seconds(1)))
        #expect(throttle.begin(name: "ada", network: "n", now: now) == .admitted(locks: false))
    }

    @Test func networks() {
        func f(_ address: String, _ expected: String) { #expect(ClientNetwork.of(address) == expected, "\(address)") }
        f("192.0.2.1", "192.0.2.1")
        f("::ffff:192.0.2.1", "192.0.2.1")
        f("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")
        f("2001:db8:1:2::", "2001:db8:1:2::/64")
        f("::1", "0:0:0:0::/64")
        f("", "")
        f("no address", "no address")
        f(String(repeating: "x", count: 100), String(repeating: "x", count: 64))
    }
}
