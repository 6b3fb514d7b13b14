import Basics
import ChaosTesting
import Testing

@testable import Schedules

@Suite("Due times, jitter and catching up")
struct ScheduleTimingTests {
    private static let ids = UUIDv7Generator(clock: ManualClock(), random: SeededGenerator(seed: 1))

    private func timing(_ cron: String, jitter: Duration = .zero, id: UUIDv7? = nil) throws -> ScheduleTiming {
        ScheduleTiming(try CronExpression(cron), in: FixedZone(0), of: id ?? Self.ids.next(), jitter: jitter)
    }

    @Test("Due times lie between start and end, both included")
    func limits() throws {
        let timing = ScheduleTiming(
            try CronExpression("0 * * * *"),
            in: FixedZone(0),
            from: time("2026-01-01T02:00:00Z"),
            to: time("2026-01-01T04:00:00Z")
        )
        let dues = timing.dues(after: time("2026-01-01T00:00:00Z"), countMax: 10).map(\.dueAt.rfc3339)
        #expect(dues == ["02", "03", "04"].map { "2026-01-01T\($0):00:00.000Z" })
        #expect(timing.due(after: time("2026-01-01T04:00:00Z")) == nil)
        #expect(timing.dues(after: time("2026-01-01T00:00:00Z"), countMax: 1).count == 1)
        #expect(timing.dues(after: time("2026-01-01T00:00:00Z"), countMax: 0).isEmpty)
    }

    @Test("Local times carry their distance from UTC")
    func localTexts() throws {
        func f(_ hours: Double, _ expected: String) throws {
            let timing = ScheduleTiming(try CronExpression("@daily"), in: FixedZone(hours))
            #expect(timing.localText(time("2026-03-29T01:00:00Z")) == expected)
        }
        try f(2, "2026-03-29T03:00:00+02:00")
        try f(-3.5, "2026-03-28T21:30:00-03:30")
        try f(0, "2026-03-29T01:00:00+00:00")
        try f(5.75, "2026-03-29T06:45:00+05:45")
    }

    @Test("Jitter is the same on every server, differs between due times, and keeps their order")
    func jitter() throws {
        for seed in Chaos.seeds(1...50) {
            var random = SeededGenerator(seed: seed)
            let id = UUIDv7Generator(clock: ManualClock(), random: random).next()
            let jitter = Duration.seconds(Int.random(in: 1...86_400, using: &random))
            let cron = ["* * * * *", "*/7 * * * *", "0 3 * * *", "0 0 1 * *"].randomElement(using: &random) ?? ""
            let one = try timing(cron, jitter: jitter, id: id).dues(after: time("2026-01-01T00:00:00Z"), countMax: 50)
            let two = try timing(cron, jitter: jitter, id: id).dues(after: time("2026-01-01T00:00:00Z"), countMax: 50)
            #expect(one == two, "seed \(seed)")
            for (due, next) in zip(one, one.dropFirst()) {
                #expect(due.runAt >= due.dueAt && due.runAt < due.dueAt.advanced(by: jitter), "seed \(seed)")
                #expect(due.runAt < next.dueAt && due.runAt < next.runAt, "seed \(seed)")
            }
            let delays = Set(one.map { $0.runAt.since($0.dueAt) })
            #expect(delays.count > 40, "seed \(seed): they differ")
        }
        let other = try timing("0 3 * * *", jitter: .seconds(3600)).due(after: time("2026-01-01T00:00:00Z"))
        let another = try timing("0 3 * * *", jitter: .seconds(3600)).due(after: time("2026-01-01T00:00:00Z"))
        #expect(other?.dueAt == another?.dueAt && other?.runAt != another?.runAt, "schedules differ")
    }

