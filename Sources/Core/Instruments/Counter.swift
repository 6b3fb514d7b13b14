public import Synchronization

/// A number that only goes up: requests served, bytes written, errors met.
///
/// Concurrency: any thread; incrementing takes no lock and allocates nothing. Whole steps go through an integer (one
/// atomic addition); other steps through a compare-and-swap of a double.
public final class Counter: Sendable {
    @usableFromInline let whole = Atomic<UInt64>(0)
    @usableFromInline let fraction = Atomic<UInt64>(0)

    init() {}

    /// Adds one.
    @inlinable
    public func increment() {
        whole.wrappingAdd(1, ordering: .relaxed)
    }

    /// Adds a whole number; a negative one is ignored, since a counter never goes down.
    @inlinable
    public func increment(by amount: Int) {
        guard amount > 0 else { return }
        whole.wrappingAdd(UInt64(amount), ordering: .relaxed)
    }

    /// Adds a number of seconds or the like; a negative one and NaN are ignored.
    @inlinable
    public func increment(by amount: Double) {
        guard amount > 0 else { return }
        AtomicDouble.add(amount, to: fraction)
    }

    /// What the counter reads.
    public var value: Double {
        Double(whole.load(ordering: .relaxed)) + Double(bitPattern: fraction.load(ordering: .relaxed))
    }
}

/// Additions to a double that lies in an atomic integer as its bits.
@usableFromInline
enum AtomicDouble {
    @inlinable
    static func add(_ amount: Double, to cell: borrowing Atomic<UInt64>) {
        var old = cell.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (isExchanged, current) = cell.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if isExchanged { return }
            old = current
        }
    }
}
