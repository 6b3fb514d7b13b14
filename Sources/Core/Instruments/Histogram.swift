public import Synchronization

/// Counts observations in buckets with fixed upper bounds: durations, sizes.
///
/// Concurrency: any thread; observing takes no lock and allocates nothing: one atomic addition to a bucket, one
/// compare-and-swap for the sum. A snapshot taken meanwhile may hold an observation in the buckets and not yet in the
/// sum.
public final class Histogram: Sendable {
    /// The upper bounds, ascending, without +Inf.
    public let upperBounds: [Double]
    // SAFETY: both point to memory that lives as long as the object, is written once before it is shared, and
    // afterwards only read (bounds) or changed atomically (cells).
    @usableFromInline nonisolated(unsafe) let bounds: UnsafeMutablePointer<Double>
    @usableFromInline nonisolated(unsafe) let cells: UnsafeMutablePointer<Atomic<UInt64>>
    @usableFromInline let boundCount: Int
    @usableFromInline let sumBits = Atomic<UInt64>(0)

    init(upperBounds: [Double]) {
        self.upperBounds = upperBounds
        boundCount = upperBounds.count
        bounds = .allocate(capacity: max(1, boundCount))
        bounds.initialize(from: upperBounds, count: boundCount)
        cells = .allocate(capacity: boundCount + 1)
        for index in 0...boundCount { (cells + index).initialize(to: Atomic(0)) }
    }

    deinit {
        bounds.deallocate()
        cells.deinitialize(count: boundCount + 1)
        cells.deallocate()
    }

    /// Counts one observation, in the base unit that the metric's name ends in.
    ///
    /// NaN is ignored.
    @inlinable
    public func observe(_ value: Double) {
        guard !value.isNaN else { return }
        // Counting the bounds that lie below, instead of searching for the first that does not, leaves no branch to
        // mispredict.
        var index = 0
        for bound in 0..<boundCount { index &+= value > bounds[bound] ? 1 : 0 }
        cells[index].wrappingAdd(1, ordering: .relaxed)
        AtomicDouble.add(value, to: sumBits)
    }

    /// Counts one duration, in seconds.
    public func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        observe(Double(seconds) + Double(attoseconds) / 1e18)
    }

    /// Cumulative counts for each bound and +Inf, and the sum.
    public var reading: (cumulativeCounts: [UInt64], sum: Double) {
        var total: UInt64 = 0
        let counts = (0...boundCount).map { index in
            total += cells[index].load(ordering: .relaxed)
            return total
        }
        return (counts, Double(bitPattern: sumBits.load(ordering: .relaxed)))
    }
}

/// Bucket bounds for common measures.
public enum Buckets {
    /// Seconds from 0.5 ms to 10 s: requests and queries.
    public static let seconds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    /// Seconds from 10 µs to 1 s: work in memory.
    public static let shortSeconds: [Double] = [0.00001, 0.000025, 0.0001, 0.00025, 0.001, 0.0025, 0.01, 0.1, 1]
    /// Bytes from 256 B to 16 MiB.
    public static let bytes: [Double] = [256, 1024, 4096, 16384, 65536, 262_144, 1_048_576, 4_194_304, 16_777_216]

    /// Bounds that grow by a factor from a first one.
    public static func exponential(from first: Double, factor: Double, count: Int) -> [Double] {
        precondition(
            first > 0 && factor > 1 && count > 0,
            "BUG: exponential buckets need first > 0, factor > 1, count > 0"
        )
        return (0..<count).reduce(into: []) { bounds, _ in bounds.append((bounds.last.map { $0 * factor }) ?? first) }
    }
}
