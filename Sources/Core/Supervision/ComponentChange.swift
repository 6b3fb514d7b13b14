/// A change of a component's health that a person may ask about.
public struct ComponentChange: Hashable, Sendable {
    /// Which component it is about.
    public let kind: ComponentKind
    /// The status that was told last; healthy for a component of which nothing was told yet.
    public let from: Health.Status
    /// How the component is now.
    public let health: Health
    /// Where the component is in its life: running, restarting or quarantined.
    public let state: HealthReport.RunState
    /// The error that ended the run, when the component is restarting or quarantined; otherwise empty.
    public let error: String

    /// Makes a change.
    public init(
        kind: ComponentKind,
        from: Health.Status,
        health: Health,
        state: HealthReport.RunState,
        error: String = ""
    ) {
        self.kind = kind
        self.from = from
        self.health = health
        self.state = state
        self.error = error
    }
}

/// Decides which turns of a component's life are told.
///
/// Pure. Every failure is told, since each has its error; while the component runs, a status other than the one that was
/// told last. So a first start that works is no news, and one that works after a failure is.
struct ToldHealth: Sendable {
    private var status = Health.Status.healthy

    mutating func change(to progress: Supervisor.Progress, of kind: ComponentKind) -> ComponentChange? {
        let isFailure: Bool
        switch progress.state {
        case .restarting, .quarantined: isFailure = true
        case .running: isFailure = false
        case .waiting, .starting, .draining, .ended: return nil
        }
        guard isFailure || progress.health.status != status else { return nil }
        defer { status = progress.health.status }
        return ComponentChange(
            kind: kind,
            from: status,
            health: progress.health,
            state: progress.state,
            error: isFailure ? progress.lastError : ""
        )
    }
}
