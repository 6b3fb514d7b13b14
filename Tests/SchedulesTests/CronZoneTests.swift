import Basics
import ChaosTesting
import Testing

@testable import Schedules

@Suite("Cron expressions in time zones")
struct CronZoneTests {
    /// The rules of Berlin in 2026, so that the table does not depend on the machine's data.
    private static let berlin = FixedZone(1, [("2026-03-29T01:00:00Z", 2), ("2026-10-25T01:00:00Z", 1)])

    private func f(
        _ text: String,
        _ zone: any ZoneRules = Self.berlin,
        after: String,
        _ expected: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let expression = try CronExpression(text)
        var (now, found) = (time(after), [String]())
        for _ in expected {
            now = try #require(expression.next(after: now, in: zone))
            found.append(now.rfc3339.replacing(":00.000Z", with: "Z"))
        }
        #expect(found == expected, "\(text)", sourceLocation: sourceLocation)
    }

    @Test("Clocks put forward: named times that they skip run at the first moment after the gap, once")
    func gaps() throws {
        try f("30 2 * * *", after: "2026-03-28T12:00:00Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z")
        try f("0,15,30 2 * * *", after: "2026-03-28T12:00:00Z", "2026-03-29T01:00Z", "2026-03-30T00:00Z")
        try f("*/20 2 * * *", after: "2026-03-28T12:00:00Z", "2026-03-29T01:00Z", "2026-03-30T00:00Z")
        try f("0 2,3 * * *", after: "2026-03-28T12:00:00Z", "2026-03-29T01:00Z", "2026-03-30T00:00Z")
        try f(
            "30 1-3 29 3 *",
            after: "2026-03-28T12:00:00Z",
            "2026-03-29T00:30Z",
            "2026-03-29T01:00Z",
            "2026-03-29T01:30Z"
        )
    }

    @Test("Clocks put back: named times that they show twice run the first time only")
    func doubles() throws {
        try f("30 2 * * *", after: "2026-10-24T12:00:00Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z")
        try f("0 0-23 * * *", after: "2026-10-24T23:30:00Z", "2026-10-25T00:00Z", "2026-10-25T02:00Z")
        try f("*/30 2 * * *", after: "2026-10-25T00:30:00Z", "2026-10-26T01:00Z")
        // Asked in the middle of the second pass.
        try f("45 2 * * *", after: "2026-10-25T01:10:00Z", "2026-10-26T01:45Z")
    }

    @Test("Every hour runs by the clock on the wall: not in the gap, and in both passes of the doubled hour")
    func everyHour() throws {
        try f("15 * * * *", after: "2026-03-29T00:20:00Z", "2026-03-29T01:15Z", "2026-03-29T02:15Z")
        try f(
            "0 */2 * * *",
            after: "2026-03-28T22:30:00Z",
            "2026-03-28T23:00Z",
            "2026-03-29T02:00Z",
            "2026-03-29T04:00Z"
        )
        try f("* * * * *", after: "2026-03-29T00:59:00Z", "2026-03-29T01:00Z", "2026-03-29T01:01Z")
        try f(
            "0 */2 * * *",
            after: "2026-10-24T23:00:00Z",
            "2026-10-25T00:00Z",
            "2026-10-25T01:00Z",
            "2026-10-25T03:00Z"
        )
        try f(
            "*/30 * * * *",
            after: "2026-10-24T23:40:00Z",
            "2026-10-25T00:00Z",
            "2026-10-25T00:30Z",
            "2026-10-25T01:00Z",
            "2026-10-25T01:30Z",
            "2026-10-25T02:00Z"
        )
    }

