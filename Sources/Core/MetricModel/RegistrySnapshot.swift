/// The identity of one series of a registry: made once, when the series is, and shared by every snapshot.
///
/// It carries the rendered text, so that an exposition copies bytes instead of escaping labels, and a number, so that a
/// store finds its own series by an array index instead of a hash.
public final class RegistrySeries: Sendable {
    /// What part of its family a series is.
    public enum Role: Hashable, Sendable {
        /// The one value of a counter, gauge or untyped series.
        case value
        /// A cumulative bucket of a classic histogram with this upper bound.
        case bucket(upperBound: Double)
        /// The sum of a histogram or summary.
        case sum
        /// The count of a histogram or summary.
        case count
    }

    /// Unique in the registry, dense, never reused.
    public let number: Int
    /// All labels, with the metric name (`…_bucket` and so on included).
    public let labels: Labels
    /// Which part of its metric the series is.
    public let role: Role
    /// The line up to the value in the text format 0.0.4: `name{label="value"} `, escaped, with the blank.
    public let textPrefix: [UInt8]

    /// Makes an identity and renders its text.
    public init(number: Int, labels: Labels, role: Role) {
        self.number = number
        self.labels = labels
        self.role = role
        textPrefix = ExpositionText.prefix(of: labels)
    }
}

/// What a metric family's series read at one moment.
public struct FamilySnapshot: Sendable {
    /// The family's name, type, help and unit.
    public let metadata: MetricMetadata
    /// The series in the order in which they are exposed: sorted by labels, a histogram's parts together.
    public let series: [RegistrySeries]
    /// One value for each of `series`.
    public let values: [Double]

    /// Makes the family's reading from columns of the same length.
    public init(metadata: MetricMetadata, series: [RegistrySeries], values: [Double]) {
        precondition(series.count == values.count, "BUG: columns of different lengths")
        self.metadata = metadata
        self.series = series
        self.values = values
    }
}

/// What a registry reads at one moment: the batch that encoders, the store and tests take.
public struct RegistrySnapshot: Sendable {
    /// Sorted by name; no name comes twice.
    public let families: [FamilySnapshot]

    /// Makes a snapshot from families that are sorted by name.
    public init(families: [FamilySnapshot]) {
        self.families = families
    }

    /// The number of series.
    public var seriesCount: Int { families.reduce(0) { $0 + $1.series.count } }
}
