internal import Basics

/// Slows down whoever guesses passwords: after some failures each further one doubles the wait, for the name and for
/// the network.
///
/// A name is locked whether it exists or not, so the lock tells nothing. An attempt counts as failed from its
/// beginning, and is taken back when it succeeds, so that a hundred attempts at once do not all pass before the first
/// has failed.
struct LoginThrottle: Sendable {
    /// How one kind of key is slowed down.
    struct Rule: Sendable {
        /// How many failures cost nothing.
        var freeFailures: Int
        /// The wait after the first failure that costs something; each further one doubles it.
        var firstDelay: Duration = .seconds(1)
        /// The longest wait.
        var delayMax: Duration = .seconds(900)
        /// After this time without a failure all are forgotten; longer than the longest wait.
        var memory: Duration = .seconds(3600)
        /// How many keys are remembered.
        var keysMax = 10_000

        /// The wait after so many failures.
        func delay(failures: Int) -> Duration {
            let extra = failures - freeFailures
            guard extra > 0 else { return .zero }
            // 2^20 seconds is beyond any limit: the shift cannot overflow.
            return min(firstDelay * (1 << min(extra - 1, 20)), delayMax)
        }
    }

    /// What an attempt is told.
    enum Admission: Hashable {
        /// It may go on; when it fails, `locks` says that the name or the network is locked now.
        case admitted(locks: Bool)
        case locked(retryAfter: Duration)
    }

    private var names: FailureTable
    private var networks: FailureTable

    init(name: Rule, network: Rule, seed: UInt64) {
        names = FailureTable(rule: name, seed: seed)
        networks = FailureTable(rule: network, seed: seed &+ 1)
    }

    /// Begins an attempt: it counts as failed until it is said to have succeeded.
    mutating func begin(name: String, network: String, now: Timestamp) -> Admission {
        let wait = max(names.wait(name, now: now), networks.wait(network, now: now))
        if wait > .zero { return .locked(retryAfter: wait) }
        let locksName = names.fail(name, now: now)
        let locksNetwork = networks.fail(network, now: now)
        return .admitted(locks: locksName || locksNetwork)
    }

    /// Notes that an attempt succeeded: the name's failures are forgotten, the network keeps all but this one.
    mutating func succeed(name: String, network: String) {
        names.forget(name)
        networks.takeBack(network)
    }

    /// Notes that an attempt came to no result, because something else failed.
    mutating func abandon(name: String, network: String) {
        names.takeBack(name)
        networks.takeBack(network)
    }
}

/// The failures of a bounded number of keys.
///
/// When it is full, a new key takes the place of the one, of a few drawn at random, whose last failure is the oldest; a
/// locked key keeps its place. Keys for which no place is found share one record.
private struct FailureTable: Sendable {
    private struct Record {
        /// Nil for the record that is shared.
        let key: String?
        var failures = 0
        var last: Timestamp
        var lockedUntil: Timestamp?
    }

    private static let candidates = 8
    private static let sharedKey: String? = nil

    private let rule: LoginThrottle.Rule
    private var records: [Record] = []
    private var positions: [String?: Int] = [:]
    private var random: SeededGenerator

    init(rule: LoginThrottle.Rule, seed: UInt64) {
        precondition(rule.keysMax > 0, "BUG: a throttle needs room for a key")
        self.rule = rule
        random = SeededGenerator(seed: seed)
    }

    func wait(_ key: String, now: Timestamp) -> Duration {
        guard let position = positions[key] ?? positions[Self.sharedKey],
            let lockedUntil = records[position].lockedUntil
        else { return .zero }
        // No longer than the rule says, should the clock have been set back.
        return min(max(lockedUntil.since(now), .zero), rule.delayMax)
    }

    /// Counts a failure; true when the key is locked by it.
    mutating func fail(_ key: String, now: Timestamp) -> Bool {
        let position = place(for: key, now: now)
        if records[position].last.advanced(by: rule.memory) < now { records[position].failures = 0 }
        records[position].failures += 1
        records[position].last = now
        let delay = rule.delay(failures: records[position].failures)
        records[position].lockedUntil = delay > .zero ? now.advanced(by: delay) : nil
        return delay > .zero
    }

    mutating func takeBack(_ key: String) {
        guard let position = positions[key] ?? positions[Self.sharedKey] else { return }
        records[position].failures = max(records[position].failures - 1, 0)
        records[position].lockedUntil = nil
    }

    mutating func forget(_ key: String) {
        guard let position = positions[key] else { return takeBack(key) }
        records[position].failures = 0
        records[position].lockedUntil = nil
    }

    private mutating func place(for key: String, now: Timestamp) -> Int {
        if let position = positions[key] { return position }
        let fresh = Record(key: key, last: now)
        if records.count < rule.keysMax { return append(fresh) }
        var oldest: Int?
        for _ in 0..<Self.candidates {
            let position = Int.random(in: 0..<records.count, using: &random)
            let record = records[position]
            if record.key == Self.sharedKey { continue }
            if let lockedUntil = record.lockedUntil, lockedUntil > now { continue }
            if let other = oldest, records[other].last <= record.last { continue }
            oldest = position
        }
        guard let oldest else {
            if let shared = positions[Self.sharedKey] { return shared }
            return append(Record(key: Self.sharedKey, last: now))
        }
        positions[records[oldest].key] = nil
        records[oldest] = fresh
        positions[key] = oldest
        return oldest
    }

    private mutating func append(_ record: Record) -> Int {
        records.append(record)
        positions[record.key] = records.count - 1
        return records.count - 1
    }
}
