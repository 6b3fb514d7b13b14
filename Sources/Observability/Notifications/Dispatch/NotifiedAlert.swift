public import Basics
public import MetricModel
public import Rules

/// An alert as the notifier knows it: firing until `endsAt`, which its source keeps moving on, and resolved from then.
public struct NotifiedAlert: Sendable, Equatable {
    /// The hash of the labels, which identifies the alert.
    public let fingerprint: Fingerprint
    /// The alert's labels, `alertname` included.
    public let labels: Labels
    /// The annotations of the last notice.
    public var annotations: Labels
    /// When the alert began, overlapping notices taken together.
    public var startsAt: Timestamp
    /// When the alert ends unless its source moves that on; it is resolved from then.
    public var endsAt: Timestamp
    /// Where the alert's expression can be seen.
    public var generatorURL: String
    /// When it was last heard of.
    public var updatedAt: Timestamp

    /// Makes the alert that a notice tells of, heard of at `now`.
    public init(_ notice: AlertNotice, at now: Timestamp) {
        fingerprint = Fingerprint(notice.labels)
        labels = notice.labels
        annotations = notice.annotations
        startsAt = notice.startsAt
        endsAt = notice.endsAt
        generatorURL = notice.generatorURL
        updatedAt = now
    }

    /// Whether the alert is over at a time.
    public func isResolved(at now: Timestamp) -> Bool { endsAt <= now }

    /// The newer notice with the older beginning, when the two overlap.
    func merging(into older: NotifiedAlert) -> NotifiedAlert {
        let overlaps =
            (endsAt > older.startsAt && endsAt < older.endsAt) || (startsAt > older.startsAt && startsAt < older.endsAt)
        guard overlaps else { return self }
        var merged = self
        merged.startsAt = min(startsAt, older.startsAt)
        return merged
    }

    /// The order of alerts in a payload: by `job`, `instance`, then all labels.
    static func precedes(_ left: NotifiedAlert, _ right: NotifiedAlert) -> Bool {
        for name in ["job", "instance"] {
            let (one, two) = (left.labels[name], right.labels[name])
            if one == two { continue }
            if one.isEmpty || two.isEmpty { return two.isEmpty }
            return one.utf8.lexicographicallyPrecedes(two.utf8)
        }
        let (one, two) = (left.labels.count, right.labels.count)
        return one == two ? left.labels < right.labels : one < two
    }
}

/// Why a notification is sent.
public enum NotificationReason: String, Sendable, CaseIterable {
    case first = "first notification"
    case newAlerts = "new alerts added"
    case someResolved = "some alerts resolved"
    case allResolved = "all alerts resolved"
    case repeated = "repeat interval elapsed"
}

/// A notification to be delivered by one integration of a receiver.
public struct Delivery: Sendable, Equatable {
    /// Names the delivery when its end is reported.
    public let id: UInt64
    /// The name of the receiver that is told.
    public let receiver: String
    /// The position in the receiver's webhooks.
    public let integration: Int
    /// The routes' matchers and the group's labels as text, by which receivers tell groups apart.
    public let groupKey: String
    /// The labels that all alerts of the group share.
    public let groupLabels: Labels
    /// The labels of the route, with those above it.
    public let routeLabels: [String: String]
    /// What is new since the receiver last heard of the group.
    public let reason: NotificationReason
    /// Sorted; resolved ones only when the integration wants them.
    public let alerts: [NotifiedAlert]
    /// The time at which the group was looked at; alerts that ended by then are resolved.
    public let at: Timestamp
    /// When the delivery is given up: the group's next turn.
    public let deadline: Timestamp
}
