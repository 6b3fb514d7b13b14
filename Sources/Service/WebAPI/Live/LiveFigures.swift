package import Basics
import HTTP
import Instruments
import JSON
import NIOCore

/// Figures of the moment, for those who subscribe to them; asked for only while somebody does.
package struct LiveFigures: Sendable {
    /// A figure's name in the message, and the PromQL that gives it.
    package typealias Figure = (name: String, expression: String)

    /// What the overview's charts show, in base units.
    package static let all: [Figure] = [
        ("requests_per_second", "sum(rate(kaskman_http_requests_total[1m]))"),
        ("errors_per_second", "sum(rate(kaskman_http_requests_total{code=~\"5..\"}[1m])) or vector(0)"),
        (
            "request_duration_p99_seconds",
            "histogram_quantile(0.99, sum by (le) (rate(kaskman_http_request_duration_seconds_bucket[1m])))"
        ),
        ("resident_memory_bytes", "sum(process_resident_memory_bytes{job=\"kaskman\"})"),
        ("cpu_cores", "sum(rate(process_cpu_seconds_total{job=\"kaskman\"}[1m]))"),
        ("live_connections", "sum(kaskman_live_connections)"),
    ]

    private let clock: any WallClock
    private let evaluate: @Sendable (_ expression: String, _ time: Timestamp) async -> Double?

    /// `evaluate`: the one value of an expression; nil when there is none, or it cannot be had at present.
    package init(
        clock: any WallClock,
        evaluate: @escaping @Sendable (_ expression: String, _ time: Timestamp) async -> Double?
    ) {
        self.clock = clock
        self.evaluate = evaluate
    }

    /// Sends the figures to all who want them; one whose queue is full does without.
    func send(to hub: LiveHub) async {
        let clients = hub.clients.filter { client in
            let filter = client.filter
            return filter.seesMetrics && filter.wish.topics.contains(.metrics)
        }
        guard !clients.isEmpty else { return }
        let now = clock.now
        var values: [(String, Double?)] = []
        for figure in Self.all { values.append((figure.name, await evaluate(figure.expression, now))) }
        var json = JSONWriter(capacity: 512)
        json.object { json in
            json.member("type", "metrics_update")
            json.member("timestamp", now.rfc3339)
            json.key("data")
            json.object { json in
                for (name, value) in values { json.member(name, orNull: value) }
            }
        }
        let text = ByteBuffer(bytes: json.bytes)
        let plain = FrameEncoder.text(text.readableBytesView)
        for client in clients where !client.send({ _ in plain }) { hub.instruments.dropped.increment() }
    }
}
