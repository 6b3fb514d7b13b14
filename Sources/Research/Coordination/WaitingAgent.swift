package import Basics

/// An agent that asks for work.
package struct WaitingAgent: Hashable, Sendable {
    package let agentID: UUIDv7
    package let capabilities: Set<String>
    package let labels: [String: String]
    /// How many tasks it may have at a time.
    package let concurrency: Int
    /// How many it wants now at most.
    package let countMax: Int
    /// How attempts of each kind of task went with it.
    package let records: [String: SuccessRecord]
    /// Since when it asks.
    package let since: Timestamp

    package init(
        agentID: UUIDv7,
        capabilities: Set<String>,
        labels: [String: String] = [:],
        concurrency: Int,
        countMax: Int,
        records: [String: SuccessRecord] = [:],
        since: Timestamp
    ) {
        self.agentID = agentID
        self.capabilities = capabilities
        self.labels = labels
        self.concurrency = concurrency
        self.countMax = countMax
        self.records = records
        self.since = since
    }
}

/// The name of one request of an agent: an agent may ask more than once at a time.
package struct WaiterID: Hashable, Comparable, Sendable {
    let number: UInt64

    package static func < (left: WaiterID, right: WaiterID) -> Bool { left.number < right.number }
}

/// How many attempts went well and how many did not.
package struct SuccessRecord: Hashable, Sendable {
    package var successes: Int
    package var failures: Int

    package init(successes: Int = 0, failures: Int = 0) {
        self.successes = successes
        self.failures = failures
    }

    /// Where the rate of success lies with 95 % confidence: Wilson's score interval (1927), from 0 to 1 without a record.
    package var interval: ClosedRange<Double> {
        let attempts = Double(max(0, successes)) + Double(max(0, failures))
        guard attempts > 0 else { return 0...1 }
        let (z, rate) = (1.959_963_984_540_054, Double(max(0, successes)) / attempts)
        let scale = 1 / (1 + z * z / attempts)
        let middle = rate + z * z / (2 * attempts)
        let spread = z * (rate * (1 - rate) / attempts + z * z / (4 * attempts * attempts)).squareRoot()
        let low = max(0, min(1, scale * (middle - spread)))
        return low...max(low, min(1, scale * (middle + spread)))
    }

    /// Whether this record is worse than another beyond doubt: the intervals do not meet.
    package func isSurelyWorse(than other: SuccessRecord) -> Bool { interval.upperBound < other.interval.lowerBound }
}
