/// Counts the open connections, in all and by the network that they come from, and decides which of them are served.
///
/// Pure. One that is not served counts towards neither limit, so that a client beyond its own limit cannot use up the
/// other's.
struct OpenConnections {
    /// What a connection was one too many for.
    enum Limit: Hashable {
        /// ``HTTPSettings/connectionsMax``.
        case all
        /// ``HTTPSettings/connectionsPerAddressMax``.
        case address
    }

    enum Decision: Equatable {
        case serve
        /// `isAnswered`: whether it is told why before it is closed; `isLogged`: whether the log is told.
        case refuse(Limit, isAnswered: Bool, isLogged: Bool)
    }

    /// How many connections are answered 503 at once; more are closed without a word, since an answer keeps a
    /// connection, and its file descriptor, until it has been read.
    static let answeredRefusalsMax = 256
    /// How often the log is told of one limit at most.
    static let logInterval = Duration.seconds(60)

    private let max: Int
    private let perAddressMax: Int
    private let exempt: [AddressRange]
    private var served = 0
    private var answeredRefusals = 0
    /// The connections served, by the ``IPAddress/limitKey`` of their peer; none at 0.
    private var byKey: [UInt64: Int] = [:]
    private var loggedAt: [Limit: Duration] = [:]

    /// `exempt`: peers that have no limit of their own, since many clients come through them.
    init(max: Int, perAddressMax: Int, exempt: [AddressRange] = []) {
        self.max = max
        self.perAddressMax = perAddressMax
        self.exempt = exempt
    }

    /// A connection was accepted at a point of uptime.
    mutating func opened(from peer: IPAddress, at uptime: Duration) -> Decision {
        if !exempt.isTrusted(peer), byKey[peer.limitKey, default: 0] >= perAddressMax {
            return refuse(.address, at: uptime)
        }
        guard served < max else { return refuse(.all, at: uptime) }
        served += 1
        if !exempt.isTrusted(peer) { byKey[peer.limitKey, default: 0] += 1 }
        return .serve
    }

    /// A connection of which `decision` was made has been closed.
    mutating func closed(_ decision: Decision, from peer: IPAddress) {
        switch decision {
        case .serve:
            served -= 1
            guard !exempt.isTrusted(peer), let count = byKey[peer.limitKey] else { return }
            byKey[peer.limitKey] = count > 1 ? count - 1 : nil
        case .refuse(_, isAnswered: true, isLogged: _): answeredRefusals -= 1
        case .refuse: break
        }
    }

    private mutating func refuse(_ limit: Limit, at uptime: Duration) -> Decision {
        let isAnswered = answeredRefusals < Self.answeredRefusalsMax
        if isAnswered { answeredRefusals += 1 }
        let isLogged = loggedAt[limit].map { uptime - $0 >= Self.logInterval } ?? true
        if isLogged { loggedAt[limit] = uptime }
        return .refuse(limit, isAnswered: isAnswered, isLogged: isLogged)
    }
}