    @Test("Changes at midnight, over midnight, by half an hour and by a whole day")
    func oddChanges() throws {
        let havana = FixedZone(-5, [("2026-03-08T05:00:00Z", -4), ("2026-11-01T05:00:00Z", -5)])
        try f("0 0 * * *", havana, after: "2026-03-07T12:00:00Z", "2026-03-08T05:00Z", "2026-03-09T04:00Z")
        try f("30 0 * * *", havana, after: "2026-10-31T12:00:00Z", "2026-11-01T04:30Z", "2026-11-02T05:30Z")
        // 00:01 becomes 23:01 of the day before.
        let johns = FixedZone(-2.5, [("2010-11-07T02:31:00Z", -3.5)])
        try f(
            "*/30 * * * *",
            johns,
            after: "2010-11-07T02:25:00Z",
            "2010-11-07T02:30Z",
            "2010-11-07T03:00Z",
            "2010-11-07T03:30Z",
            "2010-11-07T04:00Z"
        )
        try f("0,30 0,23 * * *", johns, after: "2010-11-07T02:25:00Z", "2010-11-07T02:30Z", "2010-11-07T04:00Z")
        let howe = FixedZone(10.5, [("2026-10-03T15:30:00Z", 11), ("2027-04-03T15:00:00Z", 10.5)])
        try f("15 2 * * *", howe, after: "2026-10-03T00:00:00Z", "2026-10-03T15:30Z", "2026-10-04T15:15Z")
        try f("45 1 * * *", howe, after: "2027-04-03T00:00:00Z", "2027-04-03T14:45Z", "2027-04-04T15:15Z")
        // A day that was left out.
        let apia = FixedZone(-10, [("2011-12-30T10:00:00Z", 14)])
        try f("0 12 30 12 *", apia, after: "2011-12-29T00:00:00Z", "2011-12-30T10:00Z", "2012-12-29T22:00Z")
        try f("0 12 * * *", apia, after: "2011-12-29T23:00:00Z", "2011-12-30T10:00Z", "2011-12-30T22:00Z")
    }

    @Test("The machine's time zones are those of the IANA database, and only they have names")
    func zones() throws {
        let berlin = try #require(IANAZone("Europe/Berlin"))
        try f("30 2 * * *", berlin, after: "2026-03-28T12:00:00Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z")
        try f("30 2 * * *", berlin, after: "2026-10-24T12:00:00Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z")
        for name in ["UTC", "Etc/UTC", "America/New_York", "Asia/Kolkata", "America/Argentina/Ushuaia"] {
            #expect(IANAZone(name) != nil, "\(name)")
        }
        for name in [
            "", "Berlin", "Europe/Nowhere", "GMT+2", "GMT-02:00", "../etc/passwd", "Europe/Berlin ", "é", "+02:00",
        ] {
            #expect(IANAZone(name) == nil, "\(name)")
        }
        #expect(IANAZone(String(repeating: "x", count: 100_000)) == nil)
    }

    // MARK: Against a slow reference

    private static let names = [
        "Europe/Berlin", "America/New_York", "America/Havana", "Australia/Lord_Howe", "America/St_Johns",
        "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Apia", "America/Sao_Paulo", "Asia/Beirut", "UTC",
    ]

