import Basics
import Events
import JSON
import MetricModel
import Rules
import Testing

@testable import Composition

@Suite("Which notices begin and end an alert")
struct FiringAlertsTests {
    private func time(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

    private func notice(_ name: String, from start: Int64, to end: Int64) -> AlertNotice {
        AlertNotice(
            labels: ["alertname": name],
            annotations: ["summary": "\(name) is bad"],
            startsAt: time(start),
            endsAt: time(end),
            value: 7,
            activeAt: time(start - 5)
        )
    }

    /// Takes lines such as `12 A 10-40`: at second 12 comes a notice of A from 10 to 40; `50` alone lets time pass.
    private func told(_ lines: [String], alertsMax: Int = 10) throws -> (told: [String], leftOut: Int) {
        var firing = FiringAlerts(alertsMax: alertsMax)
        var told: [String] = []
        var leftOut = 0
        for line in lines {
            let words = line.split(separator: " ").map(String.init)
            let now = time(try #require(Int64(words[0])))
            var transitions: [FiringAlerts.Transition] = []
            if words.count > 1 {
                let span = words[2].split(separator: "-").compactMap { Int64($0) }
                let outcome = firing.take([notice(words[1], from: span[0], to: span[1])], at: now)
                transitions = outcome.transitions
                leftOut += outcome.leftOut
            } else {
                transitions = firing.expire(at: now)
            }
            told += transitions.map {
                "\($0.isFiring ? "+" : "-")\($0.labels["alertname"])@\($0.time.milliseconds / 1000)"
            }
        }
        return (told, leftOut)
    }

    @Test("Each beginning and each end once, however often a notice repeats")
    func transitions() throws {
        func f(_ lines: [String], _ expected: [String]) throws {
            #expect(try told(lines).told == expected, "\(lines)")
        }
        try f(["10 A 10-70"], ["+A@10"])
        try f(["10 A 10-70", "40 A 10-100", "69", "100 A 10-130"], ["+A@10"])
        try f(["10 A 10-70", "40 A 10-40", "55 A 10-40"], ["+A@10", "-A@40"])
        try f(["10 A 10-70", "40 A 10-40", "50 A 50-110"], ["+A@10", "-A@40", "+A@50"])
        try f(["10 A 10-70", "11 B 11-71", "40 A 10-40"], ["+A@10", "+B@11", "-A@40"])
        // The end of an alert of which nothing was told: that of before a restart.
        try f(["40 A 10-40"], [])
        // Nobody refreshes it any more: it ends when the notifier lets it end.
        try f(["10 A 10-70", "80", "90"], ["+A@10", "-A@70"])
    }

    @Test("Alerts beyond the limit are counted, and take the places that come free")
    func limit() throws {
        let lines = ["10 A 10-70", "11 B 11-71", "12 A 10-72", "20 A 10-20", "21 B 11-80"]
        let outcome = try told(lines, alertsMax: 1)
        #expect(outcome.told == ["+A@10", "-A@20", "+B@11"])
        #expect(outcome.leftOut == 1)
    }

    @Test("The event says which alert, its value, since when, and the summary; long texts are cut")
    func event() throws {
        var firing = FiringAlerts()
        var long = notice("A", from: 10, to: 70)
        let fired = firing.take([long], at: time(10)).transitions
        let event = OwnEvents.alert(try #require(fired.first))
        #expect(event.kind == .alertFired && event.subjectID == "A" && event.occurredAt == time(10))
        #expect(event.data["alertname"] == "A" && event.data["labels"]?["alertname"] == "A")
        #expect(event.data["value"] == "7" && event.data["active_at"] == .string(time(5).rfc3339))
        #expect(event.data["summary"] == "A is bad")
        let text = String(repeating: "x", count: 100_000)
        long = AlertNotice(
            labels: ["alertname": text],
            annotations: ["summary": text],
            startsAt: time(10),
            endsAt: time(20),
            value: .nan
        )
        let firedLong = firing.take([long], at: time(10)).transitions
        let cut = OwnEvents.alert(try #require(firedLong.first))
        #expect(cut.data["labels"] == nil && cut.data["value"] == "NaN")
        #expect(cut.data["summary"]?.string?.count == OwnEvents.textMax)
    }
}
