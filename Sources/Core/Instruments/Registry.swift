public import MetricModel
import Synchronization

/// The metrics of one process, or of one test: makes instruments and reads them all at once.
///
/// A registry is handed to whoever needs it; none is global. Asking again for a metric that is registered with the same
/// type, help and labels gives the same one; a conflict is a bug and traps, since metrics are registered at start.
///
/// Concurrency: any thread.
public final class Registry: Sendable {
    /// How many children a family may have unless it says otherwise.
    public static let seriesPerFamilyMaxDefault = 2000

    private struct State {
        var sources: [String: any SnapshotSource] = [:]
        var instruments: [String: any Sendable] = [:]
        var collectors: [CollectorSource] = []
        var sorted: [any SnapshotSource]?
    }

    private let state = Mutex(State())
    private let numbers = SeriesNumbers()
    private let seriesPerFamilyMax: Int
    private let overflowed: Mutex<CounterFamily<OverflowLabels>?> = Mutex(nil)

    private struct OverflowLabels: MetricLabels {
        static let names = ["family"]
        let values: [String]
    }

    /// Makes an empty registry; a family without a ceiling of its own takes `seriesPerFamilyMax` children.
    public init(seriesPerFamilyMax: Int = seriesPerFamilyMaxDefault) {
        self.seriesPerFamilyMax = seriesPerFamilyMax
        let family: CounterFamily<OverflowLabels> = counter(
            "kaskman_registry_overflowed_label_sets_total",
            help: "Uses of label sets that a metric family had no room for; they were counted in its overflow series.",
            labels: OverflowLabels.self
        )
        overflowed.withLock { $0 = family }
    }

    /// A counter without labels.
    ///
    /// Its name ends in `_total`.
    public func counter(_ name: String, help: String) -> Counter {
        single(MetricMetadata(name: name, type: .counter, help: help), kind: .counter)
    }

    /// Counters with labels.
    public func counter<LabelSet: MetricLabels>(
        _ name: String,
        help: String,
        labels: LabelSet.Type,
        seriesMax: Int? = nil
    ) -> CounterFamily<LabelSet> {
        family(MetricMetadata(name: name, type: .counter, help: help), kind: .counter, seriesMax: seriesMax)
    }

    /// A gauge without labels.
    public func gauge(_ name: String, help: String) -> Gauge {
        single(MetricMetadata(name: name, type: .gauge, help: help), kind: .gauge)
    }

    /// Gauges with labels.
    public func gauge<LabelSet: MetricLabels>(
        _ name: String,
        help: String,
        labels: LabelSet.Type,
        seriesMax: Int? = nil
    ) -> GaugeFamily<LabelSet> {
        family(MetricMetadata(name: name, type: .gauge, help: help), kind: .gauge, seriesMax: seriesMax)
    }

    /// A gauge that is read by a closure at each snapshot; the closure must be quick and must not register metrics.
    public func gauge(_ name: String, help: String, read: @escaping @Sendable () -> Double) {
        let metadata = MetricMetadata(name: name, type: .gauge, help: help)
        register(ClosureCollector(metadata: metadata) { $0.set(name, read()) })
    }

    /// A counter that is read by a closure at each snapshot, for a count that is kept elsewhere.
    public func counter(_ name: String, help: String, read: @escaping @Sendable () -> Double) {
        let metadata = MetricMetadata(name: name, type: .counter, help: help)
        register(ClosureCollector(metadata: metadata) { $0.set(name, read()) })
    }

    /// A histogram without labels; `buckets` are upper bounds, ascending, without +Inf.
    public func histogram(_ name: String, help: String, buckets: [Double] = Buckets.seconds) -> Histogram {
        checkBuckets(buckets, name)
        return single(
            MetricMetadata(name: name, type: .histogram, help: help),
            kind: .histogram(upperBounds: buckets)
        )
    }

    /// Histograms with labels.
    public func histogram<LabelSet: MetricLabels>(
        _ name: String,
        help: String,
        buckets: [Double] = Buckets.seconds,
        labels: LabelSet.Type,
        seriesMax: Int? = nil
    ) -> HistogramFamily<LabelSet> {
        checkBuckets(buckets, name)
        return family(
            MetricMetadata(name: name, type: .histogram, help: help),
            kind: .histogram(upperBounds: buckets),
            seriesMax: seriesMax
        )
    }

