internal import Basics
internal import Instruments

/// The metrics `kaskman_agent*`.
struct AgentMetrics: Sendable {
    /// What the repository does; the raw values are the values of the metric label `operation`.
    enum Operation: String, MetricLabel, CaseIterable {
        static let name = "operation"
        case register, get, list, update, drain, delete, heartbeat, watch, probe
        case rotateToken = "rotate_token"
    }

    /// The kinds of change; the raw values are the values of the metric label `change`.
    enum Change: String, MetricLabel, CaseIterable {
        static let name = "change"
        case registered, updated, deleted
        case tokenRotated = "token_rotated"
    }

    private struct StatusLabel: MetricLabels {
        static let names = ["status"]
        let status: AgentStatus
        var values: [String] { [status.rawValue] }
    }

    private struct TransitionLabel: MetricLabels {
        static let names = ["to"]
        let to: AgentStatus
        var values: [String] { [to.rawValue] }
    }

    private struct FailureLabels: MetricLabels {
        static let names = ["error_code"]
        let code: AgentError.Code
        var values: [String] { [code.rawValue] }
    }

    private let agents: GaugeFamily<StatusLabel>
    private let transitions: CounterFamily<TransitionLabel>
    private let changes: CounterFamily<Change>
    private let failures: CounterFamily<FailureLabels>
    private let durations: HistogramFamily<Operation>
    private let versionConflicts: Counter
    private let lastWatch: Gauge
    let heartbeats: Counter

    init(_ registry: Registry) {
        agents = registry.gauge(
            "kaskman_agents",
            help: "Agents that are not deleted, by the status that was last announced.",
            labels: StatusLabel.self
        )
        transitions = registry.counter(
            "kaskman_agent_status_changes_total",
            help: "Changes of agents' status that this server announced, by the new status.",
            labels: TransitionLabel.self
        )
        changes = registry.counter(
            "kaskman_agent_changes_total",
            help: "Changes of agents that were committed, by kind.",
            labels: Change.self
        )
        failures = registry.counter(
            "kaskman_agent_failures_total",
            help: "Operations on agents that were refused or failed, by the reason.",
            labels: FailureLabels.self
        )
        durations = registry.histogram(
            "kaskman_agent_operation_duration_seconds",
            help: "How long operations on agents took.",
            labels: Operation.self
        )
        versionConflicts = registry.counter(
            "kaskman_agent_version_conflicts_total",
            help: "Changes of agents that were refused because the agent had changed meanwhile."
        )
        lastWatch = registry.gauge(
            "kaskman_agent_watch_last_success_timestamp_seconds",
            help: "When the status of all agents was last looked at, as a Unix time."
        )
        heartbeats = registry.counter(
            "kaskman_agent_heartbeats_total",
            help: "Heartbeats of agents that were accepted."
        )
        for status in AgentStatus.allCases {
            _ = agents[StatusLabel(status: status)]
            _ = transitions[TransitionLabel(to: status)]
        }
        for change in Change.allCases { _ = changes[change] }
        for code in AgentError.Code.allCases { _ = failures[FailureLabels(code: code)] }
        for operation in Operation.allCases { _ = durations[operation] }
    }

    func finished(_ operation: Operation, after duration: Duration) { durations[operation].observe(duration) }

    func failed(_ code: AgentError.Code) {
        failures[FailureLabels(code: code)].increment()
        if code == .versionMismatch { versionConflicts.increment() }
    }

    func changed(_ change: Change) { changes[change].increment() }

    func announced(_ status: AgentStatus) { transitions[TransitionLabel(to: status)].increment() }

    func watched(_ counts: [AgentStatus: Int], at now: Timestamp) {
        for status in AgentStatus.allCases { agents[StatusLabel(status: status)].set(Double(counts[status] ?? 0)) }
        lastWatch.set(now.seconds)
    }
}
