package import Basics
internal import Database
internal import JSON
internal import Records

/// Why a task is where it is, for people.
package struct TaskWhy: Hashable, Sendable {
    package let status: TaskStatus
    /// What stands in the way, or led to the end; never empty.
    package let reasons: [TaskReason]
}

/// One reason.
package struct TaskReason: Hashable, Sendable {
    /// The kinds; the raw values are those of the API.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Another task has not ended, or ended otherwise than is asked for.
        case dependency
        /// A person holds it back.
        case paused
        /// Its time has not come.
        case notBefore = "not_before"
        /// It waits after a failed attempt.
        case retryDelay = "retry_delay"
        /// It may be begun: no agent that can do it has asked, or others go first.
        case noAgent = "no_agent"
        /// An agent does it.
        case leased
        /// It ended.
        case ended
    }

    package let kind: Kind
    /// In a sentence.
    package let detail: String
    /// The other task, where one is the reason.
    package var taskID: UUIDv7?
}

extension TaskWhy {
    /// The reasons that follow from a task and its dependencies; `ahead`: how many ready tasks go before it.
    ///
    /// Pure.
    init(_ details: TaskRepository.Details, ahead: Int, at now: Timestamp) {
        let progress = details.task.progress
        status = progress.status
        func one(_ kind: TaskReason.Kind, _ detail: String) -> [TaskReason] { [TaskReason(kind: kind, detail: detail)] }
        switch progress.status {
        case .waiting, .skipped:
            let unmet = details.dependencies.filter { $0.verdict != .met }
            reasons = unmet.map { observed in
                let dependency = observed.dependency
                return TaskReason(
                    kind: .dependency,
                    detail: "task \(dependency.taskID) is \(observed.status.rawValue); the condition is "
                        + dependency.condition.rawValue,
                    taskID: dependency.taskID
                )
            }
        case .paused: reasons = one(.paused, "a person holds it back; resume it")
        case .queued where progress.runAt > now:
            let time = progress.runAt.rfc3339
            reasons =
                progress.failures > 0
                ? one(.retryDelay, "attempt \(progress.token) failed; the next one is not before \(time)")
                : one(.notBefore, "it is not to be begun before \(time)")
        case .queued:
            let wanted = details.task.fields.capabilities
            let need = wanted.isEmpty ? "" : " that can do \(wanted.joined(separator: ", "))"
            reasons = one(.noAgent, "no agent\(need) has asked for it; \(ahead) ready tasks go before it")
        case .running:
            let agent = progress.lease.map { "\($0.agentID)" } ?? "an agent"
            reasons = one(.leased, "agent \(agent) does attempt \(progress.token)")
        case .succeeded: reasons = one(.ended, "attempt \(progress.token) succeeded")
        case .cancelled: reasons = one(.ended, "a person cancelled it")
        case .dead:
            let error = details.task.failure.map { "; the newest error is \($0.errorClass)" } ?? ""
            reasons = one(.ended, "\(progress.reason?.rawValue ?? "dead")\(error)")
        }
    }
}

extension TaskRepository {
    /// Why a task is where it is.
    /// - Throws: ``TaskError``: `notFound`, `database`.
    package func why(_ id: UUIDv7) async throws(TaskError) -> TaskWhy {
        try await store.perform(.why) {
            let now = store.clock.now
            return try await store.database.read("tasks.why") { connection in
                guard let row = try ProjectTask.table.find(id, connection) else { throw TaskError.notFound(id) }
                let task = try ProjectTask(row)
                let table = TaskTable(connection: connection)
                let details = Details(task: task, dependencies: try table.dependencies(of: id), attempts: [])
                return TaskWhy(details, ahead: try table.countAhead(of: task, at: now), at: now)
            }
        }
    }
}

extension TaskTable {
    /// How many ready tasks an agent that can do anything would get before this one.
    fileprivate func countAhead(of task: ProjectTask, at now: Timestamp) throws(DatabaseError) -> Int {
        let row = try connection.queryFirst(
            """
            SELECT count(*) AS tasks FROM tasks WHERE status = 'queued' AND deleted_at IS NULL AND run_at <= ?1
                AND (priority > ?2 OR priority = ?2 AND (created_at, id) < (?3, ?4))
            """,
            [.timestamp(now), .int(task.fields.priority), .timestamp(task.createdAt), .id(task.id)]
        )
        return try row?.int("tasks") ?? 0
    }
}