    /// Adds a collector, which is asked at each snapshot.
    public func register(_ collector: some Collector) {
        let source = CollectorSource(collector: collector, numbers: numbers)
        state.withLock { state in
            for metadata in collector.families {
                precondition(
                    state.sources[metadata.name] == nil,
                    "BUG: the metric \(metadata.name) is registered twice"
                )
                state.sources[metadata.name] = source.family(metadata)
            }
            state.collectors.append(source)
            state.sorted = nil
        }
    }

    /// What all metrics read now.
    ///
    /// Families without series are left out.
    public func snapshot() -> RegistrySnapshot {
        let (sources, collectors) = state.withLock { state in
            let sorted = state.sorted ?? state.sources.values.sorted { $0.metadata.name < $1.metadata.name }
            state.sorted = sorted
            return (sorted, state.collectors)
        }
        for collector in collectors { collector.collect() }
        return RegistrySnapshot(families: sources.map { $0.snapshot() }.filter { !$0.series.isEmpty })
    }

    /// All registered families, sorted by name, whether they have series or not.
    public var metadata: [MetricMetadata] {
        state.withLock { $0.sources.values.map(\.metadata) }.sorted { $0.name < $1.name }
    }

    private struct NoLabels: MetricLabels {
        static let names: [String] = []
        var values: [String] { [] }
    }

    private func single<Child>(_ metadata: MetricMetadata, kind: FamilySource<Child>.Kind) -> Child {
        let family: Family<NoLabels, Child> = family(metadata, kind: kind, seriesMax: 1)
        return family[NoLabels()]
    }

    private func family<LabelSet: MetricLabels, Child>(
        _ metadata: MetricMetadata,
        kind: FamilySource<Child>.Kind,
        seriesMax: Int?
    ) -> Family<LabelSet, Child> {
        precondition(MetricNames.isLegacyMetricName(metadata.name), "BUG: \(metadata.name) is no metric name")
        precondition(
            LabelSet.names.allSatisfy { MetricNames.isLegacyLabelName($0) && !$0.hasPrefix("__") },
            "BUG: \(metadata.name) has a label name that is none: \(LabelSet.names)"
        )
        return state.withLock { state in
            if let known = state.instruments[metadata.name] {
                guard let family = known as? Family<LabelSet, Child>, state.sources[metadata.name]?.metadata == metadata
                else { preconditionFailure("BUG: the metric \(metadata.name) is registered in two ways") }
                return family
            }
            precondition(state.sources[metadata.name] == nil, "BUG: the metric \(metadata.name) is registered twice")
            let source = FamilySource<Child>(
                metadata: metadata,
                labelNames: LabelSet.names,
                kind: kind,
                numbers: numbers,
                onOverflow: { [weak self] in self?.countOverflow(of: metadata.name) }
            )
            let family = Family<LabelSet, Child>(source: source, seriesMax: seriesMax ?? seriesPerFamilyMax)
            state.sources[metadata.name] = source
            state.instruments[metadata.name] = family
            state.sorted = nil
            return family
        }
    }

    /// The family of a library's metric; when the name is taken by other labels or another type, under a name that ends
    /// in the labels' names and the type.
    func dynamicFamily<Child>(
        _ metadata: MetricMetadata,
        kind: FamilySource<Child>.Kind,
        _ labels: DynamicLabels
    ) -> DynamicFamily<Child> {
        state.withLock { state in
            var metadata = metadata
            while true {
                if let known = state.instruments[metadata.name] as? DynamicFamily<Child>,
                    state.sources[metadata.name]?.labelNames == labels.names
                {
                    return known
                }
                if state.sources[metadata.name] == nil { break }
                let suffix = (labels.names + [metadata.type.rawValue]).joined(separator: "_")
                metadata = MetricMetadata(
                    name: metadata.name + "_" + suffix,
                    type: metadata.type,
                    help: metadata.help
                )
            }
            let name = metadata.name
            let source = FamilySource<Child>(
                metadata: metadata,
                labelNames: labels.names,
                kind: kind,
                numbers: numbers,
                onOverflow: { [weak self] in self?.countOverflow(of: name) }
            )
            let family = DynamicFamily(source: source, seriesMax: seriesPerFamilyMax)
            state.sources[name] = source
            state.instruments[name] = family
            state.sorted = nil
            return family
        }
    }

    private func countOverflow(of name: String) {
        overflowed.withLock { $0 }?[OverflowLabels(values: [name])].increment()
    }

    private func checkBuckets(_ buckets: [Double], _ name: String) {
        precondition(!buckets.isEmpty && buckets.allSatisfy(\.isFinite), "BUG: \(name) needs finite bucket bounds")
        precondition(zip(buckets, buckets.dropFirst()).allSatisfy { $0 < $1 }, "BUG: bounds of \(name) must ascend")
    }
}
