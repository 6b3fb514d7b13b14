/// The packed form of one label name or value inside ``Labels``.
enum LabelBytes {
    /// The bytes of the text whose length stands at `position`.
    static func range(in packed: [UInt8], at position: Int) -> Range<Int> {
        let first = packed[position]
        if first != 255 { return position + 1..<position + 1 + Int(first) }
        let short = Int(packed[position + 1]) | Int(packed[position + 2]) << 8 | Int(packed[position + 3]) << 16
        if short != 0xff_ffff { return position + 4..<position + 4 + short }
        var long = 0
        for index in 0..<8 { long |= Int(packed[position + 4 + index]) << (8 * index) }
        return position + 12..<position + 12 + long
    }

    /// Appends a text with its length.
    static func append(_ text: some Collection<UInt8>, to packed: inout [UInt8]) {
        let length = text.count
        if length < 255 {
            packed.append(UInt8(length))
        } else {
            packed.append(255)
            let short = min(length, 0xff_ffff)
            for index in 0..<3 { packed.append(UInt8(short >> (8 * index) & 0xff)) }
            if short == 0xff_ffff {
                for index in 0..<8 { packed.append(UInt8(length >> (8 * index) & 0xff)) }
            }
        }
        packed.append(contentsOf: text)
    }
}