    /// What rounds at a time make of an expression that was due since another: `run 03:00, missed 2, …`.
    private func rounds(
        _ cron: String,
        since: String,
        at now: String,
        _ policy: CatchUpPolicy,
        max: Int = 10
    ) throws -> String {
        let timing = try timing(cron)
        var due = timing.due(after: time(since))
        var words: [String] = []
        while let current = due, let round = timing.round(current, policy, catchUpMax: max, at: time(now)) {
            if round.missed > 0 { words.append("missed \(round.missed)") }
            if let run = round.run { words.append("run \(run.dueAt.rfc3339.dropFirst(11).prefix(5))") }
            due = round.next
        }
        if let due {
            #expect(due.runAt > time(now))
            words.append("next \(due.dueAt.rfc3339.dropFirst(11).prefix(5))")
        }
        return words.joined(separator: ", ")
    }

    @Test("What was missed is left, made up for once, or made up for up to the limit")
    func policies() throws {
        func f(_ now: String, _ policy: CatchUpPolicy, max: Int = 10, _ expected: String) throws {
            let cron = "0 * * * *"
            let found = try rounds(cron, since: "2026-01-01T00:30:00Z", at: now, policy, max: max)
            #expect(found == expected, "\(policy) at \(now)")
        }
        for policy in CatchUpPolicy.allCases {
            try f("2026-01-01T00:59:59.999Z", policy, "next 01:00")
            try f("2026-01-01T01:00:00Z", policy, "run 01:00, next 02:00")
            try f("2026-01-01T01:01:00Z", policy, "run 01:00, next 02:00")
        }
        try f("2026-01-01T01:01:00.001Z", .skip, "missed 1, next 02:00")
        try f("2026-01-01T01:01:00.001Z", .latest, "run 01:00, next 02:00")
        try f("2026-01-01T04:30:00Z", .skip, "missed 4, next 05:00")
        try f("2026-01-01T04:30:00Z", .latest, "missed 3, run 04:00, next 05:00")
        try f("2026-01-01T04:30:00Z", .all, "run 01:00, run 02:00, run 03:00, run 04:00, next 05:00")
        try f("2026-01-01T04:30:00Z", .all, max: 2, "missed 2, run 03:00, run 04:00, next 05:00")
        // One that is due now is none of those that were missed.
        try f("2026-01-01T04:00:30Z", .skip, "missed 3, run 04:00, next 05:00")
        try f("2026-01-01T04:00:30Z", .latest, "missed 3, run 04:00, next 05:00")
        try f("2026-01-01T04:00:30Z", .all, max: 2, "missed 1, run 02:00, run 03:00, run 04:00, next 05:00")
    }

    @Test("After years without a server it is over at once, and the newest are found")
    func longDowntime() throws {
        func f(_ cron: String, _ policy: CatchUpPolicy, max: Int = 2, _ expected: String) throws {
            let found = try rounds(cron, since: "2020-01-01T00:00:00Z", at: "2026-06-15T12:00:30Z", policy, max: max)
            #expect(found == expected, "\(cron) \(policy)")
        }
        try f("* * * * *", .skip, "missed 9999, run 12:00, next 12:01")
        try f("* * * * *", .latest, "missed 9999, run 12:00, next 12:01")
        try f("* * * * *", .all, "missed 9997, run 11:58, run 11:59, run 12:00, next 12:01")
        try f("* * * 1 *", .latest, "missed 44639, run 23:59, next 00:00")
        try f("0 0 29 2 *", .all, "run 00:00, run 00:00, next 00:00")
    }

    @Test("A schedule that ends runs what it missed, and then nothing")
    func ended() throws {
        let timing = ScheduleTiming(
            try CronExpression("0 * * * *"),
            in: FixedZone(0),
            to: time("2026-01-01T02:00:00Z")
        )
        let first = try #require(timing.due(after: time("2026-01-01T00:00:00Z")))
        let round = timing.round(first, .latest, catchUpMax: 10, at: time("2026-01-02T00:00:00Z"))
        #expect(round?.run?.dueAt == time("2026-01-01T02:00:00Z") && round?.missed == 1 && round?.next == nil)
        #expect(round?.missedSpan == first.dueAt...first.dueAt)
    }
}
