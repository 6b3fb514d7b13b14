/// The labels of a family's children as a type: a struct of enums or of values from a bounded set.
///
/// Raw paths, user names, ids and error texts are no label values: each new value is a series that is kept.
public protocol MetricLabels: Hashable, Sendable {
    /// The label names, in the order of ``values``.
    static var names: [String] { get }
    /// One value for each name.
    var values: [String] { get }
}

/// The labels of a family with one label whose values are an enum's.
///
/// The enum says its label's name:
/// `enum Outcome: String, MetricLabel { static let name = "outcome"; case success, failure }`.
public protocol MetricLabel: MetricLabels, RawRepresentable where RawValue == String {
    /// The label's name.
    static var name: String { get }
}

extension MetricLabel {
    /// The one label's name.
    public static var names: [String] { [name] }
    /// The enum's raw value as the one label's value.
    public var values: [String] { [rawValue] }
}
