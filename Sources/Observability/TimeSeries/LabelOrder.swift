/// The order of `Labels` on their packed bytes: the same as `<`, without a comparison for each label.
enum LabelOrder {
    /// Whether the first label set sorts before the second.
    static func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        let common = min(left.count, right.count)
        let difference = firstDifference(left.span, right.span, common)
        // Equal up to the end of one: whole labels are missing there, since a length stands before each text.
        if difference == common { return left.count < right.count }
        var position = 0
        while true {
            // Up to the difference both hold the same, so one parse serves both.
            let one = text(in: left, at: position)
            if difference >= one.upperBound {
                position = one.upperBound
                continue
            }
            if difference >= one.lowerBound { return left[difference] < right[difference] }
            // The lengths differ: compare the texts themselves.
            return left[one].lexicographicallyPrecedes(right[text(in: right, at: position)])
        }
    }

    private static func firstDifference(_ left: Span<UInt8>, _ right: Span<UInt8>, _ count: Int) -> Int {
        var position = 0
        while position &+ 8 <= count {
            // SAFETY: every bit pattern is a UInt64, and the spans check their bounds.
            let one = unsafe left.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self)
            // SAFETY: as above.
            let other = unsafe right.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self)
            if one != other { return position &+ (UInt64(littleEndian: one ^ other).trailingZeroBitCount &>> 3) }
            position &+= 8
        }
        while position < count && left[position] == right[position] { position &+= 1 }
        return position
    }

    /// The bytes of the text whose length stands at `position` (the layout is documented with `Labels`).
    private static func text(in packed: [UInt8], at position: Int) -> Range<Int> {
        let first = Int(packed[position])
        if first != 255 { return position + 1..<position + 1 + first }
        let short = Int(packed[position + 1]) | Int(packed[position + 2]) << 8 | Int(packed[position + 3]) << 16
        if short != 0xff_ffff { return position + 4..<position + 4 + short }
        var long = 0
        for index in 0..<8 { long |= Int(packed[position + 4 + index]) << (8 * index) }
        return position + 12..<position + 12 + long
    }
}
