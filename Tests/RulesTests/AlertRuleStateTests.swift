import Basics
import ChaosTesting
import MetricModel
import Testing

@testable import Rules

/// The states of alerts, as a table: evaluations in, states and samples out.
struct AlertRuleStateTests {
    private func time(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }
    private func candidate(_ name: String = "a", _ value: Double = 1) -> AlertRuleState.Candidate {
        AlertRuleState.Candidate(labels: ["alertname": "A", "x": name], value: value)
    }
    private let key: Labels = ["alertname": "A", "x": "a"]

    private func run(hold: Int = 0, keep: Int = 0, every step: Int64 = 60, _ present: [Bool]) throws -> [AlertState?] {
        var state = AlertRuleState(holdDuration: .seconds(hold), keepFiringFor: .seconds(keep))
        return try present.enumerated().map { index, isPresent in
            _ = try state.evaluate(isPresent ? [candidate()] : [], at: time(Int64(index) * step))
            return state.alerts[key]?.state
        }
    }

    @Test func firesAtOnceWithoutFor() throws {
        #expect(try run([true, true]) == [.firing, .firing])
    }

    @Test func firesWhenTheConditionHasHeld() throws {
        #expect(try run(hold: 120, [true, true, true, true]) == [.pending, .pending, .firing, .firing])
    }

    @Test func pendingAlertsAreForgottenAtOnce() throws {
        #expect(try run(hold: 120, [true, true, false, true, true]) == [.pending, .pending, nil, .pending, .pending])
    }

    @Test func resolvedAlertsAreKeptForFifteenMinutes() throws {
        let states = try run([true] + Array(repeating: false, count: 18))
        let kept: [AlertState?] = [.firing] + Array(repeating: .inactive, count: 16)
        #expect(Array(states.prefix(17)) == kept)
        #expect(states.last == .some(nil))
    }

    @Test func keepsFiringForAWhile() throws {
        #expect(
            try run(keep: 120, [true, false, false, false, false]) == [.firing, .firing, .firing, .inactive, .inactive]
        )
        #expect(
            try run(keep: 120, [true, false, true, false, false]) == [.firing, .firing, .firing, .firing, .firing]
        )
    }

    @Test func aResolvedAlertBeginsAnew() throws {
        #expect(
            try run(hold: 60, [true, true, false, true, true]) == [.pending, .firing, .inactive, .pending, .firing]
        )
    }

    @Test func timesAndValuesAreKept() throws {
        var state = AlertRuleState(holdDuration: .seconds(60))
        _ = try state.evaluate([candidate("a", 1)], at: time(0))
        _ = try state.evaluate([candidate("a", 7)], at: time(60))
        #expect(state.alerts[key]?.value == 7)
        #expect(state.alerts[key]?.activeAt == time(0))
        #expect(state.alerts[key]?.firedAt == time(60))
        let outcome = try state.evaluate([], at: time(120))
        #expect(state.alerts[key]?.resolvedAt == time(120))
        #expect(outcome.changed == [key])
        #expect(state.state == .inactive)
    }

    @Test func samplesAppearOnceRestored() throws {
        var state = AlertRuleState(holdDuration: .seconds(60))
        #expect(try state.evaluate([candidate()], at: time(10)).samples.isEmpty)
        state.isRestored = true
        let samples = try state.evaluate([candidate()], at: time(40), sampleTime: time(35)).samples
        #expect(
            samples == [
                LabeledSample(
                    labels: ["__name__": "ALERTS", "alertname": "A", "alertstate": "pending", "x": "a"],
                    timestamp: 35_000,
                    value: 1
                ),
                LabeledSample(
                    labels: ["__name__": "ALERTS_FOR_STATE", "alertname": "A", "x": "a"],
                    timestamp: 35_000,
                    value: 10
                ),
            ]
        )
    }

    @Test func duplicatesLeaveEverythingAsItWas() throws {
        var state = AlertRuleState()
        _ = try state.evaluate([candidate()], at: time(0))
        #expect(throws: RuleError.duplicateLabelsets(isAlert: true)) {
            try state.evaluate([candidate(), candidate()], at: time(60))
        }
        #expect(state.alerts[key]?.state == .firing)
    }

    @Test func exceedingTheLimitClearsAllAlerts() throws {
        var state = AlertRuleState()
        _ = try state.evaluate([candidate("a"), candidate("b")], at: time(0), limit: 2)
        let error = #expect(throws: RuleError.self) {
            try state.evaluate([candidate("a"), candidate("b"), candidate("c")], at: time(60), limit: 2)
        }
        #expect(error?.description == "exceeded limit of 2 with 3 alerts")
        #expect(state.alerts.isEmpty)
    }

    @Test func firingAlertsAreSentAgainAndResolvedOnesAtOnce() throws {
        var state = AlertRuleState()
        func due(_ seconds: Int64) -> [AlertState] {
            state.takeDue(at: time(seconds), resendDelay: .seconds(60), interval: .seconds(30)).map(\.state)
        }
        _ = try state.evaluate([candidate()], at: time(0))
        #expect(due(0) == [.firing])
        #expect(state.alerts[key]?.validUntil == time(240))
        #expect(due(30) == [])
        #expect(due(60) == [])
        #expect(due(61) == [.firing])
        _ = try state.evaluate([], at: time(70))
        #expect(due(70) == [.inactive])
        #expect(due(100) == [])
    }

    @Test(arguments: [
        // lastSeen, activeAt, now, expected: hold 30 min, grace 10 min, in minutes.
        (100, 60, 120, 60), (100, 95, 120, 115), (100, 75, 120, 100), (100, 80, 120, 100), (100, 79, 120, 100),
    ])
    func theForStateIsRestored(_ lastSeen: Int64, _ activeAt: Int64, _ now: Int64, _ expected: Int64) {
        let restored = AlertRuleState.restoredActiveAt(
            lastSeen: time(lastSeen * 60),
            activeAt: time(activeAt * 60),
            now: time(now * 60),
            holdDuration: .seconds(1800),
            grace: .seconds(600)
        )
        #expect(restored == time(expected * 60))
    }

    /// Whatever comes, an alert fires only after its condition held in every evaluation for the whole `for`.
    @Test(arguments: Chaos.seeds(0...19)) func neverFiresEarly(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var state = AlertRuleState(holdDuration: .seconds(120))
        var since: Int64?
        for step in 0..<200 {
            let now = Int64(step) * 30
            let isPresent = Int.random(in: 0..<10, using: &generator) > 1
            if !isPresent { since = nil } else if since == nil { since = now }
            _ = try state.evaluate(isPresent ? [candidate()] : [], at: time(now))
            let isFiring = state.alerts[key]?.state == .firing
            #expect(isFiring == (since.map { now - $0 >= 120 } ?? false), "seed \(seed), step \(step)")
        }
    }
}
