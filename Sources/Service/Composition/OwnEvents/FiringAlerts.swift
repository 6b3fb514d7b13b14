import Basics
import MetricModel
import Rules

/// Which alerts fire, so that of the notices that repeat while one does only the first and the last are told.
///
/// Pure and bounded. An alert that is no longer refreshed counts as resolved from the time until which it was valid, as
/// the notifier has it.
struct FiringAlerts: Sendable {
    /// The most alerts that are remembered.
    static let alertsMax = 10_000

    /// An alert that began to fire, or ended.
    struct Transition: Sendable, Equatable {
        let isFiring: Bool
        let time: Timestamp
        let labels: Labels
        let summary: String
        let value: Double?
        let activeAt: Timestamp?
    }

    /// What notices brought.
    struct Outcome: Sendable, Equatable {
        var transitions: [Transition] = []
        /// Notices of alerts for which there was no room.
        var leftOut = 0
    }

    private let alertsMax: Int
    /// Until when each counts as firing.
    private var validUntil: [Labels: Timestamp] = [:]

    init(alertsMax: Int = FiringAlerts.alertsMax) { self.alertsMax = alertsMax }

    /// How many fire.
    var count: Int { validUntil.count }

    mutating func take(_ notices: [AlertNotice], at now: Timestamp) -> Outcome {
        var outcome = Outcome()
        for notice in notices {
            if notice.endsAt <= now {
                // Resolved notices repeat too; and one of an alert that was never told of ends nothing.
                guard validUntil.removeValue(forKey: notice.labels) != nil else { continue }
                outcome.transitions.append(Self.transition(notice, isFiring: false))
            } else if validUntil[notice.labels] != nil {
                validUntil[notice.labels] = notice.endsAt
            } else if validUntil.count < alertsMax {
                validUntil[notice.labels] = notice.endsAt
                outcome.transitions.append(Self.transition(notice, isFiring: true))
            } else {
                outcome.leftOut += 1
            }
        }
        return outcome
    }

    /// Ends the alerts that nobody has refreshed in time.
    mutating func expire(at now: Timestamp) -> [Transition] {
        let expired = validUntil.filter { $0.value <= now }.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        for (labels, _) in expired { validUntil[labels] = nil }
        return expired.map { labels, time in
            Transition(isFiring: false, time: time, labels: labels, summary: "", value: nil, activeAt: nil)
        }
    }

    private static func transition(_ notice: AlertNotice, isFiring: Bool) -> Transition {
        Transition(
            isFiring: isFiring,
            time: isFiring ? notice.startsAt : notice.endsAt,
            labels: notice.labels,
            summary: notice.annotations["summary"],
            value: notice.value,
            activeAt: notice.activeAt
        )
    }
}
