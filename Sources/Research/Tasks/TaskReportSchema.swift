internal import Database
internal import Records

/// The tables of what agents report about their attempts: log lines, artefacts, costs.
enum TaskReportSchema {
    static let migrations = [
        Migration(
            id: "reports-0001",
            sqlite: tables(.sqlite, clustered: " WITHOUT ROWID"),
            postgresql: tables(.postgresql, clustered: "")
        )
    ]

    /// `log_sequence` is the last line that came, stored or not; a row of `task_blobs` is a content that a project has.
    private static func tables(_ schema: RecordSchema, clustered: String) -> String {
        """
        ALTER TABLE tasks ADD COLUMN cost_max \(schema.real);
        ALTER TABLE tasks ADD COLUMN seconds_max BIGINT;
        ALTER TABLE tasks ADD COLUMN cost \(schema.real) NOT NULL DEFAULT 0;
        ALTER TABLE tasks ADD COLUMN attempt_cost \(schema.real) NOT NULL DEFAULT 0;
        ALTER TABLE tasks ADD COLUMN cost_before \(schema.real) NOT NULL DEFAULT 0;
        ALTER TABLE tasks ADD COLUMN ran_milliseconds BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE task_attempts ADD COLUMN cost \(schema.real) NOT NULL DEFAULT 0;
        ALTER TABLE task_attempts ADD COLUMN log_sequence BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE task_attempts ADD COLUMN log_bytes BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE task_attempts ADD COLUMN log_dropped BIGINT NOT NULL DEFAULT 0;
        CREATE INDEX task_attempts_with_logs ON task_attempts (ended_at) WHERE log_bytes > 0;
        CREATE TABLE task_log_lines (
            task_id \(schema.text) NOT NULL REFERENCES tasks (id),
            attempt BIGINT NOT NULL,
            sequence BIGINT NOT NULL,
            at BIGINT NOT NULL,
            stream TEXT NOT NULL,
            text TEXT NOT NULL,
            PRIMARY KEY (task_id, attempt, sequence)
        )\(clustered);
        CREATE TABLE task_blobs (
            project_id \(schema.text) NOT NULL,
            sha256 \(schema.text) NOT NULL,
            bytes BIGINT NOT NULL,
            PRIMARY KEY (project_id, sha256)
        )\(clustered);
        CREATE TABLE task_artefacts (
            id \(schema.text) NOT NULL PRIMARY KEY,
            task_id \(schema.text) NOT NULL REFERENCES tasks (id),
            project_id \(schema.text) NOT NULL,
            attempt BIGINT NOT NULL,
            agent_id \(schema.text) NOT NULL,
            name \(schema.text) NOT NULL,
            bytes BIGINT NOT NULL,
            sha256 \(schema.text) NOT NULL,
            media_type TEXT,
            uploaded BIGINT NOT NULL,
            completed_at BIGINT,
            created_at BIGINT NOT NULL
        );
        CREATE UNIQUE INDEX task_artefacts_by_name ON task_artefacts (task_id, attempt, name);
        CREATE INDEX task_artefacts_by_content ON task_artefacts (project_id, sha256);
        CREATE INDEX task_artefacts_open ON task_artefacts (created_at, id) WHERE completed_at IS NULL;
        CREATE INDEX task_artefacts_by_completion ON task_artefacts (completed_at, id) WHERE completed_at IS NOT NULL;
        """
    }
}
