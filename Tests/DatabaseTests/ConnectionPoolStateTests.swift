import Basics
import ChaosTesting
import Testing

@testable import Database

private typealias Pool = ConnectionPoolState

@Suite struct ConnectionPoolStateTests {
    private static func limits(_ configure: (inout Pool.Limits) -> Void = { _ in }) -> Pool.Limits {
        var limits = Pool.Limits(
            connectionsMin: 1,
            connectionsMax: 3,
            writersMax: 2,
            waitersMax: 4,
            waitMax: .seconds(10),
            idleMax: .seconds(60),
            lifetimeMax: .seconds(600),
            probeAfter: .seconds(30)
        )
        configure(&limits)
        return limits
    }

    private func seconds(_ seconds: Double) -> Duration { .seconds(seconds) }

    @Test func theLastUsedConnectionIsUsedNext() {
        var pool = Pool(Self.limits { $0.connectionsMin = 2 })
        #expect(pool.tick(at: .zero) == [.open(connection: 1), .open(connection: 2)])
        #expect(pool.opened(1, at: .zero, jitter: 0) == [])
        #expect(pool.opened(2, at: .zero, jitter: 0) == [])
        #expect(pool.acquire(waiter: 1, .read, at: .zero) == [.hand(connection: 2, waiter: 1)])
        #expect(pool.release(2, .usable, at: .zero) == [])
        #expect(pool.acquire(waiter: 2, .read, at: .zero) == [.hand(connection: 2, waiter: 2)])
        #expect(pool.acquire(waiter: 3, .read, at: .zero) == [.hand(connection: 1, waiter: 3)])
        #expect(pool.acquire(waiter: 4, .read, at: .zero) == [.open(connection: 3)])
        #expect(pool.release(1, .usable, at: .zero) == [.hand(connection: 1, waiter: 4)], "whichever is free first")
        #expect(pool.opened(3, at: .zero, jitter: 0) == [])
        #expect(pool.count(.leased) == 2 && pool.count(.idle) == 1)
    }

    @Test func waitersAreServedInOrderAndBeyondTheLimitRefused() {
        var pool = Pool(
            Self.limits {
                $0.connectionsMax = 1; $0.waitersMax = 2
            }
        )
        #expect(pool.acquire(waiter: 1, .read, at: .zero) == [.open(connection: 1)])
        #expect(pool.opened(1, at: .zero, jitter: 0) == [.hand(connection: 1, waiter: 1)])
        #expect(pool.acquire(waiter: 2, .write, at: .zero) == [])
        #expect(pool.acquire(waiter: 3, .read, at: .zero) == [])
        #expect(pool.acquire(waiter: 4, .read, at: .zero) == [.refuse(waiter: 4, .tooManyWait)])
        pool.abandon(waiter: 2)
        #expect(pool.release(1, .usable, at: .zero) == [.hand(connection: 1, waiter: 3)])
        #expect(pool.acquire(waiter: 5, .read, at: seconds(1)) == [])
        #expect(pool.tick(at: seconds(11)) == [.refuse(waiter: 5, .waitedTooLong)])
        #expect(pool.waiterCount == 0)
    }

    @Test func writersLeaveConnectionsToReaders() {
        var pool = Pool(
            Self.limits {
                $0.writersMax = 1; $0.connectionsMin = 0
            }
        )
        #expect(pool.acquire(waiter: 1, .write, at: .zero) == [.open(connection: 1)])
        #expect(pool.opened(1, at: .zero, jitter: 0) == [.hand(connection: 1, waiter: 1)])
        #expect(pool.acquire(waiter: 2, .write, at: .zero) == [], "another connection would be of no use to it")
        #expect(pool.acquire(waiter: 3, .read, at: .zero) == [.open(connection: 2)])
        #expect(pool.opened(2, at: .zero, jitter: 0) == [.hand(connection: 2, waiter: 3)])
        #expect(pool.release(2, .usable, at: .zero) == [])
        #expect(pool.release(1, .usable, at: .zero) == [.hand(connection: 1, waiter: 2)])
    }

