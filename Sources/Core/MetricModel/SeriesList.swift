/// The series of a family in the order of exposition, with their rendered text: made when the series change, and shared by
/// every snapshot.
///
/// The texts stand one behind the other, so that an exposition reads memory in a row and escapes nothing.
public final class SeriesList: Sendable {
    /// The series in the order in which they are exposed: sorted by labels, a histogram's parts together.
    public let series: [RegistrySeries]
    /// The lines up to their values in the text format 0.0.4, `name{label="value"} `, without anything between them.
    public let prefixes: [UInt8]
    /// Where each line's text ends in `prefixes`.
    public let prefixEnds: [Int]

    /// Makes the list and renders the texts.
    public init(_ series: [RegistrySeries]) {
        var prefixes: [UInt8] = []
        var ends: [Int] = []
        ends.reserveCapacity(series.count)
        for identity in series {
            prefixes.append(contentsOf: ExpositionText.prefix(of: identity.labels))
            ends.append(prefixes.count)
        }
        self.series = series
        self.prefixes = prefixes
        prefixEnds = ends
    }

    /// The text of a series' line up to its value.
    public func prefix(at index: Int) -> ArraySlice<UInt8> {
        prefixes[(index == 0 ? 0 : prefixEnds[index - 1])..<prefixEnds[index]]
    }
}
