public import MetricModel

/// The types of families that the text format names: those of our own registry, and the gauge histogram.
public enum ExpositionType: String, CaseIterable, Sendable {
    case counter, gauge, summary, untyped, histogram
    case gaugeHistogram = "gauge_histogram"

    /// Reads a type as it stands after `# TYPE`, in any case; nil when there is no such type.
    init?(text: [UInt8]) {
        let name = String(decoding: text, as: UTF8.self).lowercased()
        if name == "gaugehistogram" {
            self = .gaugeHistogram
        } else {
            self.init(rawValue: name)
        }
    }

    /// Whether the family has buckets.
    public var hasBuckets: Bool { self == .histogram || self == .gaugeHistogram }
}

/// A family as it was read from a page.
public struct ExpositionFamily: Sendable, Equatable {
    /// The name; of a summary or histogram without the suffixes.
    public let name: String
    /// The text after `# HELP`; nil when there was none.
    public internal(set) var help: String?
    /// The type; untyped when the page names none.
    public internal(set) var type: ExpositionType
    /// In the order of the page; a summary's and a histogram's lines are put together.
    public internal(set) var metrics: [ExpositionMetric]

    /// Makes a family.
    public init(name: String, help: String?, type: ExpositionType, metrics: [ExpositionMetric]) {
        self.name = name
        self.help = help
        self.type = type
        self.metrics = metrics
    }
}

/// One member of a family.
public struct ExpositionMetric: Sendable, Equatable {
    /// What was measured.
    public enum Value: Sendable, Equatable {
        /// A counter, a gauge, or something untyped.
        case single(Double)
        case summary(ExpositionSummary)
        case histogram(ExpositionHistogram)
    }

    /// The labels in the order of the page, without the metric name and without `le` and `quantile` where these are
    /// structure.
    public let labels: [Label]
    /// What was measured.
    public internal(set) var value: Value
    /// Milliseconds since the Unix epoch; of a summary or histogram the last one on the page.
    public internal(set) var timestamp: Int64?

    /// Makes a member.
    public init(labels: [Label], value: Value, timestamp: Int64? = nil) {
        self.labels = labels
        self.value = value
        self.timestamp = timestamp
    }
}

/// The lines of one summary.
///
/// What the page did not have is nil or missing.
public struct ExpositionSummary: Sendable, Equatable {
    /// A quantile with its value.
    public struct Quantile: Sendable, Equatable {
        /// Between 0 and 1, when the page is sensible.
        public let quantile: Double
        /// The value below which that part of the observations lies.
        public let value: Double

        /// Makes a pair.
        public init(quantile: Double, value: Double) {
            self.quantile = quantile
            self.value = value
        }
    }

    /// The number of observations.
    public internal(set) var count: Double?
    /// The sum of the observations.
    public internal(set) var sum: Double?
    /// In the order of the page.
    public internal(set) var quantiles: [Quantile]

    /// Makes a summary.
    public init(count: Double? = nil, sum: Double? = nil, quantiles: [Quantile] = []) {
        self.count = count
        self.sum = sum
        self.quantiles = quantiles
    }
}

/// The lines of one classic histogram.
///
/// What the page did not have is nil or missing.
public struct ExpositionHistogram: Sendable, Equatable {
    /// A cumulative bucket.
    public struct Bucket: Sendable, Equatable {
        /// The label `le`.
        public let upperBound: Double
        /// Not always whole: recording rules make histograms of rates.
        public let cumulativeCount: Double

        /// Makes a bucket.
        public init(upperBound: Double, cumulativeCount: Double) {
            self.upperBound = upperBound
            self.cumulativeCount = cumulativeCount
        }
    }

    /// The number of observations; not always whole.
    public internal(set) var count: Double?
    /// The sum of the observations.
    public internal(set) var sum: Double?
    /// In the order of the page.
    public internal(set) var buckets: [Bucket]

    /// Makes a histogram.
    public init(count: Double? = nil, sum: Double? = nil, buckets: [Bucket] = []) {
        self.count = count
        self.sum = sum
        self.buckets = buckets
    }
}