    @Test func aBrokenConnectionIsNeverHandedOutAgain() {
        var pool = Pool(Self.limits())
        _ = pool.acquire(waiter: 1, .write, at: .zero)
        _ = pool.opened(1, at: .zero, jitter: 0)
        let actions = pool.release(1, .broken, at: .zero)
        #expect(actions == [.close(connection: 1), .open(connection: 2)], "the minimum is kept")
        #expect(pool.opened(1, at: .zero, jitter: 0) == [], "a late word about it changes nothing")
        #expect(pool.release(1, .usable, at: .zero) == [])
        #expect(pool.closed(1, at: .zero) == [])
        #expect(pool.count(.closing) == 0)
    }

    @Test func aLostConnectionPutsTheIdleOnesInDoubt() {
        var pool = Pool(Self.limits { $0.connectionsMin = 2 })
        _ = pool.tick(at: .zero)
        _ = pool.opened(1, at: .zero, jitter: 0)
        _ = pool.opened(2, at: .zero, jitter: 0)
        #expect(pool.acquire(waiter: 1, .read, at: .zero) == [.hand(connection: 2, waiter: 1)])
        let actions = pool.release(2, .lost, at: .zero)
        #expect(actions == [.close(connection: 2), .probe(connection: 1), .open(connection: 3)])
        #expect(pool.acquire(waiter: 2, .read, at: .zero) == [], "one that is probed is handed to nobody")
        #expect(pool.probed(1, isUsable: true, at: .zero) == [.hand(connection: 1, waiter: 2)])
    }

    @Test func theServerIsGivenLongerAndLongerPauses() {
        var pool = Pool(
            Self.limits {
                $0.backoffMin = .seconds(1); $0.backoffMax = .seconds(5)
            }
        )
        #expect(pool.acquire(waiter: 1, .read, at: .zero) == [.open(connection: 1)])
        #expect(pool.openFailed(1, at: .zero, jitter: 0) == [])
        #expect(pool.tick(at: seconds(0.9)) == [])
        #expect(pool.tick(at: seconds(1)) == [.open(connection: 2)])
        #expect(pool.acquire(waiter: 2, .read, at: seconds(1)) == [], "one attempt at a time")
        #expect(pool.openFailed(2, at: seconds(1), jitter: 1) == [])
        #expect(pool.tick(at: seconds(3.9)) == [])
        #expect(pool.tick(at: seconds(4)) == [.open(connection: 3)], "2 s, and half of that by chance")
        let actions = pool.opened(3, at: seconds(4), jitter: 0)
        #expect(actions == [.hand(connection: 3, waiter: 1), .open(connection: 4)], "and then all that are missing")
    }

    @Test func timeEndsIdlenessAndLives() {
        var pool = Pool(
            Self.limits {
                $0.connectionsMin = 1; $0.probeAfter = .seconds(1000)
            }
        )
        for waiter in 1...2 { _ = pool.acquire(waiter: waiter, .read, at: .zero) }
        for id in 1...2 { _ = pool.opened(id, at: .zero, jitter: 0) }
        _ = pool.release(1, .usable, at: .zero)
        _ = pool.release(2, .usable, at: seconds(30))
        #expect(pool.tick(at: seconds(60)) == [.close(connection: 1)])
        #expect(pool.closed(1, at: seconds(60)) == [])
        #expect(pool.tick(at: seconds(590)) == [], "the minimum stays, however idle")
        #expect(pool.tick(at: seconds(600)) == [.close(connection: 2), .open(connection: 3)], "but not for ever")
    }

