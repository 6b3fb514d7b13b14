import Basics
import Client
import Testing
import Worker

/// The leases by reference: an expectation may not change a value.
private final class Held {
    private var leases: HeldLeases

    init(concurrency: Int = 2, grace: Duration = .seconds(60), seed: UInt64 = 1) {
        leases = HeldLeases(concurrency: concurrency, grace: grace, seed: seed)
    }

    var count: Int { leases.count }
    var room: Int { leases.room }
    func phase(of key: LeaseKey) -> HeldLeases.Phase? { leases.phase(of: key) }
    func lease(_ key: LeaseKey, length: Duration, sent: Duration) -> Bool {
        leases.lease(key, length: length, sent: sent)
    }
    func renewed(_ key: LeaseKey, sent: Duration) { leases.renewed(key, sent: sent) }
    func renewalFailed(_ key: LeaseKey, at now: Duration, retryAfter: Duration?) {
        leases.renewalFailed(key, at: now, retryAfter: retryAfter)
    }
    func lost(_ key: LeaseKey) -> Bool { leases.lost(key) }
    func finished(_ key: LeaseKey) -> Bool { leases.finished(key) }
    func stopAll() -> [HeldLeases.Action] { leases.stopAll() }
    func release(_ key: LeaseKey) { leases.release(key) }
    func due(at now: Duration) -> [HeldLeases.Action] { leases.due(at: now) }
    func wait(at now: Duration) -> Duration? { leases.wait(at: now) }
}

@Suite("Held leases")
struct HeldLeasesTests {
    private static let key = LeaseKey(taskID: "t", token: 1)
    private static let length = Duration.seconds(30)

    private func leased() -> Held {
        let held = Held()
        #expect(held.lease(Self.key, length: Self.length, sent: .zero))
        return held
    }

    @Test("A lease is renewed when a third of it is over, by chance up to a fifth earlier, once at a time")
    func renewal() throws {
        for seed in UInt64(0)..<200 {
            let held = Held(concurrency: 1, grace: .zero, seed: seed)
            _ = held.lease(Self.key, length: Self.length, sent: .seconds(100))
            let wait = try #require(held.wait(at: .seconds(100)))
            #expect(wait > .seconds(8) - .milliseconds(1) && wait <= .seconds(10), "seed \(seed): \(wait)")
            #expect(held.due(at: .seconds(100) + wait - .milliseconds(1)).isEmpty)
            #expect(held.due(at: .seconds(100) + wait) == [.renew(Self.key)])
            #expect(held.due(at: .seconds(100) + wait).isEmpty, "it is under way")
            held.renewed(Self.key, sent: .seconds(111))
            let next = try #require(held.wait(at: .seconds(111)))
            #expect(next > .seconds(8) - .milliseconds(1) && next <= .seconds(10))
        }
    }

    @Test("A renewal that fails is tried again sooner and sooner than the lease ends, or when the server says")
    func failures() throws {
        let held = leased()
        var now = try #require(held.wait(at: .zero))
        var tries = 0
        while now < Self.length {
            #expect(held.due(at: now) == [.renew(Self.key)])
            tries += 1
            held.renewalFailed(Self.key, at: now, retryAfter: nil)
            let wait = try #require(held.wait(at: now))
            #expect(wait <= Self.length / 4)
            now += wait
        }
        #expect(tries >= 4)
        _ = held.due(at: now)
        held.renewalFailed(Self.key, at: now, retryAfter: .seconds(20))
        #expect(try #require(held.wait(at: now)) >= .seconds(20))
    }

    @Test("A lease that cannot be renewed is kept for the grace after its deadline, then the attempt is stopped")
    func grace() {
        let held = leased()
        #expect(held.due(at: .seconds(89)) == [.renew(Self.key)])
        #expect(held.due(at: .seconds(90)) == [.stop(Self.key, .serverUnreachable)])
        #expect(held.phase(of: Self.key) == .stopping(.serverUnreachable))
        #expect(held.due(at: .seconds(91)).isEmpty && held.wait(at: .seconds(91)) == nil)
        #expect(!held.finished(Self.key), "the server gave it up long ago")
        held.release(Self.key)
        #expect(held.count == 0)
    }

    @Test("A lost lease stops the attempt, and its result is dropped")
    func lost() {
        let held = leased()
        #expect(held.lost(Self.key))
        #expect(!held.lost(Self.key), "it is being stopped")
        #expect(!held.finished(Self.key))
        #expect(!held.lost(LeaseKey(taskID: "other", token: 1)))
    }

    @Test("A finished attempt makes room, and its lease is kept alive until the result has arrived")
    func finished() {
        let held = Held(concurrency: 1)
        _ = held.lease(Self.key, length: Self.length, sent: .zero)
        #expect(held.room == 0)
        #expect(held.finished(Self.key))
        #expect(held.room == 1)
        #expect(held.due(at: .seconds(10)) == [.renew(Self.key)])
        #expect(!held.lost(Self.key), "nothing runs that could be stopped")
        #expect(held.due(at: .seconds(200)).isEmpty)
        held.release(Self.key)
        #expect(held.room == 1 && held.wait(at: .zero) == nil)
    }

    @Test("A worker that ends stops what runs, and still reports it")
    func stopAll() {
        let held = leased()
        let other = LeaseKey(taskID: "u", token: 4)
        _ = held.lease(other, length: Self.length, sent: .zero)
        #expect(held.finished(other))
        #expect(held.stopAll() == [.stop(Self.key, .workerStopped)])
        #expect(held.stopAll().isEmpty)
        #expect(held.due(at: .seconds(10)).contains(.renew(Self.key)), "the lease is kept while it ends")
        #expect(held.finished(Self.key))
    }

    @Test("A lease that is held already is not taken twice; the next attempt of the task is another")
    func twice() {
        let held = leased()
        #expect(!held.lease(Self.key, length: Self.length, sent: .seconds(1)))
        #expect(held.lease(LeaseKey(taskID: "t", token: 2), length: Self.length, sent: .seconds(1)))
        #expect(held.room == 0)
    }

    @Test("Delays grow, are bounded, and never undercut what the server asks for")
    func delays() {
        var random = SeededGenerator(seed: 3)
        var delay = RetryDelay(longest: .seconds(8))
        let waits = (0..<100).map { _ in delay.next(nil, &random) }
        #expect(waits[0] <= RetryDelay.first && waits[0] > RetryDelay.first / 2)
        #expect(waits.allSatisfy { $0 <= .seconds(8) })
        #expect(waits[50...].allSatisfy { $0 >= .seconds(5) })
        let asked = delay.next(.seconds(99), &random)
        #expect(asked == .seconds(99))
        delay.succeed()
        let again = delay.next(nil, &random)
        #expect(again <= RetryDelay.first)
    }
}
