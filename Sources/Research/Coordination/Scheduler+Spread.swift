internal import Basics

/// Tasks that are better done by different agents, as the opinions of a collaboration.
struct Spread: Sendable {
    /// How many open tasks are known of it.
    var members = 0
    /// Who does each of its tasks, or did so last.
    var agents: [UUIDv7: UUIDv7] = [:]
}

/// What came of the wish that a task goes to an agent that has done none of its siblings.
package struct SpreadOutcome: Hashable, Sendable {
    /// How many agents that could have had it were passed over since they have a sibling.
    package let passedOver: Int
    /// Whether it went to an agent that has a sibling, since no other asked for work.
    package let isRepeated: Bool

    package init(passedOver: Int, isRepeated: Bool) {
        self.passedOver = passedOver
        self.isRepeated = isRepeated
    }
}

extension Scheduler {
    /// Of how many plans it keeps in mind who does what.
    package var spreadCount: Int { spreads.count }

    /// Counts a task in; before its old entry is counted out, so that what is known of its siblings stays.
    mutating func joinSpread(_ task: SchedulerTask) {
        guard let id = task.spread else { return }
        spreads[id, default: Spread()].members += 1
    }

    /// Counts a task out; when none is left, nobody will ask who did them.
    mutating func leaveSpread(_ task: SchedulerTask) {
        guard let id = task.spread else { return }
        spreads[id]?.members -= 1
        if let left = spreads[id]?.members, left <= 0 { spreads[id] = nil }
    }

    /// Who of some agents has no sibling of a task; all of them, when each has one.
    func withoutSiblings(_ task: SchedulerTask, _ candidates: Set<WaiterID>) -> (Set<WaiterID>, SpreadOutcome?) {
        guard let id = task.spread else { return (candidates, nil) }
        let taken = Set((spreads[id]?.agents ?? [:]).filter { $0.key != task.id }.values)
        let fresh = candidates.filter { waiter in
            waiters[waiter].map { !taken.contains($0.agent.agentID) } ?? false
        }
        if fresh.isEmpty { return (candidates, SpreadOutcome(passedOver: 0, isRepeated: !candidates.isEmpty)) }
        return (fresh, SpreadOutcome(passedOver: candidates.count - fresh.count, isRepeated: false))
    }
}
