import Basics
import Instruments
import MetricModel
import Rules
import Synchronization
import Testing

@testable import Notifications

/// Delivery under the manual clock, through a network in memory.
struct NotifierTests {
    struct Unreachable: Error {}

    /// Answers by URL from a script of statuses, the last one for ever; nil is no answer.
    final class Network: WebhookTransport {
        private let state: Mutex<(scripts: [String: [Int?]], posts: [String])>

        init(_ scripts: [String: [Int?]]) { state = Mutex((scripts, [])) }

        func post(url: String, headers: [(name: String, value: String)], body: [UInt8], timeout: Duration) async throws
            -> WebhookAnswer
        {
            let status = state.withLock { state in
                state.posts.append(url)
                guard var script = state.scripts[url], let status = script.first else { return 200 as Int? }
                if script.count > 1 { script.removeFirst() }
                state.scripts[url] = script
                return status
            }
            guard let status else { throw Unreachable() }
            return WebhookAnswer(status: status, excerpt: "said by \(url)\nand more")
        }

        func count(_ url: String) -> Int { state.withLock { state in state.posts.count { $0 == url } } }
    }

    private func configuration() throws -> NotificationConfiguration {
        let text = """
            route:
              receiver: good
              group_by: [alertname]
              group_wait: 0s
              group_interval: 1m
              routes: [{matchers: [to="bad"], receiver: bad}]
            receivers:
              - {name: good, webhook_configs: [{url: "http://good"}]}
              - {name: bad, webhook_configs: [{url: "http://bad"}]}
            """
        return try NotificationConfiguration(text: text, path: "c.yml")
    }

    private func notice(_ receiver: String, _ name: String = "A") -> AlertNotice {
        AlertNotice(
            labels: ["alertname": name, "to": receiver],
            startsAt: Timestamp(milliseconds: 0),
            endsAt: Timestamp(milliseconds: 100_000_000)
        )
    }

    /// Turns the clock, a second at a time, until the condition holds.
    private func turn(_ clock: ManualClock, seconds: Int = 600, until isDone: () -> Bool) async {
        for _ in 0..<seconds {
            for _ in 0..<50 {
                if isDone() { return }
                await Task.yield()
            }
            clock.advance(by: .seconds(1))
        }
    }

    @Test func aDeadReceiverDelaysNobody() async throws {
        let network = Network(["http://bad": [nil]])
        let clock = ManualClock()
        let notifier = Notifier(
            configuration: try configuration(),
            clock: clock,
            transport: network,
            externalURL: "http://k"
        )
        let hasEnded = Mutex(false)
        async let run: Void = {
            defer { hasEnded.withLock { $0 = true } }
            try await notifier.run()
        }()
        notifier.receive([notice("bad"), notice("good")])
        await turn(clock) { network.count("http://good") == 1 && network.count("http://bad") >= 3 }
        #expect(network.count("http://good") == 1)
        #expect(network.count("http://bad") >= 3)
        await turn(clock) { notifier.snapshot.receivers["bad"]?.isFailing == true }
        #expect(notifier.snapshot.receivers["bad"]?.lastFailureReason == .network)
        #expect(notifier.snapshot.receivers["good"]?.isFailing == false)
        notifier.drain()
        // The last attempt at the dead receiver is given up after the drain's time.
        await turn(clock) { hasEnded.withLock { $0 } }
        try await run
    }

    @Test func busyReceiversAreTriedAgainAndRefusalsAreNot() async throws {
        let network = Network(["http://good": [503, 429, nil, 200], "http://bad": [400]])
        let clock = ManualClock()
        let registry = Registry()
        let notifier = Notifier(
            configuration: try configuration(),
            clock: clock,
            transport: network,
            externalURL: "http://k",
            metrics: NotificationMetrics(registry: registry)
        )
        async let run: Void = notifier.run()
        notifier.receive([notice("good"), notice("bad")])
        await turn(clock, seconds: 55) { network.count("http://good") == 4 && notifier.snapshot.receivers.count == 2 }
        #expect(network.count("http://good") == 4)
        #expect(network.count("http://bad") == 1)
        #expect(notifier.snapshot.receivers["bad"]?.lastFailureReason == .rejected)
        #expect(notifier.snapshot.receivers["good"]?.isFailing == false)
        notifier.drain()
        try await run
    }

