/// When something is to run, by the clock on the wall: the five fields of crontab(5), or one of its macros.
///
/// The fields are minute, hour, day of the month, month and day of the week (0 and 7 are Sunday); each is a list of numbers,
/// ranges and `*`, the latter two with a step such as `*/15`. Months and days of the week have their English names of three
/// letters too. Where neither of the two fields of days has a `*`, a day that is in either of them will do, otherwise it must
/// be in both, as in cron.
package struct CronExpression: Hashable, Sendable, CustomStringConvertible {
    /// How long an expression may be, in bytes.
    package static let lengthMax = 200

    /// The expression as it was written, without space around it.
    package let description: String
    /// The values of each field as bits: bit 5 of the minutes is minute 5.
    let minutes: UInt64
    let hours: UInt64
    let daysOfMonth: UInt64
    let months: UInt64
    /// Bits 0 to 6; Sunday is 0.
    let daysOfWeek: UInt64
    /// Whether the hours have a `*`: then it runs whenever the clock on the wall says so.
    ///
    /// Otherwise the hours are named, and each time of a day comes exactly once, also where the clocks are changed.
    package let isEveryHour: Bool
    /// Whether a day in one of the two sets will do.
    let isEitherDay: Bool

    /// Reads an expression.
    /// - Throws: ``CronSyntaxError`` with the place; also for days that never come, such as February 30.
    package init(_ text: String) throws(CronSyntaxError) {
        var reader = try CronReader(text)
        let fields = try reader.fields()
        description = reader.written
        minutes = fields[0].values
        hours = fields[1].values
        daysOfMonth = fields[2].values
        months = fields[3].values
        daysOfWeek = fields[4].values
        isEveryHour = fields[1].hasStar
        isEitherDay = !fields[2].hasStar && !fields[4].hasStar
        if !isEitherDay, !Self.someDayExists(daysOfMonth, in: months) {
            throw CronSyntaxError(column: fields[2].column, "none of these months has such a day")
        }
    }

    private static func someDayExists(_ days: UInt64, in months: UInt64) -> Bool {
        let lengths: [UInt64] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return lengths.enumerated().contains { index, length in
            months & 1 << UInt64(index + 1) != 0 && days & ((1 << (length + 1)) - 2) != 0
        }
    }

    /// Whether it runs on a day, given as its month, its day of the month and its day of the week (0 is Sunday).
    func matches(month: Int, day: Int, dayOfWeek: Int) -> Bool {
        guard months & 1 << UInt64(month) != 0 else { return false }
        let isDay = daysOfMonth & 1 << UInt64(day) != 0
        let isWeekday = daysOfWeek & 1 << UInt64(dayOfWeek) != 0
        return isEitherDay ? isDay || isWeekday : isDay && isWeekday
    }

    /// Whether it runs at a time of the days that match.
    func matches(hour: Int, minute: Int) -> Bool {
        hours & 1 << UInt64(hour) != 0 && minutes & 1 << UInt64(minute) != 0
    }

    /// The first second of a day from `second` on at which it runs; nil when there is none any more.
    func firstSecond(from second: Int64) -> Int64? {
        let minute = (max(second, 0) + 59) / 60
        guard minute < 1440 else { return nil }
        let (hour, rest) = (minute / 60, minute % 60)
        if hours & 1 << UInt64(hour) != 0, let found = Self.first(minutes, from: rest) {
            return hour * 3600 + found * 60
        }
        guard let later = Self.first(hours, from: hour + 1), let first = Self.first(minutes, from: 0) else {
            return nil
        }
        return later * 3600 + first * 60
    }

    private static func first(_ values: UInt64, from start: Int64) -> Int64? {
        let rest = values >> UInt64(start)
        return rest == 0 ? nil : start + Int64(rest.trailingZeroBitCount)
    }

    /// The times of a day at which it runs, in seconds from its beginning, in order.
    var secondsOfDay: [Int64] {
        var times: [Int64] = []
        var next = firstSecond(from: 0)
        while let second = next {
            times.append(second)
            next = firstSecond(from: second + 1)
        }
        return times
    }
}

/// What is wrong with an expression, and where.
package struct CronSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// From 1, in characters.
    package let column: Int
    /// What is wrong, for people.
    package let reason: String

    init(column: Int, _ reason: String) {
        self.column = column
        self.reason = reason
    }

    package var description: String { "column \(column): \(reason)" }
}
