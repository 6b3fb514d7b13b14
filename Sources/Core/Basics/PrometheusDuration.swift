/// Durations as Prometheus writes them (`1h30m`, `250ms`), in milliseconds.
///
/// Source: the duration grammar of Prometheus' configuration; units `y w d h m s ms`, each at most once and in that
/// order, 1y = 365d, 1w = 7d, 1d = 24h.
public enum PrometheusDuration {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000),
        ("ms", 1),
    ]

    /// Reads a duration: `0`, or digits with units; nil when it is malformed or exceeds 63 bits of nanoseconds.
    public static func milliseconds(parsing text: some StringProtocol) -> Int64? {
        let bytes = Array(text.utf8)
        if bytes == [UInt8(ascii: "0")] { return 0 }
        guard !bytes.isEmpty else { return nil }
        var position = 0
        var total: Int64 = 0
        var unitIndex = -1
        while position < bytes.count {
            guard let number = integer(in: bytes, at: &position),
                let index = unit(in: bytes, at: &position), index > unitIndex
            else { return nil }
            unitIndex = index
            let (product, productOverflow) = number.multipliedReportingOverflow(by: units[index].milliseconds)
            let (sum, sumOverflow) = total.addingReportingOverflow(product)
            guard !productOverflow, !sumOverflow, sum <= Int64.max / 1_000_000 else { return nil }
            total = sum
        }
        return total
    }

    /// Writes a duration in the canonical form: `0s`, `1h30m`, `1d`; years and weeks only when they divide it.
    public static func text(milliseconds: Int64) -> String {
        if milliseconds == 0 { return "0s" }
        var text = milliseconds < 0 ? "-" : ""
        var rest = milliseconds.magnitude
        for (index, unit) in units.enumerated() {
            let size = UInt64(unit.milliseconds)
            let mustDivide = index < 2
            if mustDivide && rest % size != 0 { continue }
            let count = rest / size
            if count > 0 {
                text += "\(count)\(unit.name)"
                rest -= count * size
            }
        }
        return text
    }

    private static func integer(in bytes: [UInt8], at position: inout Int) -> Int64? {
        let start = position
        var value: Int64 = 0
        while position < bytes.count, (48...57).contains(bytes[position]) {
            let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, sumOverflow) = scaled.addingReportingOverflow(Int64(bytes[position] - 48))
            if overflow || sumOverflow { return nil }
            value = sum
            position += 1
        }
        return position > start ? value : nil
    }

    private static func unit(in bytes: [UInt8], at position: inout Int) -> Int? {
        guard position < bytes.count else { return nil }
        if bytes[position...].starts(with: "ms".utf8) {
            position += 2
            return units.count - 1
        }
        let index = units.firstIndex { $0.name.utf8.count == 1 && $0.name.utf8.first == bytes[position] }
        if index != nil { position += 1 }
        return index
    }
}
