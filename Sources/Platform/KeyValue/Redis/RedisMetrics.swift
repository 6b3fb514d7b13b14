package import Instruments

/// The metrics `kaskman_redis_*`; one of them a registry, for all connections of a server.
package struct RedisMetrics: Sendable {
    /// What a connection is for.
    package enum Connection: String, MetricLabel, CaseIterable {
        package static let name = "connection"
        /// Commands and their replies.
        case commands
        /// Messages between servers.
        case messages
    }

    private struct ErrorCode: MetricLabels {
        static let names = ["error_code"]
        let code: RedisError.Code
        var values: [String] { [code.rawValue] }
    }

    let up: GaugeFamily<Connection>
    let reconnects: CounterFamily<Connection>
    let connectFailures: CounterFamily<Connection>
    let inFlight: Gauge
    let durations: Histogram
    let commands: Counter
    let messages: Counter
    private let errors: CounterFamily<ErrorCode>

    /// Registers the metrics.
    package init(_ registry: Registry) {
        up = registry.gauge(
            "kaskman_redis_up",
            help: "1 while the connection to Redis serves, else 0.",
            labels: Connection.self
        )
        reconnects = registry.counter(
            "kaskman_redis_reconnects_total",
            help: "Times that a connection to Redis stood again after it had been lost.",
            labels: Connection.self
        )
        connectFailures = registry.counter(
            "kaskman_redis_connect_failures_total",
            help: "Attempts to connect to Redis that failed.",
            labels: Connection.self
        )
        inFlight = registry.gauge(
            "kaskman_redis_in_flight_commands",
            help: "Commands that were sent and have no reply yet."
        )
        durations = registry.histogram(
            "kaskman_redis_command_duration_seconds",
            help: "How long commands took from the call to the reply.",
            buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]
        )
        commands = registry.counter("kaskman_redis_commands_total", help: "Commands that Redis did.")
        messages = registry.counter(
            "kaskman_redis_messages_total",
            help: "Messages of other servers that came through Redis."
        )
        errors = registry.counter(
            "kaskman_redis_errors_total",
            help: "Commands that failed, by the reason; most were answered in another way.",
            labels: ErrorCode.self
        )
        // All series exist from the start, so that a rate sees the first error.
        for code in RedisError.Code.allCases { _ = errors[ErrorCode(code: code)] }
        for connection in Connection.allCases {
            up[connection].set(0)
            _ = reconnects[connection]
            _ = connectFailures[connection]
        }
    }

    func failed(_ error: RedisError) { errors[ErrorCode(code: error.code)].increment() }
}
