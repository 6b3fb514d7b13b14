internal import Basics
internal import Database
internal import Events
internal import Instruments
internal import JSON
import Synchronization

extension IdentityService {
    /// Checks a name and password, with everything that goes with it: lock, equal timing, events, metrics.
    ///
    /// - Throws: ``IdentityError``: `invalidCredentials`, `lockedOut`, `overloaded`; ``DatabaseError``.
    func checkPassword(_ username: String, _ password: String, ip: String, requestID: String?) async throws -> User {
        // A name that cannot exist is treated like one that does not.
        let name = UserLimits.key(of: username) ?? String(username.lowercased().prefix(UserLimits.usernameLengthMax))
        let network = ClientNetwork.of(ip)
        let now = clock.now
        let locks: Bool
        var attempt = rightCredentials.attempt(name: name, password: password, network: network)
        switch throttle.withLock({ $0.begin(&attempt, now: now) }) {
        case .locked(let retryAfter):
            metrics.login(.lockedOut)
            throw IdentityError.lockedOut(retryAfter: retryAfter)
        case .admitted(let isLast):
            locks = isLast
        }
        do {
            let user = try await database.read("identity.login") { try UserTable.find(username: username, $0) }
            let isRight = try await hasher.verify(password, hash: user?.passwordHash)
            if let user, isRight, user.isActive {
                throttle.withLock { [attempt] in $0.succeed(attempt) }
                rightCredentials.remember(name: name, password: password, network: network)
                metrics.login(.success)
                return user
            }
            try await noteFailure(user, network: network, locks: locks, requestID: requestID)
            if locks { securityLog.lockedOut(user, from: ip, requestID: requestID) }
        } catch {
            // No answer about the password: the attempt was none.
            throttle.withLock { [attempt] in $0.abandon(attempt) }
            if case .overloaded = error as? IdentityError { metrics.login(.overloaded) } else { metrics.login(.error) }
            throw error
        }
        metrics.login(.invalid)
        if locks { metrics.lockouts.increment() }
        throw IdentityError.invalidCredentials
    }

    /// Appends the events of a failed login.
    ///
    /// The name stands in them only when there is such a user: people type passwords into the field for names.
    private func noteFailure(_ user: User?, network: String, locks: Bool, requestID: String?) async throws {
        var data: JSONObject = ["network": .string(network), "known_user": .boolean(user != nil)]
        if let user { data["username"] = .string(user.username) }
        let kinds: [EventKind] = locks ? [.userLoginFailed, .userLockedOut] : [.userLoginFailed]
        try await database.write("identity.login_failed") { [data] connection in
            for kind in kinds {
                let event = NewEvent(
                    kind,
                    subject: .user,
                    id: user?.id.description,
                    by: .anonymous,
                    requestID: requestID,
                    data: data
                )
                try events.append(event, in: connection)
            }
        }
    }
}
