internal import Basics

/// What a task may use up at most, with all its attempts; nil where there is no limit.
///
/// It counts from the task's creation, or from the last retry by a person, who thereby grants it once more.
package struct TaskBudget: Hashable, Sendable {
    /// What its attempts may cost together, in the currency that its agents report.
    package var costMax: Double?
    /// How long its attempts may run together.
    package var secondsMax: Int?

    package init(costMax: Double? = nil, secondsMax: Int? = nil) {
        self.costMax = costMax
        self.secondsMax = secondsMax
    }
}

/// What a task has used up.
package struct TaskSpending: Hashable, Sendable {
    /// What all its attempts have cost, as far as agents said.
    package var cost: Double
    /// The part of the newest attempt.
    package var attemptCost: Double
    /// The part that the budget does not count any more: what was spent before the last retry by a person.
    package var costBefore: Double
    /// How long the attempts that ended have run, counted from where the budget counts.
    package var ranMilliseconds: Int64

    package init(cost: Double = 0, attemptCost: Double = 0, costBefore: Double = 0, ranMilliseconds: Int64 = 0) {
        self.cost = cost
        self.attemptCost = attemptCost
        self.costBefore = costBefore
        self.ranMilliseconds = ranMilliseconds
    }

    /// Notes what the newest attempt has cost so far; it never shrinks, so an older report changes nothing.
    mutating func report(_ total: Double) {
        guard total > attemptCost else { return }
        cost += total - attemptCost
        attemptCost = total
    }

    /// Notes the time of an attempt that ended.
    mutating func end(_ lease: TaskLease, at now: Timestamp) {
        ranMilliseconds += max(0, now.since(lease.leasedAt).wholeMilliseconds)
    }

    /// The budget begins anew.
    mutating func countAnew() { (costBefore, ranMilliseconds) = (cost, 0) }

    /// When the time of a running attempt's task is used up; nil without a limit.
    func end(of lease: TaskLease, within budget: TaskBudget) -> Timestamp? {
        budget.secondsMax.map {
            lease.leasedAt.advanced(by: .seconds($0) - .milliseconds(ranMilliseconds))
        }
    }

    /// Whether more is used up than may be; `lease`: of the attempt that runs.
    func exceeds(_ budget: TaskBudget, lease: TaskLease?, at now: Timestamp) -> Bool {
        if let costMax = budget.costMax, cost - costBefore > costMax { return true }
        guard let lease, let end = end(of: lease, within: budget) else { return false }
        return end < now
    }
}
