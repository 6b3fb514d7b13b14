/// The identity of one series of a registry: made once, when the series is, and shared by every snapshot.
///
/// It carries a number, so that a store finds its own series by an array index instead of a hash.
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

    /// Makes an identity.
    public init(number: Int, labels: Labels, role: Role) {
        self.number = number
        self.labels = labels
        self.role = role
    }
}

/// What a metric family's series read at one moment.
public struct FamilySnapshot: Sendable {
    /// The family's name, type, help and unit.
    public let metadata: MetricMetadata
    /// The series with their rendered text.
    public let list: SeriesList
    /// One value for each of the series.
    public let values: [Double]

    /// The series in the order in which they are exposed: sorted by labels, a histogram's parts together.
    public var series: [RegistrySeries] { list.series }

    /// Makes the family's reading; `values` has one for each series of the list.
    public init(metadata: MetricMetadata, list: SeriesList, values: [Double]) {
        precondition(list.series.count == values.count, "BUG: columns of different lengths")
        self.metadata = metadata
        self.list = list
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
