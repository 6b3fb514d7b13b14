package import Basics
internal import Crypto
package import Database
package import JSON

/// The keys under which records were made, inside the caller's transaction.
///
/// What a creation gave is not stored a second time: the same request, identifier and time make the same record.
package struct IdempotencyKeys {
    /// What a creation under a key gave.
    package struct Entry {
        package let id: UUIDv7
        package let createdAt: Timestamp
    }

    /// How many keys one transaction removes at most.
    package static let expiryBatchMax = 500
    package static let keyLengthMax = 255
    /// How long a creation may be repeated with the same key.
    package static let lifetime: Duration = .seconds(24 * 3600)

    private let connection: any SQLConnection
    private let table: String
    private let record: String

    /// The keys of a resource, whose table ``RecordSchema/idempotencyKeys(of:)`` makes.
    package init(of one: String, _ connection: any SQLConnection) {
        self.connection = connection
        table = "\(one)_idempotency_keys"
        record = "\(one)_id"
    }

    /// - Throws: ``ParameterFault`` for a key that is none.
    package static func check(_ key: String?) throws(ParameterFault) {
        guard let key else { return }
        let isPrintable = key.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        guard !key.isEmpty, isPrintable, key.utf8.count <= keyLengthMax else {
            throw ParameterFault(
                "Idempotency-Key",
                "must be of 1 to \(keyLengthMax) printable ASCII characters, no spaces"
            )
        }
    }

    /// Claims the key for a creation that is about to happen.
    ///
    /// - Returns: nil when the key is free, and claimed now; otherwise what the earlier creation gave.
    /// - Throws: ``IdempotencyConflict`` when the earlier request was another one.
    package func claim(
        _ key: String,
        _ actor: String,
        hash: String,
        id: UUIDv7,
        at now: Timestamp
    ) throws -> Entry? {
        try connection.execute(
            "DELETE FROM \(table) WHERE actor = ?1 AND key = ?2 AND expires_at <= ?3",
            [.text(actor), .text(key), .timestamp(now)]
        )
        let claimed = try connection.execute(
            """
            INSERT INTO \(table) (actor, key, request_hash, \(record), created_at, expires_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (actor, key) DO NOTHING
            """,
            [
                .text(actor), .text(key), .text(hash), .id(id), .timestamp(now),
                .timestamp(now.advanced(by: Self.lifetime)),
            ]
        )
        if claimed == 1 { return nil }
        let row = try connection.queryFirst(
            "SELECT request_hash, \(record), created_at FROM \(table) WHERE actor = ?1 AND key = ?2",
            [.text(actor), .text(key)]
        )
        guard let row else { throw DatabaseError(.busy, "the idempotency key was removed meanwhile") }
        guard try row.text("request_hash") == hash else { throw IdempotencyConflict(key: key) }
        return Entry(id: try row.id(record), createdAt: try row.timestamp("created_at"))
    }

    /// Removes keys whose lifetime is over, at most ``expiryBatchMax``, and returns how many.
    package func removeExpired(at now: Timestamp) throws(DatabaseError) -> Int {
        try connection.execute(
            """
            DELETE FROM \(table) WHERE (actor, key) IN
                (SELECT actor, key FROM \(table) WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
            """,
            [.timestamp(now), .int(Self.expiryBatchMax)]
        )
    }

    /// The SHA-256 of a creation's fields: the same for the same content, however it was written.
    package static func hash(of fields: [(String, JSONValue)]) -> String {
        SHA256.hash(data: Array(JSONText.canonical(.object(JSONObject(fields))).utf8)).hexadecimal
    }
}

/// A key that was used within its lifetime for a creation with another content.
struct IdempotencyConflict: Error {
    let key: String
}
