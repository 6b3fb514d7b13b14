package import Database
internal import Records

/// The tables of this module.
package enum TaskSchema {
    /// The migrations, to be run after those of Projects.
    package static let migrations =
        [
            Migration(
                id: "tasks-0001",
                sqlite: tables(.sqlite),
                postgresql: tables(.postgresql)
            ),
            Migration(
                id: "tasks-0010",
                sqlite: coordination(.sqlite),
                postgresql: coordination(.postgresql)
            ),
            Migration(id: "tasks-0011", sqlite: plans(.sqlite), postgresql: plans(.postgresql)),
            // What an agent did, newest first.
            Migration(
                id: "attempts-0001",
                sql: "CREATE INDEX task_attempts_by_agent ON task_attempts (agent_id, started_at, outcome);"
            ),
        ] + TaskReportSchema.migrations

    /// Where tasks stand in plans, and which depend on others at all.
    private static func plans(_ schema: RecordSchema) -> String {
        """
        ALTER TABLE tasks ADD COLUMN plan_id \(schema.text);
        ALTER TABLE tasks ADD COLUMN plan_role TEXT;
        ALTER TABLE tasks ADD COLUMN spawn_id \(schema.text);
        ALTER TABLE tasks ADD COLUMN vote TEXT;
        ALTER TABLE tasks ADD COLUMN has_dependencies BIGINT NOT NULL DEFAULT 0;
        UPDATE tasks SET has_dependencies = 1 WHERE id IN (SELECT task_id FROM task_dependencies);
        CREATE INDEX tasks_by_plan ON tasks (plan_id, id) WHERE plan_id IS NOT NULL;
        """
    }

    /// What the scheduler decides by, why it decided so, approval, and who uses a concurrency key now.
    private static func coordination(_ schema: RecordSchema) -> String {
        """
        ALTER TABLE tasks ADD COLUMN labels TEXT NOT NULL DEFAULT '{}';
        ALTER TABLE tasks ADD COLUMN concurrency_keys TEXT NOT NULL DEFAULT '{}';
        ALTER TABLE tasks ADD COLUMN needs_approval BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE tasks ADD COLUMN approval_seconds BIGINT;
        ALTER TABLE tasks ADD COLUMN asked_at BIGINT;
        ALTER TABLE tasks ADD COLUMN approved_at BIGINT;
        ALTER TABLE task_attempts ADD COLUMN reasons TEXT;
        CREATE TABLE task_key_holds (
            key \(schema.text) NOT NULL,
            task_id \(schema.text) NOT NULL REFERENCES tasks (id),
            limit_max BIGINT NOT NULL,
            PRIMARY KEY (key, task_id)
        );
        CREATE INDEX task_key_holds_by_task ON task_key_holds (task_id);
        """
    }

    /// `deadline_at` follows from the other columns: it is what the sweeper looks for.
    private static func tables(_ schema: RecordSchema) -> String {
        """
        CREATE TABLE tasks (
            id \(schema.text) NOT NULL PRIMARY KEY,
            project_id \(schema.text) NOT NULL REFERENCES projects (id),
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            input TEXT NOT NULL,
            capabilities TEXT NOT NULL,
            priority BIGINT NOT NULL,
            unique_key TEXT,
            attempts_max BIGINT NOT NULL,
            first_delay_seconds BIGINT NOT NULL,
            delay_factor \(schema.real) NOT NULL,
            delay_seconds_max BIGINT NOT NULL,
            delay_jitter \(schema.real) NOT NULL,
            non_retryable TEXT NOT NULL,
            schedule_to_start_seconds BIGINT,
            start_to_close_seconds BIGINT,
            heartbeat_seconds BIGINT NOT NULL,
            total_seconds BIGINT,
            status TEXT NOT NULL,
            failures BIGINT NOT NULL,
            token BIGINT NOT NULL,
            run_at BIGINT NOT NULL,
            queued_at BIGINT,
            counts_from BIGINT NOT NULL,
            agent_id \(schema.text),
            leased_at BIGINT,
            lease_deadline BIGINT,
            deadline_at BIGINT,
            ended_at BIGINT,
            reason TEXT,
            output TEXT,
            error_class TEXT,
            error_message TEXT,
            version BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            created_by TEXT NOT NULL,
            deleted_at BIGINT
        );
        CREATE INDEX tasks_by_created ON tasks (created_at, id) WHERE deleted_at IS NULL;
        CREATE INDEX tasks_by_status ON tasks (status, created_at, id) WHERE deleted_at IS NULL;
        CREATE INDEX tasks_by_project ON tasks (project_id, created_at, id) WHERE deleted_at IS NULL;
        CREATE INDEX tasks_by_turn ON tasks (priority DESC, created_at, id)
            WHERE status = 'queued' AND deleted_at IS NULL;
        CREATE INDEX tasks_by_run_at ON tasks (run_at) WHERE status = 'queued' AND deleted_at IS NULL;
        CREATE INDEX tasks_by_agent ON tasks (agent_id) WHERE status = 'running' AND deleted_at IS NULL;
        CREATE INDEX tasks_by_deadline ON tasks (deadline_at) WHERE deadline_at IS NOT NULL AND deleted_at IS NULL;
        CREATE UNIQUE INDEX tasks_by_unique_key ON tasks (project_id, unique_key)
            WHERE unique_key IS NOT NULL AND ended_at IS NULL AND deleted_at IS NULL;
        CREATE TABLE task_dependencies (
            task_id \(schema.text) NOT NULL REFERENCES tasks (id),
            upstream_id \(schema.text) NOT NULL REFERENCES tasks (id),
            condition TEXT NOT NULL,
            PRIMARY KEY (task_id, upstream_id)
        );
        CREATE INDEX task_dependencies_by_upstream ON task_dependencies (upstream_id, task_id);
        CREATE TABLE task_attempts (
            task_id \(schema.text) NOT NULL REFERENCES tasks (id),
            number BIGINT NOT NULL,
            agent_id \(schema.text) NOT NULL,
            started_at BIGINT NOT NULL,
            heartbeat_at BIGINT NOT NULL,
            fraction \(schema.real),
            message TEXT,
            ended_at BIGINT,
            outcome TEXT,
            error_class TEXT,
            error_message TEXT,
            PRIMARY KEY (task_id, number)
        );
        \(schema.set("task_words", record: "task_id", of: "tasks", item: "word"))
        \(schema.set("task_capabilities", record: "task_id", of: "tasks", item: "capability"))
        \(schema.idempotencyKeys(of: "task"))
        """
    }
}
