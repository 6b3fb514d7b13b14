import Basics
import JSON
import MetricModel

/// The body of a webhook, version 4 of Alertmanager's payload; the same notification always gives the same bytes.
public struct WebhookPayload: Sendable {
    let delivery: Delivery
    let externalURL: String
    let alerts: [NotifiedAlert]
    let truncatedCount: Int
    /// The elements of the array of alerts, with commas between.
    private let writtenAlerts: [UInt8]

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
        var written: [UInt8] = []
        var count = 0
        for alert in delivery.alerts.prefix(countMax) {
            var next = JSONWriter(escaping: .html)
            Self.write(alert, at: delivery.at, to: &next)
            if count > 0 {
                if written.count + next.bytes.count + 1 > bytesMax { break }
                written.append(UInt8(ascii: ","))
            }
            written += next.bytes
            count += 1
        }
        alerts = Array(delivery.alerts.prefix(count))
        writtenAlerts = written
        truncatedCount = delivery.alerts.count - count
    }

    /// The JSON text, with a line feed at the end as upstream's.
    public var json: String { String(decoding: bytes, as: UTF8.self) }

    /// The bytes of ``json``.
    var bytes: [UInt8] {
        let isFiring = alerts.contains { !$0.isResolved(at: delivery.at) }
        var json = JSONWriter(capacity: writtenAlerts.count + 4096, escaping: .html)
        json.object { json in
            json.member("receiver", delivery.receiver)
            json.member("status", isFiring ? "firing" : "resolved")
            json.key("alerts")
            json.raw([UInt8(ascii: "[")] + writtenAlerts + [UInt8(ascii: "]")])
            json.labels("groupLabels", delivery.groupLabels)
            json.labels("commonLabels", Self.common(alerts.map(\.labels)))
            json.labels("commonAnnotations", Self.common(alerts.map(\.annotations)))
            json.member("externalURL", externalURL)
            json.member("notification_reason", delivery.reason.rawValue)
            json.member("routeLabels", JSONObject(delivery.routeLabels))
            json.member("version", "4")
            json.member("groupKey", delivery.groupKey)
            json.member("truncatedAlerts", truncatedCount)
        }
        return json.bytes + [UInt8(ascii: "\n")]
    }

    private static func write(_ alert: NotifiedAlert, at now: Timestamp, to json: inout JSONWriter) {
        let isResolved = alert.isResolved(at: now)
        json.object { json in
            json.member("status", isResolved ? "resolved" : "firing")
            json.labels("labels", alert.labels)
            json.labels("annotations", alert.annotations)
            json.member("startsAt", time(alert.startsAt))
            json.member("endsAt", isResolved ? time(alert.endsAt) : "0001-01-01T00:00:00Z")
            json.member("generatorURL", alert.generatorURL)
            json.member("fingerprint", alert.fingerprint.description)
        }
    }

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

extension JSONWriter {
    fileprivate mutating func labels(_ name: String, _ labels: Labels) {
        key(name)
        object { json in
            for label in labels { json.member(label.name, label.value) }
        }
    }
}
