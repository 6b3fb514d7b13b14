#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The network that a client's address belongs to, as far as limits are concerned.
enum ClientNetwork {
    /// The network that limits count an address under.
    ///
    /// An IPv4 address stands for itself, an IPv6 address for its /64, which one customer usually has whole; an IPv4
    /// address in IPv6 form for the IPv4 address. Any other text stands for itself, up to 64 characters.
    static func of(_ address: String) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        // SAFETY: inet_pton writes 16 bytes for AF_INET6, which the array has.
        guard address.utf8.count <= 64, inet_pton(AF_INET6, address, &bytes) == 1 else {
            return String(address.prefix(64))
        }
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
        if Array(bytes.prefix(12)) == mapped { return bytes.suffix(4).map { "\($0)" }.joined(separator: ".") }
        let groups = stride(from: 0, to: 8, by: 2).map {
            String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
        }
        return groups.joined(separator: ":") + "::/64"
    }
}
