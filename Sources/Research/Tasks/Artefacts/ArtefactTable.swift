internal import Basics
internal import Database
internal import Records

/// A content that a project has.
struct BlobKey: Hashable, Sendable {
    let projectID: UUIDv7
    let sha256: String
}

/// The statements of artefacts, inside the caller's transaction.
struct ArtefactTable {
    private static let columns = """
        a.id, a.task_id, a.project_id, a.attempt, a.agent_id, a.name, a.bytes, a.sha256, a.media_type, a.uploaded, \
        a.completed_at, a.created_at
        """

    let connection: any SQLConnection

    // MARK: Artefacts

    func find(_ id: UUIDv7) throws(DatabaseError) -> Artefact? {
        try rows("WHERE a.id = ?1", [.id(id)]).first
    }

    func find(_ name: String, of task: UUIDv7, _ attempt: Int64) throws(DatabaseError) -> Artefact? {
        let condition = "WHERE a.task_id = ?1 AND a.attempt = ?2 AND a.name = ?3"
        return try rows(condition, [.id(task), .integer(attempt), .text(name)]).first
    }

    /// The artefacts of a task, the newest attempt's first.
    func list(of task: UUIDv7, limit: Int) throws(DatabaseError) -> [Artefact] {
        try rows("WHERE a.task_id = ?1 ORDER BY a.attempt DESC, a.name LIMIT ?2", [.id(task), .int(limit)])
    }

    func count(of task: UUIDv7, _ attempt: Int64) throws(DatabaseError) -> Int {
        let sql = "SELECT count(*) AS artefacts FROM task_artefacts WHERE task_id = ?1 AND attempt = ?2"
        return try connection.queryFirst(sql, [.id(task), .integer(attempt)])?.int("artefacts") ?? 0
    }

    func insert(_ artefact: Artefact) throws(DatabaseError) {
        let file = artefact.file
        try connection.execute(
            """
            INSERT INTO task_artefacts (id, task_id, project_id, attempt, agent_id, name, bytes, sha256, media_type,
                uploaded, completed_at, created_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            """,
            [
                .id(artefact.id), .id(artefact.taskID), .id(artefact.projectID), .integer(artefact.attempt),
                .id(artefact.agentID), .text(file.name), .integer(file.bytes), .text(file.sha256),
                .optional(file.mediaType), .integer(artefact.uploaded), .optional(artefact.completedAt),
                .timestamp(artefact.createdAt),
            ]
        )
    }

    func update(_ artefact: Artefact) throws(DatabaseError) {
        try connection.execute(
            "UPDATE task_artefacts SET uploaded = ?2, completed_at = ?3 WHERE id = ?1",
            [.id(artefact.id), .integer(artefact.uploaded), .optional(artefact.completedAt)]
        )
    }

    func delete(_ id: UUIDv7) throws(DatabaseError) {
        try connection.execute("DELETE FROM task_artefacts WHERE id = ?1", [.id(id)])
    }

    /// Uploads that can go on no more, since their attempt has ended.
    func abandoned(limit: Int) throws(DatabaseError) -> [Artefact] {
        try rows(
            """
            JOIN task_attempts t ON t.task_id = a.task_id AND t.number = a.attempt
            WHERE a.completed_at IS NULL AND t.ended_at IS NOT NULL ORDER BY a.created_at, a.id LIMIT ?1
            """,
            [.int(limit)]
        )
    }

    /// Artefacts of tasks that ended before a time.
    func expired(before oldest: Timestamp, limit: Int) throws(DatabaseError) -> [Artefact] {
        try rows(
            """
            JOIN tasks t ON t.id = a.task_id
            WHERE a.completed_at IS NOT NULL AND a.completed_at < ?1 AND t.ended_at < ?1
            ORDER BY a.completed_at, a.id LIMIT ?2
            """,
            [.timestamp(oldest), .int(limit)]
        )
    }

    private func rows(_ rest: String, _ arguments: [SQLValue]) throws(DatabaseError) -> [Artefact] {
        let rows = try connection.query("SELECT \(Self.columns) FROM task_artefacts a \(rest)", arguments)
        return try rows.map { row throws(DatabaseError) in try Artefact(row) }
    }

    // MARK: Contents

    /// The size of a content that a project has; nil when it has it not.
    func blobBytes(_ key: BlobKey) throws(DatabaseError) -> Int64? {
        try connection.queryFirst(
            "SELECT bytes FROM task_blobs WHERE project_id = ?1 AND sha256 = ?2",
            [.id(key.projectID), .text(key.sha256)]
        )?.integer("bytes")
    }

    func insert(_ key: BlobKey, bytes: Int64) throws(DatabaseError) {
        try connection.execute(
            """
            INSERT INTO task_blobs (project_id, sha256, bytes) VALUES (?1, ?2, ?3)
            ON CONFLICT (project_id, sha256) DO NOTHING
            """,
            [.id(key.projectID), .text(key.sha256), .integer(bytes)]
        )
    }

    /// The size of a content that a project has, which stays until the transaction ends; nil when it has it not.
    func lockBlob(_ key: BlobKey) throws(DatabaseError) -> Int64? {
        try connection.queryFirst(
            "SELECT bytes FROM task_blobs WHERE project_id = ?1 AND sha256 = ?2\(connection.dialect.rowLock)",
            [.id(key.projectID), .text(key.sha256)]
        )?.integer("bytes")
    }

    /// Forgets a content that no artefact has any more; returns whether it did.
    func removeUnused(_ key: BlobKey) throws(DatabaseError) -> Bool {
        // Locked by a statement of its own, so that the next one sees the artefact of whoever had the lock before.
        guard try lockBlob(key) != nil else { return false }
        return try connection.execute(
            """
            DELETE FROM task_blobs WHERE project_id = ?1 AND sha256 = ?2 AND NOT EXISTS (
                SELECT 1 FROM task_artefacts
                WHERE project_id = ?1 AND sha256 = ?2 AND completed_at IS NOT NULL
            )
            """,
            [.id(key.projectID), .text(key.sha256)]
        ) > 0
    }

    /// Bytes of all contents.
    func storedBytes() throws(DatabaseError) -> Int64 {
        // PostgreSQL's sum of integers is no integer.
        let sql = "SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT) AS bytes FROM task_blobs"
        return try connection.queryFirst(sql)?.integer("bytes") ?? 0
    }

    /// Bytes that open uploads have announced.
    func announcedBytes() throws(DatabaseError) -> Int64 {
        let sql = """
            SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT) AS bytes FROM task_artefacts WHERE completed_at IS NULL
            """
        return try connection.queryFirst(sql)?.integer("bytes") ?? 0
    }
}

extension Artefact {
    var key: BlobKey { BlobKey(projectID: projectID, sha256: file.sha256) }

    fileprivate init(_ row: SQLRow) throws(DatabaseError) {
        var reader = RowReader(row)
        id = try reader.id()
        taskID = try reader.id()
        projectID = try reader.id()
        attempt = try reader.integer()
        agentID = try reader.id()
        let name = try reader.text()
        let bytes = try reader.integer()
        let sha256 = try reader.text()
        file = NewArtefact(name: name, bytes: bytes, sha256: sha256, mediaType: try reader.optionalText())
        uploaded = try reader.integer()
        completedAt = try reader.optionalTimestamp()
        createdAt = try reader.timestamp()
    }
}
