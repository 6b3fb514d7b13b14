package import Database

extension IdentityService {
    /// The migrations of this module.
    package static let migrations = [
        Migration(id: "identity-0001", sqlite: tables(bytes: "BLOB"), postgresql: tables(bytes: "BYTEA"))
    ]

    private static func tables(bytes: String) -> String {
        """
        CREATE TABLE users (
            id TEXT NOT NULL PRIMARY KEY,
            username TEXT NOT NULL,
            username_key TEXT NOT NULL UNIQUE,
            display_name TEXT NOT NULL,
            roles TEXT NOT NULL,
            active BIGINT NOT NULL CHECK (active IN (0, 1)),
            password_hash TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            version BIGINT NOT NULL
        );
        CREATE TABLE sessions (
            id TEXT NOT NULL PRIMARY KEY,
            user_id TEXT NOT NULL REFERENCES users(id),
            created_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL,
            ended_at BIGINT,
            end_reason TEXT,
            ip TEXT NOT NULL
        );
        CREATE INDEX sessions_by_user ON sessions (user_id, created_at);
        CREATE INDEX sessions_by_expiry ON sessions (expires_at);
        CREATE TABLE refresh_tokens (
            digest TEXT NOT NULL PRIMARY KEY,
            session_id TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
            created_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL,
            used_at BIGINT
        );
        CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);
        CREATE TABLE agent_tokens (
            digest TEXT NOT NULL PRIMARY KEY,
            agent_id TEXT NOT NULL,
            agent_name TEXT NOT NULL,
            hint TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            revoked_at BIGINT
        );
        CREATE INDEX agent_tokens_by_agent ON agent_tokens (agent_id);
        CREATE TABLE signing_keys (
            id TEXT NOT NULL PRIMARY KEY,
            secret \(bytes) NOT NULL,
            created_at BIGINT NOT NULL
        );
        """
    }
}
