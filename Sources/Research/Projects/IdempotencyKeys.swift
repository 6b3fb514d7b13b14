internal import Basics
internal import Crypto
internal import Database
internal import Events
import JSON

/// The keys under which creations were made, inside the caller's transaction.
///
/// What a creation gave is not stored a second time: the same request, identifier and time make the same record.
struct IdempotencyKeys {
    /// What a creation under a key gave.
    struct Entry {
        let projectID: UUIDv7
        let createdAt: Timestamp
    }

    /// How many keys one transaction removes at most.
    static let expiryBatchMax = 500

    let connection: any SQLConnection

    /// Claims the key for a creation that is about to happen.
    ///
    /// - Returns: nil when the key is free, and claimed now; otherwise what the earlier creation gave.
    /// - Throws: ``ProjectError``: `idempotencyConflict` when the earlier request was another one.
    func claim(_ key: String, _ actor: String, hash: String, id: UUIDv7, at now: Timestamp) throws -> Entry? {
        try connection.execute(
            "DELETE FROM project_idempotency_keys WHERE actor = ?1 AND key = ?2 AND expires_at <= ?3",
            [.text(actor), .text(key), .timestamp(now)]
        )
        let claimed = try connection.execute(
            """
            INSERT INTO project_idempotency_keys (actor, key, request_hash, project_id, created_at, expires_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (actor, key) DO NOTHING
            """,
            [
                .text(actor), .text(key), .text(hash), .id(id), .timestamp(now),
                .timestamp(now.advanced(by: ProjectLimits.idempotencyLifetime)),
            ]
        )
        if claimed == 1 { return nil }
        let row = try connection.queryFirst(
            "SELECT request_hash, project_id, created_at FROM project_idempotency_keys WHERE actor = ?1 AND key = ?2",
            [.text(actor), .text(key)]
        )
        guard let row else { throw DatabaseError(.busy, "the idempotency key was removed meanwhile") }
        guard try row.text("request_hash") == hash else { throw ProjectError.idempotencyConflict(key: key) }
        return Entry(projectID: try row.id("project_id"), createdAt: try row.timestamp("created_at"))
    }

    /// Removes keys whose lifetime is over, at most ``expiryBatchMax``, and returns how many.
    func removeExpired(at now: Timestamp) throws(DatabaseError) -> Int {
        try connection.execute(
            """
            DELETE FROM project_idempotency_keys WHERE (actor, key) IN
                (SELECT actor, key FROM project_idempotency_keys WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
            """,
            [.timestamp(now), .int(Self.expiryBatchMax)]
        )
    }

    /// The SHA-256 of a creation's fields: the same for the same content, however it was written.
    static func hash(of fields: ProjectFields) -> String {
        let digest = SHA256.hash(data: Array(JSONText.canonical(.object(JSONObject(fields.values))).utf8))
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
