/// What the text of a string stands for; checked on the way in and named in the schema.
///
/// Formats with an expression are written as `pattern`, the others as `format`.
package enum JSONFormat: String, CaseIterable, Sendable {
    /// RFC 3339 with a zone.
    case dateTime = "date-time"
    /// RFC 3339 full-date.
    case date
    /// RFC 9562, either case.
    case uuid
    /// RFC 3986, with a scheme and no spaces.
    case uri
    /// One `@` with text on both sides and no spaces; whether mail arrives is not for a pattern to say.
    case email
    /// A name for addresses: lower-case letters, digits and single hyphens between.
    case slug
    /// A Prometheus metric name.
    case metricName = "metric-name"
    /// A Prometheus label name.
    case labelName = "label-name"
    /// No control characters, and a letter, digit or sign besides spaces.
    case visibleText = "visible-text"
    /// What a user may be called.
    case username
    /// What bcrypt reads as a whole: ``newPasswordBytesMax`` bytes, none of them zero; no pattern can count bytes.
    case newPassword = "new-password"

    /// Bytes of UTF-8 of a new password.
    package static let newPasswordBytesMax = 72

    /// The expression (ECMA 262) for the schema's `pattern`; nil where JSON Schema knows the format.
    package var pattern: String? {
        switch self {
        case .dateTime, .date, .uuid, .uri, .email: nil
        case .slug: "^[a-z0-9]+(-[a-z0-9]+)*$"
        case .metricName: "^[a-zA-Z_:][a-zA-Z0-9_:]*$"
        case .labelName: "^[a-zA-Z_][a-zA-Z0-9_]*$"
        case .username: "^[A-Za-z0-9._@-]+$"
        case .newPassword: "^[^\\u0000]*$"
        case .visibleText: "^[^\\u0000-\\u001f\\u007f]*[^\\u0000-\\u0020\\u007f][^\\u0000-\\u001f\\u007f]*$"
        }
    }

    /// What a person is told who broke it.
    var expectation: String {
        switch self {
        case .dateTime: "an RFC 3339 time with a zone"
        case .date: "a date like 2026-01-31"
        case .uuid: "a UUID"
        case .uri: "an absolute URI"
        case .email: "an e-mail address"
        case .slug: "lower-case letters, digits and single hyphens between them"
        case .metricName: "a metric name"
        case .labelName: "a label name"
        case .visibleText: "visible text without control characters"
        case .username: "letters, digits, '.', '_', '@' or '-'"
        case .newPassword: "at most \(Self.newPasswordBytesMax) bytes long, without zero characters"
        }
    }

    /// Whether text has the format.
    package func matches(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        switch self {
        case .dateTime: return Self.isDateTime(bytes)
        case .date: return bytes.count == 10 && Self.isDate(bytes[...])
        case .uuid: return Self.isUUID(bytes)
        case .uri: return Self.isURI(bytes)
        case .email: return Self.isEmail(bytes)
        case .slug: return Self.isSlug(bytes)
        case .metricName:
            return Self.isName(bytes) { $0 == UInt8(ascii: ":") }
        case .labelName:
            return Self.isName(bytes) { _ in false }
        case .username:
            return !bytes.isEmpty
                && bytes.allSatisfy { Self.isLetter($0) || Self.isDigit($0) || "._@-".utf8.contains($0) }
        case .newPassword: return bytes.count <= Self.newPasswordBytesMax && !bytes.contains(0)
        case .visibleText:
            return !bytes.contains { $0 < 0x20 || $0 == 0x7f } && bytes.contains { $0 != 0x20 }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) }

    /// The number that two or four digits stand for; nil when they are none.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard digits.allSatisfy(isDigit) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    private static func isDate(_ bytes: ArraySlice<UInt8>) -> Bool {
        let start = bytes.startIndex
        guard bytes.count == 10, bytes[start + 4] == UInt8(ascii: "-"), bytes[start + 7] == UInt8(ascii: "-"),
            let year = number(bytes[start..<start + 4]), let month = number(bytes[start + 5..<start + 7]),
            let day = number(bytes[start + 8..<start + 10]), (1...12).contains(month)
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...days[month - 1]).contains(day)
    }

    private static func isDateTime(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 20, isDate(bytes[0..<10]), bytes[10] | 0x20 == UInt8(ascii: "t"),
            isTime(bytes[11..<19], secondsMax: 60)
        else { return false }
        var rest = bytes[19...]
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            let fraction = rest.prefix(while: isDigit)
            guard !fraction.isEmpty else { return false }
            rest = rest.dropFirst(fraction.count)
        }
        if rest.count == 1 { return (rest.first ?? 0) | 0x20 == UInt8(ascii: "z") }
        guard rest.count == 6, let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-")
        else { return false }
        return isTime(Array(rest.dropFirst() + ":00".utf8)[...], secondsMax: 59)
    }

    private static func isTime(_ bytes: ArraySlice<UInt8>, secondsMax: Int) -> Bool {
        let start = bytes.startIndex
        guard bytes.count == 8, bytes[start + 2] == UInt8(ascii: ":"), bytes[start + 5] == UInt8(ascii: ":"),
            let hour = number(bytes[start..<start + 2]), let minute = number(bytes[start + 3..<start + 5]),
            let second = number(bytes[start + 6..<start + 8])
        else { return false }
        return hour <= 23 && minute <= 59 && second <= secondsMax
    }

    private static func isUUID(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == 36 else { return false }
        return bytes.enumerated().allSatisfy { index, byte in
            switch index {
            case 8, 13, 18, 23: byte == UInt8(ascii: "-")
            default: isDigit(byte) || (97...102).contains(byte | 0x20)
            }
        }
    }

    private static func isURI(_ bytes: [UInt8]) -> Bool {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0, colon + 1 < bytes.count,
            isLetter(bytes[0])
        else { return false }
        let scheme = bytes[..<colon].allSatisfy { isLetter($0) || isDigit($0) || "+-.".utf8.contains($0) }
        return scheme && bytes.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"\"<>\\^`{|}".utf8.contains($0) }
    }

    private static func isEmail(_ bytes: [UInt8]) -> Bool {
        guard let sign = bytes.firstIndex(of: UInt8(ascii: "@")), sign > 0, sign + 1 < bytes.count else { return false }
        return !bytes[(sign + 1)...].contains(UInt8(ascii: "@")) && bytes.allSatisfy { $0 > 0x20 && $0 != 0x7f }
    }

    private static func isSlug(_ bytes: [UInt8]) -> Bool {
        var isAfterHyphen = true
        for byte in bytes {
            if byte == UInt8(ascii: "-") {
                if isAfterHyphen { return false }
                isAfterHyphen = true
            } else {
                guard isDigit(byte) || (97...122).contains(byte) else { return false }
                isAfterHyphen = false
            }
        }
        return !isAfterHyphen
    }

    private static func isName(_ bytes: [UInt8], _ isExtra: (UInt8) -> Bool) -> Bool {
        guard let first = bytes.first, !isDigit(first) else { return false }
        return bytes.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") || isExtra($0) }
    }
}
