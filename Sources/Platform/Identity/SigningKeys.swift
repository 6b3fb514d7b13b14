internal import Basics
internal import Database

/// The keys that access tokens are signed with, in the database, so that all servers share them.
enum SigningKeys {
    private static let secretBytes = 32

    /// All keys, the newest first; makes one when there is none.
    static func load(
        _ database: any Database,
        id: UUIDv7,
        now: Timestamp
    ) async throws -> [AccessTokens.Key] {
        try await database.write("identity.signing_keys") { connection in
            // Two servers that start on an empty database share the key of the first.
            try connection.lock(.identity)
            let rows = try connection.query("SELECT id, secret FROM signing_keys ORDER BY created_at DESC, id DESC")
            if !rows.isEmpty {
                return try rows.map { row in
                    let key = AccessTokens.Key(id: try row.text("id"), secret: try row.blob("secret"))
                    guard key.secret.count >= secretBytes else {
                        throw DatabaseError(.decoding, "the signing key \(key.id) has fewer than \(secretBytes) bytes")
                    }
                    return key
                }
            }
            var random = SystemRandomNumberGenerator()
            let secret = (0..<secretBytes).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            try connection.execute(
                "INSERT INTO signing_keys (id, secret, created_at) VALUES (?1, ?2, ?3)",
                [.id(id), .blob(secret), .timestamp(now)]
            )
            return [AccessTokens.Key(id: id.description, secret: secret)]
        }
    }
}