    @Test func everyFailedAttemptIsToldWithTheReceiversWordsButWithoutItsAddress() async throws {
        let network = Network(["http://good": [503, 503, 200], "http://bad": [400]])
        let clock = ManualClock()
        let faults = Mutex<[String]>([])
        let notifier = Notifier(
            configuration: try configuration(),
            clock: clock,
            transport: network,
            externalURL: "http://k",
            onFault: { receiver, _, fault in
                faults.withLock { $0.append("\(receiver) \(fault.reason) \(fault.isFinal) \(fault)") }
            }
        )
        async let run: Void = notifier.run()
        notifier.receive([notice("good"), notice("bad")])
        await turn(clock, seconds: 55) { network.count("http://good") == 3 && notifier.snapshot.receivers.count == 2 }
        notifier.drain()
        try await run
        #expect(
            // The drain tells the refusing receiver once more.
            faults.withLock { Set($0) } == [
                "bad rejected true the receiver answered 400: said by … and more (attempt 1)",
                "good serverError false the receiver answered 503: said by … and more (attempt 1)",
                "good serverError false the receiver answered 503: said by … and more (attempt 2)",
            ]
        )
    }

    @Test func aDrainFlushesWhatWaits() async throws {
        let text = "route: {receiver: r, group_wait: 1h}\nreceivers: [{name: r, webhook_configs: [{url: 'http://r'}]}]"
        let network = Network([:])
        let clock = ManualClock()
        let notifier = Notifier(
            configuration: try NotificationConfiguration(text: text, path: "c"),
            clock: clock,
            transport: network,
            externalURL: "http://k"
        )
        notifier.receive([notice("x")])
        notifier.drain()
        try await notifier.run()
        #expect(network.count("http://r") == 1)
    }

    /// A first delivery that fails once, and an alert that comes while it waits to be tried again.
    private func drainWithAnOpenDelivery(_ script: [Int?]) async throws -> (network: Network, notifier: Notifier) {
        let network = Network(["http://good": script])
        let clock = ManualClock()
        let notifier = Notifier(
            configuration: try configuration(),
            clock: clock,
            transport: network,
            externalURL: "http://k"
        )
        async let run: Void = notifier.run()
        var first = notice("good")
        notifier.receive([first])
        for _ in 0..<1_000_000 where network.count("http://good") == 0 { await Task.yield() }
        first = AlertNotice(
            labels: ["alertname": "A", "to": "good", "x": "late"],
            startsAt: first.startsAt,
            endsAt: first.endsAt
        )
        notifier.receive([first])
        notifier.drain()
        // Nobody turns the clock: how long the drain may take is not how long the machine takes.
        try await run
        return (network, notifier)
    }

    @Test func aDrainTellsOfAlertsThatCameDuringADelivery() async throws {
        let (network, notifier) = try await drainWithAnOpenDelivery([nil, 200])
        #expect(network.count("http://good") == 3)
        #expect(notifier.snapshot.droppedCount == 0)
    }

    @Test func aDrainCountsWhatItHadNoTimeFor() async throws {
        let (_, notifier) = try await drainWithAnOpenDelivery([nil])
        // Neither the first alert nor the late one was heard of.
        #expect(notifier.snapshot.droppedCount == 2)
        #expect(notifier.snapshot.queueLength == 0)
    }

    /// A receiver that fails until the drain, which begins while the next attempt is minutes away.
    private func drainDuringBackOff(_ script: [Int?]) async throws -> (Network, NotifierSnapshot, Duration) {
        let network = Network(["http://bad": script])
        let clock = ManualClock()
        let notifier = Notifier(
            configuration: try configuration(),
            clock: clock,
            transport: network,
            externalURL: "http://k"
        )
        async let run: Void = notifier.run()
        notifier.receive([notice("bad")])
        await turn(clock) { network.count("http://bad") == script.count - 1 }
        let before = clock.uptime
        notifier.drain()
        // Nobody turns the clock: the drain waits for nothing.
        try await run
        return (network, notifier.snapshot, clock.uptime - before)
    }

    @Test func aDrainTriesOnceMoreWhatWaitsToBeTriedAgain() async throws {
        let (network, snapshot, duration) = try await drainDuringBackOff([nil, 503, nil, 200])
        #expect(network.count("http://bad") == 4)
        #expect(snapshot.leftByDrainCount == 0)
        #expect(duration == .zero)
    }

    @Test func aDrainGivesUpWhatFailsThen() async throws {
        for failure in [nil, 503, 400] as [Int?] {
            let (network, snapshot, duration) = try await drainDuringBackOff([nil, nil, nil, failure])
            // The delivery that waited, and the group's last turn.
            #expect((4...5).contains(network.count("http://bad")))
            #expect(snapshot.leftByDrainCount == 1 && snapshot.droppedCount == 1)
            #expect(snapshot.inFlightCount == 0)
            #expect(duration == .zero)
        }
    }

    /// A network that takes connections and never answers.
    private struct Silence: WebhookTransport {
        let clock: ManualClock

        func post(url: String, headers: [(name: String, value: String)], body: [UInt8], timeout: Duration) async throws
            -> WebhookAnswer
        {
            try await clock.sleep(for: .seconds(1_000_000))
            return WebhookAnswer(status: 200)
        }
    }

    @Test func aDrainWaitsTwoSecondsForAReceiverThatDoesNotAnswer() async throws {
        let clock = ManualClock()
        let notifier = Notifier(
            configuration: try configuration(),
            clock: clock,
            transport: Silence(clock: clock),
            externalURL: "http://k"
        )
        let hasEnded = Mutex(false)
        async let run: Void = {
            defer { hasEnded.withLock { $0 = true } }
            try await notifier.run()
        }()
        notifier.receive([notice("good"), notice("bad")])
        await turn(clock) { notifier.snapshot.inFlightCount == 2 }
        let before = clock.uptime
        notifier.drain()
        await turn(clock) { hasEnded.withLock { $0 } }
        try await run
        #expect(clock.uptime - before <= .seconds(3))
        #expect(notifier.snapshot.leftByDrainCount == 2)
        #expect(notifier.snapshot.receivers.mapValues(\.lastFailureReason) == ["good": .stopped, "bad": .stopped])
    }

    @Test func aReloadForgetsReceiversThatAreGone() async throws {
        let clock = ManualClock()
        let notifier = Notifier(
            configuration: try configuration(),
            clock: clock,
            transport: Network([:]),
            externalURL: "http://k"
        )
        async let run: Void = notifier.run()
        notifier.receive([notice("good"), notice("bad")])
        await turn(clock, seconds: 30) { notifier.snapshot.receivers.count == 2 }
        #expect(notifier.snapshot.receivers.keys.sorted() == ["bad", "good"])
        let text = "route: {receiver: good}\nreceivers: [{name: good, webhook_configs: [{url: 'http://good'}]}]"
        notifier.replace(configuration: try NotificationConfiguration(text: text, path: "c"))
        #expect(notifier.snapshot.receivers.keys.sorted() == ["good"])
        notifier.drain()
        try await run
    }

    @Test func theQueueDropsTheOldestAndCounts() throws {
        var settings = NotifierSettings()
        settings.queuedAlertsMax = 3
        let notifier = Notifier(
            configuration: try configuration(),
            clock: ManualClock(),
            transport: Network([:]),
            externalURL: "",
            settings: settings
        )
        notifier.receive((0..<5).map { notice("good", "A\($0)") })
        #expect(notifier.snapshot.queueLength == 3)
        #expect(notifier.snapshot.droppedCount == 2)
    }

    @Test func delaysGrowToTheirCeiling() {
        var generator = SeededGenerator(seed: 7)
        var policy = RetryPolicy()
        policy.jitter = 0
        let delays = [1, 2, 3, 20].map { policy.delay(afterAttempt: $0, using: &generator) }
        #expect(delays == [.milliseconds(500), .seconds(1), .seconds(2), .seconds(60)])
    }
}
