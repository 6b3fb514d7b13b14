package import Basics
package import Database
internal import Events
internal import JSON

/// The administrator who was made on an empty database.
package struct FirstAdministrator: Sendable {
    package let user: User
    /// The password, when it was made up: show it once, on the terminal.
    package let generatedPassword: String?
}

extension NewUser {
    /// The user `admin`.
    static func firstAdministrator(password: String) -> NewUser {
        NewUser(username: "admin", displayName: "Administrator", roles: [.administrator], password: password)
    }
}

extension IdentityService {
    /// Makes the user `admin` when there is no user at all; nil when there is one.
    ///
    /// - Parameter password: the password to give it; nil to make one up.
    /// - Returns: the administrator, with the password that was made up; nil when there is a user.
    /// - Throws: ``IdentityError``: `password`; ``DatabaseError``.
    package func createFirstAdministrator(password: String?) async throws -> FirstAdministrator? {
        let isEmpty = try await database.read("identity.is_empty") { try UserTable.isEmpty($0) }
        guard isEmpty else { return nil }
        let generated = password == nil ? Self.generatePassword() : nil
        let new = NewUser.firstAdministrator(password: password ?? generated ?? "")
        let hash = try await hash(new)
        let now = clock.now
        let user: User? = try await database.write("identity.first_administrator") { connection in
            // Another server may have been faster.
            try connection.lock(.identity)
            guard try UserTable.isEmpty(connection) else { return nil }
            return try insert(new, hash: hash, by: .system, now: now, requestID: nil, connection)
        }
        return user.map { FirstAdministrator(user: $0, generatedPassword: generated) }
    }

    /// Makes a user.
    /// - Throws: ``IdentityError``: `invalidUsername`, `usernameTaken`, `invalidRoles`, `password`,
    ///   `invalidDisplayName`, `overloaded`; ``DatabaseError``.
    package func createUser(_ new: NewUser, by actor: Principal, requestID: String? = nil) async throws -> User {
        let hash = try await hash(new)
        let now = clock.now
        return try await database.write("identity.create_user") { connection in
            try insert(new, hash: hash, by: actor.actor, now: now, requestID: requestID, connection)
        }
    }

    /// The user that a principal is.
    /// - Throws: ``IdentityError``: `userNotFound`, also for agents; ``DatabaseError``.
    package func me(_ principal: Principal) async throws -> User {
        guard principal.kind == .user else { throw IdentityError.userNotFound }
        return try await user(principal.userID)
    }

    /// A user by identifier.
    /// - Throws: ``IdentityError``: `userNotFound`; ``DatabaseError``.
    package func user(_ id: UUIDv7) async throws -> User {
        let user = try await database.read("identity.user") { try UserTable.find(id, $0) }
        guard let user else { throw IdentityError.userNotFound }
        return user
    }

    /// The identifier of an active user, by identifier or name, inside the caller's transaction; nil when there is none.
    /// - Throws: ``DatabaseError``.
    package func activeUserID(_ text: String, in connection: any SQLConnection) throws -> UUIDv7? {
        let user =
            try UUIDv7(text).flatMap { try UserTable.find($0, connection) }
            ?? UserTable.find(username: text, connection)
        return user?.isActive == true ? user?.id : nil
    }

    /// The users with these identifiers, in no particular order; unknown ones are left out.
    /// - Throws: ``DatabaseError``.
    package func users(_ ids: Set<UUIDv7>) async throws -> [User] {
        guard !ids.isEmpty else { return [] }
        return try await database.read("identity.users_by_id") { try UserTable.find(ids, $0) }
    }

    /// Active users whose name or display name begins so, without regard to case, by name.
    /// - Throws: ``DatabaseError``.
    package func activeUsers(beginning text: String, limit: Int) async throws -> [User] {
        try await database.read("identity.users_by_name") { connection in
            try UserTable.active(beginning: text.lowercased(), limit: limit, connection)
        }
    }

    /// A page of all users by name; `next` is what the page before said, nil for the first.
    /// - Throws: ``DatabaseError``.
    package func listUsers(after next: String? = nil, limit: Int = 100) async throws -> UserPage {
        let limit = min(max(limit, 1), UserLimits.pageUsersMax)
        return try await database.read("identity.users") { connection in
            try UserTable.page(after: next, limit: limit, connection)
        }
    }

