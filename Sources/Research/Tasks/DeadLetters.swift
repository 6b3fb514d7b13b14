package import Basics
internal import Database
internal import Instruments
package import Records

/// Which dead letters are meant: those that all of this holds for.
package struct DeadLetterFilter: Hashable, Sendable {
    package var projectID: UUIDv7?
    package var kind: String?
    package var reason: DeathReason?
    /// The class of the newest error.
    package var errorClass: String?
    /// Ended before then.
    package var before: Timestamp?

    package init() {}
}

/// What trying dead letters again came to, or would come to.
package struct DeadLetterRetry: Hashable, Sendable {
    /// One that stays dead.
    package struct Refused: Hashable, Sendable {
        package let taskID: UUIDv7
        package let refusal: TaskRefusal
    }

    /// Those that are tried again, the oldest first.
    package fileprivate(set) var retried: [UUIDv7] = []
    package fileprivate(set) var refused: [Refused] = []
    /// Whether there are more than were to be looked at.
    package fileprivate(set) var hasMore = false
}

extension TaskLimits {
    /// How many dead letters one request has tried again.
    package static let bulkRetryTasksMax = 1000
    package static let bulkRetryTasksDefault = 100
    /// How many one transaction changes where there is one writer.
    static let bulkRetryBatchTasksMax = 50
}

extension TaskRepository {
    private struct Candidate: Sendable {
        let id: UUIDv7
        let projectID: UUIDv7
        let uniqueKey: String?
    }

    /// Has dead tasks tried again with all their attempts, the oldest first, each as ``retry(_:expecting:by:)`` does.
    ///
    /// In transactions of bounded size: when one fails, what came before it stays done, and the same call does the rest.
    /// - Parameters:
    ///   - filter: which ones.
    ///   - isDryRun: whether nothing is changed, and only told what would be.
    ///   - limit: how many at most; from 1 to ``TaskLimits/bulkRetryTasksMax``.
    ///   - origin: who wants it.
    /// - Returns: what it came to; a task that changed meanwhile is in neither list.
    /// - Throws: ``TaskError``: `event`, `database`.
    package func retryDeadLetters(
        _ filter: DeadLetterFilter,
        isDryRun: Bool,
        limit: Int = TaskLimits.bulkRetryTasksDefault,
        by origin: ChangeOrigin
    ) async throws(TaskError) -> DeadLetterRetry {
        try await store.perform(.retryMany) {
            let limit = min(max(limit, 1), TaskLimits.bulkRetryTasksMax)
            let (candidates, taken) = try await candidates(filter, limit: limit + 1)
            var result = DeadLetterRetry()
            result.hasMore = candidates.count > limit
            let chosen = candidates.prefix(limit)
            if isDryRun {
                foresee(chosen, taken, &result)
                return result
            }
            // Where writes run beside each other, a further task is not locked by who holds the events' lock already.
            let batch = isShared ? 1 : TaskLimits.bulkRetryBatchTasksMax
            for first in stride(from: chosen.startIndex, to: chosen.endIndex, by: batch) {
                let some = chosen[first..<min(first + batch, chosen.endIndex)]
                let part = try await retry(some, origin)
                result.retried += part.retried
                result.refused += part.refused
                metrics.deadLettersRetried.increment(by: part.retried.count)
            }
            return result
        }
    }

    private func candidates(
        _ filter: DeadLetterFilter,
        limit: Int
    ) async throws -> (candidates: [Candidate], taken: [UUIDv7: UUIDv7]) {
        try await store.database.read("tasks.dead_letters") { connection in
            let table = TaskTable(connection: connection)
            let candidates = try table.deadLetters(filter, limit: limit).map {
                Candidate(id: $0.id, projectID: $0.projectID, uniqueKey: $0.uniqueKey)
            }
            var taken: [UUIDv7: UUIDv7] = [:]
            for candidate in candidates {
                guard let key = candidate.uniqueKey else { continue }
                taken[candidate.id] = try table.holder(of: key, in: candidate.projectID)
            }
            return (candidates, taken)
        }
    }

    /// Says what a retry would come to: of several with a unique key the first one would have it.
    private func foresee(
        _ chosen: ArraySlice<Candidate>,
        _ taken: [UUIDv7: UUIDv7],
        _ result: inout DeadLetterRetry
    ) {
        struct Key: Hashable {
            let project: UUIDv7
            let key: String
        }
        var holders: [Key: UUIDv7] = [:]
        for candidate in chosen {
            let key = candidate.uniqueKey.map { Key(project: candidate.projectID, key: $0) }
            if let holder = taken[candidate.id] ?? key.flatMap({ holders[$0] }) {
                result.refused.append(.init(taskID: candidate.id, refusal: .uniqueKeyTaken(by: holder)))
            } else {
                result.retried.append(candidate.id)
                if let key { holders[key] = candidate.id }
            }
        }
    }

    private func retry(_ chosen: ArraySlice<Candidate>, _ origin: ChangeOrigin) async throws -> DeadLetterRetry {
        do {
            let keys = chosen.compactMap(\.uniqueKey)
            return try await unique(keys, in: chosen.first?.projectID ?? store.ids.next()) {
                try await store.database.write("tasks.retry_many") { connection in
                    var part = DeadLetterRetry()
                    for candidate in chosen {
                        guard let row = try ProjectTask.table.lock(candidate.id, connection),
                            case let task = try ProjectTask(row), task.progress.status == .dead
                        else { continue }
                        do {
                            try checkUnique(task.fields, connection)
                        } catch let refusal as TaskRefusal {
                            part.refused.append(.init(taskID: task.id, refusal: refusal))
                            continue
                        }
                        try step(task, .retry(try verdict(on: task.id, connection)), by: origin, connection)
                        part.retried.append(task.id)
                    }
                    return part
                }
            }
        } catch let refusal as TaskRefusal where chosen.count == 1 {
            // Another server gave the unique key away at the same moment.
            var part = DeadLetterRetry()
            for candidate in chosen { part.refused.append(.init(taskID: candidate.id, refusal: refusal)) }
            return part
        }
    }
}

extension TaskTable {
    /// Dead letters, the oldest first.
    fileprivate func deadLetters(
        _ filter: DeadLetterFilter,
        limit: Int
    ) throws(DatabaseError) -> [(id: UUIDv7, projectID: UUIDv7, uniqueKey: String?)] {
        var arguments: [SQLValue] = []
        var conditions = [
            "status = 'dead'", "deleted_at IS NULL",
            "project_id IN (SELECT id FROM projects WHERE deleted_at IS NULL)",
        ]
        func add(_ condition: String, _ value: SQLValue?) {
            guard let value else { return }
            arguments.append(value)
            conditions.append("\(condition) ?\(arguments.count)")
        }
        add("project_id =", filter.projectID.map { .id($0) })
        add("kind =", filter.kind.map { .text($0) })
        add("reason =", filter.reason.map { .text($0.rawValue) })
        add("error_class =", filter.errorClass.map { .text($0) })
        add("ended_at <", filter.before.map { .timestamp($0) })
        arguments.append(.int(limit))
        let rows = try connection.query(
            """
            SELECT id, project_id, unique_key FROM tasks WHERE \(conditions.joined(separator: " AND "))
            ORDER BY created_at, id LIMIT ?\(arguments.count)
            """,
            arguments
        )
        return try rows.map { row throws(DatabaseError) in
            var reader = RowReader(row)
            let id = try reader.id()
            let project = try reader.id()
            return (id, project, try reader.optionalText())
        }
    }
}
