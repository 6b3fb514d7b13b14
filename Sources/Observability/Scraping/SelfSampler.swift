public import Basics
public import Instruments
public import MetricModel
public import Supervision
import Synchronization

/// Samples the platform's own registry into its store, without serialising: the scrape of itself.
///
/// Beside the metrics it writes what a scrape of a target writes: `up`, `scrape_duration_seconds` and
/// `scrape_samples_scraped`, with the same `job` and `instance`.
public final class SelfSampler: Component {
    /// Stores a snapshot as of a time, and says what was refused.
    public typealias StoreSnapshot =
        @Sendable (RegistrySnapshot, Timestamp) throws(SampleAppendError) -> [RejectedSample]
    /// Stores single samples.
    public typealias StoreSamples = @Sendable ([LabeledSample]) throws(SampleAppendError) -> [RejectedSample]

    private let context: ComponentContext
    private let interval: Duration
    private let targetLabels: [Label]
    private let storeSnapshot: StoreSnapshot
    private let storeSamples: StoreSamples
    private let metrics: SelfSamplerMetrics
    private let lastSuccess = Mutex<Duration?>(nil)

    /// Makes the sampler.
    ///
    /// - Parameters:
    ///   - context: What the supervisor hands in; its registry is what is sampled.
    ///   - interval: The time between two samples of each series; positive.
    ///   - targetLabels: `job` and `instance`.
    ///   - storeSnapshot: Stores what the registry read.
    ///   - storeSamples: Stores the samples about the sampling itself.
    public init(
        context: ComponentContext,
        interval: Duration,
        targetLabels: [Label],
        storeSnapshot: @escaping StoreSnapshot,
        storeSamples: @escaping StoreSamples
    ) {
        precondition(interval > .zero, "BUG: a sampling interval must be positive")
        self.context = context
        self.interval = interval
        self.targetLabels = targetLabels
        self.storeSnapshot = storeSnapshot
        self.storeSamples = storeSamples
        metrics = SelfSamplerMetrics(registry: context.registry)
        metrics.interval.set(interval.inSeconds)
    }

    /// Samples at once and then on the interval; a sample that would come late is left out and counted.
    public func run() async throws {
        try sample()
        context.ready()
        var next = context.clock.uptime + interval
        while await context.pause(for: next - context.clock.uptime) {
            try sample()
            next += interval
            while next <= context.clock.uptime {
                next += interval
                metrics.missed.increment()
            }
        }
    }

    /// Healthy while the last success is no older than three intervals.
    public func health() async -> Health {
        guard let last = lastSuccess.withLock({ $0 }) else { return .unhealthy("has not sampled yet") }
        let age = context.clock.uptime - last
        guard age > interval * 3 else { return .healthy }
        return .unhealthy("the last sample of the platform's own metrics is \(age.inSeconds.rounded()) s old")
    }

    private func sample() throws(SampleAppendError) {
        let begin = context.clock.uptime
        let now = context.clock.now
        let snapshot = context.registry.snapshot()
        let refused = try storeSnapshot(snapshot, now)
        let duration = context.clock.uptime - begin
        let count = snapshot.seriesCount
        let refusedHere = try storeSamples([
            meta("up", 1, now), meta("scrape_duration_seconds", duration.inSeconds, now),
            meta("scrape_samples_scraped", Double(count), now),
        ])
        metrics.samples.increment(by: count)
        metrics.duration.observe(duration)
        for rejection in refused + refusedHere { metrics.rejected[rejection.reason].increment() }
        metrics.lastSuccess.set(now.seconds)
        lastSuccess.withLock { $0 = context.clock.uptime }
    }

    private func meta(_ name: String, _ value: Double, _ now: Timestamp) -> LabeledSample {
        LabeledSample(
            labels: Labels([Label(Label.metricName, name)] + targetLabels),
            timestamp: now.milliseconds,
            value: value
        )
    }
}

/// The sampler's own metrics.
struct SelfSamplerMetrics: Sendable {
    let samples: Counter
    let missed: Counter
    let rejected: CounterFamily<RejectedSample.Reason>
    let duration: Histogram
    let lastSuccess: Gauge
    let interval: Gauge

    init(registry: Registry) {
        samples = registry.counter(
            "kaskman_sampler_samples_total",
            help: "Samples of the platform's own metrics that were handed to the store."
        )
        missed = registry.counter(
            "kaskman_sampler_missed_total",
            help: "Samplings left out because the one before took longer than the interval."
        )
        rejected = registry.counter(
            "kaskman_sampler_rejected_samples_total",
            help: "Samples of the platform's own metrics that the store refused.",
            labels: RejectedSample.Reason.self
        )
        for reason in RejectedSample.Reason.allCases { _ = rejected[reason] }
        duration = registry.histogram(
            "kaskman_sampler_duration_seconds",
            help: "How long it took to read all metrics and store them.",
            buckets: Buckets.shortSeconds
        )
        lastSuccess = registry.gauge(
            "kaskman_sampler_last_success_timestamp_seconds",
            help: "When the platform's own metrics were last stored, in seconds since the Unix epoch."
        )
        interval = registry.gauge(
            "kaskman_sampler_interval_seconds",
            help: "How often the platform's own metrics are stored."
        )
    }
}

extension RejectedSample.Reason: MetricLabel {
    /// The label that tells the reasons apart on the counter of rejected samples.
    public static var name: String { "reason" }
}
