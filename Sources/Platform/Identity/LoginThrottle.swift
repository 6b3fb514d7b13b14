internal import Basics

/// Slows down whoever guesses passwords: after some failures each further one doubles the wait, for the name and for
/// the network.
///
/// A name is locked whether it exists or not, so the lock tells nothing. An attempt counts as failed from its
/// beginning, and is taken back when it succeeds, so that a hundred attempts at once do not all pass before the first
/// has failed.
///
/// Who guesses must not be able to shut others out: credentials that were right from a network lately pass the locks of the
/// name and of that network, so that a stranger behind the same proxy does not blind a dashboard. They are credentials, not
/// names, so a locked caller learns nothing of names; and what is tried behind a lock is counted by itself, under the same
/// rule, so that it is no way around the waits (OWASP's "device cookies", with the network as the device).
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

    /// Who tries, and what is known of it.
    struct Attempt: Hashable {
        var name: String
        var network: String
        /// Whether the name was right from this network lately.
        var isAtHome = false
        /// Whether these very credentials were right from this network lately.
        var wasRight = false
        /// Whether it was admitted in spite of a lock.
        fileprivate(set) var hasPassedLock = false

        /// What is tried behind a lock is counted under this; no name has a line break.
        fileprivate var home: String { "\(name)\n\(network)" }
    }

    /// What an attempt is told.
    enum Admission: Hashable {
        /// It may go on; when it fails, `locks` says that the name or the network is locked now.
        case admitted(locks: Bool)
        case locked(retryAfter: Duration)
    }

    private var names: FailureTable
    private var networks: FailureTable
    /// What is tried behind a lock, by name and network together.
    private var homes: FailureTable

    init(name: Rule, network: Rule, seed: UInt64) {
        names = FailureTable(rule: name, seed: seed)
        networks = FailureTable(rule: network, seed: seed &+ 1)
        homes = FailureTable(rule: name, seed: seed &+ 2)
    }

    /// Begins an attempt: it counts as failed until it is said to have succeeded.
    mutating func begin(_ attempt: inout Attempt, now: Timestamp) -> Admission {
        let wait = max(names.wait(attempt.name, now: now), networks.wait(attempt.network, now: now))
        guard wait > .zero else {
            let locksName = names.fail(attempt.name, now: now)
            let locksNetwork = networks.fail(attempt.network, now: now)
            return .admitted(locks: locksName || locksNetwork)
        }
        // The answer is the same wait for all that may not pass, known or not.
        guard attempt.isAtHome, homes.wait(attempt.home, now: now) == .zero else { return .locked(retryAfter: wait) }
        _ = homes.fail(attempt.home, now: now)
        guard attempt.wasRight else { return .locked(retryAfter: wait) }
        attempt.hasPassedLock = true
        return .admitted(locks: false)
    }

    /// How long a name is locked for its own network, because somebody there guessed behind a lock; zero when it is not.
    func waitAtHome(name: String, network: String, now: Timestamp) -> Duration {
        homes.wait(Attempt(name: name, network: network).home, now: now)
    }

    /// Notes that an attempt succeeded.
    ///
    /// The network keeps all failures but this one. So does a name that is at home there: it succeeds all day long, which
    /// must not give a guesser elsewhere his free failures back. Any other name's failures are forgotten.
    mutating func succeed(_ attempt: Attempt) {
        if attempt.hasPassedLock { return homes.forget(attempt.home) }
        if attempt.isAtHome { names.takeBack(attempt.name) } else { names.forget(attempt.name) }
        networks.takeBack(attempt.network)
    }

    /// Notes that an attempt came to no result, because something else failed.
    mutating func abandon(_ attempt: Attempt) {
        if attempt.hasPassedLock { return homes.takeBack(attempt.home) }
        names.takeBack(attempt.name)
        networks.takeBack(attempt.network)
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
