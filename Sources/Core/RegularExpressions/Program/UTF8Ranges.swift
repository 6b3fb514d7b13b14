/// Scalars whose UTF-8 forms have the same length and, byte by byte, all combinations of bytes in the ranges.
struct UTF8Sequence {
    /// One closed range for each byte.
    var bytes: [ClosedRange<UInt8>]
}

/// The split of scalar ranges into ranges of their UTF-8 bytes.
enum UTF8Ranges {
    /// The last scalar of each length of UTF-8 form.
    private static let lengthEnds: [UInt32] = [0x7F, 0x7FF, 0xFFFF]

    /// The UTF-8 form of a scalar.
    static func encode(_ scalar: UInt32) -> [UInt8] {
        func continuation(_ shift: UInt32) -> UInt8 {
            UInt8(truncatingIfNeeded: 0x80 | (scalar >> shift & 0x3F))
        }
        func lead(_ marker: UInt32, _ shift: UInt32) -> UInt8 {
            UInt8(truncatingIfNeeded: marker | scalar >> shift)
        }
        switch scalar {
        case ...0x7F: return [UInt8(truncatingIfNeeded: scalar)]
        case ...0x7FF: return [lead(0xC0, 6), continuation(0)]
        case ...0xFFFF: return [lead(0xE0, 12), continuation(6), continuation(0)]
        default: return [lead(0xF0, 18), continuation(12), continuation(6), continuation(0)]
        }
    }

    /// The sequences of a set without surrogates, in ascending order.
    static func sequences(of set: ScalarSet) -> [UTF8Sequence] {
        var result: [UTF8Sequence] = []
        for range in set.ranges {
            // The upper part of a split waits on the stack while the lower one is dealt with.
            var stack = [range]
            while let part = stack.popLast() {
                if let end = splitPoint(part.low, part.high) {
                    stack.append(ScalarSet.Range(low: end + 1, high: part.high))
                    stack.append(ScalarSet.Range(low: part.low, high: end))
                } else {
                    let pairs = zip(encode(part.low), encode(part.high))
                    result.append(UTF8Sequence(bytes: pairs.map { $0...$1 }))
                }
            }
        }
        return result
    }

    /// The last scalar of the lower part, if the range is not yet a sequence.
    private static func splitPoint(_ low: UInt32, _ high: UInt32) -> UInt32? {
        for end in lengthEnds where low <= end && end < high {
            return end
        }
        guard high > 0x7F else { return nil }
        for length in UInt32(1)...3 {
            let mask = (UInt32(1) << (6 * length)) - 1
            guard low & ~mask != high & ~mask else { break }
            if low & mask != 0 {
                return low | mask
            }
            if high & mask != mask {
                return (high & ~mask) - 1
            }
        }
        return nil
    }
}
