/// The value that ends a series: a NaN with a bit pattern of its own, as in Prometheus.
public enum StaleMarker {
    /// The marker's bits: a signaling NaN that no computation yields.
    public static let bitPattern: UInt64 = 0x7ff0_0000_0000_0002
    /// The NaN that computations and the text formats produce.
    public static let normalNaNBitPattern: UInt64 = 0x7ff8_0000_0000_0001

    /// The marker.
    public static let value = Double(bitPattern: bitPattern)

    /// Whether a value is the marker (every other NaN is an ordinary value).
    @inlinable
    public static func isStale(_ value: Double) -> Bool { value.bitPattern == 0x7ff0_0000_0000_0002 }
}
