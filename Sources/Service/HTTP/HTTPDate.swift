import Basics
import Synchronization

/// The time as the field `Date` has it (RFC 9110, 5.6.7), made once a second.
final class HTTPDate: Sendable {
    private let clock: any WallClock
    private let cached = Mutex<(second: Int64, text: String)>((.min, ""))

    init(clock: any WallClock) { self.clock = clock }

    var text: String {
        let milliseconds = clock.now.milliseconds
        let second = milliseconds >= 0 ? milliseconds / 1000 : 0
        return cached.withLock { cached in
            if cached.second != second { cached = (second, Self.text(ofSecond: second)) }
            return cached.text
        }
    }

    /// The text of a second since 1970, not before it.
    static func text(ofSecond second: Int64) -> String {
        let days = second / 86_400
        let rest = second % 86_400
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let (year, month, day) = civil(days)
        let time = [rest / 3600, rest / 60 % 60, rest % 60].map(twoDigits).joined(separator: ":")
        let date = "\(weekdays[Int(days % 7)]), \(twoDigits(day)) \(months[Int(month - 1)])"
        return "\(date) \(year) \(time) GMT"
    }

    private static func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : String(number) }

    /// The date of a number of days since 1970, in eras of 400 years that begin in March.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
