package import Basics

/// What may happen to a task.
package enum TaskStep: Hashable, Sendable {
    /// What it depends on was looked at.
    case dependencies(DependencyVerdict)
    /// An agent takes it.
    case lease(agentID: UUIDv7)
    /// The agent gives a sign of life.
    case renew(LeaseClaim)
    /// The agent has done it.
    case succeed(LeaseClaim)
    /// The agent's attempt failed.
    case fail(LeaseClaim, errorClass: String)
    /// Time has passed; silence counts only from `listeningSince` on, since nobody could be heard before.
    case sweep(listeningSince: Timestamp)
    case pause
    /// Goes on where its dependencies are.
    case resume(DependencyVerdict)
    case cancel
    /// A person lets it be begun.
    case approve
    /// A person wants it not to be done.
    case reject
    /// A person has a dead or cancelled one tried again, with all its attempts.
    case retry(DependencyVerdict)
    /// The platform has counted the votes, which gave a result or none.
    case count(isDecided: Bool)
}

/// What an agent shows of its lease.
package struct LeaseClaim: Hashable, Sendable {
    package let agentID: UUIDv7
    package let token: Int64
    /// What the attempt has cost so far, in the currency of the budget; nil when the agent does not say.
    package let cost: Double?

    package init(agentID: UUIDv7, token: Int64, cost: Double? = nil) {
        self.agentID = agentID
        self.token = token
        self.cost = cost
    }
}

/// What is to be done because of a step, in order.
package enum TaskAction: Hashable, Sendable {
    /// An attempt began, with the new token.
    case beginAttempt(TaskLease)
    /// The attempt of the token before the step ended.
    case endAttempt(AttemptOutcome)
    /// The lease of the running attempt lasts longer.
    case extendLease(until: Timestamp)
    /// The task ended: what depends on it is to be looked at.
    case ended
    /// The task is open again: what was skipped because of it is to be looked at.
    case reopened
}

/// Why a step is not possible.
package enum TaskStepError: Error, Hashable, Sendable {
    /// The machine has no such step from this status.
    case notPossible(from: TaskStatus)
    /// The lease that was shown is not the one that runs.
    case leaseLost
}

extension TaskProgress {
    /// What becomes of the task.
    ///
    /// Pure: the same progress, step, time and random numbers give the same. A step that changes nothing has no actions.
    /// - Parameters:
    ///   - step: what happens.
    ///   - rules: the task's policies.
    ///   - now: when.
    ///   - random: decides within the jitter of the retry policy.
    /// - Returns: the progress afterwards and what is to be done.
    /// - Throws: ``TaskStepError``; then nothing has happened.
    package func applying(
        _ step: TaskStep,
        rules: TaskRules,
        at now: Timestamp,
        _ random: inout some RandomNumberGenerator
    ) throws(TaskStepError) -> (progress: TaskProgress, actions: [TaskAction]) {
        var next = self
        let actions = try next.apply(step, rules, now, &random)
        if let lease, next.lease?.leasedAt != lease.leasedAt { next.spending.end(lease, at: now) }
        return (next, actions)
    }

    private mutating func apply(
        _ step: TaskStep,
        _ rules: TaskRules,
        _ now: Timestamp,
        _ random: inout some RandomNumberGenerator
    ) throws(TaskStepError) -> [TaskAction] {
        switch step {
        case .dependencies(let verdict): return look(verdict, now)
        case .lease(let agentID): return try lease(to: agentID, rules, now)
        case .renew(let claim):
            try take(claim)
            if isOverBudget(rules, now) {
                end(.dead, now, .budgetExceeded)
                return [.endAttempt(.budgetExceeded), .ended]
            }
            let deadline = now.advanced(by: .seconds(rules.timeouts.heartbeatSeconds))
            // A clock that was set back shortens no lease.
            guard let old = lease?.deadline, deadline > old else { return [] }
            lease?.deadline = deadline
            return [.extendLease(until: deadline)]
        case .succeed(let claim):
            // A result is accepted whatever it has cost: refusing it would save nothing any more.
            try take(claim)
            end(.succeeded, now)
            return [.endAttempt(.succeeded), .ended]
        case .fail(let claim, let errorClass):
            try take(claim)
            return failAttempt(.failed, errorClass, rules, now, &random)
        case .sweep(let listeningSince): return sweep(rules, now, listeningSince, &random)
        case .pause:
            guard status == .waiting || status == .awaitingApproval || status == .queued else {
                throw .notPossible(from: status)
            }
            (status, queuedAt, askedAt) = (.paused, nil, nil)
            return []
        case .resume(let verdict):
            guard status == .paused else { throw .notPossible(from: status) }
            status = .waiting
            settle(verdict, at: now)
            return status.isEnded ? [.ended] : []
        case .cancel:
            guard !status.isEnded else { throw .notPossible(from: status) }
            let isRunning = status == .running
            end(.cancelled, now)
            return (isRunning ? [.endAttempt(.cancelled)] : []) + [.ended]
        case .approve:
            guard status == .awaitingApproval else { throw .notPossible(from: status) }
            (status, queuedAt, askedAt, approvedAt) = (.queued, now, nil, now)
            return []
        case .reject:
            guard status == .awaitingApproval else { throw .notPossible(from: status) }
            end(.dead, now, .rejected)
            return [.ended]
        case .retry(let verdict): return try retry(verdict, now)
        case .count(let isDecided):
            guard isCounted, status == .waiting else { throw .notPossible(from: status) }
            if isDecided { end(.succeeded, now) } else { end(.dead, now, .undecided) }
            return [.ended]
        }
    }

