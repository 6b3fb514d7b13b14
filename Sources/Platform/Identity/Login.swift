package import Basics
internal import Database
internal import Events
internal import Instruments
internal import JSON

/// What a login or a refresh hands out.
package struct TokenPair: Sendable {
    /// A JWT for the header `Authorization: Bearer`.
    package let accessToken: String
    /// How long the access token is good for.
    package let expiresIn: Duration
    /// Good for one exchange.
    package let refreshToken: String
    /// When the refresh token stops being good for it.
    package let refreshExpires: Timestamp
    package let principal: Principal
}

extension IdentityService {
    /// Checks a name and password and begins a session.
    ///
    /// - Parameters:
    ///   - username: the name presented.
    ///   - password: the password presented.
    ///   - ip: the client's address.
    ///   - requestID: the request, for the event.
    /// - Returns: the session's first tokens.
    /// - Throws: ``IdentityError``: `invalidCredentials`, `lockedOut`, `overloaded`; ``DatabaseError``.
    package func login(
        username: String,
        password: String,
        ip: String,
        requestID: String? = nil
    ) async throws -> TokenPair {
        let user = try await checkPassword(username, password, ip: ip, requestID: requestID)
        let newHash = hasher.isOutdated(user.passwordHash) ? try? await hasher.hash(password) : nil
        let sessionID = ids.next()
        let token = OpaqueToken.make(.refresh)
        let now = clock.now
        let sessionExpires = now.advanced(by: settings.sessionLifetime)
        let tokenExpires = min(now.advanced(by: settings.refreshTokenLifetime), sessionExpires)
        try await database.write("identity.begin_session") { connection in
            // The user may have been changed while the password was hashed.
            guard let current = try UserTable.find(user.id, connection), current.isActive,
                current.passwordHash == user.passwordHash
            else { throw IdentityError.invalidCredentials }
            if let newHash {
                _ = try UserTable.setHash(newHash, of: current, now: now, isNewPassword: false, connection)
            }
            try SessionTable.insert(sessionID, userID: user.id, ip: ip, now: now, expires: sessionExpires, connection)
            try SessionTable.insertToken(
                digest: OpaqueToken.digest(token),
                sessionID: sessionID,
                now: now,
                expires: tokenExpires,
                connection
            )
            try SessionTable.endOldest(
                userID: user.id,
                keeping: settings.sessionsPerUserMax,
                now: now,
                connection
            )
            let event = NewEvent(
                .userLogin,
                subject: .user,
                id: user.id.description,
                by: .user(user.id.description),
                requestID: requestID,
                data: ["username": .string(user.username), "network": .string(ClientNetwork.of(ip))]
            )
            try events.append(event, in: connection)
        }
        return try await pair(user, sessionID: sessionID, token: token, expires: tokenExpires, now: now)
    }

    /// Exchanges a refresh token for a new pair.
    ///
    /// A token that was exchanged before ends its whole session, since one of the two who had it has stolen it; but
    /// within ``IdentitySettings/refreshGrace`` two tabs may have refreshed at once, and both get a pair.
    ///
    /// - Parameters:
    ///   - refreshToken: the token presented.
    ///   - ip: the client's address, for the log.
    ///   - requestID: the request, for the event.
    /// - Returns: the session's next tokens.
    /// - Throws: ``TokenError``: `malformed`, `unknown`, `expired`, `revoked`, `reused`, `inactiveUser`;
    ///   ``DatabaseError``.
    package func refresh(_ refreshToken: String, ip: String? = nil, requestID: String? = nil) async throws -> TokenPair
    {
        guard refreshToken.utf8.count <= AccessTokens.bytesMax else { throw reject(.tooLong) }
        guard refreshToken.hasPrefix(OpaqueToken.Prefix.refresh.rawValue) else { throw reject(.malformed) }
        let digest = OpaqueToken.digest(refreshToken)
        let token = OpaqueToken.make(.refresh)
        let now = clock.now
        let exchange = try await database.write("identity.refresh") { connection in
            try exchangeToken(
                digest: digest,
                for: OpaqueToken.digest(token),
                now: now,
                requestID: requestID,
                connection
            )
        }
        switch exchange {
        case .refused(let error, let user):
            if error == .reused {
                securityLog.reused(user, from: ip, requestID: requestID)
                metrics.refreshReuse.increment()
                forgetChecks()
            }
            throw reject(error)
        case .done(let user, let sessionID, let expires):
            return try await pair(user, sessionID: sessionID, token: token, expires: expires, now: now)
        }
    }

