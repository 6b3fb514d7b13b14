/// An absolute `http` or `https` URL, taken apart as far as configurations are checked (RFC 3986, 3.2 and 9110, 4.2).
///
/// Pure. Percent-encodings and the characters of the path are not looked at.
public struct WebURL: Hashable, Sendable {
    /// `http` or `https`.
    public let scheme: String
    /// Whether a name or password stands in front of the host.
    public let hasUserInformation: Bool
    /// The host, never empty; an IPv6 address is without its brackets.
    public let host: String
    /// The port, when one is given.
    public let port: Int?
    /// From the first slash on; empty when there is none.
    public let path: String
    /// What stands behind `?`, and behind `#`; nil when the sign is missing.
    public let query, fragment: String?

    /// Reads a URL; nil when the text is none, or one without host.
    public init?(_ text: String) {
        guard let colon = text.firstRange(of: "://") else { return nil }
        scheme = text[..<colon.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        guard text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7f }) else { return nil }
        var rest = text[colon.upperBound...]
        fragment = Self.cut("#", from: &rest)
        query = Self.cut("?", from: &rest)
        path = rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? ""
        var authority = rest.prefix { $0 != "/" }
        if let at = authority.lastIndex(of: "@") {
            authority = authority[authority.index(after: at)...]
            hasUserInformation = true
        } else {
            hasUserInformation = false
        }
        guard let (host, port) = Self.hostAndPort(authority) else { return nil }
        self.host = host
        self.port = port
    }

    /// Takes what follows a sign off the end.
    private static func cut(_ sign: Character, from text: inout Substring) -> String? {
        guard let index = text.firstIndex(of: sign) else { return nil }
        defer { text = text[..<index] }
        return String(text[text.index(after: index)...])
    }

    private static func hostAndPort(_ authority: Substring) -> (String, Int?)? {
        var host = authority
        var port: Substring = ""
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let tail = authority[authority.index(after: end)...]
            guard tail.isEmpty || tail.hasPrefix(":") else { return nil }
            port = tail.dropFirst()
            guard host.contains(":"), host.allSatisfy({ $0.isHexDigit || ":.%".contains($0) }) else { return nil }
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        guard !host.isEmpty, !host.contains(where: { "<>\"\\^`{|}[]".contains($0) }) else { return nil }
        if port.isEmpty { return (String(host), nil) }
        guard port.allSatisfy(\.isNumber), let number = Int(port), (1...65_535).contains(number) else { return nil }
        return (String(host), number)
    }
}
