/// Where a task stands; the raw values are stored and are those of the API.
///
/// A failed attempt is no status of its own: the task is queued again for the next attempt, or dead when there is none.
package enum TaskStatus: String, Hashable, Sendable, CaseIterable {
    /// Tasks that it depends on have not ended.
    case waiting
    /// What it depends on has ended as it should; a person has to approve it before it is queued.
    case awaitingApproval = "awaiting_approval"
    /// To be done, once its time has come and an agent that can do it asks.
    case queued
    /// Held back by a person; what it depends on may end meanwhile.
    case paused
    /// Leased to an agent.
    case running
    /// Done.
    case succeeded
    /// Ended by a person.
    case cancelled
    /// Never to be begun: what it depends on ended otherwise than it asks for.
    case skipped
    /// Failed for good: a dead letter, which a person may have tried again.
    case dead

    /// Whether nothing happens any more unless a person wants it.
    package var isEnded: Bool {
        switch self {
        case .waiting, .awaitingApproval, .queued, .paused, .running: false
        case .succeeded, .cancelled, .skipped, .dead: true
        }
    }

    /// Whether it has not begun: its dependencies may still change.
    package var isUnstarted: Bool {
        switch self {
        case .waiting, .awaitingApproval, .queued, .paused: true
        case .running, .succeeded, .cancelled, .skipped, .dead: false
        }
    }
}

/// Why a task is dead; the raw values are stored and are those of the API.
package enum DeathReason: String, Hashable, Sendable, CaseIterable {
    /// As many attempts failed as the retry policy allows.
    case attemptsExhausted = "attempts_exhausted"
    /// An attempt failed with an error that the retry policy gives no second chance.
    case notRetryable = "not_retryable"
    /// No agent took it within its schedule-to-start time.
    case startTimeout = "schedule_to_start_timeout"
    /// It was not done within its total time.
    case totalTimeout = "total_timeout"
    /// A person rejected it.
    case rejected
    /// Nobody approved it in time.
    case approvalExpired = "approval_expired"
    /// Its attempts have cost more, or run longer, than its budget allows.
    case budgetExceeded = "budget_exceeded"
    /// It is a vote, and the votes gave no result.
    case undecided
}

/// How an attempt ended; the raw values are stored and are those of the API.
package enum AttemptOutcome: String, Hashable, Sendable, CaseIterable {
    case succeeded
    /// The agent said so.
    case failed
    /// The agent was silent until its lease was over.
    case leaseExpired = "lease_expired"
    /// It took longer than its start-to-close time, or than the task's total time left it.
    case timedOut = "timed_out"
    /// The task's budget was used up while it ran.
    case budgetExceeded = "budget_exceeded"
    /// A person cancelled the task.
    case cancelled
}
