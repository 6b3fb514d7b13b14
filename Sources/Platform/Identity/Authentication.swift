package import Basics
internal import Database
internal import Instruments
internal import Synchronization

extension IdentityService {
    /// Who presents an access token or an agent token.
    ///
    /// - Throws: ``TokenError``; ``DatabaseError`` for an agent token while the database is away.
    package func authenticate(bearer token: String) async throws -> Principal {
        do {
            if token.hasPrefix(OpaqueToken.Prefix.agent.rawValue) { return try await authenticate(agent: token) }
            return try await authenticate(access: token)
        } catch let error as TokenError {
            throw reject(error)
        }
    }

    /// Who presents a name and password with each request; a pair that was right lately is believed without hashing.
    ///
    /// - Parameters:
    ///   - username: the name presented.
    ///   - password: the password presented.
    ///   - ip: the client's address.
    ///   - requestID: the request, for the event.
    /// - Returns: the user with its roles.
    /// - Throws: ``IdentityError``: `invalidCredentials`, `lockedOut`, `overloaded`; ``DatabaseError``.
    package func authenticate(
        basic username: String,
        password: String,
        ip: String,
        requestID: String? = nil
    ) async throws -> Principal {
        let network = ClientNetwork.of(ip)
        let name = UserLimits.key(of: username) ?? username
        // What is remembered must not tell a guesser what the lock hides.
        let wait = throttle.withLock { $0.waitAtHome(name: name, network: network, now: clock.now) }
        guard wait == .zero else {
            metrics.login(.lockedOut)
            throw IdentityError.lockedOut(retryAfter: wait)
        }
        return try await basicChecks.check(username: username, password: password, network: network) { [self] in
            let user = try await checkPassword(username, password, ip: ip, requestID: requestID)
            return Principal(kind: .user, userID: user.id, username: user.username, roles: user.roles)
        }
    }

    /// When an access token expires; nil for what is no good access token, such as an agent's.
    package func expiry(ofAccessToken token: String) async -> Timestamp? {
        guard let claims = try? await accessTokens.verify(token, now: clock.now) else { return nil }
        return Timestamp(milliseconds: claims.exp * 1000)
    }

    private func authenticate(access token: String) async throws -> Principal {
        let now = clock.now
        let claims = try await accessTokens.verify(token, now: now)
        guard let userID = UUIDv7(claims.sub), let sessionID = UUIDv7(claims.sid) else { throw TokenError.malformed }
        let known = sessionChecks.find(claims.sid)
        if let principal = known.value { return principal }
        do {
            let user = try await database.read("identity.session") { connection in
                try SessionTable.activeUser(sessionID: sessionID, now: now, connection)
            }
            guard let user, user.id == userID else { throw TokenError.revoked }
            let principal = Principal(
                kind: .user,
                userID: userID,
                username: user.username,
                roles: user.roles,
                sessionID: sessionID
            )
            sessionChecks.store(principal, for: claims.sid, generation: known.generation)
            return principal
        } catch is DatabaseError {
            metrics.uncheckedSessions.increment()
            let roles = Set(claims.roles)
            return Principal(
                kind: .user,
                userID: userID,
                username: claims.name,
                roles: roles,
                permissions: roles.permissions.intersection(Role.reading),
                sessionID: sessionID
            )
        }
    }

    private func authenticate(agent token: String) async throws -> Principal {
        guard token.utf8.count <= AccessTokens.bytesMax else { throw TokenError.tooLong }
        let digest = OpaqueToken.digest(token)
        let known = sessionChecks.find(digest)
        if let principal = known.value { return principal }
        let found = try await database.read("identity.agent_token") { connection in
            try AgentTokenTable.find(digest: digest, connection)
        }
        guard let found else { throw TokenError.unknown }
        guard found.revokedAt == nil else { throw TokenError.revoked }
        let principal = Principal(kind: .agent, userID: found.agentID, username: found.agentName, roles: [.agent])
        sessionChecks.store(principal, for: digest, generation: known.generation)
        return principal
    }
}
