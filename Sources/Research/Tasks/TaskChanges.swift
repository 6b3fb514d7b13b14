internal import Basics
internal import Database
internal import JSON
internal import Records
internal import Synchronization

/// Chance, shared by all who retry.
final class SharedRandom: Sendable {
    private let generator: Mutex<SeededGenerator>

    init(seed: UInt64) { generator = Mutex(SeededGenerator(seed: seed)) }

    func using<T>(_ body: (inout SeededGenerator) throws -> T) throws -> T { try generator.withLock { try body(&$0) } }
}

/// What an agent brings with the end of an attempt.
struct AttemptResult {
    var output: JSONValue?
    var failure: TaskFailure?
    /// Why the attempt that begins goes to its agent.
    var reasons: JSONValue?
}

/// What a step makes of a task, before it is written.
struct TaskAdvance {
    let progress: TaskProgress
    let actions: [TaskAction]

    /// Whether what depends on the task is to be looked at.
    var opensOrEnds: Bool { actions.contains(.ended) || actions.contains(.reopened) }
}

extension TaskRepository {
    /// Applies a step to a task that is locked, with everything that follows from it, in the caller's transaction.
    ///
    /// - Returns: the task afterwards.
    @discardableResult
    func step(
        _ task: ProjectTask,
        _ step: TaskStep,
        _ result: AttemptResult = AttemptResult(),
        by origin: ChangeOrigin,
        _ connection: any SQLConnection
    ) throws -> ProjectTask {
        let now = store.clock.now
        let advance = try advanced(task, by: step, at: now, connection)
        // Before the first event, whose lock others wait for who hold a row: a database that finds two in each other's way
        // lets everybody wait for a second first. What follows at second hand is locked when its turn comes.
        let dependents = advance.opensOrEnds ? try lockedDependents(of: task.id, connection) : []
        let (changed, opensOrEnds) = try applyAndCount(step, advance, result, to: task, at: now, by: origin, connection)
        var open: [UUIDv7] = []
        func look(_ dependents: [ProjectTask]) throws {
            for dependent in dependents {
                let look = TaskStep.dependencies(try verdict(on: dependent.id, connection))
                let advance = try advanced(dependent, by: look, at: now, connection)
                let (_, opensOrEnds) = try applyAndCount(
                    look,
                    advance,
                    AttemptResult(),
                    to: dependent,
                    at: now,
                    by: origin,
                    connection
                )
                if opensOrEnds { open.append(dependent.id) }
            }
        }
        try look(dependents)
        if opensOrEnds, !advance.opensOrEnds { open.append(task.id) }
        while let id = open.popLast() { try look(try lockedDependents(of: id, connection)) }
        return changed
    }

    /// The tasks that depend on one, locked in the order in which all servers lock them.
    private func lockedDependents(of id: UUIDv7, _ connection: any SQLConnection) throws -> [ProjectTask] {
        try TaskTable(connection: connection).dependents(of: id).map { try store.locked($0, nil, connection) }
    }

    /// What the dependencies of a task say now.
    func verdict(on id: UUIDv7, _ connection: any SQLConnection) throws -> DependencyVerdict {
        DependencyVerdict(try TaskTable(connection: connection).dependencies(of: id).map(\.verdict))
    }

    /// Applies a step, and counts a vote that waits for nothing any more; returns the task afterwards, and whether what depends
    /// on it is to be looked at.
    private func applyAndCount(
        _ step: TaskStep,
        _ advance: TaskAdvance,
        _ result: AttemptResult,
        to old: ProjectTask,
        at now: Timestamp,
        by origin: ChangeOrigin,
        _ connection: any SQLConnection
    ) throws -> (task: ProjectTask, opensOrEnds: Bool) {
        let new = try apply(step, advance, result, to: old, at: now, by: origin, connection)
        guard new.progress.isCounted, new.progress.status == .waiting, try verdict(on: new.id, connection) == .met
        else {
            return (new, advance.opensOrEnds)
        }
        let outcome = try ballot(of: new, connection).outcome
        let count = TaskStep.count(isDecided: outcome.isDecided)
        let counting = try advanced(new, by: count, at: now, connection)
        let counted = try apply(count, counting, outcome.result, to: new, at: now, by: origin, connection)
        return (counted, advance.opensOrEnds || counting.opensOrEnds)
    }

    /// Writes what a step made of a task, with its event; returns the task afterwards.
    private func apply(
        _ step: TaskStep,
        _ advance: TaskAdvance,
        _ result: AttemptResult,
        to old: ProjectTask,
        at now: Timestamp,
        by origin: ChangeOrigin,
        _ connection: any SQLConnection
    ) throws -> ProjectTask {
        let (progress, actions) = (advance.progress, advance.actions)
        guard progress != old.progress else { return old }
        var new = old
        new.progress = progress
        new.version += 1
        new.updatedAt = now
        if progress.status == .succeeded { new.output = result.output }
        let failure = result.failure ?? step.ownFailure(actions)
        if let failure { new.failure = failure }
        let change = ProjectTask.Change(step, from: old.progress, to: progress)
        // Before the first event: locks are taken in the order task, agent, events, as where an agent is changed or leases.
        for case .endAttempt(let outcome) in actions {
            guard let lease = old.progress.lease else { continue }
            try attemptEnded(AttemptEnd(old, lease, outcome, at: now), connection)
        }
        try store.update(old, to: new, as: change, by: origin, connection)
        try note(actions, old, new, failure, result.reasons, connection)
        return new
    }

