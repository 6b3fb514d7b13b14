package import Database
internal import Records

/// The tables of this module.
package enum AgentSchema {
    /// The migrations, to be run after those of Events.
    package static let migrations = [
        Migration(
            id: "agents-0001",
            sqlite: tables(.sqlite),
            postgresql: tables(.postgresql)
        ),
        Migration(
            id: "agents-0010",
            sqlite: trust(.sqlite),
            postgresql: trust(.postgresql)
        ),
        Migration(id: "agents-0011", sql: "ALTER TABLE agents ADD COLUMN is_stopping BIGINT NOT NULL DEFAULT 0;"),
        Migration(id: "agents-0012", sql: "ALTER TABLE agents ADD COLUMN ended_at BIGINT;"),
    ]

    /// How attempts went with each agent: the newest ones, quarantine, and all of them by kind of task.
    private static func trust(_ schema: RecordSchema) -> String {
        """
        ALTER TABLE agents ADD COLUMN recent_outcomes TEXT NOT NULL DEFAULT '';
        ALTER TABLE agents ADD COLUMN quarantined_at BIGINT;
        ALTER TABLE agents ADD COLUMN probe_at BIGINT;
        ALTER TABLE agents ADD COLUMN probe_failures BIGINT NOT NULL DEFAULT 0;
        CREATE TABLE agent_task_records (
            agent_id \(schema.text) NOT NULL REFERENCES agents (id),
            kind \(schema.text) NOT NULL,
            successes BIGINT NOT NULL,
            failures BIGINT NOT NULL,
            PRIMARY KEY (agent_id, kind)
        );
        """
    }

    /// `announced_status` is not the status: it is what the last event said, so that each change is said once.
    private static func tables(_ schema: RecordSchema) -> String {
        """
        CREATE TABLE agents (
            id \(schema.text) NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            name_key \(schema.text) NOT NULL,
            type TEXT NOT NULL,
            description TEXT NOT NULL,
            capabilities TEXT NOT NULL,
            labels TEXT NOT NULL,
            concurrency BIGINT NOT NULL,
            heartbeat_timeout_seconds BIGINT NOT NULL,
            is_draining BIGINT NOT NULL,
            last_heartbeat_at BIGINT,
            load \(schema.real),
            message TEXT,
            announced_status TEXT NOT NULL,
            version BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            created_by TEXT NOT NULL,
            deleted_at BIGINT
        );
        CREATE UNIQUE INDEX agents_by_name ON agents (name_key) WHERE deleted_at IS NULL;
        CREATE INDEX agents_by_created ON agents (created_at, id) WHERE deleted_at IS NULL;
        \(schema.set("agent_words", record: "agent_id", of: "agents", item: "word"))
        \(schema.set("agent_capabilities", record: "agent_id", of: "agents", item: "capability"))
        """
    }
}
