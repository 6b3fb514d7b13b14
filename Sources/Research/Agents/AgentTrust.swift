package import Basics

/// How far an agent is trusted with tasks: a state machine over how its attempts end.
///
/// When ``failuresMax`` of its newest ``attemptsWindow`` attempts failed, it is quarantined: it gets one task at a time,
/// and that only after a delay which grows with each further failure. A success restores it.
///
/// Pure.
package struct AgentTrust: Hashable, Sendable {
    /// How many of the newest attempts count.
    package static let attemptsWindow = 10
    /// How many of them may not fail.
    package static let failuresMax = 8
    /// The wait before the first probe.
    package static let firstProbeDelay: Duration = .seconds(10)
    /// No wait is longer.
    package static let probeDelayMax: Duration = .seconds(600)

    /// What the end of an attempt changed.
    package enum Change: String, Hashable, Sendable {
        case quarantined, restored
    }

    /// Since when an agent is quarantined, and when it may be tried next.
    package struct Quarantine: Hashable, Sendable {
        package let since: Timestamp
        /// Not to be given a task earlier.
        package var probeAt: Timestamp
        /// How many probes have failed so far.
        package var failures: Int

        package init(since: Timestamp, probeAt: Timestamp, failures: Int = 0) {
            self.since = since
            self.probeAt = probeAt
            self.failures = failures
        }
    }

    /// How the newest attempts went, oldest first; true for a success.
    package private(set) var recent: [Bool]
    /// Nil unless it is quarantined.
    package private(set) var quarantine: Quarantine?

    package init(recent: [Bool] = [], quarantine: Quarantine? = nil) {
        self.recent = Array(recent.suffix(Self.attemptsWindow))
        self.quarantine = quarantine
    }

    /// Notes how an attempt ended.
    /// - Returns: what that changed; nil mostly.
    package mutating func attemptEnded(_ isSuccess: Bool, at now: Timestamp) -> Change? {
        if var current = quarantine {
            if isSuccess {
                (quarantine, recent) = (nil, [true])
                return .restored
            }
            current.failures += 1
            current.probeAt = now.advanced(by: Self.probeDelay(after: current.failures))
            quarantine = current
            return nil
        }
        recent = Array((recent + [isSuccess]).suffix(Self.attemptsWindow))
        guard recent.count(where: { !$0 }) >= Self.failuresMax else { return nil }
        quarantine = Quarantine(since: now, probeAt: now.advanced(by: Self.probeDelay(after: 0)))
        return .quarantined
    }

    /// How many tasks it may have at a time now, of those that its people allow it.
    package func concurrency(_ usual: Int, at now: Timestamp) -> Int {
        guard let quarantine else { return usual }
        return quarantine.probeAt <= now ? min(usual, 1) : 0
    }

    /// The wait before a probe: it doubles with each one that failed, up to ``probeDelayMax``.
    static func probeDelay(after failures: Int) -> Duration {
        var delay = firstProbeDelay
        for _ in 0..<max(0, failures) where delay < probeDelayMax { delay = delay * 2 }
        return min(delay, probeDelayMax)
    }

    /// The newest attempts as they are stored: `+` for a success, `-` for a failure.
    var recentText: String { String(recent.map { $0 ? "+" : "-" }) }

    /// Reads ``recentText``; other characters are left out.
    static func recent(_ text: String) -> [Bool] { text.compactMap { $0 == "+" ? true : $0 == "-" ? false : nil } }
}
