import Basics
import ChaosTesting
import Testing

@Suite("Timestamps and RFC 3339")
struct TimestampTests {
    @Test("A date-time with a zone is read, whatever the zone")
    func reading() {
        func f(_ text: String, _ milliseconds: Int64?) {
            #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds, "\(text)")
        }
        f("1970-01-01T00:00:00Z", 0)
        f("1970-01-01T00:00:00.5Z", 500)
        f("1970-01-01t00:00:00.123999z", 123)
        f("2026-11-23T08:15:30.250Z", 1_795_421_730_250)
        f("2026-11-23T10:15:30.250+02:00", 1_795_421_730_250)
        f("2026-11-23T00:45:30.250-07:30", 1_795_421_730_250)
        f("2000-02-29T00:00:00Z", 951_782_400_000)
        f("1969-12-31T23:59:59.999Z", -1)
        f("0000-01-01T00:00:00Z", -62_167_219_200_000)
    }

    @Test(
        "What is no date-time is refused",
        arguments: [
            "", "2026-11-23", "2026-11-23T08:15:30", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
            "2026-11-31T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T08:60:00Z", "2026-11-23T08:15:60Z",
            "2026-11-23T08:15:30.Z", "2026-11-23T08:15:30Zjunk", "2026-11-23T08:15:30+2:00", "26-11-23T08:15:30Z",
            "2026-00-10T00:00:00Z", "2026-01-00T00:00:00Z", "２０２６-11-23T08:15:30Z",
        ]
    )
    func refusing(_ text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test("Every time is written so that it reads back as itself")
    func roundTrip() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<Chaos.rounds(10_000) {
            let time = Timestamp(
                milliseconds: Int64.random(in: -62_167_219_200_000...253_402_300_799_999, using: &random)
            )
            #expect(Timestamp(rfc3339: time.rfc3339) == time)
        }
    }

    @Test("The calendar knows weekdays, days of the year and leap years")
    func calendar() {
        func f(_ text: String, dayOfWeek: Int, dayOfYear: Int) throws {
            let civil = CivilTime(try #require(Timestamp(rfc3339: text)))
            #expect(civil.dayOfWeek == dayOfWeek && civil.dayOfYear == dayOfYear, "\(text): \(civil)")
        }
        #expect(throws: Never.self) {
            try f("1970-01-01T00:00:00Z", dayOfWeek: 4, dayOfYear: 1)
            try f("2026-11-23T08:15:30Z", dayOfWeek: 1, dayOfYear: 327)
            try f("2024-12-31T23:59:59Z", dayOfWeek: 2, dayOfYear: 366)
            try f("1969-12-28T00:00:00Z", dayOfWeek: 0, dayOfYear: 362)
        }
        #expect(CivilTime.days(inMonth: 2, of: 2000) == 29)
        #expect(CivilTime.days(inMonth: 2, of: 2100) == 28)
    }

    @Test("Arithmetic saturates instead of trapping")
    func saturation() {
        #expect(Timestamp(milliseconds: .max).advanced(by: .seconds(1)).milliseconds == .max)
        #expect(Timestamp(milliseconds: .min).advanced(by: .seconds(-1)).milliseconds == .min)
        #expect(Timestamp(seconds: .infinity).milliseconds == .max)
        #expect(Timestamp(seconds: .nan).milliseconds == 0)
        #expect(Duration.seconds(Int64.max).wholeMilliseconds == .max)
        #expect(Duration.seconds(Int64.min).wholeMilliseconds == .min)
        #expect((Duration.seconds(Int64.max) * 10).wholeMilliseconds == .max)
        #expect((Duration.seconds(Int64.max) * 10).inSeconds == Double(Int64.max))
        #expect((Duration.milliseconds(Int64.max) + .microseconds(999)).wholeMilliseconds == .max)
        #expect((Duration.milliseconds(Int64.max) - .microseconds(1)).wholeMilliseconds == .max - 1)
        #expect(Duration.microseconds(-1500).wholeMilliseconds == -1)
        let (first, last) = (Timestamp(milliseconds: .min), Timestamp(milliseconds: .max))
        #expect(last.since(first) == .milliseconds(Int64.max))
        #expect(first.since(last) == .milliseconds(Int64.min))
        #expect(last.since(last) == .zero)
    }

    @Test("Times that four digits of a year cannot write are written as the nearest that they can")
    func yearRange() {
        func f(_ milliseconds: Int64, _ text: String) {
            #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
        }
        f(-62_167_219_200_000, "0000-01-01T00:00:00.000Z")
        f(-62_167_219_200_001, "0000-01-01T00:00:00.000Z")
        f(.min, "0000-01-01T00:00:00.000Z")
        f(253_402_300_799_999, "9999-12-31T23:59:59.999Z")
        f(253_402_300_800_000, "9999-12-31T23:59:59.999Z")
        f(.max, "9999-12-31T23:59:59.999Z")
    }
}
