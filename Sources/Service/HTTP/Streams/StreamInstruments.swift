package import Instruments

/// The metrics of the streams: `kaskman_live_*`, by endpoint, which are few and known.
package struct StreamInstruments: Sendable {
    struct EndpointLabels: MetricLabels {
        static let names = ["endpoint"]
        let values: [String]
    }

    struct EndLabels: MetricLabels {
        static let names = ["endpoint", "reason"]
        let values: [String]
    }

    private let connections: GaugeFamily<EndpointLabels>
    private let opened: CounterFamily<EndpointLabels>
    private let sent: CounterFamily<EndpointLabels>
    private let sentBytes: CounterFamily<EndpointLabels>
    private let received: CounterFamily<EndpointLabels>
    private let closed: CounterFamily<EndLabels>

    package init(_ registry: Registry) {
        connections = registry.gauge(
            "kaskman_live_connections",
            help: "Open streams.",
            labels: EndpointLabels.self
        )
        opened = registry.counter(
            "kaskman_live_connections_total",
            help: "Streams that were opened.",
            labels: EndpointLabels.self
        )
        sent = registry.counter(
            "kaskman_live_messages_sent_total",
            help: "Messages and events handed to the sockets of streams.",
            labels: EndpointLabels.self
        )
        sentBytes = registry.counter(
            "kaskman_live_sent_bytes_total",
            help: "Bytes handed to the sockets of streams.",
            labels: EndpointLabels.self
        )
        received = registry.counter(
            "kaskman_live_messages_received_total",
            help: "Messages that clients sent on streams.",
            labels: EndpointLabels.self
        )
        closed = registry.counter(
            "kaskman_live_closes_total",
            help: "Streams that have ended, by reason.",
            labels: EndLabels.self
        )
    }

    /// The instruments of one endpoint, whose series exist from here on.
    package func endpoint(_ path: String) -> StreamEndpointInstruments {
        let labels = EndpointLabels(values: [path])
        return StreamEndpointInstruments(
            connections: connections[labels],
            opened: opened[labels],
            sent: sent[labels],
            sentBytes: sentBytes[labels],
            received: received[labels],
            closed: Dictionary(
                uniqueKeysWithValues: StreamEnd.allCases.map { ($0, closed[EndLabels(values: [path, $0.rawValue])]) }
            )
        )
    }
}

/// The instruments of one endpoint of streams.
package struct StreamEndpointInstruments: Sendable {
    let connections: Gauge
    let opened: Counter
    let sent: Counter
    let sentBytes: Counter
    let received: Counter
    let closed: [StreamEnd: Counter]
}
