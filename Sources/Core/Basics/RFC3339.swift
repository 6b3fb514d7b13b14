/// Dates and times as text (RFC 3339, the profile of ISO 8601 that the API speaks), without a calendar library.
extension Timestamp {
    /// The times that RFC 3339's four digits of a year can write: the years 0 to 9999.
    private static let writableMilliseconds: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// The time in UTC with milliseconds, as `2026-11-23T08:15:30.250Z`.
    ///
    /// Times before the year 0 or after 9999 have no such text; they are written as the first or last one that has.
    public var rfc3339: String {
        let range = Self.writableMilliseconds
        let civil = CivilTime(Timestamp(milliseconds: min(max(milliseconds, range.lowerBound), range.upperBound)))
        var text: [UInt8] = []
        text.reserveCapacity(24)
        text.appendPadded(civil.year, width: 4)
        text.append(UInt8(ascii: "-"))
        text.appendPadded(civil.month, width: 2)
        text.append(UInt8(ascii: "-"))
        text.appendPadded(civil.day, width: 2)
        text.append(UInt8(ascii: "T"))
        text.appendPadded(civil.hour, width: 2)
        text.append(UInt8(ascii: ":"))
        text.appendPadded(civil.minute, width: 2)
        text.append(UInt8(ascii: ":"))
        text.appendPadded(civil.second, width: 2)
        text.append(UInt8(ascii: "."))
        text.appendPadded(civil.millisecond, width: 3)
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads an RFC 3339 date-time: a zone is required, fractions beyond milliseconds are cut off.
    ///
    /// Returns nil for anything else, including days that do not exist and leap seconds.
    public init?(rfc3339 text: String) {
        var reader = DigitReader(Array(text.utf8))
        guard let year = reader.digits(4), reader.skip("-"), let month = reader.digits(2), reader.skip("-"),
            let day = reader.digits(2), reader.skipAny("Tt "), let hour = reader.digits(2), reader.skip(":"),
            let minute = reader.digits(2), reader.skip(":"), let second = reader.digits(2),
            hour < 24, minute < 60, second < 60
        else { return nil }
        var millisecond = 0
        if reader.skip(".") {
            guard let fraction = reader.fractionInMilliseconds() else { return nil }
            millisecond = fraction
        }
        guard let offset = reader.zoneOffsetInMinutes(), reader.isAtEnd,
            let days = CivilTime.daysSinceEpoch(year: year, month: month, day: day)
        else { return nil }
        let minutes = days * 1440 + hour * 60 + minute - offset
        self.init(milliseconds: Int64(minutes) * 60_000 + Int64(second * 1000 + millisecond))
    }
}

/// A date and a time of day in UTC, in the proleptic Gregorian calendar.
public struct CivilTime: Hashable, Sendable {
    /// Counted from the year 1; 0 and below lie before it.
    public let year: Int
    /// 1 to 12.
    public let month: Int
    /// 1 to 31.
    public let day: Int
    /// 0 to 23.
    public let hour: Int
    /// 0 to 59.
    public let minute: Int
    /// 0 to 59; there are no leap seconds.
    public let second: Int
    /// 0 to 999.
    public let millisecond: Int
    /// 0 is Sunday.
    public let dayOfWeek: Int
    /// 1 is January 1.
    public let dayOfYear: Int

    /// Splits a point in time; the algorithm is Howard Hinnant's `civil_from_days`.
    public init(_ timestamp: Timestamp) {
        let (days, rest) = floorDivide(timestamp.milliseconds, 86_400_000)
        let shifted = Int(days) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfMarchYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfMarchYear + 2) / 153
        day = dayOfMarchYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        hour = Int(rest / 3_600_000)
        minute = Int(rest / 60_000 % 60)
        second = Int(rest / 1000 % 60)
        millisecond = Int(rest % 1000)
        dayOfWeek = Int(floorDivide(days + 4, 7).remainder)
        let leap = CivilTime.isLeap(year) && month > 2 ? 1 : 0
        dayOfYear = CivilTime.daysBefore[month - 1] + day + leap
    }

    /// Whether a year has a February 29.
    public static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    /// The number of days of a month (1 to 12).
    public static func days(inMonth month: Int, of year: Int) -> Int {
        precondition((1...12).contains(month), "BUG: month \(month)")
        return month == 2 && isLeap(year) ? 29 : monthLengths[month - 1]
    }

    static let monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    static let daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]

    /// Days from 1970-01-01, or nil for a date that does not exist; years 0 to 9999.
    static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int? {
        guard (0...9999).contains(year), (1...12).contains(month), day >= 1, day <= days(inMonth: month, of: year)
        else { return nil }
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

private func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

extension [UInt8] {
    fileprivate mutating func appendPadded(_ value: Int, width: Int) {
        let digits = String(value).utf8
        append(contentsOf: repeatElement(UInt8(ascii: "0"), count: Swift.max(0, width - digits.count)))
        append(contentsOf: digits)
    }
}

private struct DigitReader {
    let bytes: [UInt8]
    var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func digits(_ count: Int) -> Int? {
        guard position + count <= bytes.count else { return nil }
        var value = 0
        for byte in bytes[position..<position + count] {
            guard (48...57).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 48)
        }
        position += count
        return value
    }

    mutating func skip(_ scalar: Unicode.Scalar) -> Bool { skipAny(String(scalar)) }

    mutating func skipAny(_ set: String) -> Bool {
        guard position < bytes.count, set.utf8.contains(bytes[position]) else { return false }
        position += 1
        return true
    }

    mutating func fractionInMilliseconds() -> Int? {
        let start = position
        var value = 0
        while position < bytes.count, (48...57).contains(bytes[position]) {
            if position - start < 3 { value = value * 10 + Int(bytes[position] - 48) }
            position += 1
        }
        switch position - start {
        case 0: return nil
        case 1: return value * 100
        case 2: return value * 10
        default: return value
        }
    }

    mutating func zoneOffsetInMinutes() -> Int? {
        if skipAny("Zz") { return 0 }
        let sign: Int
        if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
        guard let hours = digits(2), skip(":"), let minutes = digits(2), hours < 24, minutes < 60 else { return nil }
        return sign * (hours * 60 + minutes)
    }
}
