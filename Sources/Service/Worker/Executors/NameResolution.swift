import Foundation

/// The addresses of a host, by the system's resolver, on a thread of its own: it may block for long.
enum NameResolution {
    /// - Returns: the addresses in the resolver's order; none when the name is not known.
    static func addresses(of host: String) async -> [NetworkAddress] {
        await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: resolve(host)) }
            thread.start()
        }
    }

    private static func resolve(_ host: String) -> [NetworkAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [NetworkAddress] = []
        var next = list
        while let entry = next {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let result = getnameinfo(
                entry.pointee.ai_addr,
                entry.pointee.ai_addrlen,
                &text,
                socklen_t(text.count),
                nil,
                0,
                NI_NUMERICHOST
            )
            let name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            // A link-local address carries its interface behind a per cent sign.
            let bare = name.prefix { $0 != "%" }
            if result == 0, let address = NetworkAddress(String(bare)) { addresses.append(address) }
            next = entry.pointee.ai_next
        }
        return addresses
    }
}
