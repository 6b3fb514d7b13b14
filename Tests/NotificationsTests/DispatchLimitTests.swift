import Basics
import MetricModel
import Rules
import Testing

@testable import Notifications

/// What dead receivers, reloads and drains may cost, and may not.
struct DispatchLimitTests {
    private func dispatcher(_ change: (inout DispatchLimits) -> Void = { _ in }) throws -> Dispatcher {
        var limits = DispatchLimits()
        change(&limits)
        return Dispatcher(try Self.configuration(), limits: limits)
    }

    private static func configuration() throws -> NotificationConfiguration {
        let text = """
            route: {receiver: r, group_by: [alertname], group_wait: 0s, group_interval: 1m, repeat_interval: 2m}
            receivers: [{name: r, webhook_configs: [{url: "http://r"}]}]
            """
        return try NotificationConfiguration(text: text, path: "c.yml")
    }

    private func time(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

    private func notice(_ name: String, from start: Int64, until end: Int64 = 1_000_000) -> AlertNotice {
        AlertNotice(labels: ["alertname": "A", "x": .init(name)], startsAt: time(start), endsAt: time(end))
    }

    /// Ticks and ends every delivery; the alerts of each.
    private func tick(_ dispatcher: inout Dispatcher, _ now: Int64, succeeds: Bool) -> [Int] {
        let deliveries = dispatcher.tick(at: time(now))
        for delivery in deliveries { dispatcher.complete(delivery.id, succeeded: succeeds) }
        return deliveries.map(\.alerts.count)
    }

    @Test func aDeadReceiverDoesNotKeepWhatIsOver() throws {
        var dispatcher = try dispatcher { $0.undeliveredRetention = .seconds(600) }
        var largest = 0
        for minute in Int64(0)..<100 {
            let now = minute * 60
            dispatcher.receive([notice("\(minute)", from: now, until: now + 30)], at: time(now))
            largest = max(largest, tick(&dispatcher, now, succeeds: false).max() ?? 0)
        }
        // One a minute for ten minutes, and the one that fires.
        #expect((10...12).contains(largest), "\(largest)")
        #expect((85...90).contains(dispatcher.undeliveredCount), "\(dispatcher.undeliveredCount)")
        #expect(dispatcher.rejectedCount == 0)
    }

    @Test func whatStillFiresIsNeverGivenUp() throws {
        var dispatcher = try dispatcher { $0.undeliveredRetention = .seconds(1) }
        dispatcher.receive([notice("a", from: 0)], at: time(0))
        for minute in Int64(0)..<100 { #expect(tick(&dispatcher, minute * 60, succeeds: false) == [1]) }
        #expect(dispatcher.undeliveredCount == 0)
    }

    @Test func aGroupHasAtMostSoManyAlerts() throws {
        var dispatcher = try dispatcher { $0.alertsPerGroupMax = 3 }
        dispatcher.receive((0..<5).map { notice("\($0)", from: 0) }, at: time(0))
        #expect(dispatcher.rejectedCount == 2)
        #expect(tick(&dispatcher, 0, succeeds: true) == [3])
        // Those that are known are refreshed all the same.
        dispatcher.receive([notice("0", from: 0, until: 10)], at: time(10))
        #expect(dispatcher.rejectedCount == 2)
        #expect(tick(&dispatcher, 60, succeeds: true) == [3])
        dispatcher.replace(try Self.configuration(), at: time(61))
        #expect(dispatcher.counts.groups == 1)
    }

    @Test func theEndIsToldHoweverLongTheReceiverWasAway() throws {
        var dispatcher = try dispatcher()
        dispatcher.receive([notice("a", from: 0)], at: time(0))
        #expect(tick(&dispatcher, 0, succeeds: true) == [1])
        // Twice the repeat interval is long over; nothing has been heard since.
        for minute in Int64(1)..<60 { _ = tick(&dispatcher, minute * 60, succeeds: false) }
        dispatcher.receive([notice("a", from: 0, until: 3600)], at: time(3600))
        let deliveries = dispatcher.tick(at: time(3600))
        #expect(deliveries.map(\.reason) == [.allResolved])
    }

    @Test func theLogForgetsGroupsThatAreGone() {
        var log = NotificationLog()
        for name in ["kept", "gone"] {
            log.record(
                .init(groupKey: name, receiver: "r", integration: 0),
                .init(firing: [], resolved: [], at: time(0), expiresAt: time(10))
            )
        }
        log.expire(at: time(9), keeping: [])
        #expect(log.entries.count == 2)
        log.expire(at: time(10), keeping: ["kept"])
        #expect(log.entries.keys.map(\.groupKey) == ["kept"])
    }

    @Test func oldAlertsAreForgottenAtMostOnceASecond() throws {
        var dispatcher = try dispatcher()
        _ = dispatcher.tick(at: time(0))
        dispatcher.receive([notice("a", from: -10_000, until: -9000)], at: time(0))
        _ = dispatcher.tick(at: Timestamp(milliseconds: 999))
        #expect(dispatcher.counts.alerts == 1)
        _ = dispatcher.tick(at: Timestamp(milliseconds: 1000))
        #expect(dispatcher.counts.alerts == 0)
        dispatcher.receive([notice("a", from: -10_000, until: -9000)], at: time(1))
        // The clock was set back.
        _ = dispatcher.tick(at: time(0))
        #expect(dispatcher.counts.alerts == 0)
    }

    @Test func aDrainOwesGroupsWhoseDeliveryHasNotEnded() throws {
        var dispatcher = try dispatcher()
        dispatcher.receive([notice("a", from: 0)], at: time(0))
        let first = try #require(dispatcher.tick(at: time(0)).first)
        dispatcher.receive([notice("b", from: 1)], at: time(1))
        #expect(dispatcher.flushAll(at: time(1)).isEmpty)
        #expect(dispatcher.flushOwed(at: time(2)).isEmpty)
        #expect(dispatcher.untoldAlertCount(at: time(2)) == 2)
        dispatcher.complete(first.id, succeeded: true)
        #expect(dispatcher.untoldAlertCount(at: time(2)) == 1)
        let second = dispatcher.flushOwed(at: time(3))
        #expect(second.map(\.reason) == [.newAlerts])
        #expect(second.first?.alerts.count == 2)
        #expect(dispatcher.owedGroupCount == 0)
        // A refusal is not tried again and again.
        dispatcher.complete(second[0].id, succeeded: false)
        #expect(dispatcher.flushOwed(at: time(4)).isEmpty)
        #expect(dispatcher.untoldAlertCount(at: time(4)) == 1)
        // The end of the alert that the receiver knows of is news too; that of the other one is not.
        dispatcher.receive([notice("a", from: 0, until: 5), notice("b", from: 1, until: 5)], at: time(5))
        #expect(dispatcher.untoldAlertCount(at: time(5)) == 1)
    }
}
