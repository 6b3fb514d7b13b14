internal import Basics
internal import Instruments

/// The metrics that only agents have.
struct AgentMetrics: Sendable {
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

    private let agents: GaugeFamily<StatusLabel>
    private let transitions: CounterFamily<TransitionLabel>
    private struct TrustLabel: MetricLabels {
        static let names = ["change"]
        let change: AgentTrust.Change
        var values: [String] { [change.rawValue] }
    }

    private let trust: CounterFamily<TrustLabel>
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
        trust = registry.counter(
            "kaskman_agent_quarantine_changes_total",
            help: "Agents that were quarantined because their attempts kept failing, and that a success restored.",
            labels: TrustLabel.self
        )
        for change in [AgentTrust.Change.quarantined, .restored] { _ = trust[TrustLabel(change: change)] }
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
    }

    func trusted(_ change: AgentTrust.Change) { trust[TrustLabel(change: change)].increment() }

    func announced(_ status: AgentStatus) { transitions[TransitionLabel(to: status)].increment() }

    func watched(_ counts: [AgentStatus: Int], at now: Timestamp) {
        for status in AgentStatus.allCases { agents[StatusLabel(status: status)].set(Double(counts[status] ?? 0)) }
        lastWatch.set(now.seconds)
    }
}
