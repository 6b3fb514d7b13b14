public import Instruments
import MetricModel
import PromQL

/// Who asked.
public enum QueryOrigin: String, MetricLabel, CaseIterable {
    /// The label.
    public static let name = "origin"
    case api, rules, health
}

/// How a query ended.
enum QueryOutcome: String, CaseIterable {
    case success, syntax, overloaded, timeout, cancelled, limit, failure

    init(_ error: QueryError) {
        switch error {
        case .cancelled: self = .cancelled
        case .timeout: self = .timeout
        case .tooManySamples, .tooManySeries, .tooManyPoints, .labelValueTooLong, .tooManyLabelBytes,
            .storage(.tooManySamples):
            self = .limit
        case .invalid, .evaluation, .storage(.corrupted): self = .failure
        }
    }
}

struct QueryLabels: MetricLabels {
    static let names = ["origin", "outcome"]
    let origin: QueryOrigin
    let outcome: QueryOutcome
    var values: [String] { [origin.rawValue, outcome.rawValue] }
}

struct QueryMetrics: Sendable {
    let queries: CounterFamily<QueryLabels>
    let duration: HistogramFamily<QueryOrigin>
    let samplesRead: Counter

    init(registry: Registry, threads: WorkerThreads) {
        queries = registry.counter(
            "kaskman_queries_total",
            help: "PromQL queries by who asked and how they ended.",
            labels: QueryLabels.self
        )
        for origin in QueryOrigin.allCases {
            for outcome in QueryOutcome.allCases { _ = queries[QueryLabels(origin: origin, outcome: outcome)] }
        }
        duration = registry.histogram(
            "kaskman_query_duration_seconds",
            help: "How long PromQL queries took, waiting included.",
            labels: QueryOrigin.self
        )
        for origin in QueryOrigin.allCases { _ = duration[origin] }
        samplesRead = registry.counter(
            "kaskman_query_samples_read_total",
            help: "Stored samples that PromQL queries have read."
        )
        registry.gauge("kaskman_queries_running", help: "PromQL queries that are being evaluated.") {
            Double(threads.load.running)
        }
        registry.gauge("kaskman_queries_waiting", help: "PromQL queries that wait for a thread.") {
            Double(threads.load.waiting)
        }
    }
}
