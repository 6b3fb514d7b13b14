package import Database

extension EventLog {
    /// The migrations of this module.
    package static let migrations = [
        Migration(
            id: "events-0001",
            sqlite: tables(position: "INTEGER PRIMARY KEY AUTOINCREMENT"),
            postgresql: tables(position: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
        )
    ]

    private static func tables(position: String) -> String {
        """
        CREATE TABLE events (
            position \(position),
            id TEXT NOT NULL UNIQUE,
            occurred_at BIGINT NOT NULL,
            kind TEXT NOT NULL,
            subject_type TEXT NOT NULL,
            subject_id TEXT,
            actor_id TEXT,
            actor_kind TEXT NOT NULL,
            request_id TEXT,
            data TEXT NOT NULL
        );
        CREATE INDEX events_by_time ON events (occurred_at);
        CREATE INDEX events_by_subject ON events (subject_type, subject_id, position);
        CREATE INDEX events_by_kind ON events (kind, position);
        CREATE INDEX events_by_actor ON events (actor_id, position);
        CREATE TABLE event_log (one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1), earliest_position BIGINT NOT NULL);
        INSERT INTO event_log VALUES (1, 1);
        """
    }
}
