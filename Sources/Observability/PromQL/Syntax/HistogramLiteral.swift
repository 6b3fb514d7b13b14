import Basics

/// The parts of a native histogram's description; the order is that of Prometheus' grammar, which numbers them.
enum HistogramKey: String, CaseIterable {
    case sum, count, schema, offset
    case negativeOffset = "n_offset"
    case buckets
    case negativeBuckets = "n_buckets"
    case zeroBucket = "z_bucket"
    case zeroWidth = "z_bucket_w"
    case customValues = "custom_values"
    case resetHint = "counter_reset_hint"

    /// The number by which Prometheus' messages name a part's token.
    static func itemNumber(_ text: String) -> Int {
        let firstItem = 57370
        let index = allCases.firstIndex { $0.rawValue == text.lowercased() }
        return firstItem + (index ?? allCases.count)
    }
}

/// A native histogram as written in a series description: `{{schema:0 sum:5 count:4 buckets:[1 2 1]}}`.
///
/// Nothing is validated but the syntax. Buckets are absolute counts of consecutive buckets.
public struct HistogramLiteral: Hashable, Sendable {
    /// What is known about a counter reset before this histogram.
    public enum ResetHint: String, Hashable, Sendable {
        case unknown, reset
        case notReset = "not_reset"
        case gauge
    }

    /// -4…8 for exponential buckets, -53 for custom ones.
    public var schema: Int32 = 0
    /// The sum of all observations.
    public var sum = 0.0
    /// The number of observations; may be a fraction.
    public var count = 0.0
    /// The number of observations in the zero bucket.
    public var zeroCount = 0.0
    /// The zero bucket's width: it takes what is no farther from 0 than this.
    public var zeroThreshold = 0.0
    /// The index of the first of `positiveBuckets`; index 0 of exponential buckets has the upper bound 1.
    public var positiveOffset: Int32 = 0
    /// The counts of the buckets above zero, or of all custom buckets.
    public var positiveBuckets: [Double] = []
    /// The index of the first of `negativeBuckets`.
    public var negativeOffset: Int32 = 0
    /// The counts of the buckets below zero, counted from zero downwards.
    public var negativeBuckets: [Double] = []
    /// The upper bounds of custom buckets.
    public var customValues: [Double] = []
    /// Nil when the description does not say.
    public var resetHint: ResetHint?

    /// The schema of custom buckets.
    public static let customSchema: Int32 = -53
    /// How many consecutive buckets a sum of histograms may have.
    public static let bucketsMax = 100_000

    /// Makes the empty histogram.
    public init() {}

    /// Why two histograms cannot be added in a series description.
    struct CombiningError: Error {
        let message: String
    }

    /// The sum with `sign` times another histogram, which may be finer but not coarser.
    func adding(_ other: HistogramLiteral, sign: Double) throws(CombiningError) -> HistogramLiteral {
        if schema > other.schema {
            let message = "error combining histograms: cannot merge from schema \(other.schema) to \(schema)"
            throw CombiningError(message: message)
        }
        let isCustom = schema == Self.customSchema
        if isCustom != (other.schema == Self.customSchema) || customValues != other.customValues {
            throw CombiningError(message: "error combining histograms: histograms with different custom bounds")
        }
        if zeroThreshold != other.zeroThreshold {
            throw CombiningError(message: "error combining histograms: histograms with different zero thresholds")
        }
        var result = self
        result.sum += sign * other.sum
        result.count += sign * other.count
        result.zeroCount += sign * other.zeroCount
        let shift = isCustom ? 0 : min(max(Int(other.schema) - Int(schema), 0), 62)
        try Self.add(
            &result.positiveBuckets,
            &result.positiveOffset,
            other.positiveBuckets,
            other.positiveOffset,
            shift,
            sign
        )
        try Self.add(
            &result.negativeBuckets,
            &result.negativeOffset,
            other.negativeBuckets,
            other.negativeOffset,
            shift,
            sign
        )
        if let hint = resetHint, let otherHint = other.resetHint, hint != otherHint {
            result.resetHint = hint == .gauge || otherHint == .gauge ? .gauge : .unknown
        } else if resetHint == nil {
            result.resetHint = other.resetHint == .gauge ? .gauge : nil
        }
        return result
    }

    /// Adds buckets with a finer schema: `shift` is the difference of the schemas.
    private static func add(
        _ buckets: inout [Double],
        _ offset: inout Int32,
        _ others: [Double],
        _ otherOffset: Int32,
        _ shift: Int,
        _ sign: Double
    ) throws(CombiningError) {
        guard !others.isEmpty else { return }
        func coarse(_ index: Int) -> Int { ((Int(otherOffset) + index - 1) >> shift) + 1 }
        let first = buckets.isEmpty ? coarse(0) : min(Int(offset), coarse(0))
        let last = max(buckets.isEmpty ? first : Int(offset) + buckets.count - 1, coarse(others.count - 1))
        guard last - first < bucketsMax, let newOffset = Int32(exactly: first) else {
            throw CombiningError(message: "error combining histograms: more than \(bucketsMax) buckets")
        }
        var sum = [Double](repeating: 0, count: last - first + 1)
        for (index, value) in buckets.enumerated() { sum[Int(offset) - first + index] = value }
        for (index, value) in others.enumerated() { sum[coarse(index) - first] += sign * value }
        buckets = sum
        offset = newOffset
    }
}

extension HistogramLiteral: CustomStringConvertible {
    /// As in a series description; parts that are 0 or empty are left out.
    public var description: String {
        var parts: [String] = []
        func add(_ key: HistogramKey, _ value: Double) {
            if value != 0 { parts.append("\(key.rawValue):\(FloatText.shortest(value))") }
        }
        func add(_ key: HistogramKey, _ values: [Double]) {
            let list = values.map(FloatText.shortest).joined(separator: " ")
            if !values.isEmpty { parts.append("\(key.rawValue):[\(list)]") }
        }
        add(.schema, Double(schema))
        add(.count, count)
        add(.sum, sum)
        add(.zeroBucket, zeroCount)
        add(.zeroWidth, zeroThreshold)
        add(.customValues, customValues)
        if let resetHint, resetHint != .unknown {
            parts.append("\(HistogramKey.resetHint.rawValue):\(resetHint.rawValue)")
        }
        if !positiveBuckets.isEmpty, positiveOffset != 0 { parts.append("offset:\(positiveOffset)") }
        add(.buckets, positiveBuckets)
        if !negativeBuckets.isEmpty, negativeOffset != 0 { parts.append("n_offset:\(negativeOffset)") }
        add(.negativeBuckets, negativeBuckets)
        return "{{" + parts.joined(separator: " ") + "}}"
    }
}
