/// The buckets of one classic histogram at one time: cumulative counts by upper bound.
struct ClassicBuckets {
    struct Bucket {
        var upperBound: Double
        var count: Double
    }

    /// By upper bound; a bound comes once.
    private(set) var buckets: [Bucket] = []

    /// Differences below this part of the counts are taken for rounding errors.
    private static let smallDifference = 1e-12

    mutating func removeAll() { buckets.removeAll(keepingCapacity: true) }

    /// Adds a bucket whose bound is not below those before; counts of the same bound are added up.
    mutating func append(upperBound: Double, count: Double) {
        if let last = buckets.last, last.upperBound == upperBound {
            buckets[buckets.count - 1].count += count
        } else {
            buckets.append(Bucket(upperBound: upperBound, count: count))
        }
    }

    /// What was done to counts that fell.
    struct Repair {
        var lowestBound = Double.infinity
        var highestBound = -Double.infinity
        var differenceMax = 0.0
    }

    /// The value below which a part of the observations lies, and what had to be repaired for it.
    ///
    /// Within a bucket observations are taken to be spread evenly; the lowest begins at 0 if its bound is positive.
    mutating func quantile(_ quantile: Double) -> (value: Double, repair: Repair?) {
        if quantile.isNaN { return (.nan, nil) }
        if quantile < 0 { return (-.infinity, nil) }
        if quantile > 1 { return (.infinity, nil) }
        guard let last = buckets.last, last.upperBound == .infinity else { return (.nan, nil) }
        let repair = makeMonotonic()
        let observations = buckets[buckets.count - 1].count
        if buckets.count < 2 || observations == 0 || observations.isNaN { return (.nan, repair) }
        var rank = quantile * observations
        let highest = buckets.count - 1
        let index = buckets[..<highest].firstIndex { $0.count >= rank } ?? highest
        if index == highest { return (buckets[highest - 1].upperBound, repair) }
        let bucket = buckets[index]
        if index == 0 && bucket.upperBound <= 0 { return (bucket.upperBound, repair) }
        var lower = 0.0
        var count = bucket.count
        if index > 0 {
            lower = buckets[index - 1].upperBound
            count -= buckets[index - 1].count
            rank -= buckets[index - 1].count
        }
        return (lower + (bucket.upperBound - lower) * (rank / count), repair)
    }

    /// Counts must not fall from bucket to bucket: small differences are ignored, falls are levelled.
    private mutating func makeMonotonic() -> Repair? {
        var repair: Repair?
        var previous = buckets[0].count
        for index in 1..<max(buckets.count, 1) {
            let current = buckets[index].count
            if current == previous { continue }
            if Self.isAlmostEqual(previous, current) {
                buckets[index].count = previous
            } else if current < previous {
                buckets[index].count = previous
                var fix = repair ?? Repair()
                fix.lowestBound = min(fix.lowestBound, buckets[index].upperBound)
                fix.highestBound = max(fix.highestBound, buckets[index].upperBound)
                fix.differenceMax = max(fix.differenceMax, previous - current)
                repair = fix
            } else {
                previous = current
            }
        }
        return repair
    }

    private static func isAlmostEqual(_ left: Double, _ right: Double) -> Bool {
        if left.isNaN && right.isNaN { return true }
        let sum = left.magnitude + right.magnitude
        let difference = (left - right).magnitude
        if left == 0 || right == 0 || sum < Double.leastNormalMagnitude {
            return difference < smallDifference * Double.leastNormalMagnitude
        }
        return difference / min(sum, Double.greatestFiniteMagnitude) < smallDifference
    }

    /// The part of the observations between two values.
    func fraction(from lower: Double, to upper: Double) -> Double {
        guard let last = buckets.last, last.upperBound == .infinity else { return .nan }
        let count = last.count
        if count == 0 || lower.isNaN || upper.isNaN { return .nan }
        if lower >= upper { return 0 }
        return (rank(of: upper, count) - rank(of: lower, count)) / count
    }

    /// How many observations lie below a value.
    private func rank(of value: Double, _ count: Double) -> Double {
        var rank = 0.0
        for (index, bucket) in buckets.enumerated() {
            let lowerBound =
                index > 0 ? buckets[index - 1].upperBound : bucket.upperBound <= 0 ? -Double.infinity : 0
            if lowerBound >= value { return min(rank, count) }
            if bucket.upperBound > value {
                // No place can be told in a bucket without a lower bound: none of it is between finite values.
                if lowerBound == -.infinity { return min(bucket.count, count) }
                let part = (bucket.count - rank) * (value - lowerBound) / (bucket.upperBound - lowerBound)
                return min(rank + part, count)
            }
            rank = bucket.count
        }
        return count
    }
}