    /// Ends the session of a refresh token, when its access token has expired; an unknown token is no error.
    /// - Throws: ``DatabaseError``.
    package func logout(refreshToken: String, requestID: String? = nil) async throws {
        let digest = OpaqueToken.digest(refreshToken)
        let now = clock.now
        try await database.write("identity.logout") { connection in
            guard let found = try SessionTable.find(digest: digest, connection) else { return }
            try endSession(found.sessionID, of: found.user.id, now: now, requestID: requestID, connection)
        }
        sessionChecks.removeAll()
    }

    /// Ends the session of a principal; without a session nothing happens.
    /// - Throws: ``DatabaseError``.
    package func logout(_ principal: Principal, requestID: String? = nil) async throws {
        guard let sessionID = principal.sessionID else { return }
        let now = clock.now
        try await database.write("identity.logout") { connection in
            try endSession(sessionID, of: principal.userID, now: now, requestID: requestID, connection)
        }
        sessionChecks.removeAll()
    }

    /// Removes sessions that ended or expired before a time; returns how many.
    /// - Throws: ``DatabaseError``.
    package func pruneSessions(before cutoff: Timestamp) async throws -> Int {
        let limit = 1000
        var removed = 0
        while true {
            let count = try await database.write("identity.prune_sessions") { connection in
                try SessionTable.prune(before: cutoff, limit: limit, connection)
            }
            removed += count
            if count < limit { return removed }
        }
    }

    private enum Exchange: Sendable {
        case done(User, sessionID: UUIDv7, expires: Timestamp)
        /// Not thrown, because the end of the session is to be committed.
        case refused(TokenError, User? = nil)
    }

    private func exchangeToken(
        digest: String,
        for newDigest: String,
        now: Timestamp,
        requestID: String?,
        _ connection: any SQLConnection
    ) throws -> Exchange {
        guard let found = try SessionTable.find(digest: digest, connection) else { return .refused(.unknown) }
        if found.hasEnded { return .refused(.revoked) }
        if found.sessionExpires <= now || found.tokenExpires <= now { return .refused(.expired) }
        if !found.user.isActive { return .refused(.inactiveUser) }
        if let usedAt = found.usedAt, usedAt.advanced(by: settings.refreshGrace) < now {
            try SessionTable.end(found.sessionID, .reuse, now: now, connection)
            let event = NewEvent(
                .sessionReuseDetected,
                subject: .session,
                id: found.sessionID.description,
                by: .anonymous,
                requestID: requestID,
                data: ["user_id": .string(found.user.id.description), "username": .string(found.user.username)]
            )
            try events.append(event, in: connection)
            return .refused(.reused, found.user)
        }
        let expires = min(now.advanced(by: settings.refreshTokenLifetime), found.sessionExpires)
        try SessionTable.markUsed(digest: digest, now: now, connection)
        try SessionTable.insertToken(
            digest: newDigest,
            sessionID: found.sessionID,
            now: now,
            expires: expires,
            connection
        )
        return .done(found.user, sessionID: found.sessionID, expires: expires)
    }

    private func endSession(
        _ id: UUIDv7,
        of userID: UUIDv7,
        now: Timestamp,
        requestID: String?,
        _ connection: any SQLConnection
    ) throws {
        guard try SessionTable.end(id, .logout, now: now, connection) else { return }
        let event = NewEvent(
            .userLogout,
            subject: .user,
            id: userID.description,
            by: .user(userID.description),
            requestID: requestID
        )
        try events.append(event, in: connection)
    }

    private func pair(
        _ user: User,
        sessionID: UUIDv7,
        token: String,
        expires: Timestamp,
        now: Timestamp
    ) async throws -> TokenPair {
        let seconds = now.milliseconds / 1000
        let claims = AccessClaims(
            iss: AccessTokens.issuer,
            aud: AccessTokens.audience,
            sub: user.id.description,
            sid: sessionID.description,
            name: user.username,
            roles: user.roles.sorted(),
            iat: seconds,
            nbf: seconds,
            exp: seconds + settings.accessTokenLifetime.components.seconds
        )
        return TokenPair(
            accessToken: try await accessTokens.sign(claims),
            expiresIn: settings.accessTokenLifetime,
            refreshToken: token,
            refreshExpires: expires,
            principal: Principal(
                kind: .user,
                userID: user.id,
                username: user.username,
                roles: user.roles,
                sessionID: sessionID
            )
        )
    }

    /// Counts a refusal.
    func reject(_ error: TokenError) -> TokenError {
        metrics.rejected(error)
        return error
    }
}
