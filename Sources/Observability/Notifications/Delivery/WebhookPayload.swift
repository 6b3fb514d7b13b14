import Basics
import MetricModel

/// The body of a webhook, version 4 of Alertmanager's payload; the same notification always gives the same bytes.
public struct WebhookPayload: Sendable {
    let delivery: Delivery
    let externalURL: String
    let alerts: [NotifiedAlert]
    let truncatedCount: Int
    private let alertsText: String

    /// The most bytes that the alerts of one payload take, whatever their number; the first one is always sent.
    public static let alertsBytesMax = 4 << 20

    /// Makes the payload of a delivery with at most `alertsMax` alerts (0 for no limit) that take at most `bytesMax`
    /// bytes; the others are counted in `truncatedAlerts`.
    public init(
        _ delivery: Delivery,
        externalURL: String,
        alertsMax: Int,
        bytesMax: Int = WebhookPayload.alertsBytesMax
    ) {
        self.delivery = delivery
        self.externalURL = externalURL
        let countMax = alertsMax > 0 ? alertsMax : delivery.alerts.count
        var text = ""
        var count = 0
        for alert in delivery.alerts.prefix(countMax) {
            let next = Self.text(of: alert, at: delivery.at)
            if count > 0, text.utf8.count + next.utf8.count + 1 > bytesMax { break }
            text += count > 0 ? "," + next : next
            count += 1
        }
        alerts = Array(delivery.alerts.prefix(count))
        alertsText = text
        truncatedCount = delivery.alerts.count - count
    }

    /// The JSON text, with a line feed at the end as upstream's.
    public var json: String {
        let isFiring = alerts.contains { !$0.isResolved(at: delivery.at) }
        let fields: [(String, String)] = [
            ("receiver", JSONText.quote(delivery.receiver)),
            ("status", JSONText.quote(isFiring ? "firing" : "resolved")),
            ("alerts", "[\(alertsText)]"),
            ("groupLabels", Self.object(delivery.groupLabels)),
            ("commonLabels", Self.object(Self.common(alerts.map(\.labels)))),
            ("commonAnnotations", Self.object(Self.common(alerts.map(\.annotations)))),
            ("externalURL", JSONText.quote(externalURL)),
            ("notification_reason", JSONText.quote(delivery.reason.rawValue)),
            (
                "routeLabels",
                JSONText.object(delivery.routeLabels.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
            ),
            ("version", "\"4\""),
            ("groupKey", JSONText.quote(delivery.groupKey)),
            ("truncatedAlerts", String(truncatedCount)),
        ]
        return "{" + fields.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}\n"
    }

    private static func text(of alert: NotifiedAlert, at now: Timestamp) -> String {
        let isResolved = alert.isResolved(at: now)
        let fields: [(String, String)] = [
            ("status", isResolved ? "\"resolved\"" : "\"firing\""),
            ("labels", object(alert.labels)),
            ("annotations", object(alert.annotations)),
            ("startsAt", JSONText.quote(time(alert.startsAt))),
            ("endsAt", JSONText.quote(isResolved ? time(alert.endsAt) : "0001-01-01T00:00:00Z")),
            ("generatorURL", JSONText.quote(alert.generatorURL)),
            ("fingerprint", JSONText.quote(alert.fingerprint.description)),
        ]
        return "{" + fields.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }

    private static func object(_ labels: Labels) -> String { JSONText.object(labels.map { ($0.name, $0.value) }) }

    /// The labels that all have, with the same value.
    static func common(_ sets: [Labels]) -> Labels {
        guard let first = sets.first else { return .empty }
        return Labels(first.filter { label in sets.allSatisfy { $0[label.name] == label.value } })
    }

    /// RFC 3339 without trailing zeros in the fraction, as Go writes times.
    static func time(_ timestamp: Timestamp) -> String {
        var text = timestamp.rfc3339.dropLast()
        while text.last == "0", text.contains(".") { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return text + "Z"
    }
}
