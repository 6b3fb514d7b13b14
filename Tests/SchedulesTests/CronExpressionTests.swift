import Basics
import ChaosTesting
import Testing

@testable import Schedules

@Suite("Cron expressions")
struct CronExpressionTests {
    @Test("What is no expression is refused with its place and its reason")
    func faults() {
        func f(_ text: String, _ column: Int, _ reason: String) {
            #expect(throws: CronSyntaxError(column: column, reason), "\(text)") { try CronExpression(text) }
        }
        f("", 1, "there is no expression")
        f(" \t", 1, "there is no expression")
        f("* * * *", 8, "the field of the day of the week is missing")
        f("* * * * * *", 11, "there are five fields, and this is one more")
        f("60 * * * *", 1, "the minute must be from 0 to 59")
        f("5 24 * * *", 3, "the hour must be from 0 to 23")
        f("5 5 0 * *", 5, "the day of the month must be from 1 to 31")
        f("5 5 1 13 *", 7, "the month must be from 1 to 12")
        f("5 5 * * 8", 9, "the day of the week must be from 0 to 7")
        f("99999999999999999999 * * * *", 1, "the minute must be from 0 to 59")
        f("1, * * * *", 3, "the minute is expected")
        f(",1 * * * *", 1, "the minute is expected")
        f("-5 * * * *", 1, "the minute is expected")
        f("1-a * * * *", 3, "the minute is expected")
        f("30-10 * * * *", 1, "the range goes backwards")
        f("0 0 * * FRI-MON", 9, "the range goes backwards")
        f("*/0 * * * *", 3, "the step must be from 1 to 59")
        f("*/60 * * * *", 3, "the step must be from 1 to 59")
        f("*/ * * * *", 3, "the step is expected")
        f("5/10 * * * *", 2, "a step stands behind * or a range only")
        f("*5 * * * *", 2, "unexpected in the field of the minute")
        f("1 * ? * *", 5, "the day of the month is expected")
        f("1 * L * *", 5, "the day of the month is expected")
        f("0 0 1 JANUARY *", 7, "there is no such month; the names are \(months)")
        f("0 0 * * X", 9, "there is no such day of the week; the names are sun, mon, tue, wed, thu, fri, sat")
        f("jan * * * *", 1, "the minute is expected")
        f("0 0 1 MON *", 7, "there is no such month; the names are \(months)")
        f("0 0 * * é", 9, "the day of the week is expected")
        f("0 0 * *\u{a0}*", 8, "unexpected in the field of the month")
        f("* * * *\n*", 8, "unexpected in the field of the month")
        f("@reboot", 1, "there is no such macro; there are \(macros)")
        f(" @Hourly now", 2, "there is no such macro; there are \(macros)")
        f(String(repeating: "1,", count: 99) + "1 * * * *", 201, "an expression has at most 200 characters")
    }

    private let months = "jan, feb, mar, apr, may, jun, jul, aug, sep, oct, nov, dec"
    private let macros = "@annually, @daily, @hourly, @midnight, @monthly, @weekly, @yearly"

