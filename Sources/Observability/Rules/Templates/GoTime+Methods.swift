import Basics

extension GoTime {
    private typealias Function = TemplateFunction

    /// A method of a time or a duration; nil when there is none of that name.
    static func method(_ name: String, of receiver: TemplateValue) -> TemplateFunction? {
        switch receiver {
        case .time: timeMethods[name]
        case .duration: durationMethods[name]
        case .named(let number, let text, _) where name == "String" && number >= 0: constant(.string(text))
        default: nil
        }
    }

    private static func constant(_ value: TemplateValue) -> TemplateFunction {
        TemplateFunction([]) { _, _ in value }
    }

    private static func time(_ values: [TemplateValue], _ index: Int = 0) -> Int64 {
        switch values.at(index) {
        case .time(let value), .duration(let value): value
        default: 0
        }
    }

    private static func of(_ read: @escaping @Sendable (Int64) -> TemplateValue) -> TemplateFunction {
        TemplateFunction([]) { _, values in read(time(values)) }
    }

    private static func civil(_ read: @escaping @Sendable (CivilTime) -> TemplateValue) -> TemplateFunction {
        of { read(CivilTime(Timestamp(milliseconds: milliseconds($0)))) }
    }

    private static func milliseconds(_ nanoseconds: Int64) -> Int64 { floor(nanoseconds, 1_000_000) }

    private static func saturated(_ result: (partialValue: Int64, overflow: Bool), isUp: Bool) -> Int64 {
        result.overflow ? (isUp ? .max : .min) : result.partialValue
    }

    private static let timeMethods: [String: TemplateFunction] = [
        "Format": Function([.string]) { _, values in .string(format(time(values), values.string(1))) },
        "String": of { .string(text($0)) },
        "UTC": of { .time($0) },
        "Unix": of { .integer(floor($0, second), type: "int64") },
        "UnixMilli": of { .integer(milliseconds($0), type: "int64") },
        "UnixMicro": of { .integer(floor($0, 1000), type: "int64") },
        "UnixNano": of { .integer($0, type: "int64") },
        "IsZero": of { _ in .boolean(false) },
        "Year": civil { .int($0.year) },
        "Month": civil { .named(Int64($0.month), name: months[$0.month - 1], type: "time.Month") },
        "Day": civil { .int($0.day) },
        "Hour": civil { .int($0.hour) },
        "Minute": civil { .int($0.minute) },
        "Second": civil { .int($0.second) },
        "Nanosecond": of { .int(Int(fraction($0))) },
        "YearDay": civil { .int($0.dayOfYear) },
        "Weekday": civil { .named(Int64($0.dayOfWeek), name: weekdays[$0.dayOfWeek], type: "time.Weekday") },
        "Add": Function([.duration]) { _, values in
            let (left, right) = (time(values), time(values, 1))
            return .time(saturated(left.addingReportingOverflow(right), isUp: right > 0))
        },
        "Sub": Function([.time]) { _, values in
            let (left, right) = (time(values), time(values, 1))
            return .duration(saturated(left.subtractingReportingOverflow(right), isUp: left > right))
        },
        "Before": Function([.time]) { _, values in .boolean(time(values) < time(values, 1)) },
        "After": Function([.time]) { _, values in .boolean(time(values) > time(values, 1)) },
        "Equal": Function([.time]) { _, values in .boolean(time(values) == time(values, 1)) },
        "Compare": Function([.time]) { _, values in
            .int(time(values) < time(values, 1) ? -1 : time(values) > time(values, 1) ? 1 : 0)
        },
    ]

    private static let durationMethods: [String: TemplateFunction] = [
        "String": of { .string(durationText($0)) },
        "Seconds": of { .float(Double($0) / 1e9) },
        "Minutes": of { .float(Double($0) / 60e9) },
        "Hours": of { .float(Double($0) / 3600e9) },
        "Nanoseconds": of { .integer($0, type: "int64") },
        "Microseconds": of { .integer($0 / 1000, type: "int64") },
        "Milliseconds": of { .integer($0 / 1_000_000, type: "int64") },
        "Abs": of { .duration($0 == .min ? .max : abs($0)) },
        "Truncate": Function([.duration]) { _, values in
            let unit = time(values, 1)
            return .duration(unit <= 0 ? time(values) : time(values) - time(values) % unit)
        },
        "Round": Function([.duration]) { _, values in .duration(rounded(time(values), to: time(values, 1))) },
    ]

    /// To the nearest multiple, halfway values away from zero; saturates.
    private static func rounded(_ value: Int64, to unit: Int64) -> Int64 {
        guard unit > 0 else { return value }
        let rest = value % unit
        let cut = value - rest
        guard rest.magnitude >= unit.magnitude - rest.magnitude else { return cut }
        let isUp = value > 0
        return saturated(cut.addingReportingOverflow(isUp ? unit : -unit), isUp: isUp)
    }
}
