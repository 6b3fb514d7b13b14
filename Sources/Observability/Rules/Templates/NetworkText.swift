/// `host:port` taken apart as Go's `net.SplitHostPort` does it.
struct HostPort: Equatable {
    let host: String
    let port: String

    /// Nil when there is no port, or too many colons, or brackets in the wrong place.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        let colon = UInt8(ascii: ":")
        guard let last = bytes.lastIndex(of: colon) else { return nil }
        var hostRange = 0..<last
        var openFrom = 0
        var closeFrom = 0
        if bytes.first == UInt8(ascii: "[") {
            guard let close = bytes.firstIndex(of: UInt8(ascii: "]")), close + 1 == last else { return nil }
            hostRange = 1..<close
            openFrom = 1
            closeFrom = close + 1
        } else if bytes[hostRange].contains(colon) {
            return nil
        }
        if bytes[openFrom...].contains(UInt8(ascii: "[")) || bytes[closeFrom...].contains(UInt8(ascii: "]")) {
            return nil
        }
        host = String(decoding: bytes[hostRange], as: UTF8.self)
        port = String(decoding: bytes[(last + 1)...], as: UTF8.self)
    }
}

/// IP addresses as text.
enum IPAddress {
    /// Whether the text is an IPv4 or IPv6 address (with or without a zone for the latter).
    static func isValid(_ text: String) -> Bool { isVersion4(text[...]) || isVersion6(text) }

    private static func isVersion4(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (48...57).contains($0) }) else {
                    return false
                }
                if part.utf8.count > 1, part.hasPrefix("0") { return false }
                return (Int(part) ?? 256) < 256
            }
    }

    private static func isVersion6(_ text: String) -> Bool {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard text.contains(":"), halves.count <= 2 else { return false }
        var groups = 0
        for (index, half) in halves.enumerated() {
            if half.isEmpty { continue }
            let parts = half.split(separator: ":", omittingEmptySubsequences: false)
            for (position, part) in parts.enumerated() {
                let isLast = index == halves.count - 1 && position == parts.count - 1
                if isLast, part.contains("."), isVersion4(part) {
                    groups += 2
                    continue
                }
                guard (1...4).contains(part.utf8.count), part.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
                    return false
                }
                groups += 1
            }
        }
        return halves.count == 2 ? groups < 8 : groups == 8
    }
}

/// Texts in URLs.
public enum URLText {
    /// Escapes a text for a query's value, as Go's `url.QueryEscape`: a blank becomes `+`.
    public static func queryEscape(_ text: String) -> String {
        var escaped: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"):
                escaped.append(byte)
            case UInt8(ascii: " "): escaped.append(UInt8(ascii: "+"))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                escaped += Array("%\(digits.utf8.count < 2 ? "0" : "")\(digits)".utf8)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }

    /// The path that shows an expression as a graph.
    public static func graphLink(_ expression: String) -> String {
        "/graph?g0.expr=\(queryEscape(expression))&g0.tab=0"
    }

    /// The path that shows an expression as a table.
    public static func tableLink(_ expression: String) -> String {
        "/graph?g0.expr=\(queryEscape(expression))&g0.tab=1"
    }
}

/// An order in which numbers inside texts count as numbers (`a2` before `a10`).
enum NaturalOrder {
    static func precedes(_ left: String, _ right: String) -> Bool {
        var left = Substring(left).utf8
        var right = Substring(right).utf8
        while let first = left.first, let second = right.first {
            let leftDigits = left.prefix { (48...57).contains($0) }
            let rightDigits = right.prefix { (48...57).contains($0) }
            if !leftDigits.isEmpty, !rightDigits.isEmpty {
                let one = leftDigits.drop { $0 == 48 }
                let two = rightDigits.drop { $0 == 48 }
                if one.count != two.count { return one.count < two.count }
                if !one.elementsEqual(two) { return one.lexicographicallyPrecedes(two) }
                if leftDigits.count != rightDigits.count { return leftDigits.count < rightDigits.count }
                left = left.dropFirst(leftDigits.count)
                right = right.dropFirst(rightDigits.count)
                continue
            }
            if first != second { return first < second }
            left = left.dropFirst()
            right = right.dropFirst()
        }
        return left.isEmpty && !right.isEmpty
    }
}
