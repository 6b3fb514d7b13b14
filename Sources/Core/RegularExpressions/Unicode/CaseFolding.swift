/// Simple case folding: which scalar values are the same letter under `(?i)`.
///
/// The equivalence is derived from the one-scalar lower, upper and title case mappings of the Unicode data in the
/// standard library. U+0130 and U+0131 stay alone, as in the C and S entries of CaseFolding.txt.
enum CaseFolding {
    private static let longS: UInt32 = 0x17F
    private static let kelvin: UInt32 = 0x212A

    /// The first and last scalar value that take part in folding.
    private static let bounds: ClosedRange<UInt32> = 0x41...0x1E943

    /// One letter outside ASCII and all its other forms.
    private struct Orbit: Sendable {
        let scalar: UInt32
        let others: [UInt32]
    }

    /// Every scalar from U+0080 that has other forms, in ascending order; computed on first use.
    private static let orbits: [Orbit] = makeOrbits()

    /// The set extended by all other cases of its members.
    static func folded(_ set: ScalarSet) -> ScalarSet {
        var result = set.ranges
        for range in set.ranges where range.low <= bounds.upperBound && range.high >= bounds.lowerBound {
            if range.low <= bounds.lowerBound && range.high >= bounds.upperBound {
                continue
            }
            if range.low < 0x80 {
                appendASCII(range, to: &result)
            }
            if range.high >= 0x80 {
                appendOthers(range, to: &result)
            }
        }
        return ScalarSet(unsorted: result)
    }

    private static func appendASCII(_ range: ScalarSet.Range, to result: inout [ScalarSet.Range]) {
        for scalar in range.low...min(range.high, 0x7F) {
            guard (0x41...0x5A).contains(scalar) || (0x61...0x7A).contains(scalar) else { continue }
            let other = scalar ^ 0x20
            result.append(ScalarSet.Range(low: other, high: other))
            if scalar | 0x20 == 0x73 {
                result.append(ScalarSet.Range(low: longS, high: longS))
            }
            if scalar | 0x20 == 0x6B {
                result.append(ScalarSet.Range(low: kelvin, high: kelvin))
            }
        }
    }

    private static func appendOthers(_ range: ScalarSet.Range, to result: inout [ScalarSet.Range]) {
        var low = 0
        var high = orbits.count
        while low < high {
            let middle = (low + high) / 2
            if orbits[middle].scalar < range.low {
                low = middle + 1
            } else {
                high = middle
            }
        }
        while low < orbits.count, orbits[low].scalar <= range.high {
            for other in orbits[low].others {
                result.append(ScalarSet.Range(low: other, high: other))
            }
            low += 1
        }
    }

    private static func makeOrbits() -> [Orbit] {
        var members: [UInt32: [UInt32]] = [:]
        var leader: [UInt32: UInt32] = [:]
        func find(_ scalar: UInt32) -> UInt32 { leader[scalar] ?? scalar }
        func join(_ one: UInt32, _ two: UInt32) {
            let (keep, drop) = (find(one), find(two))
            guard keep != drop else { return }
            let dropped = members[drop] ?? [drop]
            for member in dropped {
                leader[member] = keep
            }
            members[keep] = (members[keep] ?? [keep]) + dropped
            members[drop] = nil
        }
        for value in bounds where value != 0x130 && value != 0x131 {
            guard let scalar = Unicode.Scalar(value), scalar.properties.changesWhenCaseMapped else { continue }
            let properties = scalar.properties
            for mapping in [properties.lowercaseMapping, properties.uppercaseMapping, properties.titlecaseMapping] {
                let scalars = mapping.unicodeScalars
                if let first = scalars.first, scalars.dropFirst().isEmpty {
                    join(value, first.value)
                }
            }
        }
        var result: [Orbit] = []
        for orbit in members.values {
            for scalar in orbit where scalar >= 0x80 {
                result.append(Orbit(scalar: scalar, others: orbit.filter { $0 != scalar }))
            }
        }
        return result.sorted { $0.scalar < $1.scalar }
    }
}
