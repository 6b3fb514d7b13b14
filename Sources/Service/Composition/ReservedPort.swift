import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The port that the server will listen on, kept from others until it does: `http.port`, or for 0 one that the system
/// chooses.
///
/// An address that cannot be had is told before anything is built. The platform's samples and links carry the port from
/// the first second on, and the server that is restarted listens where it did. A socket is bound to it and never listens;
/// beside it one that reuses addresses, as the server's does, may bind and listen.
final class ReservedPort: Sendable {
    let port: Int
    private let descriptor: CInt

    /// - Throws: ``ListenError`` when the address cannot be had.
    init(host: String, port: Int) throws(ListenError) {
        guard let address = try? SocketAddress.makeAddressResolvingHost(host, port: port) else {
            throw ListenError(host: host, port: port, .hostUnknown)
        }
        #if canImport(Darwin)
            let type = SOCK_STREAM
        #else
            let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        #endif
        let descriptor = socket(CInt(address.protocol.rawValue), type, 0)
        guard descriptor >= 0 else { throw ListenError(host: host, port: port, .init(errno: errno)) }
        guard let bound = Self.bind(descriptor, to: address) else {
            let reason = ListenError.Reason(errno: errno)
            close(descriptor)
            throw ListenError(host: host, port: port, reason)
        }
        self.port = bound
        self.descriptor = descriptor
        #if canImport(Darwin)
            // There a second socket may not bind beside it.
            close(descriptor)
        #endif
    }

    #if !canImport(Darwin)
        deinit { close(descriptor) }
    #endif

    /// Binds the socket; returns its port, or nil and leaves the reason in `errno`.
    private static func bind(_ descriptor: CInt, to address: SocketAddress) -> Int? {
        var isOn: CInt = 1
        guard setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isOn, socklen_t(MemoryLayout<CInt>.size)) == 0 else {
            return nil
        }
        let isBound = address.withSockAddr { pointer, size in systemBind(descriptor, pointer, socklen_t(size)) == 0 }
        guard isBound else { return nil }
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { bound in
                guard getsockname(descriptor, bound, &size) == 0, size >= 4 else { return nil }
                // In IPv4 and IPv6 alike the port follows the two bytes of the family, most significant byte first.
                let bytes = UnsafeRawBufferPointer(start: bound, count: 4)
                return Int(bytes[2]) << 8 | Int(bytes[3])
            }
        }
    }
}

/// The system's `bind`, which the method's name hides.
private func systemBind(_ descriptor: CInt, _ address: UnsafePointer<sockaddr>, _ size: socklen_t) -> CInt {
    bind(descriptor, address, size)
}