    /// Changes a user; with another set of roles or when made inactive, all its sessions end.
    ///
    /// - Parameters:
    ///   - id: the user.
    ///   - version: the version that the change was made for.
    ///   - change: what becomes different; nil fields stay.
    ///   - actor: who changes it, for the event.
    ///   - requestID: the request, for the event.
    /// - Returns: the user as changed.
    /// - Throws: ``IdentityError``: `userNotFound`, `versionConflict`, `lastAdministrator`, `invalidRoles`,
    ///   `invalidDisplayName`; ``DatabaseError``.
    package func updateUser(
        _ id: UUIDv7,
        version: Int64,
        _ change: UserChange,
        by actor: Principal,
        requestID: String? = nil
    ) async throws -> User {
        if let roles = change.roles { try Self.check(roles) }
        if let name = change.displayName { try Self.check(displayName: name) }
        let now = clock.now
        let user = try await database.write("identity.update_user") { connection in
            // Of two administrators that take each other's role away, one stays.
            try connection.lock(.identity)
            return try update(id, version: version, change, by: actor.actor, now: now, requestID: requestID, connection)
        }
        forgetChecks()
        return user
    }

    func update(
        _ id: UUIDv7,
        version: Int64,
        _ change: UserChange,
        by actor: EventActor,
        now: Timestamp,
        requestID: String?,
        _ connection: any SQLConnection
    ) throws -> User {
        guard let old = try UserTable.find(id, connection) else { throw IdentityError.userNotFound }
        guard old.version == version else { throw IdentityError.versionConflict(current: old.version) }
        let roles = change.roles ?? old.roles
        let isActive = change.isActive ?? old.isActive
        let wasAdministrator = old.isActive && old.roles.contains(.administrator)
        let isAdministrator = isActive && roles.contains(.administrator)
        if wasAdministrator, !isAdministrator, try UserTable.administrators(except: id, connection) == 0 {
            throw IdentityError.lastAdministrator
        }
        let updated = try UserTable.update(
            id,
            version: version,
            displayName: change.displayName ?? old.displayName,
            roles: roles,
            isActive: isActive,
            now: now,
            connection
        )
        guard let updated else { throw IdentityError.versionConflict(current: old.version) }
        if roles != old.roles || !isActive {
            try SessionTable.endAll(userID: id, except: nil, .userChanged, now: now, connection)
        }
        let event = NewEvent(
            .userUpdated,
            subject: .user,
            id: id.description,
            by: actor,
            requestID: requestID,
            data: [
                "roles": .array(roles.sorted().map { .string($0.rawValue) }), "active": .boolean(isActive),
                "username": .string(old.username),
            ]
        )
        try events.append(event, in: connection)
        return updated
    }

    private func hash(_ new: NewUser) async throws -> String {
        guard UserLimits.key(of: new.username) != nil else { throw IdentityError.invalidUsername(new.username) }
        try Self.check(new.roles)
        try Self.check(displayName: new.displayName)
        do { try PasswordPolicy.check(new.password, username: new.username) } catch {
            throw IdentityError.password(error)
        }
        return try await hasher.hash(new.password)
    }

    func insert(
        _ new: NewUser,
        hash: String,
        by actor: EventActor,
        now: Timestamp,
        requestID: String?,
        _ connection: any SQLConnection
    ) throws -> User {
        let key = UserLimits.key(of: new.username) ?? new.username
        let user = try UserTable.insert(new, key: key, id: ids.next(), hash: hash, now: now, connection)
        let event = NewEvent(
            .userCreated,
            subject: .user,
            id: user.id.description,
            by: actor,
            requestID: requestID,
            data: [
                "username": .string(user.username),
                "roles": .array(user.roles.sorted().map { .string($0.rawValue) }),
            ]
        )
        try events.append(event, in: connection)
        return user
    }

    private static func check(_ roles: Set<Role>) throws(IdentityError) {
        guard !roles.isEmpty else { throw .invalidRoles("a user needs at least one role") }
        guard !roles.contains(.agent) else { throw .invalidRoles("the role 'agent' is for agents, which have tokens") }
    }

    private static func check(displayName: String) throws(IdentityError) {
        guard displayName.count <= UserLimits.displayNameLengthMax,
            !displayName.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { throw .invalidDisplayName }
    }

    /// 24 characters of 32 that nobody confuses: 120 random bits.
    static func generatePassword() -> String {
        let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789")
        var random = SystemRandomNumberGenerator()
        return String((0..<24).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] })
    }
}
