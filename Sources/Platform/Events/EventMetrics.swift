internal import Instruments

/// The metrics `kaskman_events_*`.
struct EventMetrics: Sendable {
    private struct KindLabel: MetricLabels {
        static let names = ["kind"]
        let kind: EventKind
        var values: [String] { [kind.rawValue] }
    }

    private let appended: CounterFamily<KindLabel>
    private let prunedTotal: Counter
    private let lastPosition: Gauge

    init(_ registry: Registry, subscribers: @escaping @Sendable () -> Int) {
        appended = registry.counter(
            "kaskman_events_appended_total",
            help: "Events appended to the log by this server, by kind.",
            labels: KindLabel.self
        )
        for kind in EventKind.allCases { _ = appended[KindLabel(kind: kind)] }
        prunedTotal = registry.counter(
            "kaskman_events_pruned_total",
            help: "Events removed from the log because of their age."
        )
        lastPosition = registry.gauge(
            "kaskman_events_last_position",
            help: "Position of the newest event that this server appended."
        )
        registry.gauge("kaskman_events_followers", help: "Readers that follow the event log.") { Double(subscribers()) }
    }

    func appended(_ kind: EventKind, at position: Int64) {
        appended[KindLabel(kind: kind)].increment()
        lastPosition.set(Double(position))
    }

    func pruned(_ count: Int) { prunedTotal.increment(by: count) }
}
