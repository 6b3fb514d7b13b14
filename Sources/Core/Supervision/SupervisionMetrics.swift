import Instruments

struct ComponentLabels: MetricLabels {
    static let names = ["component"]
    let kind: ComponentKind
    var values: [String] { [kind.rawValue] }
}

/// The metrics that every component has.
struct SupervisionMetrics: Sendable {
    let up: GaugeFamily<ComponentLabels>
    let health: GaugeFamily<ComponentLabels>
    let restarts: CounterFamily<ComponentLabels>
    let quarantined: GaugeFamily<ComponentLabels>
    let healthCheckDuration: HistogramFamily<ComponentLabels>
    let drainOverruns: CounterFamily<ComponentLabels>

    init(registry: Registry) {
        up = registry.gauge(
            "kaskman_component_up",
            help: "Whether the component runs (1) or not (0).",
            labels: ComponentLabels.self
        )
        health = registry.gauge(
            "kaskman_component_health",
            help: "The component's health: 1 healthy, 0.5 degraded, 0 unhealthy.",
            labels: ComponentLabels.self
        )
        restarts = registry.counter(
            "kaskman_component_restarts_total",
            help: "How often the component failed and was started again.",
            labels: ComponentLabels.self
        )
        quarantined = registry.gauge(
            "kaskman_component_quarantined",
            help: "Whether the component failed too often and is not restarted any more.",
            labels: ComponentLabels.self
        )
        healthCheckDuration = registry.histogram(
            "kaskman_component_health_check_duration_seconds",
            help: "How long the component's health check took.",
            labels: ComponentLabels.self
        )
        drainOverruns = registry.counter(
            "kaskman_component_drain_overruns_total",
            help: "How often the component did not end in the time that a drain allows and was cancelled.",
            labels: ComponentLabels.self
        )
    }
}
