/// An IP address as 128 bits; IPv4 in its IPv6-mapped form.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads the usual text of either version, also in brackets; nil when it is neither.
    package init?(_ text: some StringProtocol) {
        var text = String(text)
        if text.hasPrefix("["), text.hasSuffix("]") { text = String(text.dropFirst().dropLast()) }
        if let zone = text.firstIndex(of: "%") { text = String(text[..<zone]) }
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(high: 0, low: 0xffff_0000_0000 | UInt64(UInt32(bigEndian: four.s_addr)))
            return
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        let halves = withUnsafeBytes(of: six) { bytes in
            // SAFETY: in6_addr has 16 bytes, and both loads stay inside.
            (bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        self.init(high: UInt64(bigEndian: halves.0), low: UInt64(bigEndian: halves.1))
    }

    package var isV4: Bool { high == 0 && low >> 32 == 0xffff }

    /// What limits count by: the address, or for IPv6 its /64, since a site has all of that.
    package var limitKey: UInt64 { isV4 ? low : high }

    package var description: String {
        if isV4 {
            return "\(low >> 24 & 0xff).\(low >> 16 & 0xff).\(low >> 8 & 0xff).\(low & 0xff)"
        }
        let groups = [high, low].flatMap { half in [48, 32, 16, 0].map { half >> UInt64($0) & 0xffff } }
        return groups.map { String($0, radix: 16) }.joined(separator: ":")
    }
}

/// A range of addresses in CIDR notation.
package struct AddressRange: Hashable, Sendable {
    private let address: IPAddress
    /// Leading bits that count, of 128.
    private let bits: Int

    /// Reads `10.0.0.0/8`, `fd00::/8` or a single address; nil when it is none of them.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        let width = address.isV4 ? 32 : 128
        var bits = width
        if parts.count == 2 {
            guard let given = Int(parts[1]), (0...width).contains(given) else { return nil }
            bits = given
        }
        self.address = address
        self.bits = 128 - width + bits
    }

    package func contains(_ other: IPAddress) -> Bool {
        let highMask: UInt64 = bits >= 64 ? .max : ~(UInt64.max >> UInt64(bits))
        let lowMask: UInt64 = bits >= 128 ? .max : bits <= 64 ? 0 : ~(UInt64.max >> UInt64(bits - 64))
        return (address.high ^ other.high) & highMask == 0 && (address.low ^ other.low) & lowMask == 0
    }
}

extension Array where Element == AddressRange {
    /// The client's own address: the nearest hop that is not one of these proxies.
    ///
    /// Reads `X-Forwarded-For` from its end, since each proxy appends and a client may have sent a beginning of its
    /// own. Text that is no address ends the search, and the hop before it counts.
    func client(behind peer: IPAddress, forwardedFor: [String]) -> IPAddress {
        guard !isEmpty, isTrusted(peer) else { return peer }
        var nearest = peer
        for list in forwardedFor.reversed() {
            for hop in list.split(separator: ",").reversed() {
                guard let address = IPAddress(hop.filter { $0 != " " && $0 != "\t" }) else { return nearest }
                nearest = address
                if !isTrusted(address) { return address }
            }
        }
        return nearest
    }

    /// Whether an address is in one of these ranges.
    func isTrusted(_ address: IPAddress) -> Bool { contains { $0.contains(address) } }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif
