/// Quantiles of plain values.
enum Quantile {
    /// The quantile between the two nearest values, in proportion.
    ///
    /// NaN sorts first. The values are reordered.
    static func of(_ quantile: Double, _ values: inout [Double]) -> Double {
        if values.isEmpty || quantile.isNaN { return .nan }
        if quantile < 0 { return -.infinity }
        if quantile > 1 { return .infinity }
        values.sort { $0 < $1 || ($0.isNaN && !$1.isNaN) }
        let rank = quantile * Double(values.count - 1)
        let lower = max(0, Int(rank.rounded(.down)))
        let upper = min(values.count - 1, lower + 1)
        let weight = rank - rank.rounded(.down)
        return values[lower] * (1 - weight) + values[upper] * weight
    }

    /// Whether a number is no quantile.
    static func isInvalid(_ quantile: Double) -> Bool { !(0...1 ~= quantile) }
}
