import Basics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Floating-point numbers with a given number of digits.
enum GoFloat {
    /// The number as C's `%.*g` writes it.
    static func general(_ value: Double, precision: Int) -> String { text(value, "%.*g", precision) }

    /// The number as C's `%.*f` writes it.
    static func fixed(_ value: Double, precision: Int) -> String { text(value, "%.*f", precision) }

    /// The number as C's `%.*e` writes it.
    static func exponent(_ value: Double, precision: Int) -> String { text(value, "%.*e", precision) }

    private static func text(_ value: Double, _ format: String, _ precision: Int) -> String {
        if !value.isFinite { return FloatText.shortest(value) }
        let precision = Int32(clamping: max(0, min(precision, 400)))
        // 309 digits before the point, 400 behind it, sign, point and exponent fit.
        var buffer = [CChar](repeating: 0, count: 1024)
        let count = withVaList([precision, value]) { vsnprintf(&buffer, buffer.count, format, $0) }
        let bytes = buffer.prefix(max(0, min(Int(count), buffer.count - 1))).map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
