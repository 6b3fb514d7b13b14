import MetricModel
import Synchronization

/// What a registry asks each of its families.
protocol SnapshotSource: Sendable {
    var metadata: MetricMetadata { get }
    var labelNames: [String] { get }
    /// What the family reads now.
    func snapshot() -> FamilySnapshot
}

/// The children of one family, in the order of exposition.
final class FamilySource<Child: AnyObject & Sendable>: SnapshotSource {
    /// How a kind of instrument becomes series.
    struct Kind: Sendable {
        let make: @Sendable () -> Child
        /// The suffix, extra label and role of each series of one child.
        let parts: @Sendable (Child) -> [(suffix: String, extra: Label?, role: RegistrySeries.Role)]
        let read: @Sendable (Child, inout [Double]) -> Void
    }

    private struct State {
        var entries: [(labels: Labels, child: Child, series: [RegistrySeries])] = []
        var isSorted = true
        /// All children and their series in order; rebuilt when a child was added.
        var children: [Child] = []
        var list = SeriesList([])
    }

    let metadata: MetricMetadata
    let labelNames: [String]
    private let kind: Kind
    private let numbers: SeriesNumbers
    private let onOverflow: @Sendable () -> Void
    private let state = Mutex(State())

    init(
        metadata: MetricMetadata,
        labelNames: [String],
        kind: Kind,
        numbers: SeriesNumbers,
        onOverflow: @escaping @Sendable () -> Void
    ) {
        self.metadata = metadata
        self.labelNames = labelNames
        self.kind = kind
        self.numbers = numbers
        self.onOverflow = onOverflow
    }

    func makeChild(labels: [Label]) -> Child {
        let child = kind.make()
        let series = kind.parts(child).map { part in
            var builder = LabelsBuilder(Labels(labels))
            if let extra = part.extra { builder.set(extra.name, extra.value) }
            builder.set(Label.metricName, metadata.name + part.suffix)
            return RegistrySeries(number: numbers.next(), labels: builder.labels, role: part.role)
        }
        state.withLock { state in
            state.entries.append((Labels(labels), child, series))
            state.isSorted = false
        }
        return child
    }

    func countOverflow() { onOverflow() }

    func snapshot() -> FamilySnapshot {
        let (children, list) = state.withLock { state in
            if !state.isSorted {
                state.entries.sort { $0.labels < $1.labels }
                state.children = state.entries.map(\.child)
                state.list = SeriesList(state.entries.flatMap(\.series))
                state.isSorted = true
            }
            return (state.children, state.list)
        }
        var values: [Double] = []
        values.reserveCapacity(list.series.count)
        for child in children { kind.read(child, &values) }
        return FamilySnapshot(metadata: metadata, list: list, values: values)
    }
}

/// Hands out the numbers of a registry's series.
final class SeriesNumbers: Sendable {
    private let last = Atomic<Int>(-1)

    func next() -> Int { last.wrappingAdd(1, ordering: .relaxed).newValue }
}

extension FamilySource.Kind where Child == Counter {
    static var counter: Self {
        Self(make: { Counter() }, parts: { _ in [("", nil, .value)] }, read: { $1.append($0.value) })
    }
}

extension FamilySource.Kind where Child == Gauge {
    static var gauge: Self {
        Self(make: { Gauge() }, parts: { _ in [("", nil, .value)] }, read: { $1.append($0.value) })
    }
}

extension FamilySource.Kind where Child == Histogram {
    static func histogram(upperBounds: [Double]) -> Self {
        let bounds = upperBounds + [.infinity]
        return Self(
            make: { Histogram(upperBounds: upperBounds) },
            parts: { _ in
                bounds.map { ("_bucket", Label(Label.bucketBound, BucketBoundText.text($0)), .bucket(upperBound: $0)) }
                    + [("_sum", nil, .sum), ("_count", nil, .count)]
            },
            read: { child, values in
                let (counts, sum) = child.reading
                for count in counts { values.append(Double(count)) }
                values.append(sum)
                values.append(Double(counts.last ?? 0))
            }
        )
    }
}
