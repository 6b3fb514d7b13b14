import HTTP

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Why the server cannot listen where it is told to: the address, the reason and what helps.
struct ListenError: Error, Hashable, CustomStringConvertible {
    /// What is wrong, as far as the remedies differ.
    enum Reason: Hashable {
        case portInUse
        case portNotAllowed
        case addressNotHere
        case hostUnknown
        /// In the system's words.
        case other(String)

        /// - Parameter number: the `errno` of a failed `bind` or `listen`.
        init(errno number: CInt) {
            self =
                switch number {
                case EADDRINUSE: .portInUse
                case EACCES, EPERM: .portNotAllowed
                case EADDRNOTAVAIL: .addressNotHere
                default: .other(String(cString: strerror(number)))
                }
        }
    }

    let host: String
    let port: Int
    let reason: Reason

    init(host: String, port: Int, _ reason: Reason) {
        self.host = host
        self.port = port
        self.reason = reason
    }

    /// What the HTTP server threw before it listened; nil when it is about something else.
    init?(_ error: HTTPServerError) {
        switch error {
        case .addressInUse(let host, let port): self.init(host: host, port: port, .portInUse)
        case .cannotListen(let host, let port, let reason): self.init(host: host, port: port, .other(reason))
        case .listenerFailed, .drainTimedOut: return nil
        }
    }

    var description: String {
        "cannot listen on \(host.contains(":") ? "[\(host)]" : host):\(port): \(explanation)"
    }

    private var explanation: String {
        switch reason {
        case .portInUse:
            "another process listens there; end it, or choose another port (http.port, KASKMAN_HTTP_PORT, --http-port)"
        case .portNotAllowed:
            "the system does not allow it; choose a port above 1023 (http.port, KASKMAN_HTTP_PORT, --http-port)"
        case .addressNotHere:
            "this machine has no such address; choose another one (http.host, KASKMAN_HTTP_HOST, --http-host)"
        case .hostUnknown:
            "the name leads to no address; choose another one (http.host, KASKMAN_HTTP_HOST, --http-host)"
        case .other(let text):
            "\(text); choose another address or port (http.host, http.port)"
        }
    }
}
