internal import Basics
internal import Database

/// The SQL of the table `users`.
enum UserTable {
    static func find(username: String, _ connection: any SQLConnection) throws -> User? {
        guard let key = UserLimits.key(of: username) else { return nil }
        return try connection.queryFirst("SELECT * FROM users WHERE username_key = ?1", [.text(key)]).map {
            try User($0)
        }
    }

    static func find(_ id: UUIDv7, _ connection: any SQLConnection) throws -> User? {
        try connection.queryFirst("SELECT * FROM users WHERE id = ?1", [.id(id)]).map { try User($0) }
    }

    static func find(_ ids: Set<UUIDv7>, _ connection: any SQLConnection) throws -> [User] {
        let places = (1...ids.count).map { "?\($0)" }.joined(separator: ", ")
        return try connection.query("SELECT * FROM users WHERE id IN (\(places))", ids.map { .id($0) }).map {
            try User($0)
        }
    }

    /// The active users whose name or display name begins so; `text` is in lower case.
    static func active(beginning text: String, limit: Int, _ connection: any SQLConnection) throws -> [User] {
        // No LIKE: in it some characters mean more than themselves.
        let rows = try connection.query(
            """
            SELECT * FROM users WHERE active = 1
                AND (substr(username_key, 1, ?2) = ?1 OR substr(lower(display_name), 1, ?2) = ?1)
            ORDER BY username_key LIMIT ?3
            """,
            [.text(text), .int(text.unicodeScalars.count), .int(limit)]
        )
        return try rows.map { try User($0) }
    }

    static func isEmpty(_ connection: any SQLConnection) throws -> Bool {
        try connection.queryFirst("SELECT 1 AS one FROM users LIMIT 1") == nil
    }

    /// Inserts a user.
    /// - Throws: ``IdentityError``: `usernameTaken`.
    static func insert(
        _ new: NewUser,
        key: String,
        id: UUIDv7,
        hash: String,
        now: Timestamp,
        _ connection: any SQLConnection
    ) throws -> User {
        let rows = try connection.query(
            """
            INSERT INTO users (id, username, username_key, display_name, roles, active, password_hash,
                created_at, updated_at, version)
            VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?7, 1) ON CONFLICT (username_key) DO NOTHING RETURNING *
            """,
            [
                .id(id), .text(new.username), .text(key),
                .text(new.displayName.isEmpty ? new.username : new.displayName),
                .text(new.roles.stored), .text(hash), .timestamp(now),
            ]
        )
        guard let row = rows.first else { throw IdentityError.usernameTaken(new.username) }
        return try User(row)
    }

    /// Writes the changeable fields; nil when someone else changed the user since `version`.
    static func update(
        _ id: UUIDv7,
        version: Int64,
        displayName: String,
        roles: Set<Role>,
        isActive: Bool,
        now: Timestamp,
        _ connection: any SQLConnection
    ) throws -> User? {
        let rows = try connection.query(
            """
            UPDATE users SET display_name = ?3, roles = ?4, active = ?5, updated_at = ?6, version = version + 1
            WHERE id = ?1 AND version = ?2 RETURNING *
            """,
            [
                .id(id), .integer(version), .text(displayName), .text(roles.stored), .bool(isActive), .timestamp(now),
            ]
        )
        return try rows.first.map { try User($0) }
    }

    /// Writes a new hash, if the old one is still there.
    static func setHash(
        _ hash: String,
        of user: User,
        now: Timestamp,
        isNewPassword: Bool,
        _ connection: any SQLConnection
    ) throws -> Bool {
        let count = try connection.execute(
            """
            UPDATE users SET password_hash = ?3, updated_at = ?4, version = version + ?5
            WHERE id = ?1 AND password_hash = ?2
            """,
            [
                .id(user.id), .text(user.passwordHash), .text(hash), .timestamp(isNewPassword ? now : user.updatedAt),
                .int(isNewPassword ? 1 : 0),
            ]
        )
        return count == 1
    }

    /// How many active administrators there are, without this user.
    static func administrators(except id: UUIDv7, _ connection: any SQLConnection) throws -> Int {
        let rows = try connection.query("SELECT roles FROM users WHERE active = 1 AND id <> ?1", [.id(id)])
        return try rows.count { row in
            try row.text("roles").split(separator: ",").contains { $0 == Role.administrator.rawValue }
        }
    }

    static func page(after key: String?, limit: Int, _ connection: any SQLConnection) throws -> UserPage {
        let rows = try connection.query(
            "SELECT * FROM users WHERE username_key > ?1 ORDER BY username_key LIMIT ?2",
            [.text(key ?? ""), .int(limit + 1)]
        )
        let users = try rows.prefix(limit).map { try User($0) }
        return UserPage(users: users, next: rows.count > limit ? users.last?.username.lowercased() : nil)
    }
}
