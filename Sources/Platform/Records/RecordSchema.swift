/// The parts of SQL that the tables of all resources share; each dialect has its own words for the same.
///
/// Texts that are compared by range or sorted are compared by their bytes: SQLite's default, PostgreSQL's collation
/// `C`.
package struct RecordSchema: Sendable {
    /// The type of identifiers and of texts that are compared.
    package let text: String
    /// The type of numbers with a fraction.
    package let real: String
    /// What stands behind a table that is its own index.
    let clustered: String

    package static let sqlite = RecordSchema(text: "TEXT", real: "REAL", clustered: " WITHOUT ROWID")
    package static let postgresql = RecordSchema(
        text: "TEXT COLLATE \"C\"",
        real: "DOUBLE PRECISION",
        clustered: ""
    )

    /// The table of a ``SetTable``.
    package func set(_ table: String, record: String, of records: String, item: String) -> String {
        """
        CREATE TABLE \(table) (
            \(item) \(text) NOT NULL,
            \(record) \(text) NOT NULL REFERENCES \(records) (id),
            PRIMARY KEY (\(record), \(item))
        )\(clustered);
        CREATE INDEX \(table)_by_\(item) ON \(table) (\(item), \(record));
        """
    }

    /// The table of a resource's ``IdempotencyKeys``.
    package func idempotencyKeys(of one: String) -> String {
        """
        CREATE TABLE \(one)_idempotency_keys (
            actor TEXT NOT NULL,
            key TEXT NOT NULL,
            request_hash TEXT NOT NULL,
            \(one)_id \(text) NOT NULL,
            created_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL,
            PRIMARY KEY (actor, key)
        );
        CREATE INDEX \(one)_idempotency_keys_by_expiry ON \(one)_idempotency_keys (expires_at);
        """
    }
}
