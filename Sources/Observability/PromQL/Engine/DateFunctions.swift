import Basics

/// Functions from a time to a part of its date, in UTC.
enum DateFunctions {
    static func function(_ name: FunctionName) -> ((CivilTime) -> Double)? {
        switch name {
        case .year: return { Double($0.year) }
        case .month: return { Double($0.month) }
        case .dayOfMonth: return { Double($0.day) }
        case .dayOfWeek: return { Double($0.dayOfWeek) }
        case .dayOfYear: return { Double($0.dayOfYear) }
        case .daysInMonth: return { Double(daysInMonth($0)) }
        case .hour: return { Double($0.hour) }
        case .minute: return { Double($0.minute) }
        default: return nil
        }
    }

    /// The part of the date that lies `seconds` after the epoch; NaN for what is no time.
    static func apply(_ part: (CivilTime) -> Double, toSeconds seconds: Double) -> Double {
        guard seconds.magnitude < 9e15 else { return .nan }
        return part(CivilTime(Timestamp(milliseconds: Int64(seconds.rounded(.towardZero)) * 1000)))
    }

    private static func daysInMonth(_ time: CivilTime) -> Int {
        switch time.month {
        case 2:
            let isLeap = time.year % 4 == 0 && (time.year % 100 != 0 || time.year % 400 == 0)
            return isLeap ? 29 : 28
        case 4, 6, 9, 11: return 30
        default: return 31
        }
    }
}
