import Basics
import Instruments
import MetricModel
import PromQL
import Synchronization
import Testing

@testable import Rules

/// Groups under the manual clock.
struct RuleEvaluatorTests {
    /// A world whose answers a test sets and whose samples it reads.
    final class World: Sendable {
        struct State {
            var answers: [String: [(Labels, Double)]] = [:]
            var failing: Set<String> = []
            var samples: [LabeledSample] = []
            var notices: [AlertNotice] = []
            var forState: [(Labels, Timestamp, Double)] = []
            var onQuery: (@Sendable () -> Void)?
        }

        let state = Mutex(State())
        static let parser = PromQLParser()

        func environment(restores: Bool = false) -> RuleEnvironment {
            let forState: RuleEnvironment.ForStateSamples = { _, _, _ in self.state.withLock { $0.forState } }
            return RuleEnvironment(
                query: { expression, _ in
                    let hook = self.state.withLock { $0.onQuery }
                    hook?()
                    return try self.state.withLock { state in
                        let text = expression.description
                        if state.failing.contains(text) { throw RuleError.query("no luck") }
                        return state.answers[text] ?? []
                    }
                },
                append: { samples in
                    self.state.withLock { $0.samples += samples }
                    return []
                },
                notify: { notices in self.state.withLock { $0.notices += notices } },
                readExpression: { try Self.parser.parse($0) },
                forStateSamples: restores ? forState : nil,
                externalURL: "http://k",
                externalLabels: ["zone": "eu"]
            )
        }

        func answer(_ text: String, _ vector: [(Labels, Double)]) { state.withLock { $0.answers[text] = vector } }

        func takeSamples() -> [LabeledSample] {
            state.withLock { state in
                defer { state.samples = [] }
                return state.samples
            }
        }
    }

    private func group(_ rules: [String]) throws -> RuleGroupDefinition {
        let indented = rules.map { "      - \($0)" }.joined(separator: "\n")
        let text = "groups:\n  - name: g\n    interval: 10s\n    rules:\n\(indented)\n"
        let loader = RuleFileLoader { text in try World.parser.parse(text) }
        return try #require(try loader.load(text: text, path: "f.yml").groups.first)
    }

    private func time(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

    @Test func recordsAndEndsSeries() throws {
        let world = World()
        var group = try RuleGroupRuntime(self.group(["{record: r, expr: up, labels: {k: v}}"]))
        world.answer("up", [(["__name__": "up", "a": "1"], 5), (["__name__": "up", "a": "2"], 6)])
        #expect(group.evaluate(at: time(10), in: world.environment()).isEmpty)
        #expect(
            world.takeSamples() == [
                LabeledSample(labels: ["__name__": "r", "a": "1", "k": "v"], timestamp: 10_000, value: 5),
                LabeledSample(labels: ["__name__": "r", "a": "2", "k": "v"], timestamp: 10_000, value: 6),
            ]
        )
        world.answer("up", [(["__name__": "up", "a": "2"], 7)])
        #expect(group.evaluate(at: time(20), in: world.environment()).isEmpty)
        let samples = world.takeSamples()
        #expect(samples.map { StaleMarker.isStale($0.value) } == [false, true])
        #expect(samples.last?.labels == ["__name__": "r", "a": "1", "k": "v"])
    }

    @Test func aFailedRuleKeepsItsSeriesAndDoesNotStopOthers() throws {
        let world = World()
        var group = try RuleGroupRuntime(self.group(["{record: r, expr: bad}", "{record: s, expr: up}"]))
        world.answer("up", [([:], 1)])
        world.state.withLock { state in _ = state.failing.insert("bad") }
        let failures = group.evaluate(at: time(10), in: world.environment())
        #expect(failures == [RuleFailure(rule: "r", message: "no luck")])
        #expect(world.takeSamples().map(\.labels.metricName) == ["s"])
        let rules = group.snapshot(RuleSettings()).rules
        #expect(rules.map(\.health) == [.failed, .ok])
        #expect(rules.first?.lastError == "no luck")
    }

    @Test func sameLabelsAfterTheRulesLabelsAreAnError() throws {
        let world = World()
        var group = try RuleGroupRuntime(self.group(["{record: r, expr: up, labels: {a: x}}"]))
        world.answer("up", [(["a": "1"], 1), (["a": "2"], 2)])
        let failures = group.evaluate(at: time(10), in: world.environment())
        #expect(failures.first?.message == "vector contains metrics with the same labelset after applying rule labels")
    }

    @Test func alertsCarryTemplatesAndExternalLabels() throws {
        let world = World()
        let rule =
            "{alert: Down, expr: up == 0, labels: {who: '{{ $labels.job }}'}, annotations: {s: 'is {{ $value }}', e: '{{ first (query \"none\") }}'}}"
        var group = try RuleGroupRuntime(self.group([rule]))
        world.answer("up == 0", [(["__name__": "up", "job": "db"], 0)])
        _ = group.evaluate(at: time(10), in: world.environment())
        let notice = try #require(world.state.withLock { $0.notices.first })
        #expect(notice.labels == ["alertname": "Down", "job": "db", "who": "db", "zone": "eu"])
        #expect(notice.annotations["s"] == "is 0")
        #expect(notice.annotations["e"].hasPrefix("<error expanding template: error executing template __alert_Down:"))
        #expect(notice.generatorURL == "http://k/graph?g0.expr=up+%3D%3D+0&g0.tab=1")
        #expect(notice.startsAt == time(10))
        #expect(notice.endsAt == time(250))
    }

