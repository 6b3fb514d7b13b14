/// What a parser accepts, and its limits.
///
/// The defaults are those of a stock Prometheus 3.14: duration expressions on, everything experimental off.
public struct ParserOptions: Hashable, Sendable {
    /// Whether experimental functions and aggregations (`info`, `limitk`, …) are accepted.
    public var experimentalFunctions: Bool
    /// Whether arithmetic may stand where a duration does: `foo[5m * 2]`.
    public var durationExpressions: Bool
    /// Whether `anchored` and `smoothed` are accepted.
    public var extendedRangeSelectors: Bool
    /// Whether `fill`, `fill_left` and `fill_right` are accepted between vectors.
    public var fillModifiers: Bool
    /// The longest text that is read, in bytes.
    public var textBytesMax: Int
    /// How many levels an expression tree may have; chains of operators count as levels too.
    public var nestingLevelsMax: Int

    /// 1 MiB.
    public static let defaultTextBytesMax = 1 << 20
    /// Fits a thread with a stack of 512 KiB, in debug builds too.
    public static let defaultNestingLevelsMax = 200

    /// Makes options; what is left out is as in a stock Prometheus.
    public init(
        experimentalFunctions: Bool = false,
        durationExpressions: Bool = true,
        extendedRangeSelectors: Bool = false,
        fillModifiers: Bool = false,
        textBytesMax: Int = defaultTextBytesMax,
        nestingLevelsMax: Int = defaultNestingLevelsMax
    ) {
        self.experimentalFunctions = experimentalFunctions
        self.durationExpressions = durationExpressions
        self.extendedRangeSelectors = extendedRangeSelectors
        self.fillModifiers = fillModifiers
        self.textBytesMax = textBytesMax
        self.nestingLevelsMax = nestingLevelsMax
    }
}
