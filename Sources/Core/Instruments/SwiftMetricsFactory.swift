public import CoreMetrics
import MetricModel

/// The back end for libraries that report through swift-metrics: their metrics join a registry.
///
/// Names follow the naming guide: other characters than letters, digits and underscores become underscores, counters
/// end in `_total`, timers are histograms in `_seconds`. Dimensions are labels; each label set counts against the
/// family's ceiling. A metric that a library reports with different dimensions than before is told apart by a family of
/// its own, whose name ends in the dimensions' names, since one family has one set of label names.
public final class SwiftMetricsFactory: MetricsFactory {
    private let registry: Registry

    /// Makes the factory that `MetricsSystem.bootstrap` takes.
    public init(registry: Registry) {
        self.registry = registry
    }

    /// Makes or finds the counter `label_total` with the dimensions as labels.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        CounterAdapter(counter: counter(label, dimensions))
    }

    /// Makes or finds the counter `label_total`, which takes fractions.
    public func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        FloatingPointCounterAdapter(counter: counter(label, dimensions))
    }

    /// Makes or finds the gauge that a library's meter sets.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        let labels = DynamicLabels(dimensions)
        let name = LibraryMetricName.name(label, suffix: "")
        return MeterAdapter(gauge: registry.dynamicGauge(name, help: "Reported by a library as \(label).", labels))
    }

    /// Makes or finds a histogram for a recorder that aggregates, and a gauge of the last value for one that does not.
    public func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        let labels = DynamicLabels(dimensions)
        let help = "Reported by a library as \(label)."
        let name = LibraryMetricName.name(label, suffix: "")
        guard aggregate else {
            return RecorderAdapter(record: registry.dynamicGauge(name, help: help, labels).set)
        }
        let histogram = registry.dynamicHistogram(name, help: help, buckets: Buckets.bytes, labels)
        return RecorderAdapter { histogram.observe($0) }
    }

    /// Makes or finds the histogram `label_seconds` that a library's timer observes.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let labels = DynamicLabels(dimensions)
        let name = LibraryMetricName.name(label, suffix: "_seconds")
        let help = "Reported by a library as \(label)."
        return TimerAdapter(
            histogram: registry.dynamicHistogram(name, help: help, buckets: Buckets.seconds, labels)
        )
    }

    /// Does nothing: a counter keeps its series, so that its total never falls.
    public func destroyCounter(_ handler: any CounterHandler) {}
    /// Does nothing: a counter keeps its series, so that its total never falls.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    /// Does nothing: the gauge keeps its series and its last value.
    public func destroyMeter(_ handler: any MeterHandler) {}
    /// Does nothing: the recorder's histogram or gauge keeps its series.
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    /// Does nothing: the histogram keeps its series, so that its counts never fall.
    public func destroyTimer(_ handler: any TimerHandler) {}

    private func counter(_ label: String, _ dimensions: [(String, String)]) -> Counter {
        let labels = DynamicLabels(dimensions)
        let name = LibraryMetricName.name(label, suffix: "_total")
        return registry.dynamicCounter(name, help: "Reported by a library as \(label).", labels)
    }
}

private final class CounterAdapter: CounterHandler {
    let counter: Counter
    init(counter: Counter) { self.counter = counter }
    func increment(by amount: Int64) { counter.increment(by: Int(amount)) }
    /// A counter of Prometheus never goes back: what a library resets goes on from where it was.
    func reset() {}
}

private final class FloatingPointCounterAdapter: FloatingPointCounterHandler {
    let counter: Counter
    init(counter: Counter) { self.counter = counter }
    func increment(by amount: Double) { counter.increment(by: amount) }
    func reset() {}
}

private final class MeterAdapter: MeterHandler {
    let gauge: Gauge
    init(gauge: Gauge) { self.gauge = gauge }
    func set(_ value: Int64) { gauge.set(Double(value)) }
    func set(_ value: Double) { gauge.set(value) }
    func increment(by amount: Double) { gauge.add(amount) }
    func decrement(by amount: Double) { gauge.add(-amount) }
}

private final class RecorderAdapter: RecorderHandler {
    let recordValue: @Sendable (Double) -> Void
    init(record: @escaping @Sendable (Double) -> Void) { recordValue = record }
    func record(_ value: Int64) { recordValue(Double(value)) }
    func record(_ value: Double) { recordValue(value) }
}

private final class TimerAdapter: TimerHandler {
    let histogram: Histogram
    init(histogram: Histogram) { self.histogram = histogram }
    func recordNanoseconds(_ duration: Int64) { histogram.observe(Double(duration) / 1e9) }
}
