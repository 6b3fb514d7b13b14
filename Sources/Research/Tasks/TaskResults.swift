package import Basics
internal import Database
package import JSON
package import Records

/// What an agent hands in for one of its leases.
package struct TaskResult: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        case succeeded(output: JSONValue)
        case failed(TaskFailure)
    }

    package let taskID: UUIDv7
    package let claim: LeaseClaim
    package let outcome: Outcome

    package init(_ taskID: UUIDv7, _ claim: LeaseClaim, _ outcome: Outcome) {
        self.taskID = taskID
        self.claim = claim
        self.outcome = outcome
    }

    fileprivate var violations: [FieldViolation] {
        switch outcome {
        case .succeeded(let output):
            var list = ViolationList()
            list.object(output, "/output", bytesMax: TaskLimits.outputBytesMax)
            return list.violations + claim.violations
        case .failed(let failure): return failure.violations + claim.violations
        }
    }

    fileprivate var step: (TaskStep, AttemptResult) {
        switch outcome {
        case .succeeded(let output): (.succeed(claim), AttemptResult(output: output))
        case .failed(let failure): (.fail(claim, errorClass: failure.errorClass), AttemptResult(failure: failure))
        }
    }
}

extension TaskRepository {
    /// Accepts what several attempts gave, in one transaction; one that is refused takes back nothing of the others.
    ///
    /// - Returns: for each, in order, the task as it is now, or why its result is refused: `notFound`, `invalid`,
    ///   `leaseLost`.
    /// - Throws: ``TaskError``: `event`, `database`; then none was accepted.
    package func finish(
        _ results: [TaskResult],
        by origin: ChangeOrigin
    ) async throws(TaskError) -> [Result<ProjectTask, TaskError>] {
        let answers = try await store.perform(.complete) {
            try await store.database.write("tasks.finish") { connection in
                // All of them before the first event: locks are taken in the order tasks, agent, events.
                let ids = Set(results.map(\.taskID)).sorted()
                var tasks = try TaskTable(connection: connection).lock(ids)
                var answers: [Result<ProjectTask, TaskError>] = []
                for result in results {
                    do {
                        let task = try finish(result, tasks[result.taskID], by: origin, connection)
                        tasks[task.id] = task
                        answers.append(.success(task))
                    } catch {
                        let refusal = TaskError(error)
                        switch refusal {
                        case .database, .event: throw error
                        default: answers.append(.failure(refusal))
                        }
                    }
                }
                return answers
            }
        }
        for case .failure(let refusal) in answers { store.refused(refusal) }
        return answers
    }

    /// A refusal comes before anything is written.
    private func finish(
        _ result: TaskResult,
        _ task: ProjectTask?,
        by origin: ChangeOrigin,
        _ connection: any SQLConnection
    ) throws -> ProjectTask {
        try store.refuse(result.violations)
        guard let task else { throw TaskError.notFound(result.taskID) }
        let (step, gave) = result.step
        return try self.step(task, step, gave, by: origin, connection)
    }
}
