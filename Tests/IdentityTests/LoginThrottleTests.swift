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
        for _ in 0..<3 { #expect(throttle.begin("ada", "n", now) == .admitted(locks: false)) }
        #expect(throttle.begin("ada", "n", now) == .admitted(locks: true))
        #expect(throttle.begin("ada", "m", now) == .locked(retryAfter: .seconds(1)))
        #expect(throttle.begin("bob", "n", now) == .admitted(locks: false), "others are not")
        let later = now.advanced(by: .seconds(1))
        #expect(throttle.begin("ada", "n", later) == .admitted(locks: true))
        #expect(throttle.begin("ada", "n", later) == .locked(retryAfter: .seconds(2)))
    }

    @Test func aNetworkIsLockedWhateverNamesItTries() {
        var throttle = throttle()
        for number in 0..<10 { _ = throttle.begin("user\(number)", "n", now) }
        #expect(throttle.begin("next", "n", now) == .admitted(locks: true))
        #expect(throttle.begin("another", "n", now) == .locked(retryAfter: .seconds(1)))
        #expect(throttle.begin("another", "m", now) == .admitted(locks: false))
    }

    @Test func successForgetsTheNameAndTakesBackOneOfTheNetwork() {
        var throttle = throttle()
        for _ in 0..<3 { _ = throttle.begin("ada", "n", now) }
        _ = throttle.begin("ada", "n", now)
        throttle.succeed(.init(name: "ada", network: "n"))
        for _ in 0..<3 { #expect(throttle.begin("ada", "m", now) == .admitted(locks: false)) }
        // The network has 3 of its 10 left on record.
        for number in 0..<7 {
            #expect(throttle.begin("u\(number)", "n", now) == .admitted(locks: false))
        }
        #expect(throttle.begin("u", "n", now) == .admitted(locks: true))
    }

    @Test func anAbandonedAttemptCountsForNothing() {
        var throttle = throttle()
        for _ in 0..<100 {
            #expect(throttle.begin("ada", "n", now) == .admitted(locks: false))
            throttle.abandon(.init(name: "ada", network: "n"))
        }
    }

    @Test func failuresAreForgottenWithTime() {
        var throttle = throttle()
        for _ in 0..<4 { _ = throttle.begin("ada", "n", now) }
        let later = now.advanced(by: .seconds(3601))
        #expect(throttle.begin("ada", "n", later) == .admitted(locks: false))
    }

    @Test func aLockedNameStaysLockedThroughAFloodOfOthers() {
        var throttle = throttle(keysMax: 50)
        for _ in 0..<4 { _ = throttle.begin("ada", "n", now) }
        for number in 0..<5000 { _ = throttle.begin("u\(number)", "m\(number)", now) }
        #expect(throttle.begin("ada", "n", now) == .locked(retryAfter: .seconds(1)))
    }

    @Test func whenAllAreLockedNewNamesShareOneRecord() {
        var throttle = throttle(keysMax: 4)
        for name in 0..<4 {
            for _ in 0..<4 { _ = throttle.begin("u\(name)", "n\(name)", now) }
        }
        var admitted = 0
        for number in 0..<100 {
            if case .admitted = throttle.begin("new\(number)", "x\(number)", now) { admitted += 1 }
        }
        #expect(admitted <= 4, "the shared record is locked after its free failures, too")
    }

    @Test func credentialsThatWereRightPassALockOfTheNameAndOfTheNetwork() {
        for (name, network) in [("ada", "elsewhere"), ("somebody", "n")] {
            var throttle = throttle()
            for _ in 0..<11 where throttle.begin(name, network, now) != .locked(retryAfter: .seconds(1)) {}
            if name == "somebody" { for number in 0..<11 { _ = throttle.begin("u\(number)", "n", now) } }
            var right = LoginThrottle.Attempt(name: "ada", network: "n", isAtHome: true, wasRight: true)
            var wrong = LoginThrottle.Attempt(name: "ada", network: "n", isAtHome: true)
            var away = LoginThrottle.Attempt(name: "ada", network: "n")
            #expect(throttle.begin(&right, now: now) == .admitted(locks: false), "\(name)")
            #expect(throttle.begin(&wrong, now: now) == .locked(retryAfter: .seconds(1)), "\(name)")
            #expect(throttle.begin(&away, now: now) == .locked(retryAfter: .seconds(1)), "\(name)")
        }
    }

    @Test func whatIsTriedBehindALockIsCountedUnderTheSameRule() {
        var throttle = throttle()
        for _ in 0..<4 { _ = throttle.begin("ada", "elsewhere", now) }
        for _ in 0..<4 {
            var wrong = LoginThrottle.Attempt(name: "ada", network: "n", isAtHome: true)
            #expect(throttle.begin(&wrong, now: now) == .locked(retryAfter: .seconds(1)))
        }
        var right = LoginThrottle.Attempt(name: "ada", network: "n", isAtHome: true, wasRight: true)
        #expect(throttle.begin(&right, now: now) == .locked(retryAfter: .seconds(1)), "or guessing would have no end")
        let later = now.advanced(by: .milliseconds(999))
        #expect(throttle.begin(&right, now: later) == .locked(retryAfter: .milliseconds(1)))
    }

    @Test func successBehindALockTakesNothingFromTheLock() {
        var throttle = throttle()
        for _ in 0..<4 { _ = throttle.begin("ada", "elsewhere", now) }
        for _ in 0..<100 {
            var right = LoginThrottle.Attempt(name: "ada", network: "n", isAtHome: true, wasRight: true)
            #expect(throttle.begin(&right, now: now) == .admitted(locks: false))
            throttle.succeed(right)
        }
        #expect(throttle.begin("ada", "elsewhere", now) == .locked(retryAfter: .seconds(1)))
    }

    @Test func aNameAtHomeThatSucceedsGivesAGuesserNothingBack() {
        var throttle = throttle()
        for _ in 0..<3 {
            _ = throttle.begin("ada", "elsewhere", now)
            var right = LoginThrottle.Attempt(name: "ada", network: "n", isAtHome: true, wasRight: true)
            _ = throttle.begin(&right, now: now)
            throttle.succeed(right)
        }
        #expect(throttle.begin("ada", "elsewhere", now) == .admitted(locks: true))
    }

    @Test func theEmptyNameIsANameLikeOthers() {
        var throttle = throttle()
        for _ in 0..<10 { _ = throttle.begin("", "", now) }
        #expect(throttle.begin("", "n", now) == .locked(retryAfter: .seconds(1)))
        #expect(throttle.begin("ada", "n", now) == .admitted(locks: false))
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

extension LoginThrottle {
    /// An attempt of which nothing is known.
    fileprivate mutating func begin(_ name: String, _ network: String, _ now: Timestamp) -> Admission {
        var attempt = Attempt(name: name, network: network)
        return begin(&attempt, now: now)
    }
}