    @Test("Days that never come are refused, days that seldom come are not")
    func impossible() throws {
        for text in ["0 0 30 2 *", "0 0 30,31 FEB *", "0 0 31 2,4,6,9,11 *", "0 0 31 4 *"] {
            #expect(throws: CronSyntaxError(column: 5, "none of these months has such a day"), "\(text)") {
                try CronExpression(text)
            }
        }
        // Either day will do, so there are days.
        for text in ["0 0 29 2 *", "0 0 30 2 MON", "0 0 31 4,5 *", "0 0 29-31 2 *", "0 0 */30 2 *"] {
            _ = try CronExpression(text)
        }
    }

    @Test("Any text is read or refused, and whatever is read comes some time")
    func anyText() throws {
        let zone = FixedZone(0)
        let parts = [
            "0", "5", "29", "31", "*", "/", ",", "-", " ", "\t", "@", "FEB", "sun", "é", "\0", "* ", "2 ", "1-5 ",
        ]
        var (read, refused) = (0, 0)
        for seed in Chaos.seeds(1...2000) {
            var random = SeededGenerator(seed: seed)
            let count = Int.random(in: 0...12, using: &random)
            let text = (0..<count).map { _ in
                // A whole field every other time, or hardly any text would be an expression.
                let isField = Bool.random(using: &random)
                return parts[Int.random(in: isField ? parts.count - 3..<parts.count : 0..<parts.count, using: &random)]
            }.joined()
            do throws(CronSyntaxError) {
                let expression = try CronExpression(text)
                let next = expression.next(after: time("2026-01-01T00:00:00Z"), in: zone)
                #expect(next != nil, "seed \(seed): \(text)")
                read += 1
            } catch {
                #expect((1...text.utf8.count + 1).contains(error.column), "seed \(seed): \(text)")
                refused += 1
            }
        }
        #expect(read > 10 && refused > 100, "\(read) read, \(refused) refused")
    }

    @Test("Expressions mean the values of their fields")
    func fields() throws {
        func f(_ text: String, _ times: [Int64], _ days: String = "*") throws {
            let expression = try CronExpression(text)
            #expect(expression.secondsOfDay == times.map { $0 * 60 }, "\(text)")
            // Of March 2026, whose first day is a Sunday.
            let shown = (1...31).filter { expression.matches(month: 3, day: $0, dayOfWeek: ($0 - 1) % 7) }
            #expect(
                days == "*" ? shown.count == 31 : shown == days.split(separator: ",").compactMap { Int($0) },
                "\(text)"
            )
        }
        try f("5 0 * * *", [5])
        try f("  5\t0  * * * ", [5])
        try f("0,30 1-2 * * *", [60, 90, 120, 150])
        try f("*/25 23 * * *", [1380, 1405, 1430])
        try f("10-20/5,59 0 * * *", [10, 15, 20, 59])
        try f("0 */12 * * *", [0, 720])
        try f("@midnight", [0])
        try f("@DAILY", [0])
        try f("@weekly", [0], "1,8,15,22,29")
        try f("0 0 * * 7", [0], "1,8,15,22,29")
        try f("0 0 * * SUN", [0], "1,8,15,22,29")
        try f("0 0 * * 5-7", [0], "1,6,7,8,13,14,15,20,21,22,27,28,29")
        try f("0 0 * * fri-sun", [0], "1,6,7,8,13,14,15,20,21,22,27,28,29")
        try f("0 0 * * Mon,wed", [0], "2,4,9,11,16,18,23,25,30")
        try f("0 0 13 * *", [0], "13")
        try f("0 0 1-10/4 mar *", [0], "1,5,9")
        try f("0 0 1 4 *", [0], "")
        // Two named days: either will do. With a * in one of them: both must.
        try f("0 0 14 * FRI", [0], "6,13,14,20,27")
        try f("0 0 */10 * SUN", [0], "1")
        try f("0 0 1-7 * */7", [0], "1")
        #expect(try CronExpression(" */5 * * * *\t").description == "*/5 * * * *")
    }

    @Test("Hours are every hour where they have a star")
    func everyHour() throws {
        func f(_ text: String, _ expected: Bool) throws {
            #expect(try CronExpression(text).isEveryHour == expected, "\(text)")
        }
        try f("0 * * * *", true)
        try f("0 */2 * * *", true)
        try f("0 1,*/3 * * *", true)
        try f("@hourly", true)
        try f("0 0-23 * * *", false)
        try f("*/5 2 * * *", false)
        try f("@daily", false)
    }

    @Test("The next time is found across months, years and leap years")
    func next() throws {
        let zone = FixedZone(0)
        func f(_ text: String, _ after: String, _ expected: String?) throws {
            let next = try CronExpression(text).next(after: time(after), in: zone)
            #expect(next == expected.map { time($0) }, "\(text) after \(after): \(next?.rfc3339 ?? "never")")
        }
        try f("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z")
        try f("* * * * *", "2025-12-31T23:59:59.999Z", "2026-01-01T00:00:00Z")
        try f("* * * * *", "1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00Z")
        try f("0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z")
        // February 29 on a Sunday, over the turn of a century.
        try f("0 0 29 2 */7", "2088-03-01T00:00:00Z", "2092-02-29T00:00:00Z".sundayOrLater)
        try f("59 23 31 12 *", "2026-12-31T23:59:00Z", "2027-12-31T23:59:00Z")
        try f("0 0 31 * *", "2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z")
        try f("0 0 * * 1", "2026-11-30T00:00:00Z", "2026-12-07T00:00:00Z")
        try f("0 0 1 1 *", "9999-06-01T00:00:00Z", nil)
        let early = Timestamp(milliseconds: .min)
        #expect(try CronExpression("* * * * *").next(after: early, in: zone) == nil)
        #expect(try CronExpression("* * * * *").next(after: Timestamp(milliseconds: .max), in: zone) == nil)
    }
}

/// Clocks that are as far from UTC as a table says.
struct FixedZone: ZoneRules {
    private let first: Int64
    private let changes: [(at: Int64, offset: Int64)]

    /// Hours ahead of UTC, and the changes of that by their times.
    init(_ hours: Double, _ changes: [(at: String, hours: Double)] = []) {
        first = Int64(hours * 3600)
        self.changes = changes.map { (time($0.at).milliseconds / 1000, Int64($0.hours * 3600)) }
    }

    func offsetSeconds(at instant: Int64) -> Int64 { changes.last { $0.at <= instant }?.offset ?? first }
}

/// A time that the test knows to be well written.
func time(_ text: String) -> Timestamp { Timestamp(rfc3339: text) ?? Timestamp(milliseconds: .min) }

extension String {
    /// The first February 29 from this one on that is a Sunday, found by looking at them all.
    fileprivate var sundayOrLater: String {
        var year = Int(prefix(4)) ?? 0
        while true {
            if CivilTime.isLeap(year), CivilTime(time("\(year)-02-29T00:00:00Z")).dayOfWeek == 0 {
                return "\(year)-02-29T00:00:00Z"
            }
            year += 1
        }
    }
}
