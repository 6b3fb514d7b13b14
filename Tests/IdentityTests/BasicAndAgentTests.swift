import Basics
import Database
import DatabaseTesting
import Events
import Identity
import Testing

@Suite struct BasicAndAgentTests {
    private func basic(_ fixture: IdentityFixture, _ password: String = IdentityFixture.password) async throws
        -> Principal
    {
        try await fixture.identity.authenticate(basic: "ada", password: password, ip: "192.0.2.1")
    }

    @Test(arguments: TestBackend.allCases) func aPairThatWasRightIsBelievedWithoutHashing(_ backend: TestBackend)
        async throws
    {
        try await withIdentity(on: backend) { fixture in
            let hashes = try #require(fixture.metric("password_hash_duration_seconds_count"))
            for _ in 0..<100 {
                let principal = try await basic(fixture)
                #expect(principal.username == "ada")
                #expect(principal.sessionID == nil)
            }
            #expect(fixture.metric("password_hash_duration_seconds_count") == hashes + 1)
            fixture.clock.advance(by: .seconds(60))
            _ = try await basic(fixture)
            #expect(fixture.metric("password_hash_duration_seconds_count") == hashes + 2)
        }
    }

    @Test(arguments: TestBackend.allCases) func aPairIsBelievedFromItsOwnNetworkOnlyAndNotPastItsLock(
        _ backend: TestBackend
    ) async throws {
        try await withIdentity(on: backend) { fixture in
            let identity = fixture.identity
            func check(_ password: String, _ ip: String) async -> IdentityError? {
                do {
                    _ = try await identity.authenticate(basic: "ada", password: password, ip: ip)
                    return nil
                } catch {
                    return error as? IdentityError
                }
            }
            let (home, away) = ("192.0.2.1", "198.51.100.7")
            #expect(await check(IdentityFixture.password, home) == nil)
            for number in 0..<6 { #expect(await check("guess \(number)", away) == .invalidCredentials) }
            let locked = IdentityError.lockedOut(retryAfter: .seconds(1))
            #expect(await check(IdentityFixture.password, away) == locked, "what is remembered is no way in")
            #expect(await check(IdentityFixture.password, home) == nil, "who was right from there goes on")
            for number in 0..<6 { #expect(await check("guess \(number)", home) == locked) }
            #expect(await check(IdentityFixture.password, home) == locked, "guesses from there do count")
        }
    }

    @Test(arguments: TestBackend.allCases) func thirtyRequestsAtOnceAreOneCheck(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            for (password, isRight) in [("wrong password", false), (IdentityFixture.password, true)] {
                let before = try #require(fixture.metric("password_hash_duration_seconds_count"))
                let passed = await withTaskGroup(of: Bool.self) { group in
                    for _ in 0..<30 { group.addTask { (try? await basic(fixture, password)) != nil } }
                    return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                let after = try #require(fixture.metric("password_hash_duration_seconds_count"))
                #expect(passed == (isRight ? 30 : 0))
                #expect(after - before >= 1 && (!isRight || after - before <= 2))
            }
        }
    }

    @Test(arguments: TestBackend.allCases) func aChangedUserIsNotBelieved(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            _ = try await basic(fixture)
            _ = try await fixture.identity.updateUser(
                fixture.ada.id,
                version: 1,
                UserChange(roles: [.viewer]),
                by: fixture.administrator
            )
            let principal = try await basic(fixture)
            #expect(principal.roles == [.viewer])
            _ = try await fixture.identity.updateUser(
                fixture.ada.id,
                version: 2,
                UserChange(isActive: false),
                by: fixture.administrator
            )
            await #expect(throws: IdentityError.invalidCredentials) { try await basic(fixture) }
        }
    }

    @Test(arguments: TestBackend.allCases) func theNumberOfRememberedPairsIsBounded(_ backend: TestBackend) async throws
    {
        try await withIdentity(on: backend, configure: { $0.basicChecksMax = 1 }) { fixture in
            let identity = fixture.identity
            for _ in 0..<2 {
                _ = try await basic(fixture)
                _ = try await identity.authenticate(basic: "admin", password: "administrator's own", ip: "192.0.2.1")
            }
            let logins = try #require(fixture.metric("logins_total", ["outcome": "success"]))
            #expect(logins == 4, "one place for two pairs: none is remembered long")
        }
    }

    @Test(arguments: TestBackend.allCases) func anAgentTokenStandsForItsAgent(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            let agentID = UUIDv7Generator(clock: fixture.clock).next()
            let identity = fixture.identity
            let token = try await fixture.database.write("test.issue") { connection in
                try identity.issueAgentToken(agentID: agentID, agentName: "worker", in: connection)
            }
            let principal = try await identity.authenticate(bearer: token)
            #expect(principal.kind == .agent)
            #expect(principal.userID == agentID)
            #expect(principal.username == "worker")
            #expect(principal.permissions == Role.agent.permissions)
            #expect(principal.actor == .agent(agentID.description))
            let listed = try await identity.agentTokens(agentID: agentID)
            #expect(listed.map(\.hint) == [String(token.prefix(10))])

            let count = try await fixture.database.write("test.revoke") { connection in
                try identity.revokeAgentTokens(agentID: agentID, in: connection)
            }
            #expect(count == 1)
            await #expect(throws: TokenError.revoked) { try await identity.authenticate(bearer: token) }
            await #expect(throws: TokenError.unknown) { try await identity.authenticate(bearer: "kma_x") }
            await #expect(throws: IdentityError.userNotFound) { try await identity.me(principal) }
        }
    }

    @Test(arguments: TestBackend.allCases) func aTokenIsOnlyThereWhenItsTransactionIs(_ backend: TestBackend)
        async throws
    {
        struct Refusal: Error {}
        try await withIdentity(on: backend) { fixture in
            let agentID = UUIDv7Generator(clock: fixture.clock).next()
            let identity = fixture.identity
            _ = try? await fixture.database.write("test.refused") { connection in
                _ = try identity.issueAgentToken(agentID: agentID, agentName: "worker", in: connection)
                throw Refusal()
            }
            let listed = try await identity.agentTokens(agentID: agentID)
            #expect(listed.isEmpty)
        }
    }
}
