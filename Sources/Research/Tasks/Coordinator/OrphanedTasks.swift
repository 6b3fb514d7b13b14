internal import Basics
internal import Database
internal import Events
internal import Records

/// Tasks whose project was deleted: nobody wants them any more.
extension TaskRepository {
    /// How many one look takes.
    private static let orphansMax = 100

    /// Cancels the open tasks of deleted projects, in transactions of bounded size.
    ///
    /// One that another transaction is changing is left to the next comparison.
    func cancelOrphans() async throws {
        var after = ""
        while true {
            let start = after
            let orphans = try await store.database.read("tasks.orphans") { connection in
                try TaskTable(connection: connection).orphans(after: start, limit: Self.orphansMax)
            }
            guard let last = orphans.last else { return }
            // Where writes run beside each other, a further task is not locked by who holds the events' lock already.
            let batch = isShared ? 1 : orphans.count
            for first in stride(from: 0, to: orphans.count, by: batch) {
                try await store.database.write("tasks.cancel_orphans") { connection in
                    let table = TaskTable(connection: connection)
                    // Read in its turn: the end of one before may have ended those that depend on it.
                    for id in orphans[first..<first + batch] {
                        guard let task = try table.lockUnlessBusy([id])[id], !task.progress.status.isEnded else {
                            continue
                        }
                        try step(task, .cancel, by: ChangeOrigin(.system), connection)
                    }
                }
            }
            guard orphans.count == Self.orphansMax else { return }
            after = last.description
        }
    }
}

extension TaskTable {
    private static let notEnded = TaskStatus.allCases.filter { !$0.isEnded }.map { "'\($0.rawValue)'" }

    /// Open tasks of deleted projects, by identifier, after one of them.
    fileprivate func orphans(after: String, limit: Int) throws(DatabaseError) -> [UUIDv7] {
        let rows = try connection.query(
            """
            SELECT t.id FROM tasks t JOIN projects p ON p.id = t.project_id
            WHERE t.status IN (\(Self.notEnded.joined(separator: ", "))) AND t.deleted_at IS NULL
                AND p.deleted_at IS NOT NULL AND t.id > ?1
            ORDER BY t.id LIMIT ?2
            """,
            [.text(after), .int(limit)]
        )
        return try rows.map { row throws(DatabaseError) in try row.id("id") }
    }
}
