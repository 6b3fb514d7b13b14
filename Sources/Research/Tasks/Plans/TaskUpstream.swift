package import Basics
package import Coordination
internal import Database
internal import Instruments
package import JSON
internal import Records

/// What a task that was to end first gave, for the agent that does the task behind it.
package struct UpstreamResult: Hashable, Sendable {
    package let taskID: UUIDv7
    package let name: String
    package let kind: String
    /// Its part in a plan; nil for a task of none.
    package let role: PlanRole?
    package let status: TaskStatus
    /// Nil when it did not succeed, or when it did not fit.
    package let output: JSONValue?
    /// Whether an output is left out since all together would have more bytes than ``TaskLimits/upstreamBytesMax``, or with those
    /// of other tasks more than ``TaskLimits/upstreamPerRequestBytesMax``.
    package let isOmitted: Bool
}

extension TaskLimits {
    /// Bytes of all outputs that come with the lease of one task, as JSON.
    package static let upstreamBytesMax = 256 << 10
    /// Bytes of all outputs that come with the leases of one request, so that a client can read the answer.
    package static let upstreamPerRequestBytesMax = 8 << 20
}

extension TaskRepository {
    /// What those gave that some tasks depend on, by task, the oldest first; tasks without dependencies are left out.
    ///
    /// `tasks`: as they were leased. Nothing is read when none depends on anything. When this fails, the leases are lost as
    /// with an answer that does not arrive.
    /// - Throws: ``TaskError``: `database`.
    package func upstream(of tasks: [ProjectTask]) async throws(TaskError) -> [UUIDv7: [UpstreamResult]] {
        let ids = tasks.filter(\.hasDependencies).map(\.id)
        if ids.isEmpty { return [:] }
        return try await store.perform(.upstream) {
            let results = try await store.database.read("tasks.upstream") { connection in
                let table = TaskTable(connection: connection)
                var results: [UUIDv7: [UpstreamResult]] = [:]
                var left = TaskLimits.upstreamPerRequestBytesMax
                for id in ids {
                    let (found, bytes) = try table.upstreamResults(of: id, min(left, TaskLimits.upstreamBytesMax))
                    results[id] = found
                    left -= bytes
                }
                return results
            }
            for result in results.values.joined() where result.isOmitted { metrics.upstreamOmitted.increment() }
            return results
        }
    }
}

extension TaskTable {
    /// The results, and how many bytes their outputs have together: at most `bytesMax`.
    fileprivate func upstreamResults(
        of id: UUIDv7,
        _ bytesMax: Int
    ) throws(DatabaseError) -> (results: [UpstreamResult], bytes: Int) {
        let rows = try connection.query(
            """
            SELECT t.id, t.name, t.kind, t.plan_role, t.status, t.output
            FROM task_dependencies d JOIN tasks t ON t.id = d.upstream_id WHERE d.task_id = ?1 ORDER BY d.upstream_id
            """,
            [.id(id)]
        )
        var left = bytesMax
        let results = try rows.map { row throws(DatabaseError) in
            var reader = RowReader(row)
            let id = try reader.id()
            let name = try reader.text()
            let kind = try reader.text()
            let role = try reader.optionalText().flatMap { PlanRole(rawValue: $0) }
            let status = try reader.enumeration(TaskStatus.self)
            let text = try reader.optionalText()
            let fits = text.map { $0.utf8.count <= left } ?? true
            if fits { left -= text?.utf8.count ?? 0 }
            return UpstreamResult(
                taskID: id,
                name: name,
                kind: kind,
                role: role,
                status: status,
                output: fits ? text.flatMap { try? JSONValue(parsing: $0, limits: .stored) } : nil,
                isOmitted: !fits
            )
        }
        return (results, bytesMax - left)
    }
}
