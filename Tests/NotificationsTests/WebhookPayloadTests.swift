import Basics
import MetricModel
import Rules
import Testing

@testable import Notifications

/// The bytes of a webhook.
struct WebhookPayloadTests {
    private func delivery() -> Delivery {
        let now = Timestamp(milliseconds: 1_700_000_300_000)
        let firing = AlertNotice(
            labels: ["alertname": "Down", "job": "db", "instance": "b"],
            annotations: ["s": "a <b> & \"c\"", "runbook": "u"],
            startsAt: Timestamp(milliseconds: 1_700_000_000_250),
            endsAt: Timestamp(milliseconds: 1_700_001_000_000),
            generatorURL: "http://k/graph?g0.expr=up&g0.tab=1"
        )
        let resolved = AlertNotice(
            labels: ["alertname": "Down", "job": "db", "instance": "c"],
            annotations: ["runbook": "u"],
            startsAt: Timestamp(milliseconds: 1_700_000_000_000),
            endsAt: Timestamp(milliseconds: 1_700_000_200_000)
        )
        return Delivery(
            id: 1,
            receiver: "r",
            integration: 0,
            groupKey: "{}:{alertname=\"Down\"}",
            groupLabels: ["alertname": "Down"],
            routeLabels: ["team": "x"],
            reason: .someResolved,
            alerts: [NotifiedAlert(firing, at: now), NotifiedAlert(resolved, at: now)],
            at: now,
            deadline: now.advanced(by: .seconds(300))
        )
    }

    @Test func isTheSameBytesEveryTime() {
        let expected =
            #"{"receiver":"r","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Down","instance":"b","job":"db"},"#
            + #""annotations":{"runbook":"u","s":"a \u003cb\u003e \u0026 \"c\""},"startsAt":"2023-11-14T22:13:20.25Z","#
            + #""endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://k/graph?g0.expr=up\u0026g0.tab=1","#
            + #""fingerprint":"\#(Fingerprint(["alertname": "Down", "job": "db", "instance": "b"]))"},"#
            + #"{"status":"resolved","labels":{"alertname":"Down","instance":"c","job":"db"},"annotations":{"runbook":"u"},"#
            + #""startsAt":"2023-11-14T22:13:20Z","endsAt":"2023-11-14T22:16:40Z","generatorURL":"","#
            + #""fingerprint":"\#(Fingerprint(["alertname": "Down", "job": "db", "instance": "c"]))"}],"#
            + #""groupLabels":{"alertname":"Down"},"commonLabels":{"alertname":"Down","job":"db"},"#
            + #""commonAnnotations":{"runbook":"u"},"externalURL":"http://k","notification_reason":"some alerts resolved","#
            + #""routeLabels":{"team":"x"},"version":"4","groupKey":"{}:{alertname=\"Down\"}","truncatedAlerts":0}"#
            + "\n"
        #expect(WebhookPayload(delivery(), externalURL: "http://k", alertsMax: 0).json == expected)
    }

    @Test func alertsBeyondTheBytesAreCounted() {
        func f(_ bytesMax: Int, alerts: Int) {
            let payload = WebhookPayload(delivery(), externalURL: "http://k", alertsMax: 0, bytesMax: bytesMax)
            #expect(payload.alerts.count == alerts, "\(bytesMax)")
            #expect(payload.json.contains("\"truncatedAlerts\":\(2 - alerts)"), "\(bytesMax)")
        }
        f(0, alerts: 1)
        f(400, alerts: 1)
        f(2000, alerts: 2)
    }

    @Test func alertsBeyondTheLimitAreCounted() {
        let json = WebhookPayload(delivery(), externalURL: "http://k", alertsMax: 1).json
        #expect(json.contains("\"truncatedAlerts\":1"))
        #expect(!json.contains("\"status\":\"resolved\""))
    }

    static let fingerprints: [(Labels, String)] = [
        (["severity": "warning", "job": "foo"], "9266ef3da838ad95"),
        (["severity": "critical", "job": "foo"], "3b15fd163d36582e"),
        (["severity": "critical", "job": "bar"], "c7e68cb08e3e67f9"),
    ]

    @Test(arguments: fingerprints)
    func fingerprintsAreAlertmanagers(_ labels: Labels, _ expected: String) {
        #expect(Fingerprint(labels).description == expected)
    }

    @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")])
    func base64(_ text: String, _ expected: String) {
        #expect(Base64.encode(Array(text.utf8)) == expected)
    }
}
