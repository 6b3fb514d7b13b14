package import Basics
internal import Database
internal import Events

/// New passwords for those who exist.
extension IdentityService {
    /// Sets a user's own password; its other sessions end.
    ///
    /// - Throws: ``IdentityError``: `invalidCredentials` when the current password is wrong, `lockedOut`, `password`,
    ///   `overloaded`, `userNotFound`; ``DatabaseError``.
    package func changePassword(
        _ principal: Principal,
        current: String,
        new: String,
        ip: String,
        requestID: String? = nil
    ) async throws {
        let me = try await me(principal)
        do { try PasswordPolicy.check(new, username: me.username) } catch { throw IdentityError.password(error) }
        let user = try await checkPassword(me.username, current, ip: ip, requestID: requestID)
        let hash = try await hasher.hash(new)
        let now = clock.now
        try await database.write("identity.change_password") { connection in
            try set(hash, of: user, keeping: principal.sessionID, by: principal.actor, now: now, requestID, connection)
        }
        forgetChecks()
    }

    /// Sets the password of a user who forgot it; all of the user's sessions end.
    ///
    /// - Parameters:
    ///   - id: the user.
    ///   - new: the password.
    ///   - actor: who sets it, for the event.
    ///   - requestID: the request, for the event.
    /// - Throws: ``IdentityError``: `userNotFound`, `password`, `overloaded`; ``DatabaseError``.
    package func setPassword(
        of id: UUIDv7,
        to new: String,
        by actor: Principal,
        requestID: String? = nil
    ) async throws {
        let username = try await user(id).username
        do { try PasswordPolicy.check(new, username: username) } catch { throw IdentityError.password(error) }
        let hash = try await hasher.hash(new)
        let now = clock.now
        try await database.write("identity.set_password") { connection in
            try connection.lock(.identity)
            guard let user = try UserTable.find(id, connection) else { throw IdentityError.userNotFound }
            try set(hash, of: user, keeping: nil, by: actor.actor, now: now, requestID, connection)
        }
        forgetChecks()
    }

    /// Makes up a password for the user `admin`, who is made, active and an administrator afterwards, whatever was before;
    /// all of its sessions end.
    ///
    /// - Returns: the password: show it once.
    /// - Throws: ``IdentityError``: `overloaded`; ``DatabaseError``.
    package func resetAdministrator() async throws -> String {
        let password = Self.generatePassword()
        let new = NewUser.firstAdministrator(password: password)
        let hash = try await hasher.hash(password)
        let now = clock.now
        try await database.write("identity.reset_administrator") { connection in
            try connection.lock(.identity)
            guard var user = try UserTable.find(username: new.username, connection) else {
                _ = try insert(new, hash: hash, by: .system, now: now, requestID: nil, connection)
                return
            }
            let change = UserChange(roles: user.roles.union(new.roles), isActive: true)
            if change.roles != user.roles || !user.isActive {
                user = try update(
                    user.id,
                    version: user.version,
                    change,
                    by: .system,
                    now: now,
                    requestID: nil,
                    connection
                )
            }
            try set(hash, of: user, keeping: nil, by: .system, now: now, nil, connection)
        }
        forgetChecks()
        return password
    }

    /// Writes a new password's hash, ends the sessions but one, and notes it.
    private func set(
        _ hash: String,
        of user: User,
        keeping session: UUIDv7?,
        by actor: EventActor,
        now: Timestamp,
        _ requestID: String?,
        _ connection: any SQLConnection
    ) throws {
        guard try UserTable.setHash(hash, of: user, now: now, isNewPassword: true, connection) else {
            throw IdentityError.invalidCredentials
        }
        try SessionTable.endAll(userID: user.id, except: session, .passwordChanged, now: now, connection)
        let event = NewEvent(
            .userPasswordChanged,
            subject: .user,
            id: user.id.description,
            by: actor,
            requestID: requestID
        )
        try events.append(event, in: connection)
    }
}
