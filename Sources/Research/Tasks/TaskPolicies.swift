/// How often and how soon a failed attempt is followed by another.
package struct RetryPolicy: Hashable, Sendable {
    /// Attempts in all, the first one counted.
    package var attemptsMax = TaskLimits.attemptsDefault
    /// The wait after the first failure.
    package var firstDelaySeconds = TaskLimits.firstDelaySecondsDefault
    /// By what the wait grows with each further failure.
    package var factor = 2.0
    /// No wait is longer.
    package var delaySecondsMax = TaskLimits.delaySecondsDefault
    /// The part of the wait, from 0 to 1, that chance may take away, so that what failed together is not tried together.
    package var jitter = 0.2
    /// The classes of errors after which there is no further attempt.
    package var nonRetryable: [String] = []

    package init() {}

    /// How long to wait after a failure.
    ///
    /// - Parameters:
    ///   - failures: how many attempts have failed so far, from 1.
    ///   - random: decides within the jitter.
    /// - Returns: at least zero, at most ``delaySecondsMax``, in whole milliseconds.
    package func delay(after failures: Int, _ random: inout some RandomNumberGenerator) -> Duration {
        var seconds = Double(firstDelaySeconds)
        let limit = Double(delaySecondsMax)
        // Multiplied step by step, so that no power overflows; a factor of 1 needs no steps.
        if factor > 1 {
            for _ in 1..<max(failures, 1) where seconds < limit { seconds *= factor }
        }
        seconds = min(seconds, limit)
        if jitter > 0 { seconds -= seconds * min(jitter, 1) * Double.random(in: 0..<1, using: &random) }
        return .milliseconds(Int64((seconds * 1000).rounded(.down)))
    }
}

/// How long the parts of a task's life may take; nil where there is no limit.
package struct TaskTimeouts: Hashable, Sendable {
    /// From being ready until an agent takes it; over it, the task is dead.
    package var scheduleToStartSeconds: Int?
    /// One attempt; over it, the attempt has failed.
    package var startToCloseSeconds: Int?
    /// Between two signs of life of the agent, which is how long a lease lasts; over it, the attempt has failed.
    package var heartbeatSeconds = TaskLimits.heartbeatSecondsDefault
    /// From creation, or the last retry by a person, to the end with all attempts; over it, the task is dead.
    package var totalSeconds: Int?
    /// From asking for approval until a person answers; over it, the task is dead.
    package var approvalSeconds: Int?

    package init() {}
}

/// An error as an agent reports it.
package struct TaskFailure: Hashable, Sendable {
    /// The class, such as `out_of_memory`: what a retry policy names.
    package var errorClass: String
    /// What happened, for people.
    package var message: String

    package init(_ errorClass: String, _ message: String = "") {
        self.errorClass = errorClass
        self.message = message
    }

    /// The class of the platform's own error when an agent fell silent.
    package static let leaseExpiredClass = "lease_expired"
    /// The class of the platform's own error when an attempt took too long.
    package static let timeoutClass = "start_to_close_timeout"
    /// The class of the error of a task that a person rejected.
    package static let rejectedClass = "rejected"
    /// The class of the platform's own error when the budget was used up.
    package static let budgetClass = "budget_exceeded"
}
