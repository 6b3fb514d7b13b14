internal import Instruments
internal import Records

/// The metrics that only projects have.
struct ProjectMetrics: Sendable {
    let projects: StatusGauge<ProjectStatus>
    let idempotentReplays: Counter
    let idempotencyKeysExpired: Counter

    init(_ registry: Registry) {
        projects = StatusGauge(registry, of: Project.table, help: "Projects that are not deleted, by status.")
        idempotentReplays = registry.counter(
            "kaskman_project_idempotent_replays_total",
            help: "Creations of projects that were answered with the result of an earlier one with the same key."
        )
        idempotencyKeysExpired = registry.counter(
            "kaskman_project_idempotency_keys_expired_total",
            help: "Idempotency keys that were removed at the end of their lifetime."
        )
    }
}
