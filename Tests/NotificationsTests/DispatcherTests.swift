import Basics
import ChaosTesting
import MetricModel
import Rules
import Testing

@testable import Notifications

/// When who is told what, as a table over the state machine.
struct DispatcherTests {
    private static func configuration(
        _ route: String =
            "{receiver: r, group_by: [alertname], group_wait: 30s, group_interval: 5m, repeat_interval: 12m}",
        sendResolved: Bool = true
    ) throws -> NotificationConfiguration {
        let text = """
            route: \(route)
            receivers:
              - name: r
                webhook_configs: [{url: "http://r", send_resolved: \(sendResolved)}]
              - name: s
                webhook_configs: [{url: "http://s"}, {url: "http://t"}]
            """
        return try NotificationConfiguration(text: text, path: "c.yml")
    }

    /// A dispatcher with a clock in seconds that completes every delivery at once, unless told otherwise.
    private struct Bench {
        var dispatcher: Dispatcher
        var fails = false

        init(_ configuration: NotificationConfiguration) { dispatcher = Dispatcher(configuration) }

        func time(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

        mutating func fire(_ name: String, at now: Int64, from start: Int64? = nil, until end: Int64 = 1_000_000) {
            let labels: Labels = ["alertname": "A", "x": name]
            dispatcher.receive(
                [AlertNotice(labels: labels, startsAt: time(start ?? now), endsAt: time(end))],
                at: time(now)
            )
        }

        mutating func resolve(_ name: String, at now: Int64, from start: Int64 = 0) {
            fire(name, at: now, from: start, until: now)
        }

        /// `reason: firing… / resolved…` of each delivery.
        mutating func tick(_ now: Int64) -> [String] {
            let deliveries = dispatcher.tick(at: time(now))
            for delivery in deliveries { dispatcher.complete(delivery.id, succeeded: !fails) }
            return deliveries.map { delivery in
                let names = delivery.alerts.map { ($0.isResolved(at: delivery.at) ? "-" : "+") + $0.labels["x"] }
                return "\(delivery.reason.rawValue): \(names.joined(separator: " "))"
            }
        }
    }

    @Test func aGroupWaitsThenTellsOfChangesAtItsIntervals() throws {
        var bench = Bench(try Self.configuration())
        bench.fire("a", at: 0)
        #expect(bench.tick(29) == [])
        bench.fire("b", at: 20)
        #expect(bench.tick(30) == ["first notification: +a +b"])
        #expect(bench.tick(329) == [])
        #expect(bench.tick(330) == [])
        bench.fire("c", at: 400)
        #expect(bench.tick(400) == [])
        #expect(bench.tick(630) == ["new alerts added: +a +b +c"])
        bench.resolve("b", at: 700)
        #expect(bench.tick(930) == ["some alerts resolved: +a -b +c"])
        bench.resolve("a", at: 1000)
        bench.resolve("c", at: 1000)
        #expect(bench.tick(1230) == ["all alerts resolved: -a -c"])
        #expect(bench.tick(1530) == [])
        #expect(bench.dispatcher.counts.groups == 0)
    }

    @Test func repeatsComeOnTheGrid() throws {
        var bench = Bench(try Self.configuration())
        bench.fire("a", at: 0)
        #expect(bench.tick(30) == ["first notification: +a"])
        #expect(bench.tick(330) == [])
        #expect(bench.tick(630) == [])
        // 12 minutes have passed at 750; the next turn is at 930.
        #expect(bench.tick(930) == ["repeat interval elapsed: +a"])
        #expect(bench.tick(1230) == [])
    }

    @Test func anAlertThatEndsBeforeTheWaitIsNeverTold() throws {
        var bench = Bench(try Self.configuration())
        bench.fire("a", at: 0)
        bench.resolve("a", at: 10)
        #expect(bench.tick(30) == [])
        #expect(bench.dispatcher.counts.groups == 0)
        bench.resolve("z", at: 40)
        #expect(bench.dispatcher.counts.groups == 0)
    }

    @Test func anAlertThatIsNotRefreshedExpires() throws {
        var bench = Bench(try Self.configuration())
        bench.fire("a", at: 0, until: 240)
        #expect(bench.tick(30) == ["first notification: +a"])
        #expect(bench.tick(330) == ["all alerts resolved: -a"])
    }

    @Test func oldAlertsDoNotWait() throws {
        var bench = Bench(try Self.configuration())
        bench.fire("a", at: 1000, from: 0)
        #expect(bench.tick(1000) == ["first notification: +a"])
    }

