/// A set of Unicode scalar values as sorted, disjoint, non-adjacent closed ranges.
struct ScalarSet: Hashable, Sendable {
    /// A closed range of scalar values.
    struct Range: Hashable, Sendable {
        var low: UInt32
        var high: UInt32
    }

    static let scalarMax: UInt32 = 0x10FFFF
    static let all = ScalarSet(ranges: [Range(low: 0, high: scalarMax)])
    static let allButNewline = ScalarSet(ranges: [Range(low: 0, high: 9), Range(low: 11, high: scalarMax)])

    /// The ranges, in ascending order.
    private(set) var ranges: [Range]

    /// Wraps ranges that are already sorted, disjoint and non-adjacent.
    init(ranges: [Range]) {
        self.ranges = ranges
    }

    /// Creates a set from pairs in any order.
    init(_ pairs: [(UInt32, UInt32)]) {
        self.init(unsorted: pairs.map { Range(low: $0.0, high: $0.1) })
    }

    /// Creates a set from ranges in any order.
    init(unsorted: [Range]) {
        ranges = []
        ranges.reserveCapacity(unsorted.count)
        for range in unsorted.sorted(by: { $0.low < $1.low }) {
            if let last = ranges.last, range.low <= last.high &+ 1 {
                ranges[ranges.count - 1].high = max(last.high, range.high)
            } else {
                ranges.append(range)
            }
        }
    }

    var isEmpty: Bool { ranges.isEmpty }

    /// The number of scalar values in the set.
    var scalarCount: Int {
        ranges.reduce(0) { $0 + Int($1.high - $1.low) + 1 }
    }

    /// Every scalar value that is not in the set.
    var inverted: ScalarSet {
        var result: [Range] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.low > next {
                result.append(Range(low: next, high: range.low - 1))
            }
            next = range.high + 1
        }
        if next <= Self.scalarMax {
            result.append(Range(low: next, high: Self.scalarMax))
        }
        return ScalarSet(ranges: result)
    }

    /// The set without the surrogate code points, which no UTF-8 text holds.
    var withoutSurrogates: ScalarSet {
        let surrogates = Range(low: 0xD800, high: 0xDFFF)
        guard ranges.contains(where: { $0.low <= surrogates.high && $0.high >= surrogates.low }) else {
            return self
        }
        var result: [Range] = []
        for range in ranges {
            if range.low < surrogates.low {
                result.append(Range(low: range.low, high: min(range.high, surrogates.low - 1)))
            }
            if range.high > surrogates.high {
                result.append(Range(low: max(range.low, surrogates.high + 1), high: range.high))
            }
        }
        return ScalarSet(ranges: result)
    }
}
