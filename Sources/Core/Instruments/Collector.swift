public import MetricModel
import Synchronization

/// Reads metrics that live elsewhere (the kernel, a library, another data structure) whenever a snapshot is taken.
///
/// Concurrency: `collect` may be called from several threads at once.
public protocol Collector: Sendable {
    /// All families that `collect` may set.
    var families: [MetricMetadata] { get }

    /// Sets the current values. What is not set is not exposed. Must be quick: it runs at every snapshot.
    func collect(into output: inout CollectorOutput)
}

/// What a collector has read.
public struct CollectorOutput: Sendable {
    fileprivate var readings: [String: [(labels: Labels, value: Double)]] = [:]

    /// Sets a value; `labels` without the metric name.
    public mutating func set(_ family: String, _ value: Double, labels: Labels = .empty) {
        readings[family, default: []].append((labels, value))
    }
}

/// A collector of one family from a closure.
struct ClosureCollector: Collector {
    let metadata: MetricMetadata
    let body: @Sendable (inout CollectorOutput) -> Void

    init(metadata: MetricMetadata, _ body: @escaping @Sendable (inout CollectorOutput) -> Void) {
        self.metadata = metadata
        self.body = body
    }

    var families: [MetricMetadata] { [metadata] }

    func collect(into output: inout CollectorOutput) { body(&output) }
}

/// Gives a collector's readings the identities that snapshots need, and keeps them between snapshots.
final class CollectorSource: Sendable {
    private struct State {
        var output = CollectorOutput()
        var known: [String: [Labels: RegistrySeries]] = [:]
        var lists: [String: SeriesList] = [:]
    }

    private let collector: any Collector
    private let numbers: SeriesNumbers
    private let state = Mutex(State())

    init(collector: any Collector, numbers: SeriesNumbers) {
        self.collector = collector
        self.numbers = numbers
    }

    func collect() {
        var output = CollectorOutput()
        collector.collect(into: &output)
        state.withLock { $0.output = output }
    }

    func family(_ metadata: MetricMetadata) -> any SnapshotSource {
        CollectedFamily(metadata: metadata, source: self)
    }

    fileprivate func snapshot(of metadata: MetricMetadata) -> FamilySnapshot {
        state.withLock { state in
            let readings = (state.output.readings[metadata.name] ?? []).sorted { $0.labels < $1.labels }
            let known = state.known[metadata.name] ?? [:]
            var current: [Labels: RegistrySeries] = [:]
            var series: [RegistrySeries] = []
            for reading in readings {
                let identity =
                    known[reading.labels]
                    ?? RegistrySeries(
                        number: numbers.next(),
                        labels: reading.labels.setting(Label.metricName, to: metadata.name),
                        role: .value
                    )
                precondition(
                    current.updateValue(identity, forKey: reading.labels) == nil,
                    "BUG: a collector set \(identity.labels) twice"
                )
                series.append(identity)
            }
            // Series that were not set are forgotten: when they come back they are new.
            state.known[metadata.name] = current
            let values = readings.map(\.value)
            if let list = state.lists[metadata.name], list.series.elementsEqual(series, by: ===) {
                return FamilySnapshot(metadata: metadata, list: list, values: values)
            }
            let list = SeriesList(series)
            state.lists[metadata.name] = list
            return FamilySnapshot(metadata: metadata, list: list, values: values)
        }
    }
}

private struct CollectedFamily: SnapshotSource {
    let metadata: MetricMetadata
    let source: CollectorSource

    var labelNames: [String] { [] }

    func snapshot() -> FamilySnapshot { source.snapshot(of: metadata) }
}