    @Test func restoresTheForStateAfterAStart() throws {
        let world = World()
        var group = try RuleGroupRuntime(self.group(["{alert: A, expr: up == 0, for: 30m}"]), isRestored: false)
        world.answer("up == 0", [(["job": "db"], 0)])
        let labels: Labels = ["__name__": "ALERTS_FOR_STATE", "alertname": "A", "job": "db"]
        world.state.withLock { $0.forState = [(labels, time(6000), 5000)] }
        _ = group.evaluate(at: time(6600), in: world.environment(restores: true))
        #expect(world.takeSamples().isEmpty)
        #expect(group.alerts.first?.alerts.first?.activeAt == time(5600))
        _ = group.evaluate(at: time(6660), in: world.environment(restores: true))
        #expect(world.takeSamples().map(\.value) == [1, 5600])
    }

    @Test func runsOnItsScheduleAndDrains() async throws {
        let world = World()
        let clock = ManualClock(now: time(1000))
        let registry = Registry()
        let evaluator = RuleEvaluator(
            clock: clock,
            environment: world.environment(),
            metrics: RulesMetrics(registry: registry)
        )
        let definition = try group(["{record: r, expr: up}"])
        try evaluator.replace(groups: [definition])
        world.answer("up", [([:], 1)])
        let schedule = EvaluationSchedule(group: definition.identifier, interval: .seconds(10))
        let first = schedule.slot(after: clock.now)
        async let run: Void = evaluator.run()
        await clock.waitForSleepers()
        clock.advance(by: first.since(clock.now))
        await clock.waitForSleepers()
        clock.advance(by: .seconds(10))
        await clock.waitForSleepers()
        evaluator.drain()
        try await run
        #expect(world.takeSamples().map(\.timestamp) == [first.milliseconds, first.milliseconds + 10_000])
        let snapshot = try #require(evaluator.snapshot.first)
        #expect(snapshot.lastEvaluation == first.advanced(by: .seconds(10)))
        #expect(snapshot.rules.first?.health == .ok)
    }

    @Test func overrunsAreCountedAsMissed() async throws {
        let world = World()
        let clock = ManualClock(now: time(1000))
        let evaluator = RuleEvaluator(clock: clock, environment: world.environment())
        let definition = try group(["{record: r, expr: up}"])
        try evaluator.replace(groups: [definition])
        let first = EvaluationSchedule(group: definition.identifier, interval: .seconds(10)).slot(after: clock.now)
        async let run: Void = evaluator.run()
        await clock.waitForSleepers()
        let hasStalled = Mutex(false)
        world.state.withLock { state in
            state.onQuery = {
                let isFirst = hasStalled.withLock { stalled in
                    defer { stalled = true }
                    return !stalled
                }
                if isFirst { clock.advance(by: .seconds(35)) }
            }
        }
        clock.advance(by: first.since(clock.now))
        await clock.waitForSleepers()
        evaluator.drain()
        try await run
        #expect(evaluator.snapshot.first?.iterationsMissed == 2)
        #expect(evaluator.snapshot.first?.lastEvaluation == first.advanced(by: .seconds(30)))
    }

    @Test func replacingKeepsTheStateOfUnchangedRules() async throws {
        let world = World()
        let clock = ManualClock(now: time(1000))
        let evaluator = RuleEvaluator(clock: clock, environment: world.environment())
        let alert = "{alert: A, expr: up == 0, for: 1m}"
        let definition = try group([alert, "{record: gone, expr: up}"])
        try evaluator.replace(groups: [definition])
        world.answer("up == 0", [(["job": "db"], 0)])
        world.answer("up", [([:], 1)])
        let first = EvaluationSchedule(group: definition.identifier, interval: .seconds(10)).slot(after: clock.now)
        async let run: Void = evaluator.run()
        await clock.waitForSleepers()
        clock.advance(by: first.since(clock.now))
        await clock.waitForSleepers()
        _ = world.takeSamples()
        try evaluator.replace(groups: [try group(["{record: new, expr: up}", alert])])
        #expect(evaluator.snapshot.first?.rules.last?.alerts.first?.activeAt == first)
        evaluator.drain()
        try await run
        let ended = world.takeSamples().filter { StaleMarker.isStale($0.value) }
        #expect(ended.map(\.labels.metricName) == ["gone"])
    }

    @Test func theSeriesOfAlertsHaveAWayOfTheirOwn() throws {
        let world = World()
        world.answer("up == 0", [(["job": "db"], 0)])
        world.answer("up", [([:], 1)])
        let alerts = Mutex<[LabeledSample]>([])
        var environment = world.environment()
        environment.appendAlerts = { samples in
            alerts.withLock { $0 += samples }
            return []
        }
        var runtime = try RuleGroupRuntime(try group(["{alert: A, expr: up == 0}", "{record: r, expr: up}"]))
        #expect(runtime.evaluate(at: time(1000), in: environment).isEmpty)
        #expect(world.takeSamples().map(\.labels.metricName) == ["r"])
        #expect(Set(alerts.withLock { $0 }.map(\.labels.metricName)) == ["ALERTS", "ALERTS_FOR_STATE"])
    }

    @Test func slotsKeepTheirPhase() {
        let schedule = EvaluationSchedule(group: "f;g", interval: .seconds(60))
        let first = schedule.slot(after: time(100_000))
        #expect(first > time(100_000) && first <= time(100_060))
        #expect(schedule.slot(after: first) == first.advanced(by: .seconds(60)))
        #expect(schedule.slot(atOrBefore: first) == first)
        #expect(schedule.next(after: first, now: first.advanced(by: .seconds(59))).missed == 0)
        #expect(
            schedule.next(after: first, now: first.advanced(by: .seconds(61))).slot == first.advanced(by: .seconds(60))
        )
        #expect(schedule.next(after: first, now: first.advanced(by: .seconds(185))).missed == 2)
        #expect(schedule.slot(atOrBefore: time(-5)) <= time(-5))
    }
}