    /// What a step makes of a task's progress; nothing is written.
    func advanced(
        _ task: ProjectTask,
        by step: TaskStep,
        at now: Timestamp,
        _ connection: any SQLConnection
    ) throws -> TaskAdvance {
        do {
            let (progress, actions) = try random.using { random in
                try task.progress.applying(step, rules: task.fields.rules, at: now, &random)
            }
            return TaskAdvance(progress: progress, actions: actions)
        } catch TaskStepError.notPossible(let status) {
            throw TaskRefusal.notPossible(from: status)
        } catch TaskStepError.leaseLost {
            throw try refusal(of: step.claim, on: task, connection)
        }
    }

    private func note(
        _ actions: [TaskAction],
        _ old: ProjectTask,
        _ new: ProjectTask,
        _ failure: TaskFailure?,
        _ reasons: JSONValue?,
        _ connection: any SQLConnection
    ) throws {
        let table = TaskTable(connection: connection)
        let (metrics, board) = (metrics, board)
        for action in actions {
            switch action {
            case .beginAttempt(let lease):
                try table.begin(new.progress.token, of: new.id, lease, because: reasons)
                try table.hold(new.fields.concurrencyKeys, for: new.id)
                connection.afterCommit { [followers, id = new.id] in followers.wake(id) }
                if let ready = old.progress.readySince {
                    let delay = lease.leasedAt.since(ready)
                    connection.afterCommit { metrics.pickedUp(after: delay) }
                }
            case .endAttempt(let outcome):
                try table.end(
                    old.progress.token,
                    of: new.id,
                    outcome,
                    failure,
                    new.progress.spending,
                    at: new.updatedAt
                )
                if !old.fields.concurrencyKeys.isEmpty { try table.releaseKeys(of: new.id) }
                connection.afterCommit { [followers, id = new.id] in
                    metrics.ended(outcome)
                    followers.wake(id)
                }
            case .extendLease, .ended, .reopened: break
            }
        }
        let (before, after) = (old.progress.status, new.progress.status)
        connection.afterCommit {
            metrics.tasks.moved(from: before, to: after)
            board.note(new)
        }
    }

    /// Why a lease that is shown is not the caller's to use.
    func refusal(
        of claim: LeaseClaim?,
        on task: ProjectTask,
        _ connection: any SQLConnection
    ) throws -> TaskRefusal {
        guard let claim,
            let attempt = try TaskTable(connection: connection).attempt(claim.token, of: task.id)
        else { return .leaseLost(.unknown) }
        guard attempt.agentID == claim.agentID else { return .leaseLost(.foreign) }
        return .leaseLost(attempt.outcome.map { .ended($0) } ?? .unknown)
    }
}

extension TaskStep {
    var claim: LeaseClaim? {
        switch self {
        case .renew(let claim), .succeed(let claim), .fail(let claim, _): claim
        case .dependencies, .lease, .sweep, .pause, .resume, .cancel, .approve, .reject, .retry, .count: nil
        }
    }

    /// The error of an attempt that the platform itself ended.
    fileprivate func ownFailure(_ actions: [TaskAction]) -> TaskFailure? {
        switch self {
        case .sweep, .renew: break
        default: return nil
        }
        for case .endAttempt(let outcome) in actions {
            switch outcome {
            case .leaseExpired:
                return TaskFailure(TaskFailure.leaseExpiredClass, "the agent gave no sign of life in time")
            case .timedOut: return TaskFailure(TaskFailure.timeoutClass, "the attempt took too long")
            case .budgetExceeded: return TaskFailure(TaskFailure.budgetClass, "the task's budget is used up")
            case .succeeded, .failed, .cancelled: break
            }
        }
        return nil
    }
}

extension ProjectTask.Change {
    /// The kind of change that a step was.
    fileprivate init(_ step: TaskStep, from old: TaskProgress, to new: TaskProgress) {
        switch (step, new.status) {
        case (.pause, _): self = .paused
        case (.approve, _): self = .approved
        case (.reject, _): self = .rejected
        case (.retry, .awaitingApproval): self = .retried
        case (.resume, .awaitingApproval): self = .resumed
        case (_, .awaitingApproval): self = .awaitingApproval
        case (.retry, .waiting), (.retry, .queued): self = .retried
        case (.resume, .waiting), (.resume, .queued): self = .resumed
        case (_, .queued) where old.status == .running: self = .attemptFailed
        case (_, .waiting): self = .waiting
        case (_, .queued): self = .queued
        case (_, .paused): self = .paused
        case (_, .running): self = .started
        case (_, .succeeded): self = .succeeded
        case (_, .cancelled): self = .cancelled
        case (_, .skipped): self = .skipped
        case (_, .dead): self = .dead
        }
    }
}

extension Ballot.Outcome {
    fileprivate var isDecided: Bool { if case .decided = self { true } else { false } }

    fileprivate var result: AttemptResult {
        switch self {
        case .decided(let output): AttemptResult(output: output)
        case .undecided(let failure): AttemptResult(failure: failure)
        }
    }
}
