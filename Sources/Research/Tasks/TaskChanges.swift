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
        let (progress, actions) = try advanced(task, by: step, at: now, connection)
        // Who is to be looked at is asked before anything is written, so that what is written can go with the commit.
        var open = [try dependents(on: task.id, after: actions, connection)]
        let changed = try write(progress, actions, of: step, result, over: task, at: now, by: origin, connection)
        while let dependents = open.popLast() {
            for dependent in dependents {
                let task = try store.locked(dependent, nil, connection)
                let look = TaskStep.dependencies(try verdict(on: dependent, connection))
                let (progress, actions) = try advanced(task, by: look, at: now, connection)
                open.append(try self.dependents(on: dependent, after: actions, connection))
                try write(progress, actions, of: look, AttemptResult(), over: task, at: now, by: origin, connection)
            }
        }
        return changed
    }

    /// The tasks that are to be looked at after some actions on one.
    private func dependents(
        on id: UUIDv7,
        after actions: [TaskAction],
        _ connection: any SQLConnection
    ) throws(DatabaseError) -> [UUIDv7] {
        guard actions.contains(.ended) || actions.contains(.reopened) else { return [] }
        return try TaskTable(connection: connection).dependents(of: id)
    }

    /// What the dependencies of a task say now.
    func verdict(on id: UUIDv7, _ connection: any SQLConnection) throws -> DependencyVerdict {
        DependencyVerdict(try TaskTable(connection: connection).dependencies(of: id).map(\.verdict))
    }

    /// Writes what a step has made of a task; returns it.
    @discardableResult
    private func write(
        _ progress: TaskProgress,
        _ actions: [TaskAction],
        of step: TaskStep,
        _ result: AttemptResult,
        over old: ProjectTask,
        at now: Timestamp,
        by origin: ChangeOrigin,
        _ connection: any SQLConnection
    ) throws -> ProjectTask {
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
    ) throws -> (progress: TaskProgress, actions: [TaskAction]) {
        do {
            return try random.using { random in
                try task.progress.applying(step, rules: task.fields.rules, at: now, &random)
            }
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
        case .dependencies, .lease, .sweep, .pause, .resume, .cancel, .approve, .reject, .retry: nil
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
