package import Database
internal import Records

/// The tables of this module.
package enum ProjectSchema {
    /// The migrations, to be run after those of Events.
    package static let migrations = [
        Migration(
            id: "projects-0001",
            sqlite: tables(.sqlite),
            postgresql: tables(.postgresql)
        )
    ]

    private static func tables(_ schema: RecordSchema) -> String {
        """
        CREATE TABLE projects (
            id \(schema.text) NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            name_key \(schema.text) NOT NULL,
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
            estimated_hours \(schema.real),
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
        \(schema.set("project_words", record: "project_id", of: "projects", item: "word"))
        \(schema.set("project_tags", record: "project_id", of: "projects", item: "tag"))
        \(schema.idempotencyKeys(of: "project"))
        """
    }
}
