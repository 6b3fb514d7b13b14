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
    /// How many levels an expression tree may have; the links of a chain (`a + b + c`) are on one level.
    public var nestingLevelsMax: Int
    /// How many operators may follow one another without parentheses.
    public var chainedOperatorsMax: Int

    /// 1 MiB.
    public static let defaultTextBytesMax = 1 << 20
    /// Fits a thread with a stack of 512 KiB, in debug builds too.
    public static let defaultNestingLevelsMax = 200
    /// Far beyond what people write; nothing recurses along a chain, so this limits time, and no stack.
    public static let defaultChainedOperatorsMax = 10_000

    /// Makes options; what is left out is as in a stock Prometheus.
    public init(
        experimentalFunctions: Bool = false,
        durationExpressions: Bool = true,
        extendedRangeSelectors: Bool = false,
        fillModifiers: Bool = false,
        textBytesMax: Int = defaultTextBytesMax,
        nestingLevelsMax: Int = defaultNestingLevelsMax,
        chainedOperatorsMax: Int = defaultChainedOperatorsMax
    ) {
        self.experimentalFunctions = experimentalFunctions
        self.durationExpressions = durationExpressions
        self.extendedRangeSelectors = extendedRangeSelectors
        self.fillModifiers = fillModifiers
        self.textBytesMax = textBytesMax
        self.nestingLevelsMax = nestingLevelsMax
        self.chainedOperatorsMax = chainedOperatorsMax
    }
}
