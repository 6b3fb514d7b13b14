import APIModel
package import Instruments
import KeyValue

/// The metrics of the HTTP server.
package struct HTTPInstruments: Sendable {
    struct RequestLabels: MetricLabels {
        static let names = ["method", "route", "code"]
        let values: [String]
    }

    struct RouteLabels: MetricLabels {
        static let names = ["method", "route"]
        let values: [String]
    }

    /// What a rate limit said.
    enum RateOutcome: String, MetricLabel, CaseIterable {
        static let name = "outcome"
        case allowed, refused
        /// The limiter could not be asked, so the request passed.
        case failed
    }

    struct RateLabels: MetricLabels {
        static let names = ["class", "outcome"]
        let values: [String]
    }

    let requests: CounterFamily<RequestLabels>
    let durations: HistogramFamily<RouteLabels>
    let begun: Counter
    let ended: Counter
    let inFlight: Gauge
    let connections: Gauge
    let connectionsTotal: Counter
    let connectionsMax: Gauge
    let requestBytes: Counter
    let responseBytes: Counter
    let rejections: [Rejection: Counter]
    private let rateDecisions: CounterFamily<RateLabels>

    package init(_ registry: Registry) {
        requests = registry.counter(
            "kaskman_http_requests_total",
            help: "Requests answered, by method, route and status code.",
            labels: RequestLabels.self
        )
        durations = registry.histogram(
            "kaskman_http_request_duration_seconds",
            help: "Time from a request's header to its answer, in seconds.",
            labels: RouteLabels.self
        )
        begun = registry.counter("kaskman_http_requests_begun_total", help: "Requests whose header was read.")
        ended = registry.counter(
            "kaskman_http_requests_ended_total",
            help: "Requests that are over, whatever the answer."
        )
        inFlight = registry.gauge("kaskman_http_requests_in_flight", help: "Requests that have begun and not ended.")
        connections = registry.gauge("kaskman_http_connections", help: "Open connections.")
        connectionsTotal = registry.counter("kaskman_http_connections_total", help: "Connections accepted.")
        connectionsMax = registry.gauge("kaskman_http_connections_max", help: "The limit of open connections.")
        requestBytes = registry.counter("kaskman_http_request_body_bytes_total", help: "Bytes of request bodies read.")
        responseBytes = registry.counter("kaskman_http_response_body_bytes_total", help: "Bytes of answers' bodies.")
        struct ReasonLabels: MetricLabels {
            static let names = ["reason"]
            let values: [String]
        }
        let rejections = registry.counter(
            "kaskman_http_rejections_total",
            help: "Requests refused before their handler or cut off, by reason.",
            labels: ReasonLabels.self
        )
        self.rejections = Dictionary(
            uniqueKeysWithValues: Rejection.allCases.map { ($0, rejections[ReasonLabels(values: [$0.rawValue])]) }
        )
        rateDecisions = registry.counter(
            "kaskman_http_rate_limit_decisions_total",
            help: "Decisions of the rate limits, by class of routes.",
            labels: RateLabels.self
        )
    }

    func count(_ rejection: Rejection) { rejections[rejection]?.increment() }

    /// The counters of one class of routes.
    func rateCounters(_ rateClass: String) -> RateCounters {
        RateCounters(
            allowed: rateDecisions[RateLabels(values: [rateClass, RateOutcome.allowed.rawValue])],
            refused: rateDecisions[RateLabels(values: [rateClass, RateOutcome.refused.rawValue])],
            failed: rateDecisions[RateLabels(values: [rateClass, RateOutcome.failed.rawValue])]
        )
    }
}

/// The counters of one rate class, resolved once.
struct RateCounters: Sendable {
    let allowed: Counter
    let refused: Counter
    let failed: Counter

    func count(_ decision: RateLimitDecision) { (decision.isAllowed ? allowed : refused).increment() }
}

/// The metrics of one route; the usual ones resolved once.
struct RouteInstruments: Sendable {
    let method: String
    /// The route's template, or a word in brackets for what has none.
    let route: String
    let duration: Histogram
    private let usual: [(status: Int, counter: Counter)]
    private let family: CounterFamily<HTTPInstruments.RequestLabels>

    /// Makes the instruments of one route; the series of `statuses` exist from the start.
    init(_ instruments: HTTPInstruments, method: String, route: String, statuses: [Int]) {
        self.method = method
        self.route = route
        family = instruments.requests
        duration = instruments.durations[HTTPInstruments.RouteLabels(values: [method, route])]
        let family = family
        usual = statuses.map { ($0, family[HTTPInstruments.RequestLabels(values: [method, route, String($0)])]) }
    }

    func counter(_ status: Int) -> Counter {
        if let known = usual.first(where: { $0.status == status }) { return known.counter }
        return family[HTTPInstruments.RequestLabels(values: [method, route, String(status)])]
    }
}
