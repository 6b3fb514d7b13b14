/// One row of the report.
struct Measurement {
    /// What the row asks of our figure.
    enum Goal {
        case atMost(Double)
        case atLeast(Double)
        /// No worse than the peer, measured in the same run.
        case peer
        /// So many times as good as the peer, measured in the same run; below 1 a part of it.
        case timesPeer(Double)
    }

    /// What someone else's program reads on the same work.
    struct Peer {
        let name: String
        /// Nil when the peer is not installed.
        let figure: Double?
    }

    /// Which figures are good.
    enum Better {
        case lower, higher
    }

    let id: String
    let ours: Double
    let unit: String
    var better = Better.lower
    var peer: Peer?
    var goal: Goal?

    /// How many times better ours is than the peer's.
    var ratio: Double? {
        guard let figure = peer?.figure, ours > 0, figure > 0 else { return nil }
        return better == .lower ? figure / ours : ours / figure
    }

    /// Whether the goal is met; nil without a goal, false when it cannot be judged for lack of the peer.
    var isMet: Bool? {
        switch goal {
        case .atMost(let limit): ours <= limit
        case .atLeast(let limit): ours >= limit
        case .peer: ratio.map { $0 >= 1 } ?? false
        case .timesPeer(let times): ratio.map { $0 >= times } ?? false
        case nil: nil
        }
    }
}
