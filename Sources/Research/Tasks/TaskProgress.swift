package import Basics

/// The part of a task that its state machine decides on.
///
/// A value: ``TaskStep`` says what may happen to it, and ``applying(_:rules:at:_:)`` what comes of it.
package struct TaskProgress: Hashable, Sendable {
    package var status: TaskStatus
    /// Attempts that failed since the creation or the last retry by a person: what the retry policy counts.
    package var failures = 0
    /// The number of the newest attempt, from 1, which is also the fencing token of its lease: grows with each lease of
    /// the task and never goes back; 0 before the first.
    package var token: Int64 = 0
    /// Not to be begun earlier.
    package var runAt: Timestamp
    /// Since when it may be begun as far as its dependencies go; nil unless it is queued.
    package var queuedAt: Timestamp?
    /// What the total time-out counts from.
    package var countsFrom: Timestamp
    /// The lease of the attempt that runs; nil unless it runs.
    package var lease: TaskLease?
    /// Whether a person has to approve it before it is begun; never changes.
    package var needsApproval = false
    /// Whether the platform does it itself, by counting, as soon as what it depends on has ended: no agent ever gets it;
    /// never changes.
    package var isCounted = false
    /// Since when it waits for approval; nil unless it does.
    package var askedAt: Timestamp?
    /// When a person approved it; nil until then.
    package var approvedAt: Timestamp?
    /// When it ended; nil while it has not.
    package var endedAt: Timestamp?
    /// Why it is dead; nil unless it is.
    package var reason: DeathReason?
    /// What its attempts have cost and how long they ran.
    package var spending = TaskSpending()

    package init(status: TaskStatus, runAt: Timestamp, countsFrom: Timestamp, queuedAt: Timestamp? = nil) {
        self.status = status
        self.runAt = runAt
        self.countsFrom = countsFrom
        self.queuedAt = queuedAt
    }

    /// A new task: one whose dependencies have not all ended waits.
    package static func new(
        _ verdict: DependencyVerdict,
        runAt: Timestamp?,
        needsApproval: Bool = false,
        isCounted: Bool = false,
        at now: Timestamp
    ) -> TaskProgress {
        var progress = TaskProgress(status: .waiting, runAt: runAt ?? now, countsFrom: now)
        progress.needsApproval = needsApproval
        progress.isCounted = isCounted
        progress.settle(verdict, at: now)
        return progress
    }

    /// Since when an agent could have taken it; nil unless it is queued.
    package var readySince: Timestamp? { queuedAt.map { max($0, runAt) } }

    /// When the sweeper has to look at it; nil when nothing ends by itself.
    package func deadline(_ timeouts: TaskTimeouts, _ budget: TaskBudget = TaskBudget()) -> Timestamp? {
        var deadlines: [Timestamp] = []
        func add(_ start: Timestamp?, _ seconds: Int?) {
            if let start, let seconds { deadlines.append(start.advanced(by: .seconds(seconds))) }
        }
        guard !status.isEnded else { return nil }
        add(countsFrom, timeouts.totalSeconds)
        add(readySince, timeouts.scheduleToStartSeconds)
        add(lease?.leasedAt, timeouts.startToCloseSeconds)
        add(askedAt, timeouts.approvalSeconds)
        if let lease { deadlines.append(lease.deadline) }
        if let lease, let end = spending.end(of: lease, within: budget) { deadlines.append(end) }
        return deadlines.min()
    }
}

/// The right of one agent to do one attempt.
package struct TaskLease: Hashable, Sendable {
    package let agentID: UUIDv7
    package let leasedAt: Timestamp
    /// The lease is lost when the agent gives no sign of life until then.
    package var deadline: Timestamp

    package init(agentID: UUIDv7, leasedAt: Timestamp, deadline: Timestamp) {
        self.agentID = agentID
        self.leasedAt = leasedAt
        self.deadline = deadline
    }
}

/// What a task's policies say to its state machine.
package struct TaskRules: Hashable, Sendable {
    package var retry: RetryPolicy
    package var timeouts: TaskTimeouts
    package var budget = TaskBudget()

    package init(retry: RetryPolicy = RetryPolicy(), timeouts: TaskTimeouts = TaskTimeouts()) {
        self.retry = retry
        self.timeouts = timeouts
    }
}
