internal import Basics
internal import Database
import JSON

/// The statements on the tables of projects, inside the caller's transaction.
struct ProjectTable {
    let connection: any SQLConnection

    /// The project, for a change in this transaction; nil when there is none or it was deleted.
    func lock(_ id: UUIDv7) throws -> Project? {
        // SQLite has one writer: its write transaction is the lock.
        let suffix = connection.dialect == .postgresql ? " FOR UPDATE" : ""
        return try find(id, suffix: suffix).map { try Project($0) }
    }

    /// The row of a project; nil when there is none or it was deleted.
    func find(_ id: UUIDv7, suffix: String = "") throws(DatabaseError) -> ProjectRow? {
        let sql = "SELECT \(ProjectRow.columns) FROM projects WHERE id = ?1 AND deleted_at IS NULL" + suffix
        guard let row = try connection.queryFirst(sql, [.id(id)]) else { return nil }
        return try ProjectRow(row)
    }

    func insert(_ project: Project) throws(DatabaseError) {
        try connection.execute(
            """
            INSERT INTO projects (name, name_key, description, type, status, priority, objectives, success_criteria,
                tags, owner, assignees, resources, estimated_hours, due_at, due_key, started_at, completed_at, metadata,
                version, updated_at, id, created_at, created_by)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
                ?22, ?23)
            """,
            Self.changeable(project) + [.id(project.id), .timestamp(project.createdAt), .text(project.createdBy)]
        )
        try words.change(project.id, from: [], to: project.fields.searchWords)
        try tags.change(project.id, from: [], to: Set(project.fields.tags))
    }

    /// Writes the project over its version before.
    func update(_ old: Project, to new: Project) throws(DatabaseError) {
        let count = try connection.execute(
            """
            UPDATE projects SET name = ?1, name_key = ?2, description = ?3, type = ?4, status = ?5, priority = ?6,
                objectives = ?7, success_criteria = ?8, tags = ?9, owner = ?10, assignees = ?11, resources = ?12,
                estimated_hours = ?13, due_at = ?14, due_key = ?15, started_at = ?16, completed_at = ?17,
                metadata = ?18, version = ?19, updated_at = ?20
            WHERE id = ?21 AND version = ?22
            """,
            Self.changeable(new) + [.id(new.id), .integer(old.version)]
        )
        guard count == 1 else { throw DatabaseError(.busy, "the project was changed although it is locked") }
        try words.change(old.id, from: old.fields.searchWords, to: new.fields.searchWords)
        try tags.change(old.id, from: Set(old.fields.tags), to: Set(new.fields.tags))
    }

    /// Marks the project as deleted; it is found no more.
    func delete(_ project: Project, at now: Timestamp) throws(DatabaseError) {
        let count = try connection.execute(
            "UPDATE projects SET deleted_at = ?1, version = ?2, updated_at = ?1 WHERE id = ?3 AND version = ?4",
            [.timestamp(now), .integer(project.version + 1), .id(project.id), .integer(project.version)]
        )
        guard count == 1 else { throw DatabaseError(.busy, "the project was changed although it is locked") }
        try words.clear(project.id)
        try tags.clear(project.id)
    }

    /// How many projects there are of each status.
    func countByStatus() throws(DatabaseError) -> [ProjectStatus: Int] {
        var counts: [ProjectStatus: Int] = [:]
        let sql = "SELECT status, count(*) AS projects FROM projects WHERE deleted_at IS NULL GROUP BY status"
        for row in try connection.query(sql) {
            guard let status = ProjectStatus(rawValue: try row.text("status")) else { continue }
            counts[status] = try row.int("projects")
        }
        return counts
    }

    /// The columns that change, in the order of both statements.
    private static func changeable(_ project: Project) -> [SQLValue] {
        let fields = project.fields
        return [
            .text(fields.name), .text(SearchTokens.folded(fields.name)), .text(fields.description),
            .text(fields.type.rawValue), .text(fields.status.rawValue), .int(fields.priority),
            .text(JSONText.array(fields.objectives)), .text(JSONText.array(fields.successCriteria)),
            .text(JSONText.array(fields.tags)), .optional(fields.owner), .text(JSONText.array(fields.assignees)),
            .text(JSONText.canonical(fields.resources)), .optional(fields.estimatedHours), .optional(fields.dueAt),
            // Without a date counts as later than every date.
            .integer(fields.dueAt?.milliseconds ?? .max), .optional(project.startedAt), .optional(project.completedAt),
            .text(JSONText.canonical(fields.metadata)), .integer(project.version), .timestamp(project.updatedAt),
        ]
    }

    private var words: SetTable {
        SetTable(connection, table: "project_words", record: "project_id", item: "word")
    }

    private var tags: SetTable { SetTable(connection, table: "project_tags", record: "project_id", item: "tag") }
}

extension ProjectFields {
    /// What the project is found by: the words of its name, description, tags and objectives.
    package var searchWords: Set<String> {
        SearchTokens.distinctWords(of: [name, description] + tags + objectives)
    }
}