    /// Puts a waiting task where its dependencies want it; one that is counted waits for that.
    mutating func settle(_ verdict: DependencyVerdict, at now: Timestamp) {
        switch verdict {
        case .open: break
        case .met where isCounted: break
        case .met where needsApproval && approvedAt == nil: (status, askedAt) = (.awaitingApproval, now)
        case .met: (status, queuedAt) = (.queued, now)
        case .impossible: end(.skipped, now)
        }
    }

    /// Dependencies have changed: waiting ones go on, queued ones wait again, skipped ones are taken back.
    private mutating func look(_ verdict: DependencyVerdict, _ now: Timestamp) -> [TaskAction] {
        switch status {
        case .waiting:
            settle(verdict, at: now)
            return status.isEnded ? [.ended] : []
        case .queued where verdict != .met, .awaitingApproval where verdict != .met:
            (status, queuedAt, askedAt) = (.waiting, nil, nil)
            settle(verdict, at: now)
            return status.isEnded ? [.ended] : []
        case .skipped where verdict != .impossible:
            (status, endedAt) = (.waiting, nil)
            settle(verdict, at: now)
            return [.reopened]
        case .awaitingApproval, .queued, .paused, .running, .succeeded, .cancelled, .skipped, .dead: return []
        }
    }

    private mutating func lease(
        to agentID: UUIDv7,
        _ rules: TaskRules,
        _ now: Timestamp
    ) throws(TaskStepError) -> [TaskAction] {
        guard status == .queued, runAt <= now else { throw .notPossible(from: status) }
        let deadline = now.advanced(by: .seconds(rules.timeouts.heartbeatSeconds))
        let lease = TaskLease(agentID: agentID, leasedAt: now, deadline: deadline)
        (status, queuedAt, self.lease) = (.running, nil, lease)
        token += 1
        spending.attemptCost = 0
        return [.beginAttempt(lease)]
    }

    /// Whether a lease that is shown is the one that runs.
    package func holds(_ claim: LeaseClaim) -> Bool {
        status == .running && lease?.agentID == claim.agentID && token == claim.token
    }

    private mutating func take(_ claim: LeaseClaim) throws(TaskStepError) {
        guard holds(claim) else { throw .leaseLost }
        if let cost = claim.cost { spending.report(cost) }
    }

    private func isOverBudget(_ rules: TaskRules, _ now: Timestamp) -> Bool {
        spending.exceeds(rules.budget, lease: lease, at: now)
    }

    private mutating func failAttempt(
        _ outcome: AttemptOutcome,
        _ errorClass: String,
        _ rules: TaskRules,
        _ now: Timestamp,
        _ random: inout some RandomNumberGenerator
    ) -> [TaskAction] {
        failures += 1
        if isOverBudget(rules, now) {
            end(.dead, now, .budgetExceeded)
            return [.endAttempt(outcome), .ended]
        }
        if rules.retry.nonRetryable.contains(errorClass) {
            end(.dead, now, .notRetryable)
            return [.endAttempt(outcome), .ended]
        }
        if failures >= rules.retry.attemptsMax {
            end(.dead, now, .attemptsExhausted)
            return [.endAttempt(outcome), .ended]
        }
        (status, lease, queuedAt) = (.queued, nil, now)
        runAt = now.advanced(by: rules.retry.delay(after: failures, &random))
        return [.endAttempt(outcome)]
    }

    private mutating func sweep(
        _ rules: TaskRules,
        _ now: Timestamp,
        _ listeningSince: Timestamp,
        _ random: inout some RandomNumberGenerator
    ) -> [TaskAction] {
        let timeouts = rules.timeouts
        func isOver(_ start: Timestamp?, _ seconds: Int?) -> Bool {
            guard let start, let seconds else { return false }
            return start.advanced(by: .seconds(seconds)) < now
        }
        if status.isEnded { return [] }
        if isOver(countsFrom, timeouts.totalSeconds) {
            let isRunning = status == .running
            end(.dead, now, .totalTimeout)
            return (isRunning ? [.endAttempt(.timedOut)] : []) + [.ended]
        }
        if isOver(readySince, timeouts.scheduleToStartSeconds) {
            end(.dead, now, .startTimeout)
            return [.ended]
        }
        if isOver(askedAt, timeouts.approvalSeconds) {
            end(.dead, now, .approvalExpired)
            return [.ended]
        }
        guard let lease else { return [] }
        if isOverBudget(rules, now) {
            end(.dead, now, .budgetExceeded)
            return [.endAttempt(.budgetExceeded), .ended]
        }
        if isOver(lease.leasedAt, timeouts.startToCloseSeconds) {
            return failAttempt(.timedOut, TaskFailure.timeoutClass, rules, now, &random)
        }
        let heardUntil = max(lease.deadline, listeningSince.advanced(by: .seconds(timeouts.heartbeatSeconds)))
        guard heardUntil < now else { return [] }
        return failAttempt(.leaseExpired, TaskFailure.leaseExpiredClass, rules, now, &random)
    }

    private mutating func retry(_ verdict: DependencyVerdict, _ now: Timestamp) throws(TaskStepError) -> [TaskAction] {
        guard status == .dead || status == .cancelled else { throw .notPossible(from: status) }
        (status, failures, reason, endedAt) = (.waiting, 0, nil, nil)
        (runAt, countsFrom) = (now, now)
        spending.countAnew()
        settle(verdict, at: now)
        return [status.isEnded ? .ended : .reopened]
    }

    private mutating func end(_ status: TaskStatus, _ now: Timestamp, _ reason: DeathReason? = nil) {
        (self.status, self.reason, endedAt, lease, queuedAt, askedAt) = (status, reason, now, nil, nil, nil)
    }
}
