import Basics

/// Decides what follows a component's failure: a restart after a growing delay, or quarantine.
///
/// Pure: the time and the randomness are handed in.
public struct RestartPolicy: Sendable {
    /// The numbers of the policy.
    public struct Limits: Sendable, Hashable {
        /// The delay before the first restart.
        public var delayMin: Duration
        /// The longest delay.
        public var delayMax: Duration
        /// So many failures within `window` are borne; one more quarantines.
        public var failuresMax: Int
        /// How long a failure counts; a component that ran this long starts again with the shortest delay.
        public var window: Duration

        /// Makes limits; the delays must be positive and `delayMax` no shorter than `delayMin`.
        public init(
            delayMin: Duration = .milliseconds(250),
            delayMax: Duration = .seconds(30),
            failuresMax: Int = 10,
            window: Duration = .seconds(600)
        ) {
            precondition(
                delayMin > .zero && delayMax >= delayMin && failuresMax >= 0,
                "BUG: restart limits make no sense"
            )
            self.delayMin = delayMin
            self.delayMax = delayMax
            self.failuresMax = failuresMax
            self.window = window
        }
    }

    /// What is to be done.
    public enum Decision: Sendable, Hashable {
        case restart(after: Duration)
        case quarantine
    }

    private let limits: Limits
    /// When the failures that still count happened, in uptime.
    private var failures: [Duration] = []

    /// Makes a policy for one component that has not failed yet.
    public init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Takes note of a failure at a point of uptime.
    ///
    /// The delay doubles with each failure in the window; up to a quarter of it is taken off at random, so that
    /// components that failed together do not come back together.
    public mutating func failed(at uptime: Duration, random: inout some RandomNumberGenerator) -> Decision {
        failures.removeAll { uptime - $0 > limits.window }
        failures.append(uptime)
        guard failures.count <= limits.failuresMax else { return .quarantine }
        var delay = limits.delayMin
        for _ in 1..<failures.count where delay < limits.delayMax { delay *= 2 }
        delay = min(delay, limits.delayMax)
        return .restart(after: delay * (1 - Double.random(in: 0..<0.25, using: &random)))
    }
}
