internal import Basics
internal import Database
internal import Events
internal import Records

/// Tasks whose project was deleted: nobody wants them any more.
extension TaskRepository {
    /// How many one call cancels: the coordinator has other things to do.
    private static let orphansMax = 500

    /// Cancels open tasks of deleted projects, each in a transaction of its own; those that another transaction is changing are
    /// left to the next call, and one that fails keeps none of the others waiting.
    ///
    /// The newest first: tasks depend on older ones mostly, whose end would change them too.
    /// - Returns: whether there may be more.
    /// - Throws: the first failure.
    func cancelOrphans() async throws -> Bool {
        let orphans = try await store.database.read("tasks.orphans") { connection in
            try TaskTable(connection: connection).orphans(limit: Self.orphansMax)
        }
        var failure: (any Error)?
        for id in orphans {
            do {
                try await store.database.write("tasks.cancel_orphan") { connection in
                    let table = TaskTable(connection: connection)
                    guard let task = try table.lockUnlessBusy([id])[id], !task.progress.status.isEnded else { return }
                    try step(task, .cancel, by: ChangeOrigin(.system), connection)
                }
            } catch {
                if Task.isCancelled { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return !orphans.isEmpty
    }
}

extension TaskTable {
    private static let notEnded = TaskStatus.allCases.filter { !$0.isEnded }.map { "'\($0.rawValue)'" }

    /// Open tasks of deleted projects, the newest first.
    fileprivate func orphans(limit: Int) throws(DatabaseError) -> [UUIDv7] {
        let rows = try connection.query(
            """
            SELECT t.id FROM tasks t JOIN projects p ON p.id = t.project_id
            WHERE t.status IN (\(Self.notEnded.joined(separator: ", "))) AND t.deleted_at IS NULL
                AND p.deleted_at IS NOT NULL
            ORDER BY t.id DESC LIMIT ?1
            """,
            [.int(limit)]
        )
        return try rows.map { row throws(DatabaseError) in try row.id("id") }
    }
}
