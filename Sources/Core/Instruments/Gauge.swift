public import Synchronization

/// A number that goes up and down: connections, queue length, temperature.
///
/// Concurrency: any thread; no lock, no allocation.
public final class Gauge: Sendable {
    @usableFromInline let bits = Atomic<UInt64>(0)

    init() {}

    /// Sets the number.
    @inlinable
    public func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    /// Adds an amount, which may be negative.
    @inlinable
    public func add(_ amount: Double) {
        AtomicDouble.add(amount, to: bits)
    }

    /// Adds one.
    @inlinable
    public func increment() { add(1) }

    /// Takes one away.
    @inlinable
    public func decrement() { add(-1) }

    /// What the gauge reads.
    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}
