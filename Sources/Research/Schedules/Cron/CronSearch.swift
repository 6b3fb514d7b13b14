package import Basics

/// The search for the next time.
extension CronExpression {
    /// How many days ahead the search looks: any February 29 on any day of the week lies within 40 years.
    private static let daysMax: Int64 = 41 * 366
    /// The years that have texts, and so days that can be told.
    private static let years: ClosedRange<Int64> = -62_135_596_800_000...253_402_214_400_000

    /// The first time after another at which it runs in a zone; nil beyond the year 9999.
    ///
    /// Where the clocks are put forward, times of named hours that the clocks skip run at the first moment after the gap,
    /// together when there are several. Where they are put back, those that the clocks show twice run the first time only. An
    /// expression for every hour (``isEveryHour``) instead runs whenever the clocks show one of its times: not for those that
    /// they skip, and both times for those that they show twice.
    ///
    /// Pure; its cost does not depend on how far away the time is, but for days that seldom come.
    package func next(after time: Timestamp, in zone: any ZoneRules) -> Timestamp? {
        let floor = time.milliseconds.quotientAndRemainder(dividingBy: 1000)
        let instant = floor.remainder < 0 ? floor.quotient - 1 : floor.quotient
        guard Self.years.contains(time.milliseconds) else { return nil }
        let local = instant + zone.offsetSeconds(at: instant)
        // A day before: its last times may lie behind clocks that were put back over midnight.
        let first = Int64((Double(local) / Double(LocalDay.seconds)).rounded(.down)) - 1
        for number in first...first + Self.daysMax where matches(day: number) {
            let day = LocalDay(number, in: zone)
            guard var found = firstInstant(on: day, after: instant) else { continue }
            // The next day's first times come before this day's last ones, where clocks are put back over midnight.
            if isEveryHour, day.stretches.count > 1, matches(day: number + 1),
                let other = firstInstant(on: LocalDay(number + 1, in: zone), after: instant)
            {
                found = min(found, other)
            }
            return Self.years.contains(found * 1000) ? Timestamp(milliseconds: found * 1000) : nil
        }
        return nil
    }

    private func matches(day number: Int64) -> Bool {
        let day = CivilTime(Timestamp(milliseconds: number * LocalDay.seconds * 1000))
        return matches(month: day.month, day: day.day, dayOfWeek: day.dayOfWeek)
    }

    private func firstInstant(on day: LocalDay, after instant: Int64) -> Int64? {
        // Each time by its name, in order: where clocks are changed, a later time never comes before an earlier one.
        if !isEveryHour, day.stretches.count > 1 {
            return secondsOfDay.lazy.map { day.instant(of: $0) }.first { $0 > instant }
        }
        let midnight = day.number * LocalDay.seconds
        for stretch in day.stretches {
            let from = max(stretch.start, instant + 1) + stretch.offset - midnight
            guard from < LocalDay.seconds, let second = firstSecond(from: from) else { continue }
            let found = midnight + second - stretch.offset
            if found < stretch.end { return found }
        }
        return nil
    }
}
