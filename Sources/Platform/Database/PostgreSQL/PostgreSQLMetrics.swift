internal import Instruments

/// The metrics of connections, `kaskman_database_connection…`; all series exist on SQLite too, so that a rule or panel reads
/// zeros there.
struct PostgreSQLMetrics: Sendable {
    private struct PhaseLabel: MetricLabels {
        static let names = ["state"]
        let phase: ConnectionPoolState.Phase
        var values: [String] { [phase.rawValue] }
    }

    private let connections: GaugeFamily<PhaseLabel>
    let connectionsMax: Gauge
    let opened: Counter
    let openFailures: Counter
    let lost: Counter
    let retries: Counter
    let unknownCommits: Counter
    let isListening: Gauge
    let listenerConnects: Counter

    init(_ registry: Registry) {
        connections = registry.gauge(
            "kaskman_database_connections",
            help: "Connections to the database server, by what they are doing.",
            labels: PhaseLabel.self
        )
        for phase in ConnectionPoolState.Phase.allCases { _ = connections[PhaseLabel(phase: phase)] }
        connectionsMax = registry.gauge(
            "kaskman_database_connections_max",
            help: "How many connections to the database server there may be; 0 for the embedded database."
        )
        opened = registry.counter(
            "kaskman_database_connections_opened_total",
            help: "Connections to the database server that were opened."
        )
        openFailures = registry.counter(
            "kaskman_database_connection_failures_total",
            help: "Connections to the database server that could not be opened."
        )
        lost = registry.counter(
            "kaskman_database_connections_lost_total",
            help: "Connections to the database server that broke or were cut while they were used or probed."
        )
        retries = registry.counter(
            "kaskman_database_retries_total",
            help: "Transactions that were begun again, after a conflict with another one or a lost connection."
        )
        unknownCommits = registry.counter(
            "kaskman_database_unknown_commits_total",
            help: "Transactions whose connection was lost during the commit, so that nobody knows whether it happened."
        )
        isListening = registry.gauge(
            "kaskman_database_listening",
            help: "1 while other servers' changes are heard of at once; 0 else, and for the embedded database."
        )
        listenerConnects = registry.counter(
            "kaskman_database_listener_connects_total",
            help: "How often the connection that listens to other servers was opened."
        )
    }

    /// Notes how many connections there are of each kind.
    func show(_ pool: ConnectionPoolState) {
        for phase in ConnectionPoolState.Phase.allCases {
            connections[PhaseLabel(phase: phase)].set(Double(pool.count(phase)))
        }
    }
}