    @Test func withoutSendResolvedNothingIsSaidOfTheEnd() throws {
        var bench = Bench(try Self.configuration(sendResolved: false))
        bench.fire("a", at: 0)
        bench.fire("b", at: 0)
        #expect(bench.tick(30) == ["first notification: +a +b"])
        bench.resolve("a", at: 100)
        #expect(bench.tick(330) == [])
        bench.resolve("b", at: 400)
        #expect(bench.tick(630) == [])
        bench.fire("a", at: 700)
        #expect(bench.tick(730) == ["new alerts added: +a"])
    }

    @Test func aFailedNotificationIsMadeUpFor() throws {
        var bench = Bench(try Self.configuration())
        bench.fails = true
        bench.fire("a", at: 0)
        #expect(bench.tick(30) == ["first notification: +a"])
        bench.fails = false
        #expect(bench.tick(330) == ["first notification: +a"])
        bench.fails = true
        bench.resolve("a", at: 400)
        #expect(bench.tick(630) == ["all alerts resolved: -a"])
        bench.fails = false
        #expect(bench.tick(930) == ["all alerts resolved: -a"])
        #expect(bench.tick(1230) == [])
    }

    @Test func everyIntegrationKeepsItsOwnLog() throws {
        var bench = Bench(try Self.configuration("{receiver: s, group_by: [...], repeat_interval: 1h}"))
        bench.fire("a", at: 0)
        let deliveries = bench.dispatcher.tick(at: bench.time(30))
        #expect(deliveries.map(\.integration) == [0, 1])
        #expect(deliveries.first?.groupKey == "{}:{alertname=\"A\", x=\"a\"}")
        bench.dispatcher.complete(deliveries[0].id, succeeded: true)
        bench.dispatcher.complete(deliveries[1].id, succeeded: false)
        #expect(bench.dispatcher.tick(at: bench.time(330)).map(\.integration) == [1])
    }

    @Test func aNewConfigurationKeepsWhatWasSaid() throws {
        var bench = Bench(try Self.configuration())
        bench.fire("a", at: 0)
        #expect(bench.tick(30).count == 1)
        bench.dispatcher.replace(try Self.configuration(), at: bench.time(60))
        #expect(bench.tick(330) == [])
        bench.resolve("a", at: 400)
        bench.dispatcher.replace(try Self.configuration(), at: bench.time(410))
        #expect(bench.tick(630) == ["all alerts resolved: -a"])
    }

    @Test func limitsRefuseAndCount() throws {
        var limits = DispatchLimits()
        limits.alertsMax = 2
        var dispatcher = Dispatcher(try Self.configuration(), limits: limits)
        let notices = (0..<5).map { index in
            AlertNotice(
                labels: ["x": "\(index)"],
                startsAt: Timestamp(milliseconds: 0),
                endsAt: Timestamp(milliseconds: 1_000_000)
            )
        }
        dispatcher.receive(notices, at: Timestamp(milliseconds: 0))
        #expect(dispatcher.counts.alerts == 2)
        #expect(dispatcher.rejectedCount == 3)
    }

    /// Whatever happens, a receiver that heard of an alert hears of its end.
    @Test(arguments: Chaos.seeds(0...19)) func everyToldAlertIsResolvedInTheEnd(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var bench = Bench(try Self.configuration())
        var told: Set<String> = []
        var firing: [String: Int64] = [:]
        for step in 0..<400 {
            let now = Int64(step) * 10
            let name = ["a", "b", "c"][Int.random(in: 0..<3, using: &generator)]
            if step < 300, Bool.random(using: &generator) {
                firing[name] = firing[name] ?? now
                bench.fire(name, at: now, from: firing[name])
            } else if let start = firing.removeValue(forKey: name) {
                bench.resolve(name, at: now, from: start)
            }
            if step == 300 {
                for (name, start) in firing { bench.resolve(name, at: now, from: start) }
                firing = [:]
            }
            bench.fails = step < 300 && Int.random(in: 0..<4, using: &generator) == 0
            let failed = bench.fails
            for line in bench.tick(now) where !failed {
                for word in line.split(separator: ": ").last?.split(separator: " ") ?? [] {
                    if word.hasPrefix("+") {
                        told.insert(String(word.dropFirst()))
                    } else {
                        told.remove(String(word.dropFirst()))
                    }
                }
            }
        }
        #expect(told.isEmpty, "seed \(seed)")
    }
}