    @Test("Random expressions agree with a look at each minute, around changes of the clocks")
    func agreement() throws {
        let zones = try Self.names.map { try #require(IANAZone($0), "\($0)") }
        var found = 0
        for seed in Chaos.seeds(1...160) {
            var random = SeededGenerator(seed: seed)
            let text = Self.expression(&random)
            guard let expression = try? CronExpression(text) else { continue }
            let index = Int.random(in: 0..<zones.count, using: &random)
            let (zone, name) = (zones[index], Self.names[index])
            let start = Self.someTime(in: zone, &random)
            let minutes = 2 * 1440
            let expected = Self.reference(expression, after: start, zone, minutes: minutes)
            let next = expression.next(after: Timestamp(milliseconds: start * 1000), in: zone)
            let place = "seed \(seed): \(text) in \(name) after \(Timestamp(milliseconds: start * 1000).rfc3339)"
            if let expected {
                found += 1
                #expect(next == Timestamp(milliseconds: expected * 1000), "\(place)")
            } else {
                let end = Timestamp(milliseconds: (start + Int64(minutes) * 60) * 1000)
                #expect(next.map { $0 > end } ?? true, "\(place)")
            }
        }
        #expect(found > 100, "most expressions run within the minutes that are looked at: \(found)")
    }

    @Test("Times follow each other strictly, each is what the clocks show or the end of a gap")
    func order() throws {
        let zones = try Self.names.map { try #require(IANAZone($0), "\($0)") }
        for seed in Chaos.seeds(1...100) {
            var random = SeededGenerator(seed: seed)
            let text = Self.expression(&random)
            guard let expression = try? CronExpression(text) else { continue }
            let zone = zones[Int.random(in: 0..<zones.count, using: &random)]
            var now = Timestamp(milliseconds: Self.someTime(in: zone, &random) * 1000)
            for _ in 0..<20 {
                guard let next = expression.next(after: now, in: zone) else { break }
                #expect(next > now, "seed \(seed): \(text)")
                let instant = next.milliseconds / 1000
                let offset = zone.offsetSeconds(at: instant)
                let isAfterGap = zone.offsetSeconds(at: instant - 1) < offset && !expression.isEveryHour
                #expect(
                    Self.shows(expression, instant + offset) || isAfterGap,
                    "seed \(seed): \(text) at \(next.rfc3339)"
                )
                now = next
            }
        }
    }

    /// Looks at each minute: what the clocks show, what they have shown, and what they leave out.
    private static func reference(
        _ expression: CronExpression,
        after start: Int64,
        _ zone: any ZoneRules,
        minutes: Int
    ) -> Int64? {
        var instant = start / 60 * 60 - 26 * 3600
        var before = zone.offsetSeconds(at: instant - 60)
        var seen: Set<Int64> = []
        while instant <= start + Int64(minutes) * 60 {
            let offset = zone.offsetSeconds(at: instant)
            let isNew = seen.insert(instant + offset).inserted
            var runs = shows(expression, instant + offset) && (isNew || expression.isEveryHour)
            if !expression.isEveryHour, offset > before {
                for skipped in stride(from: instant + before, to: instant + offset, by: 60)
                where shows(expression, skipped) { runs = true }
            }
            if runs, instant > start { return instant }
            before = offset
            instant += 60
        }
        return nil
    }

    private static func shows(_ expression: CronExpression, _ local: Int64) -> Bool {
        let shown = CivilTime(Timestamp(milliseconds: local * 1000))
        return shown.second == 0 && expression.matches(hour: shown.hour, minute: shown.minute)
            && expression.matches(month: shown.month, day: shown.day, dayOfWeek: shown.dayOfWeek)
    }

    /// A time between 1995 and 2030, mostly a little before the clocks are changed, in seconds.
    private static func someTime(in zone: any ZoneRules, _ random: inout SeededGenerator) -> Int64 {
        let start = Int64.random(in: 788_918_400..<1_893_456_000, using: &random)
        if Int.random(in: 0..<5, using: &random) == 0 { return start }
        var instant = start
        while instant < start + 250 * 86_400 {
            if zone.offsetSeconds(at: instant) != zone.offsetSeconds(at: instant + 7200) {
                return instant + Int64.random(in: -30 * 3600..<4 * 3600, using: &random)
            }
            instant += 7200
        }
        return start
    }

    private static func expression(_ random: inout SeededGenerator) -> String {
        func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        func item(_ range: ClosedRange<Int>) -> String {
            switch number(0...5) {
            case 0: return "*"
            case 1: return "*/\(number(1...min(range.upperBound, 20)))"
            case 2:
                let low = number(range)
                return "\(low)-\(number(low...range.upperBound))/\(number(1...5))"
            default: return "\(number(range))"
            }
        }
        func field(_ range: ClosedRange<Int>) -> String {
            (0..<number(1...3)).map { _ in item(range) }.joined(separator: ",")
        }
        // Hours of the night often, since that is where clocks are changed.
        let hour = number(0...2) == 0 ? field(0...23) : "\(number(0...3))"
        let day = number(0...4) == 0 ? field(1...31) : "*"
        let weekday = number(0...4) == 0 ? field(0...7) : "*"
        return "\(field(0...59)) \(number(0...3) == 0 ? "*" : hour) \(day) * \(weekday)"
    }
}
