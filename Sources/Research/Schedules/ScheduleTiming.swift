package import Basics

/// When a schedule is due: its expression, its zone, its jitter and its limits, as a value.
package struct ScheduleTiming: Sendable {
    package let expression: CronExpression
    private let zone: any ZoneRules
    /// What the jitter depends on beside the due time; nil for a schedule that has no identifier yet, and no jitter.
    private let id: UUIDv7?
    private let jitter: Duration
    private let startAt: Timestamp?
    private let endAt: Timestamp?

    package init(
        _ expression: CronExpression,
        in zone: any ZoneRules,
        of id: UUIDv7? = nil,
        jitter: Duration = .zero,
        from startAt: Timestamp? = nil,
        to endAt: Timestamp? = nil
    ) {
        self.expression = expression
        self.zone = zone
        self.id = id
        self.jitter = jitter
        self.startAt = startAt
        self.endAt = endAt
    }

    /// The first due time after a time; nil when there is none.
    package func due(after time: Timestamp) -> DueTime? {
        var from = time
        if let startAt { from = max(from, startAt.advanced(by: .milliseconds(-1))) }
        guard let dueAt = expression.next(after: from, in: zone) else { return nil }
        if let endAt, dueAt > endAt { return nil }
        return DueTime(dueAt: dueAt, runAt: dueAt.advanced(by: delay(of: dueAt)))
    }

    /// The next due times after a time, at most `countMax`.
    package func dues(after time: Timestamp, countMax: Int) -> [DueTime] {
        var dues: [DueTime] = []
        while dues.count < countMax, let due = due(after: dues.last?.dueAt ?? time) { dues.append(due) }
        return dues
    }

    /// What the clocks show at a time, as RFC 3339 with their distance from UTC, such as `2026-03-29T03:00:00+02:00`.
    package func localText(_ time: Timestamp) -> String {
        let offset = zone.offsetSeconds(at: Int64((time.seconds).rounded(.down)))
        let shown = time.advanced(by: .seconds(offset)).rfc3339
        let minutes = abs(offset) / 60
        let (hour, minute) = (minutes / 60, minutes % 60)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(shown.prefix(19))\(offset < 0 ? "-" : "+")\(two(hour)):\(two(minute))"
    }

    /// The jitter of a due time: from zero to the limit, and never to the next due time, so that their order stays.
    private func delay(of dueAt: Timestamp) -> Duration {
        guard let id, jitter > .zero else { return .zero }
        var limit = jitter.wholeMilliseconds
        if let next = expression.next(after: dueAt, in: zone) {
            limit = min(limit, next.milliseconds - dueAt.milliseconds)
        }
        var random = SeededGenerator(seed: id.high ^ id.low ^ UInt64(bitPattern: dueAt.milliseconds))
        // Our own arithmetic: servers of different versions agree too.
        return .milliseconds(Int64(random.next().multipliedFullWidth(by: UInt64(max(limit, 1))).high))
    }
}

/// What a schedule is to do now that at least one due time has come.
package struct DueRound: Hashable, Sendable {
    /// The one that makes a task; nil when those that came are all passed over.
    package var run: DueTime?
    /// How many before it are passed over, since they were missed.
    package var missed = 0
    /// The first and last of those; nil when there are none.
    package var missedSpan: ClosedRange<Timestamp>?
    /// What is due afterwards, which may have come already; nil when nothing is.
    package var next: DueTime?
}

extension ScheduleTiming {
    /// A due time that is later than this was missed: nobody was there.
    package static let latenessMax: Duration = .seconds(60)
    /// How many due times that were missed are counted; there may have been more.
    package static let missesCountedMax = 10_000

    /// Decides what is to be done at a time.
    ///
    /// Pure: every server that decides at the same time decides the same.
    /// - Parameters:
    ///   - current: what is due next.
    ///   - policy: what becomes of due times that were missed.
    ///   - catchUpMax: how many ``CatchUpPolicy/all`` makes up for.
    ///   - now: when.
    /// - Returns: what is to be done; nil when the due time has not come.
    package func round(
        _ current: DueTime,
        _ policy: CatchUpPolicy,
        catchUpMax: Int,
        at now: Timestamp
    ) -> DueRound? {
        guard current.runAt <= now else { return nil }
        var come = come(from: current, by: now, countMax: Self.missesCountedMax)
        let counted = come.dues.count
        // Three at least, so that the first of them was missed in any case.
        if come.isCut { come = newest(moreThan: max(catchUpMax, 3), by: now) ?? come }
        let dues = come.dues
        let onTime = dues.firstIndex { now.since($0.runAt) <= Self.latenessMax } ?? dues.endIndex
        let chosen: Int =
            switch policy {
            case .skip: onTime
            case .latest: min(onTime, dues.endIndex - 1)
            case .all: max(onTime - max(catchUpMax, 0), 0)
            }
        var round = DueRound()
        // Of those that were not looked at one by one, all that is known is that there were at least so many.
        round.missed = max(counted, dues.count) - (dues.count - chosen)
        if round.missed > 0 { round.missedSpan = current.dueAt...max(current.dueAt, dues[max(chosen - 1, 0)].dueAt) }
        if chosen < dues.endIndex { round.run = dues[chosen] }
        round.next = chosen + 1 < dues.endIndex ? dues[chosen + 1] : come.next
        return round
    }

    private struct Come {
        /// Those that have come, in order.
        var dues: [DueTime]
        /// The first that has not.
        var next: DueTime?
        /// Whether there are more of them.
        var isCut = false
    }

    private func come(from first: DueTime, by now: Timestamp, countMax: Int) -> Come {
        var dues = [first]
        while let due = due(after: dues[dues.endIndex - 1].dueAt) {
            if due.runAt > now { return Come(dues: dues, next: due) }
            if dues.count >= countMax { return Come(dues: dues, next: due, isCut: true) }
            dues.append(due)
        }
        return Come(dues: dues)
    }

    /// The newest of very many that have come: looks back over twice the time until there are enough.
    private func newest(moreThan count: Int, by now: Timestamp) -> Come? {
        var window: Duration = .seconds(3600)
        while window < .seconds(41 * 366 * 86_400) {
            if let first = due(after: now.advanced(by: .zero - window)), first.runAt <= now {
                let found = come(from: first, by: now, countMax: .max)
                if found.dues.count > count { return found }
            }
            window *= 2
        }
        return nil
    }
}
