#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An address that a task may want to reach, as its bytes: 4 of IPv4, 16 of IPv6.
///
/// Pure.
package struct NetworkAddress: Hashable, Sendable, CustomStringConvertible {
    private let bytes: [UInt8]

    /// Reads the usual text of either version; nil when it is neither.
    package init?(_ text: String) {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            bytes = withUnsafeBytes(of: four) { Array($0) }
            return
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        bytes = withUnsafeBytes(of: six) { Array($0) }
    }

    /// Whether everybody on the internet means the same by it.
    ///
    /// False for private, loopback and link-local networks, for those of documentation and benchmarks, for multicast and
    /// what is reserved (the IANA special-purpose registries, RFC 6890), and for IPv6 forms that carry such an IPv4 address.
    package var isPublic: Bool {
        if bytes.count == 4 { return Self.isPublicV4(bytes) }
        if let embedded { return Self.isPublicV4(embedded) }
        // Global unicast is 2000::/3; within it 2001::/23 is special, 2001:db8::/32 and 3fff::/20 document.
        guard bytes[0] & 0xe0 == 0x20 else { return false }
        if bytes.starts(with: [0x20, 0x01, 0x0d, 0xb8]) { return false }
        if bytes[0] == 0x20, bytes[1] == 0x01, bytes[2] & 0xfe == 0 { return false }
        return !(bytes[0] == 0x3f && bytes[1] == 0xff && bytes[2] & 0xf0 == 0)
    }

    /// The IPv4 address in a mapped (`::ffff:0:0/96`), translated (`64:ff9b::/96`) or 6to4 (`2002::/16`) one.
    private var embedded: [UInt8]? {
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xff, bytes[11] == 0xff { return Array(bytes[12...]) }
        if bytes.starts(with: [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]) { return Array(bytes[12...]) }
        if bytes.starts(with: [0x20, 0x02]) { return Array(bytes[2..<6]) }
        return nil
    }

    private static func isPublicV4(_ bytes: [UInt8]) -> Bool {
        switch (bytes[0], bytes[1], bytes[2]) {
        case (0, _, _), (10, _, _), (127, _, _), (224..., _, _): false
        case (100, 64...127, _), (169, 254, _), (172, 16...31, _), (192, 168, _): false
        case (192, 0, 0), (192, 0, 2), (192, 88, 99), (198, 18...19, _), (198, 51, 100), (203, 0, 113): false
        default: true
        }
    }

    /// As `inet_ntop` writes it.
    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        _ = bytes.withUnsafeBytes { inet_ntop(family, $0.baseAddress, &text, socklen_t(text.count)) }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
