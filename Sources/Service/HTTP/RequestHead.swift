import HTTPTypes
import NIOHTTP1

/// The start of a request as NIO reads it, checked for what its parser leaves to us.
enum RequestHead {
    /// - Throws: ``ConnectionFault`` with `malformed`, after which the connection cannot be trusted.
    static func request(_ head: HTTPRequestHead) throws(ConnectionFault) -> HTTPRequest {
        guard head.version.major == 1, head.version.minor <= 1 else { throw .malformed("HTTP/1.1 is spoken here") }
        guard let method = method(head.method) else { throw .malformed("the method is no token") }
        var fields = HTTPFields()
        fields.reserveCapacity(head.headers.count)
        var host: String?
        for (name, value) in head.headers {
            guard let name = HTTPField.Name(name), HTTPField.isValidValue(value) else {
                throw .malformed("a header field is not valid")
            }
            if name == hostName {
                // RFC 9112, 3.2: more than one Host is an attempt to be read in two ways.
                guard host == nil else { throw .malformed("more than one Host") }
                host = value
            } else {
                fields.append(HTTPField(name: name, value: value))
            }
        }
        if head.version.minor == 1, host == nil { throw .malformed("Host is missing") }
        guard let path = originForm(head.uri, method) else { throw .malformed("the target is not a path") }
        return HTTPRequest(method: method, scheme: "http", authority: host, path: path, headerFields: fields)
    }

    private static let hostName = HTTPField.Name("Host")

    private static func method(_ method: HTTPMethod) -> HTTPRequest.Method? {
        switch method {
        case .GET: .get
        case .HEAD: .head
        case .POST: .post
        case .PUT: .put
        case .PATCH: .patch
        case .DELETE: .delete
        case .OPTIONS: .options
        default: HTTPRequest.Method(method.rawValue)
        }
    }

    /// The path and query of a target: as it stands, out of an absolute URI (RFC 9112, 3.2.2), or `*` for OPTIONS.
    private static func originForm(_ target: String, _ method: HTTPRequest.Method) -> String? {
        if target.utf8.first == UInt8(ascii: "/") {
            return target.utf8.contains(UInt8(ascii: "#")) ? nil : target
        }
        if target == "*" { return method == .options ? target : nil }
        for scheme in ["http://", "https://"] where target.lowercased().hasPrefix(scheme) {
            let rest = target.dropFirst(scheme.count)
            guard let slash = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return "/" }
            return rest[slash] == "/" ? String(rest[slash...]) : "/" + rest[slash...]
        }
        return nil
    }
}
