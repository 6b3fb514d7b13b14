import Basics

/// What was last said to an integration about a group: decides whether there is something new to say.
struct NotificationLog: Sendable {
    struct Key: Hashable, Sendable {
        let groupKey: String
        let receiver: String
        let integration: Int
    }

    struct Entry: Sendable, Equatable {
        let firing: Set<Fingerprint>
        let resolved: Set<Fingerprint>
        let at: Timestamp
        let expiresAt: Timestamp
    }

    private(set) var entries: [Key: Entry] = [:]

    /// Why the integration should hear of the group now; nil when it need not.
    func reason(
        _ key: Key,
        firing: Set<Fingerprint>,
        resolved: Set<Fingerprint>,
        sendsResolved: Bool,
        repeatInterval: Duration,
        at now: Timestamp
    ) -> NotificationReason? {
        guard let entry = entries[key] else { return firing.isEmpty ? nil : .first }
        if !firing.isSubset(of: entry.firing) { return .newAlerts }
        // Whether or not resolved alerts are sent: the entry must lose its firing ones.
        if firing.isEmpty { return entry.firing.isEmpty ? nil : .allResolved }
        if sendsResolved, !resolved.isSubset(of: entry.resolved) { return .someResolved }
        return now.since(entry.at) >= repeatInterval ? .repeated : nil
    }

    mutating func record(_ key: Key, _ entry: Entry) { entries[key] = entry }

    /// Forgets what is so old that it cannot matter, and whose group is not among those that exist.
    mutating func expire(at now: Timestamp, keeping groupKeys: @autoclosure () -> Set<String>) {
        guard entries.values.contains(where: { $0.expiresAt <= now }) else { return }
        let kept = groupKeys()
        entries = entries.filter { $0.value.expiresAt > now || kept.contains($0.key.groupKey) }
    }
}
