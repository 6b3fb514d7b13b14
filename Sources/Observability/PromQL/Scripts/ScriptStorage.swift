public import MetricModel

/// Series in memory, as test scripts and unit tests of rules load them.
///
/// A value: readers hold a copy of their own.
public struct ScriptStorage: SeriesReader {
    private var columns: [Labels: SeriesColumns] = [:]
    private var sorted: [SeriesColumns] = []

    /// An empty storage.
    public init() {}

    /// Removes all series.
    public mutating func removeAll() {
        columns = [:]
        sorted = []
    }

    /// Why samples were refused.
    public enum AppendError: Error, Hashable, Sendable, CustomStringConvertible {
        case noLabels
        case outOfOrder
        case differentValue

        /// The reason in words.
        public var description: String {
            switch self {
            case .noLabels: "a series needs at least one label"
            case .outOfOrder: "out of order sample"
            case .differentValue: "duplicate sample for timestamp"
            }
        }
    }

    /// Adds samples to a series; an exact repetition of its newest sample is ignored.
    /// - Throws: ``AppendError``; the samples before the one in error stay.
    public mutating func append(_ series: SeriesColumns) throws(AppendError) {
        if series.labels.isEmpty { throw AppendError.noLabels }
        var stored = columns[series.labels] ?? SeriesColumns(labels: series.labels, timestamps: [], values: [])
        defer { columns[series.labels] = stored }
        for index in series.timestamps.indices {
            let time = series.timestamps[index]
            let value = series.values[index]
            if let last = stored.timestamps.last, time <= last {
                if time < last { throw AppendError.outOfOrder }
                if value.bitPattern != stored.values[stored.values.count - 1].bitPattern {
                    throw AppendError.differentValue
                }
                continue
            }
            stored.timestamps.append(time)
            stored.values.append(value)
        }
    }

    /// Makes appended samples readable.
    public mutating func commit() {
        sorted = columns.values.sorted { $0.labels < $1.labels }
    }

    /// The series that fit, with their samples in the range.
    public func select(
        _ matchers: [LabelMatcher],
        from start: Int64,
        through end: Int64,
        samplesMax: Int
    ) throws(SeriesReadError) -> [SeriesColumns] {
        var selected: [SeriesColumns] = []
        var count = 0
        for series in sorted where matchers.allSatisfy({ $0.matches(series.labels) }) {
            let lower = series.timestamps.firstIndex { $0 >= start } ?? series.count
            let upper = series.timestamps.lastIndex { $0 <= end }.map { $0 + 1 } ?? 0
            guard lower < upper else { continue }
            count += upper - lower
            if count > samplesMax { throw SeriesReadError.tooManySamples(limit: samplesMax) }
            selected.append(
                SeriesColumns(
                    labels: series.labels,
                    timestamps: Array(series.timestamps[lower..<upper]),
                    values: Array(series.values[lower..<upper])
                )
            )
        }
        return selected
    }

    /// The label sets of the series that fit.
    public func series(
        _ matchers: [LabelMatcher],
        from start: Int64,
        through end: Int64
    ) throws(SeriesReadError) -> [Labels] {
        try select(matchers, from: start, through: end, samplesMax: .max).map(\.labels)
    }

    /// The label names of the series that fit.
    public func labelNames(
        _ matchers: [LabelMatcher],
        from start: Int64,
        through end: Int64
    ) throws(SeriesReadError) -> [String] {
        var names: Set<String> = []
        for labels in try series(matchers, from: start, through: end) { names.formUnion(labels.map(\.name)) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The values of a label in the series that fit.
    public func labelValues(
        _ name: String,
        _ matchers: [LabelMatcher],
        from start: Int64,
        through end: Int64
    ) throws(SeriesReadError) -> [String] {
        var values: Set<String> = []
        for labels in try series(matchers, from: start, through: end) where labels.contains(name) {
            values.insert(labels[name])
        }
        return values.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
