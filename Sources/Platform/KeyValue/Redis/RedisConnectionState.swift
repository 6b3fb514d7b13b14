/// What becomes of a connection to Redis: pure, time and chance are handed in.
///
///     connecting ──▶ greeting ──▶ ready
///         ▲   │          │          │
///         │   ▼          ▼          ▼
///       backing off ◀───────────────┘        closed from any
///
/// Commands are served in `ready` alone; in all others they fail at once, which is the open circuit. The next connection, with its
/// greeting, is the probe that closes the circuit again.
package struct RedisConnectionState: Sendable {
    /// The times of the machine.
    package struct Limits: Hashable, Sendable {
        /// The delay before the first new connection.
        package var delayMin: Duration
        /// The longest delay.
        package var delayMax: Duration
        /// A connection that was ready for so long is forgiven all failures before it.
        package var steadyAfter: Duration

        package init(
            delayMin: Duration = .milliseconds(50),
            delayMax: Duration = .seconds(2),
            steadyAfter: Duration = .seconds(5)
        ) {
            precondition(delayMin > .zero && delayMax >= delayMin, "BUG: the delays make no sense")
            self.delayMin = delayMin
            self.delayMax = delayMax
            self.steadyAfter = steadyAfter
        }
    }

    /// Where the connection is.
    package enum Phase: Hashable, Sendable {
        case connecting
        /// Signing in, choosing the database and saying one's name.
        case greeting
        case ready
        case backingOff
        case closed
    }

    /// What is to be done next.
    package enum Action: Hashable, Sendable {
        case connect
        case greet
        /// Serve commands until the connection ends.
        case serve
        /// Wait, then say ``waited()``.
        case wait(Duration)
        case stop
    }

    package private(set) var phase = Phase.connecting
    private let limits: Limits
    private var failures = 0
    private var readySince = Duration.zero

    /// Makes a machine whose first action is to connect.
    package init(limits: Limits = Limits()) { self.limits = limits }

    /// The transport stands.
    package mutating func connected() -> Action {
        guard phase == .connecting else { return .stop }
        phase = .greeting
        return .greet
    }

    /// Redis has accepted the greeting, at a point of uptime.
    package mutating func greeted(at uptime: Duration) -> Action {
        guard phase == .greeting else { return .stop }
        phase = .ready
        readySince = uptime
        return .serve
    }

    /// Connecting or greeting failed, or the connection ended.
    ///
    /// The delay doubles with each failure in a row; up to a quarter of it is taken off at random, so that servers that lost
    /// the same Redis do not come back together.
    package mutating func failed(at uptime: Duration, random: inout some RandomNumberGenerator) -> Action {
        guard phase != .closed else { return .stop }
        if phase == .ready, uptime - readySince >= limits.steadyAfter { failures = 0 }
        phase = .backingOff
        failures = min(failures + 1, 64)
        var delay = limits.delayMin
        for _ in 1..<failures where delay < limits.delayMax { delay *= 2 }
        return .wait(min(delay, limits.delayMax) * (1 - Double.random(in: 0..<0.25, using: &random)))
    }

    /// The delay is over.
    package mutating func waited() -> Action {
        guard phase == .backingOff else { return .stop }
        phase = .connecting
        return .connect
    }

    /// No more connections are wanted; what follows is `stop`.
    package mutating func close() -> Action {
        phase = .closed
        return .stop
    }
}