    @Test func aProbeThatFailsClosesOnlyItsConnection() {
        var pool = Pool(Self.limits { $0.connectionsMin = 2 })
        _ = pool.tick(at: .zero)
        for id in 1...2 { _ = pool.opened(id, at: .zero, jitter: 0) }
        #expect(pool.tick(at: seconds(30)) == [.probe(connection: 1), .probe(connection: 2)])
        #expect(pool.probed(1, isUsable: false, at: seconds(31)) == [.close(connection: 1), .open(connection: 3)])
        #expect(pool.probed(2, isUsable: true, at: seconds(31)) == [])
        #expect(pool.acquire(waiter: 1, .read, at: seconds(31)) == [.hand(connection: 2, waiter: 1)])
        #expect(pool.tick(at: seconds(61)) == [], "what is in use is not probed")
    }

    @Test func closingWaitsForWhatRuns() {
        var pool = Pool(
            Self.limits {
                $0.connectionsMax = 2; $0.connectionsMin = 2
            }
        )
        _ = pool.acquire(waiter: 1, .write, at: .zero)
        for id in 1...2 { _ = pool.opened(id, at: .zero, jitter: 0) }
        #expect(pool.acquire(waiter: 2, .read, at: .zero) == [.hand(connection: 2, waiter: 2)])
        #expect(pool.acquire(waiter: 3, .read, at: .zero) == [])
        #expect(pool.release(2, .usable, at: .zero) == [.hand(connection: 2, waiter: 3)])
        _ = pool.acquire(waiter: 4, .read, at: .zero)
        #expect(pool.close(at: .zero) == [.refuse(waiter: 4, .closed)])
        #expect(pool.acquire(waiter: 5, .read, at: .zero) == [.refuse(waiter: 5, .closed)])
        #expect(pool.release(1, .usable, at: .zero) == [.close(connection: 1)])
        #expect(pool.release(2, .usable, at: .zero) == [.close(connection: 2)])
        #expect(pool.closed(1, at: .zero) == [])
        #expect(pool.closed(2, at: .zero) == [.drained])
        var empty = Pool(Self.limits())
        #expect(empty.close(at: .zero) == [.drained])
    }

    /// Random histories against a model that only knows the rules.
    @Test(arguments: Chaos.seeds(1...200)) func theRulesHoldInEveryHistory(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let limits = Self.limits { limits in
            limits.connectionsMax = Int.random(in: 1...6, using: &random)
            limits.connectionsMin = Int.random(in: 0...limits.connectionsMax, using: &random)
            limits.writersMax = Int.random(in: 1...4, using: &random)
            limits.waitersMax = Int.random(in: 0...8, using: &random)
        }
        var model = PoolModel(limits)
        for _ in 0..<400 { model.step(&random) }
        model.finish(&random)
    }
}

/// What is known from outside of a pool: who holds what, who waits, what is under way.
private struct PoolModel {
    private let limits: Pool.Limits
    private var pool: Pool
    private var now = Duration.zero
    private var lastWaiter = 0
    private var waiting: [(id: Int, isWriter: Bool, since: Duration)] = []
    private var leased: [Int: Bool] = [:]
    private var opening: Set<Int> = []
    private var probing: Set<Int> = []
    private var closing: Set<Int> = []
    private var idle: Set<Int> = []
    private var isDrained = false

    init(_ limits: Pool.Limits) {
        self.limits = limits
        pool = Pool(limits)
    }

