/// The types of metric families in the exposition formats.
public enum MetricType: String, CaseIterable, Sendable {
    case counter, gauge, histogram, summary, untyped
}

/// What is known about a family of metrics apart from its samples.
public struct MetricMetadata: Hashable, Sendable {
    /// The family's name, which its series' names begin with.
    public let name: String
    /// What the family's values mean.
    public let type: MetricType
    /// A sentence for people; empty when nothing is known.
    public let help: String
    /// The unit that the name ends in (`seconds`, `bytes`), or empty.
    public let unit: String

    /// Describes a family; nothing is checked here.
    public init(name: String, type: MetricType, help: String, unit: String = "") {
        self.name = name
        self.type = type
        self.help = help
        self.unit = unit
    }
}
