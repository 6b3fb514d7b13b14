internal import Instruments

/// The metrics `kaskman_identity_*`.
struct IdentityMetrics: Sendable {
    /// How a login ended.
    enum LoginOutcome: String, MetricLabel, CaseIterable {
        static let name = "outcome"
        case success
        case invalid
        case lockedOut = "locked_out"
        case overloaded
        case error
    }

    private struct Reason: MetricLabels {
        static let names = ["reason"]
        let error: TokenError
        var values: [String] { [error.rawValue] }
    }

    private let logins: CounterFamily<LoginOutcome>
    private let rejections: CounterFamily<Reason>
    let lockouts: Counter
    let refreshReuse: Counter
    let uncheckedSessions: Counter
    let hashDurations: Histogram

    init(_ registry: Registry) {
        logins = registry.counter(
            "kaskman_identity_logins_total",
            help: "Checks of a name and password, by outcome; cached Basic checks are not counted.",
            labels: LoginOutcome.self
        )
        rejections = registry.counter(
            "kaskman_identity_tokens_rejected_total",
            help: "Access, refresh and agent tokens that were refused, by reason.",
            labels: Reason.self
        )
        lockouts = registry.counter(
            "kaskman_identity_login_lockouts_total",
            help: "Failed logins that locked a name or a network for a while."
        )
        refreshReuse = registry.counter(
            "kaskman_identity_refresh_reuse_total",
            help: "Refresh tokens that were used again, which ended their sessions."
        )
        uncheckedSessions = registry.counter(
            "kaskman_identity_unchecked_sessions_total",
            help: "Access tokens accepted for reading only, because the database could not tell about their sessions."
        )
        hashDurations = registry.histogram(
            "kaskman_identity_password_hash_duration_seconds",
            help: "How long hashing a password took.",
            buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
        )
        for outcome in LoginOutcome.allCases { _ = logins[outcome] }
        for error in TokenError.allCases { _ = rejections[Reason(error: error)] }
    }

    func login(_ outcome: LoginOutcome) { logins[outcome].increment() }

    func rejected(_ error: TokenError) { rejections[Reason(error: error)].increment() }
}
