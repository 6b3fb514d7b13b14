internal import Basics
internal import Database

/// Why a session ended; the raw values are stored.
enum SessionEnd: String, Sendable {
    case logout
    case reuse
    case passwordChanged = "password_changed"
    case userChanged = "user_changed"
    case tooMany = "too_many"
}

/// The SQL of the tables `sessions` and `refresh_tokens`.
///
/// A session is a family of refresh tokens: each is exchanged once for the next.
enum SessionTable {
    /// A refresh token with its session and user.
    struct Found {
        let sessionID: UUIDv7
        let sessionExpires: Timestamp
        let hasEnded: Bool
        let tokenExpires: Timestamp
        let usedAt: Timestamp?
        let user: User
    }

    static func insert(
        _ id: UUIDv7,
        userID: UUIDv7,
        ip: String,
        now: Timestamp,
        expires: Timestamp,
        _ connection: any SQLConnection
    ) throws {
        try connection.execute(
            "INSERT INTO sessions (id, user_id, created_at, expires_at, ip) VALUES (?1, ?2, ?3, ?4, ?5)",
            [.id(id), .id(userID), .timestamp(now), .timestamp(expires), .text(String(ip.prefix(64)))]
        )
    }

    static func insertToken(
        digest: String,
        sessionID: UUIDv7,
        now: Timestamp,
        expires: Timestamp,
        _ connection: any SQLConnection
    ) throws {
        try connection.execute(
            "INSERT INTO refresh_tokens (digest, session_id, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)",
            [.text(digest), .id(sessionID), .timestamp(now), .timestamp(expires)]
        )
    }

    static func find(digest: String, _ connection: any SQLConnection) throws -> Found? {
        let row = try connection.queryFirst(
            """
            SELECT users.*, sessions.id AS session_id, sessions.expires_at AS session_expires,
                sessions.ended_at AS session_ended, refresh_tokens.expires_at AS token_expires,
                refresh_tokens.used_at AS token_used
            FROM refresh_tokens
            JOIN sessions ON sessions.id = refresh_tokens.session_id
            JOIN users ON users.id = sessions.user_id
            WHERE refresh_tokens.digest = ?1
            """,
            [.text(digest)]
        )
        guard let row else { return nil }
        return Found(
            sessionID: try row.id("session_id"),
            sessionExpires: try row.timestamp("session_expires"),
            hasEnded: try row.optionalTimestamp("session_ended") != nil,
            tokenExpires: try row.timestamp("token_expires"),
            usedAt: try row.optionalTimestamp("token_used"),
            user: try User(row)
        )
    }

    static func markUsed(digest: String, now: Timestamp, _ connection: any SQLConnection) throws {
        try connection.execute(
            "UPDATE refresh_tokens SET used_at = ?2 WHERE digest = ?1 AND used_at IS NULL",
            [.text(digest), .timestamp(now)]
        )
    }

    /// The user of a session that goes on; nil when it has ended or expired, or the user is not active.
    static func activeUser(sessionID: UUIDv7, now: Timestamp, _ connection: any SQLConnection) throws -> User? {
        try connection.queryFirst(
            """
            SELECT users.* FROM sessions JOIN users ON users.id = sessions.user_id
            WHERE sessions.id = ?1 AND sessions.ended_at IS NULL AND sessions.expires_at > ?2 AND users.active = 1
            """,
            [.id(sessionID), .timestamp(now)]
        ).map { try User($0) }
    }

    /// Ends a session; false when it had ended before, or never was.
    @discardableResult
    static func end(
        _ id: UUIDv7,
        _ reason: SessionEnd,
        now: Timestamp,
        _ connection: any SQLConnection
    ) throws -> Bool {
        try connection.execute(
            "UPDATE sessions SET ended_at = ?2, end_reason = ?3 WHERE id = ?1 AND ended_at IS NULL",
            [.id(id), .timestamp(now), .text(reason.rawValue)]
        ) == 1
    }

    /// Ends all sessions of a user but one.
    static func endAll(
        userID: UUIDv7,
        except kept: UUIDv7?,
        _ reason: SessionEnd,
        now: Timestamp,
        _ connection: any SQLConnection
    ) throws {
        try connection.execute(
            "UPDATE sessions SET ended_at = ?3, end_reason = ?4 WHERE user_id = ?1 AND id <> ?2 AND ended_at IS NULL",
            [.id(userID), .text(kept?.description ?? ""), .timestamp(now), .text(reason.rawValue)]
        )
    }

    /// Ends the oldest sessions of a user beyond the newest `count`.
    static func endOldest(userID: UUIDv7, keeping count: Int, now: Timestamp, _ connection: any SQLConnection) throws {
        try connection.execute(
            """
            UPDATE sessions SET ended_at = ?3, end_reason = ?4 WHERE user_id = ?1 AND ended_at IS NULL AND id NOT IN
                (SELECT id FROM sessions WHERE user_id = ?1 AND ended_at IS NULL ORDER BY id DESC LIMIT ?2)
            """,
            [.id(userID), .int(count), .timestamp(now), .text(SessionEnd.tooMany.rawValue)]
        )
    }

    /// Removes up to `limit` sessions that ended or expired before a time, with their tokens.
    static func prune(before cutoff: Timestamp, limit: Int, _ connection: any SQLConnection) throws -> Int {
        try connection.execute(
            """
            DELETE FROM sessions WHERE id IN
                (SELECT id FROM sessions WHERE expires_at < ?1 OR ended_at < ?1 ORDER BY id LIMIT ?2)
            """,
            [.timestamp(cutoff), .int(limit)]
        )
    }
}
