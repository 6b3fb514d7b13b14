internal import Basics
package import Records
internal import Tasks

/// The limits of a schedule's fields and of the module.
package enum ScheduleLimits {
    /// How many schedules there may be.
    package static let schedulesMax = 10_000
    package static let nameLengthMax = 200
    package static let catchUps = 1...100
    package static let catchUpDefault = 10
    package static let jittersSeconds = 0...86_400
    /// How many due times a preview shows.
    package static let previewItemsMax = 200
    package static let previewItemsDefault = 10
}

extension ScheduleFields {
    /// Everything that is wrong with the fields, as far as it shows by itself; empty when they may be stored.
    package var violations: [FieldViolation] {
        var list = ViolationList()
        list.line(name, "/name", lengthMax: ScheduleLimits.nameLengthMax)
        for violation in clock.violations { list.add(violation.pointer, violation.message) }
        list.range(catchUpMax, "/catch_up_max", ScheduleLimits.catchUps)
        for violation in NewTask(task).violations { list.add("/task" + violation.pointer, violation.message) }
        return list.violations
    }
}

extension ScheduleClock {
    /// Everything that is wrong with it; empty when it tells due times.
    package var violations: [FieldViolation] {
        var list = ViolationList()
        do {
            _ = try CronExpression(cron)
        } catch {
            list.add("/cron", error.description)
        }
        if IANAZone(timeZone) == nil {
            list.add("/time_zone", "must be the name of a time zone, such as Europe/Berlin")
        }
        list.range(jitterSeconds, "/jitter_seconds", ScheduleLimits.jittersSeconds)
        if let startAt, let endAt, endAt < startAt { list.add("/end_at", "must not be before start_at") }
        return list.violations
    }

    /// The due times; without a schedule's identifier there is no jitter.
    /// - Throws: ``ScheduleRefusal``: `unreadable`.
    func timing(of id: UUIDv7?) throws(ScheduleRefusal) -> ScheduleTiming {
        guard let zone = IANAZone(timeZone), let expression = try? CronExpression(cron) else {
            throw .unreadable(violations.first ?? FieldViolation("/cron", "cannot be read"))
        }
        return ScheduleTiming(
            expression,
            in: zone,
            of: id,
            jitter: .seconds(jitterSeconds),
            from: startAt,
            to: endAt
        )
    }
}

extension ViolationList {
    fileprivate mutating func range(_ value: Int, _ pointer: String, _ range: ClosedRange<Int>) {
        if !range.contains(value) { add(pointer, "must be from \(range.lowerBound) to \(range.upperBound)") }
    }
}
