/// What a function takes and returns.
public struct FunctionSignature: Hashable, Sendable {
    /// The types of the arguments; the last is that of the further ones too.
    public let arguments: [ValueType]
    /// How many arguments may follow beyond all but the last of `arguments`; 0 when the count is fixed, -1 for any.
    public let variadic: Int
    /// The type of what it returns.
    public let result: ValueType
    /// Whether it must be switched on.
    public let isExperimental: Bool

    init(
        _ arguments: [ValueType],
        _ result: ValueType = .instantVector,
        variadic: Int = 0,
        isExperimental: Bool = false
    ) {
        self.arguments = arguments
        self.variadic = variadic
        self.result = result
        self.isExperimental = isExperimental
    }
}

extension FunctionName {
    /// The function's signature.
    public var signature: FunctionSignature {
        switch self {
        case .abs, .absent, .acos, .acosh, .asin, .asinh, .atan, .atanh, .ceil, .cos, .cosh, .deg, .exp, .floor,
            .histogramAvg, .histogramCount, .histogramStddev, .histogramStdvar, .histogramSum, .ln, .log10, .log2, .rad,
            .sgn, .sin, .sinh, .sort, .sortDescending, .sqrt, .tan, .tanh, .timestamp:
            FunctionSignature([.instantVector])
        case .absentOverTime, .avgOverTime, .changes, .countOverTime, .delta, .deriv, .firstOverTime, .idelta,
            .increase,
            .irate, .lastOverTime, .maxOverTime, .minOverTime, .presentOverTime, .rate, .resets, .stddevOverTime,
            .stdvarOverTime, .sumOverTime:
            FunctionSignature([.rangeVector])
        case .madOverTime, .tsOfFirstOverTime, .tsOfLastOverTime, .tsOfMaxOverTime, .tsOfMinOverTime:
            FunctionSignature([.rangeVector], isExperimental: true)
        case .dayOfMonth, .dayOfWeek, .dayOfYear, .daysInMonth, .hour, .minute, .month, .year:
            FunctionSignature([.instantVector], variadic: 1)
        case .end, .range, .start, .step: FunctionSignature([], .scalar, isExperimental: true)
        case .pi, .time: FunctionSignature([], .scalar)
        case .maxOf, .minOf: FunctionSignature([.scalar, .scalar], .scalar, isExperimental: true)
        case .scalar: FunctionSignature([.instantVector], .scalar)
        case .vector: FunctionSignature([.scalar])
        case .startTimestamp: FunctionSignature([.instantVector], isExperimental: true)
        case .clamp: FunctionSignature([.instantVector, .scalar, .scalar])
        case .clampMax, .clampMin: FunctionSignature([.instantVector, .scalar])
        case .round: FunctionSignature([.instantVector, .scalar], variadic: 1)
        case .predictLinear: FunctionSignature([.rangeVector, .scalar])
        case .quantileOverTime: FunctionSignature([.scalar, .rangeVector])
        case .doubleExponentialSmoothing:
            FunctionSignature([.rangeVector, .scalar, .scalar], isExperimental: true)
        case .histogramFraction: FunctionSignature([.scalar, .scalar, .instantVector])
        case .histogramQuantile: FunctionSignature([.scalar, .instantVector])
        case .histogramQuantiles:
            FunctionSignature([.instantVector, .string, .scalar, .scalar], variadic: 9, isExperimental: true)
        case .info: FunctionSignature([.instantVector, .instantVector], variadic: 1, isExperimental: true)
        case .labelReplace: FunctionSignature([.instantVector, .string, .string, .string, .string])
        case .labelJoin: FunctionSignature([.instantVector, .string, .string, .string], variadic: -1)
        case .sortByLabel, .sortByLabelDescending:
            FunctionSignature([.instantVector, .string], variadic: -1, isExperimental: true)
        }
    }
}
