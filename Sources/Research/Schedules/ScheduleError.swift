package import Records
package import Tasks

/// Why an operation on schedules was refused or failed.
package typealias ScheduleError = RecordError<ScheduleRefusal>

/// What only schedules refuse.
package enum ScheduleRefusal: RecordRefusal {
    /// As many schedules exist as may.
    case tooManySchedules(schedulesMax: Int)
    /// Its zone or its expression, good when it was written, is not known here: another version, other time zones.
    case unreadable(FieldViolation)
    /// The task that a person asked for was refused.
    case task(TaskRefusal)

    package var code: RecordErrorCode {
        switch self {
        case .tooManySchedules: .tooManySchedules
        case .unreadable: .unreadable
        case .task(let refusal): refusal.code
        }
    }

    package static let codes: [RecordErrorCode] = [.tooManySchedules, .unreadable] + TaskRefusal.codes
}

extension RecordErrorCode {
    package static let tooManySchedules = RecordErrorCode(rawValue: "too_many_schedules")
    package static let unreadable = RecordErrorCode(rawValue: "unreadable")
}
