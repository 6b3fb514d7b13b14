import Basics
import Instruments
import MetricModel
import Supervision
import TimeSeries

/// Keeps the time-series store: drops what is past its retention and reports what it holds.
final class TimeSeriesComponent: Component {
    /// How often old samples are dropped.
    static let collectionInterval = Duration.seconds(30)

    let head: Head
    private let context: ComponentContext
    private let collectionDuration: Histogram

    init(context: ComponentContext, settings: Settings.TimeSeriesSettings) {
        self.context = context
        head = Head(
            configuration: HeadConfiguration(retention: settings.retention, seriesMax: settings.seriesMax),
            clock: context.clock
        )
        context.registry.register(HeadCollector(head: head))
        collectionDuration = context.registry.histogram(
            "kaskman_time_series_collection_duration_seconds",
            help: "How long it took to drop the samples past their retention.",
            buckets: Buckets.shortSeconds
        )
    }

    func run() async throws {
        context.ready()
        while await context.pause(for: Self.collectionInterval) {
            let begin = context.clock.uptime
            head.collectGarbage(now: context.clock.now)
            collectionDuration.observe(context.clock.uptime - begin)
        }
    }

    /// Degraded when there is no room for new series.
    func health() async -> Health {
        let statistics = head.statistics
        let counted = statistics.series - statistics.reservedSeries
        guard counted < head.configuration.seriesMax else {
            return .degraded(
                "holds \(counted) series, its limit: new ones are refused; raise time_series.series_max"
            )
        }
        return .healthy
    }
}

/// The store's statistics as metrics.
struct HeadCollector: Collector {
    let head: Head

    private enum Name {
        static let series = "kaskman_time_series_series"
        static let seriesMax = "kaskman_time_series_series_limit"
        static let reserved = "kaskman_time_series_reserved_series"
        static let reservedMax = "kaskman_time_series_reserved_series_limit"
        static let chunks = "kaskman_time_series_chunks"
        static let samples = "kaskman_time_series_samples"
        static let bytes = "kaskman_time_series_memory_bytes"
        static let appended = "kaskman_time_series_appended_samples_total"
        static let created = "kaskman_time_series_created_series_total"
        static let removed = "kaskman_time_series_removed_series_total"
        static let rejected = "kaskman_time_series_rejected_samples_total"
    }

    var families: [MetricMetadata] {
        [
            MetricMetadata(name: Name.series, type: .gauge, help: "Series in the store."),
            MetricMetadata(name: Name.seriesMax, type: .gauge, help: "The most series that the store may hold."),
            MetricMetadata(
                name: Name.reserved,
                type: .gauge,
                help: "Series of alerts that a full store made room for, beyond the limit of series."
            ),
            MetricMetadata(
                name: Name.reservedMax,
                type: .gauge,
                help: "The most series of alerts that a full store makes room for."
            ),
            MetricMetadata(name: Name.chunks, type: .gauge, help: "Compressed chunks in the store."),
            MetricMetadata(name: Name.samples, type: .gauge, help: "Samples in the store."),
            MetricMetadata(name: Name.bytes, type: .gauge, help: "Memory that the store takes, estimated, in bytes."),
            MetricMetadata(name: Name.appended, type: .counter, help: "Samples stored since the start."),
            MetricMetadata(name: Name.created, type: .counter, help: "Series created since the start."),
            MetricMetadata(name: Name.removed, type: .counter, help: "Series removed since the start."),
            MetricMetadata(name: Name.rejected, type: .counter, help: "Samples refused, by reason."),
        ]
    }

    func collect(into output: inout CollectorOutput) {
        let statistics = head.statistics
        output.set(Name.series, Double(statistics.series))
        output.set(Name.seriesMax, Double(head.configuration.seriesMax))
        output.set(Name.reserved, Double(statistics.reservedSeries))
        output.set(Name.reservedMax, Double(head.configuration.alertSeriesMax))
        output.set(Name.chunks, Double(statistics.chunks))
        output.set(Name.samples, Double(statistics.samples))
        output.set(Name.bytes, Double(statistics.bytes))
        output.set(Name.appended, Double(statistics.appendedTotal))
        output.set(Name.created, Double(statistics.seriesCreatedTotal))
        output.set(Name.removed, Double(statistics.seriesRemovedTotal))
        for reason in RejectedSample.Reason.allCases {
            let count = statistics.rejectedTotal[reason] ?? 0
            output.set(Name.rejected, Double(count), labels: ["reason": reason.rawValue])
        }
    }
}
