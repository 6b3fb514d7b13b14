/// Where Redis is and how one signs in there, read from a URL.
///
/// `redis://[[USER]:PASSWORD@]HOST[:PORT][/DB]`, `rediss://…` over TLS, and `redis+unix://[[USER]:PASSWORD@]/PATH[?db=N]` for a socket.
/// Names and passwords are percent-encoded where a URL demands it.
package struct RedisEndpoint: Hashable, Sendable {
    /// How it is reached.
    package enum Address: Hashable, Sendable {
        case host(String, port: Int, isEncrypted: Bool)
        case socket(path: String)
    }

    /// Why a text is no address of a Redis: the end of a sentence; never quotes the text, which may hold a password.
    package struct Fault: Error, Hashable, Sendable {
        package let reason: String
    }

    /// The port of a URL that names none.
    package static let portDefault = 6379
    /// The greatest number of a database.
    package static let databaseMax = 65_535

    package var address: Address
    /// Empty for Redis' user `default`.
    package var user = ""
    /// Empty when Redis wants none.
    package var password = ""
    package var database = 0

    package init(_ address: Address) { self.address = address }

    /// Reads a URL.
    ///
    /// - Throws: ``Fault``.
    package init(url: String) throws(Fault) {
        guard let colon = url.firstRange(of: "://") else { throw Fault(reason: "must begin with redis://") }
        let scheme = url[..<colon.lowerBound].lowercased()
        guard ["redis", "rediss", "redis+unix"].contains(scheme) else {
            throw Fault(reason: "must begin with redis://, rediss:// or redis+unix://")
        }
        guard url.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }), !url.contains("#") else {
            throw Fault(reason: "holds a blank, a control character or a #, which must be percent-encoded")
        }
        var rest = url[colon.upperBound...]
        let query = rest.firstIndex(of: "?").map { String(rest[rest.index(after: $0)...]) }
        rest = rest.prefix { $0 != "?" }
        let authority = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(authority.count)
        let at = authority.lastIndex(of: "@")
        let place = at.map { authority[authority.index(after: $0)...] } ?? authority
        if scheme == "redis+unix" {
            guard place.isEmpty, path.count > 1, let file = path.percentDecoded else {
                throw Fault(reason: "must name a socket by its absolute path: redis+unix:///run/redis.sock")
            }
            address = .socket(path: file)
            if let query {
                guard query.hasPrefix("db="), let number = Self.databaseNumber(query.dropFirst(3)) else {
                    throw Fault(reason: "may end with ?db=N only, N from 0 to \(Self.databaseMax)")
                }
                database = number
            }
        } else {
            guard query == nil else { throw Fault(reason: "must have no query") }
            let (host, port) = try Self.hostAndPort(place)
            address = .host(host, port: port, isEncrypted: scheme == "rediss")
            if path.count > 1 {
                guard let number = Self.databaseNumber(path.dropFirst()) else {
                    throw Fault(reason: "must end with the number of a database, from 0 to \(Self.databaseMax)")
                }
                database = number
            }
        }
        if let at { try readCredentials(authority[..<at]) }
    }

    /// For the log and for people: without user and password.
    package var redacted: String {
        switch address {
        case .host(let host, let port, let isEncrypted):
            let shown = host.contains(":") ? "[\(host)]" : host
            return "\(isEncrypted ? "rediss" : "redis")://\(shown):\(port)/\(database)"
        case .socket(let path): return "redis+unix://\(path)?db=\(database)"
        }
    }

    private mutating func readCredentials(_ text: Substring) throws(Fault) {
        let colon = text.firstIndex(of: ":")
        let secret = colon.map { text[text.index(after: $0)...] } ?? ""
        guard let user = text[..<(colon ?? text.endIndex)].percentDecoded, let password = secret.percentDecoded else {
            throw Fault(reason: "has a user or password that is not well percent-encoded")
        }
        guard user.isEmpty || !password.isEmpty else { throw Fault(reason: "has a user without a password") }
        self.user = user
        self.password = password
    }

    private static func databaseNumber(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text) else {
            return nil
        }
        return number <= databaseMax ? number : nil
    }

    private static func hostAndPort(_ text: Substring) throws(Fault) -> (String, Int) {
        var host = text
        var tail: Substring = ""
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw Fault(reason: "has a host without its closing ]") }
            host = text[..<end].dropFirst()
            tail = text[text.index(after: end)...]
            guard tail.isEmpty || tail.hasPrefix(":") else { throw Fault(reason: "has something after the host's ]") }
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            tail = text[colon...]
        }
        guard !host.isEmpty, !host.contains("%") else { throw Fault(reason: "has no host") }
        guard !tail.isEmpty else { return (String(host), portDefault) }
        guard let port = UInt16(tail.dropFirst()), port > 0, tail.dropFirst().first != "+" else {
            throw Fault(reason: "has a port that is no number from 1 to 65535")
        }
        return (String(host), Int(port))
    }
}

extension Substring {
    /// The text without its percent-encodings; nil when one is wrong or the bytes are no UTF-8.
    fileprivate var percentDecoded: String? {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            guard byte == 0x25 else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst()?.hexValue, let low = rest.popFirst()?.hexValue else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self)
    }
}

extension UInt8 {
    fileprivate var hexValue: UInt8? {
        switch self {
        case 48...57: self - 48
        case 65...70: self - 55
        case 97...102: self - 87
        default: nil
        }
    }
}
