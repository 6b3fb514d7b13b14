public import MetricModel

/// What identifies an alert: a hash of its labels, the same as Alertmanager's.
///
/// Source: 64-bit FNV-1a over the labels sorted by name, each as name, byte 0xff, value, byte 0xff.
public struct Fingerprint: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The hash.
    public let rawValue: UInt64

    /// Makes the fingerprint of a label set.
    public init(_ labels: Labels) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        labels.forEachRange { name, value in
            for byte in labels.packed[name] { mix(byte) }
            mix(0xff)
            for byte in labels.packed[value] { mix(byte) }
            mix(0xff)
            return true
        }
        rawValue = hash
    }

    /// Whether the left hash is smaller as an unsigned number.
    public static func < (left: Fingerprint, right: Fingerprint) -> Bool { left.rawValue < right.rawValue }

    /// Sixteen hexadecimal digits.
    public var description: String {
        let digits = String(rawValue, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