    mutating func step(_ random: inout SeededGenerator) {
        now += .milliseconds(Int.random(in: 0...3000, using: &random))
        let chance = Double.random(in: 0...1, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0...2:
            lastWaiter += 1
            let isWriter = Bool.random(using: &random)
            waiting.append((lastWaiter, isWriter, now))
            apply(pool.acquire(waiter: lastWaiter, isWriter ? .write : .read, at: now))
        case 3, 4:
            guard let (id, _) = leased.min(by: { $0.key < $1.key }) else { return }
            leased[id] = nil
            let returns: [Pool.Return] = [.usable, .usable, .usable, .broken, .lost]
            let condition = returns[Int.random(in: 0..<returns.count, using: &random)]
            if condition == .usable { idle.insert(id) }
            apply(pool.release(id, condition, at: now))
        case 5, 6:
            guard let id = opening.min() else { return }
            opening.remove(id)
            if chance < 0.7 {
                idle.insert(id)
                apply(pool.opened(id, at: now, jitter: chance))
            } else {
                apply(pool.openFailed(id, at: now, jitter: chance))
            }
        case 7:
            if let id = probing.min() {
                probing.remove(id)
                if chance < 0.7 { idle.insert(id) }
                apply(pool.probed(id, isUsable: chance < 0.7, at: now))
            } else if let id = closing.min() {
                closing.remove(id)
                apply(pool.closed(id, at: now))
            }
        case 8:
            guard let waiter = waiting.randomElement(using: &random) else { return }
            waiting.removeAll { $0.id == waiter.id }
            pool.abandon(waiter: waiter.id)
        default: apply(pool.tick(at: now))
        }
        check()
    }

    /// Everyone comes back, and the pool drains.
    mutating func finish(_ random: inout SeededGenerator) {
        apply(pool.close(at: now))
        #expect(waiting.isEmpty)
        for id in leased.keys.sorted() {
            leased[id] = nil
            idle.insert(id)
            apply(pool.release(id, .usable, at: now))
        }
        for id in opening.sorted() {
            opening.remove(id)
            idle.insert(id)
            apply(pool.opened(id, at: now, jitter: 0))
        }
        for id in probing.sorted() {
            probing.remove(id)
            idle.insert(id)
            apply(pool.probed(id, isUsable: true, at: now))
        }
        for id in closing.sorted() {
            closing.remove(id)
            apply(pool.closed(id, at: now))
        }
        #expect(isDrained && idle.isEmpty && closing.isEmpty)
    }

    private mutating func apply(_ actions: [Pool.Action]) {
        for action in actions {
            switch action {
            case .open(let id):
                let isNew = opening.insert(id).inserted
                #expect(isNew)
            case .hand(let id, let waiter):
                let wasIdle = idle.remove(id) != nil
                #expect(wasIdle, "only what is known to work is handed out")
                guard let index = waiting.firstIndex(where: { $0.id == waiter }) else {
                    Issue.record("handed to \(waiter), who does not wait")
                    return
                }
                let isWriter = waiting[index].isWriter
                let passed = waiting[..<index].filter { !$0.isWriter || isWriter }
                #expect(passed.isEmpty, "a waiter passes only writers, and only as a reader")
                leased[id] = isWriter
                waiting.remove(at: index)
            case .refuse(let waiter, let refusal):
                guard let index = waiting.firstIndex(where: { $0.id == waiter }) else {
                    Issue.record("refused \(waiter), who does not wait")
                    return
                }
                if refusal == .waitedTooLong { #expect(now - waiting[index].since >= limits.waitMax) }
                waiting.remove(at: index)
            case .probe(let id):
                let wasIdle = idle.remove(id) != nil
                #expect(wasIdle)
                probing.insert(id)
            case .close(let id):
                #expect(leased[id] == nil && !opening.contains(id) && !probing.contains(id))
                idle.remove(id)
                let isNew = closing.insert(id).inserted
                #expect(isNew)
            case .drained: isDrained = true
            }
        }
    }

    private func check() {
        let all = leased.count + opening.count + probing.count + closing.count + idle.count
        #expect(all <= limits.connectionsMax, "there are never more than the limit")
        #expect(leased.values.count { $0 } <= limits.writersMax)
        #expect(waiting.count <= limits.waitersMax)
        #expect(pool.count(.leased) == leased.count && pool.count(.idle) == idle.count)
        #expect(pool.count(.opening) == opening.count && pool.count(.probing) == probing.count)
        let writers = leased.values.count { $0 }
        let mayGoOn = waiting.contains { !$0.isWriter || writers < limits.writersMax }
        #expect(!mayGoOn || idle.isEmpty, "nobody waits beside a connection that is free")
    }
}
