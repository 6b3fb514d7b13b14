package import Database

/// The tables of this module.
///
/// Texts that are compared by range or sorted are compared by their bytes: SQLite's default, PostgreSQL's collation
/// `C`.
package enum ProjectSchema {
    /// The migrations, to be run after those of Events.
    package static let migrations = [
        Migration(
            id: "projects-0001",
            sqlite: tables(text: "TEXT", real: "REAL", clustered: " WITHOUT ROWID"),
            postgresql: tables(text: "TEXT COLLATE \"C\"", real: "DOUBLE PRECISION", clustered: "")
        )
    ]

    private static func tables(text: String, real: String, clustered: String) -> String {
        """
        CREATE TABLE projects (
            id \(text) NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            name_key \(text) NOT NULL,
            description TEXT NOT NULL,
            type TEXT NOT NULL,
            status TEXT NOT NULL,
            priority BIGINT NOT NULL,
            objectives TEXT NOT NULL,
            success_criteria TEXT NOT NULL,
            tags TEXT NOT NULL,
            owner TEXT,
            assignees TEXT NOT NULL,
            resources TEXT NOT NULL,
            estimated_hours \(real),
            due_at BIGINT,
            due_key BIGINT NOT NULL,
            started_at BIGINT,
            completed_at BIGINT,
            metadata TEXT NOT NULL,
            version BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            created_by TEXT NOT NULL,
            deleted_at BIGINT
        );
        CREATE INDEX projects_by_created ON projects (created_at, id) WHERE deleted_at IS NULL;
        CREATE INDEX projects_by_updated ON projects (updated_at, id) WHERE deleted_at IS NULL;
        CREATE INDEX projects_by_name ON projects (name_key, id) WHERE deleted_at IS NULL;
        CREATE INDEX projects_by_priority ON projects (priority, id) WHERE deleted_at IS NULL;
        CREATE INDEX projects_by_due ON projects (due_key, id) WHERE deleted_at IS NULL;
        CREATE INDEX projects_by_status ON projects (status, created_at, id) WHERE deleted_at IS NULL;
        CREATE INDEX projects_by_owner ON projects (owner, created_at, id) WHERE deleted_at IS NULL;
        CREATE TABLE project_words (
            word \(text) NOT NULL,
            project_id \(text) NOT NULL REFERENCES projects (id),
            PRIMARY KEY (project_id, word)
        )\(clustered);
        CREATE INDEX project_words_by_word ON project_words (word, project_id);
        CREATE TABLE project_tags (
            tag \(text) NOT NULL,
            project_id \(text) NOT NULL REFERENCES projects (id),
            PRIMARY KEY (project_id, tag)
        )\(clustered);
        CREATE INDEX project_tags_by_tag ON project_tags (tag, project_id);
        CREATE TABLE project_idempotency_keys (
            actor TEXT NOT NULL,
            key TEXT NOT NULL,
            request_hash TEXT NOT NULL,
            project_id \(text) NOT NULL,
            created_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL,
            PRIMARY KEY (actor, key)
        );
        CREATE INDEX project_idempotency_keys_by_expiry ON project_idempotency_keys (expires_at);
        """
    }
}
