package import Database

/// The tables of this module.
package enum AgentSchema {
    /// The migrations, to be run after those of Events.
    package static let migrations = [
        Migration(
            id: "agents-0001",
            sqlite: tables(text: "TEXT", real: "REAL", clustered: " WITHOUT ROWID"),
            postgresql: tables(text: "TEXT COLLATE \"C\"", real: "DOUBLE PRECISION", clustered: "")
        )
    ]

    /// `announced_status` is not the status: it is what the last event said, so that each change is said once.
    private static func tables(text: String, real: String, clustered: String) -> String {
        """
        CREATE TABLE agents (
            id \(text) NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            name_key \(text) NOT NULL,
            type TEXT NOT NULL,
            description TEXT NOT NULL,
            capabilities TEXT NOT NULL,
            labels TEXT NOT NULL,
            concurrency BIGINT NOT NULL,
            heartbeat_timeout_seconds BIGINT NOT NULL,
            is_draining BIGINT NOT NULL,
            last_heartbeat_at BIGINT,
            load \(real),
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
        CREATE TABLE agent_words (
            word \(text) NOT NULL,
            agent_id \(text) NOT NULL REFERENCES agents (id),
            PRIMARY KEY (agent_id, word)
        )\(clustered);
        CREATE INDEX agent_words_by_word ON agent_words (word, agent_id);
        CREATE TABLE agent_capabilities (
            capability \(text) NOT NULL,
            agent_id \(text) NOT NULL REFERENCES agents (id),
            PRIMARY KEY (agent_id, capability)
        )\(clustered);
        CREATE INDEX agent_capabilities_by_capability ON agent_capabilities (capability, agent_id);
        """
    }
}
