import Basics
import Database
import DatabaseTesting
import Events
import Identity
import Instruments
import Testing

@Suite struct SessionTests {
    @Test(arguments: TestBackend.allCases) func refreshTokensRotate(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            var pair = try await fixture.login()
            for _ in 0..<5 {
                fixture.clock.advance(by: .seconds(600))
                let next = try await fixture.identity.refresh(pair.refreshToken)
                #expect(next.refreshToken != pair.refreshToken)
                #expect(next.principal.sessionID == pair.principal.sessionID)
                pair = next
            }
            _ = try await fixture.identity.authenticate(bearer: pair.accessToken)
        }
    }

    @Test(arguments: TestBackend.allCases) func twoTabsMayRefreshAtOnce(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            let pair = try await fixture.login()
            fixture.clock.advance(by: .seconds(600))
            let first = try await fixture.identity.refresh(pair.refreshToken)
            fixture.clock.advance(by: .seconds(10))
            let second = try await fixture.identity.refresh(pair.refreshToken)
            #expect(first.refreshToken != second.refreshToken)
            fixture.clock.advance(by: .seconds(600))
            _ = try await fixture.identity.refresh(first.refreshToken)
            _ = try await fixture.identity.refresh(second.refreshToken)
        }
    }

    @Test(arguments: TestBackend.allCases) func aStolenTokenEndsTheWholeSession(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            let stolen = try await fixture.login()
            let other = try await fixture.login()
            let current = try await fixture.identity.refresh(stolen.refreshToken)
            fixture.clock.advance(by: .milliseconds(10_001))
            await #expect(throws: TokenError.reused) { try await fixture.identity.refresh(stolen.refreshToken) }
            await #expect(throws: TokenError.revoked) { try await fixture.identity.refresh(current.refreshToken) }
            await #expect(throws: TokenError.revoked) {
                try await fixture.identity.authenticate(bearer: current.accessToken)
            }
            _ = try await fixture.identity.refresh(other.refreshToken)
            let event = try #require(try await fixture.all(.sessionReuseDetected).first)
            #expect(event.subjectID == stolen.principal.sessionID?.description)
            #expect(fixture.metric("refresh_reuse_total") == 1)
            #expect(fixture.metric("tokens_rejected_total", ["reason": "reused"]) == 1)
        }
    }

    @Test(arguments: TestBackend.allCases) func refreshTokensExpire(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            let pair = try await fixture.login()
            fixture.clock.advance(by: .seconds(30 * 86_400))
            await #expect(throws: TokenError.expired) { try await fixture.identity.refresh(pair.refreshToken) }
        }
    }

    @Test(arguments: TestBackend.allCases) func aSessionEndsHoweverOftenItIsRefreshed(_ backend: TestBackend)
        async throws
    {
        try await withIdentity(on: backend) { fixture in
            var pair = try await fixture.login()
            for _ in 0..<4 {
                fixture.clock.advance(by: .seconds(20 * 86_400))
                pair = try await fixture.identity.refresh(pair.refreshToken)
            }
            fixture.clock.advance(by: .seconds(10 * 86_400))
            await #expect(throws: TokenError.expired) { try await fixture.identity.refresh(pair.refreshToken) }
        }
    }

    @Test(arguments: TestBackend.allCases, ["", "x", "kmr_", "kmr_unknown", "kma_agent"]) func otherTextsAreNoTokens(
        _ backend: TestBackend,
        text: String
    )
        async throws
    {
        try await withIdentity(on: backend) { fixture in
            let error = await #expect(throws: TokenError.self) { try await fixture.identity.refresh(text) }
            #expect(error == (text.hasPrefix("kmr_") ? .unknown : .malformed))
        }
    }

    @Test(arguments: TestBackend.allCases) func logoutEndsTheSessionAtOnce(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            let pair = try await fixture.login()
            let principal = try await fixture.identity.authenticate(bearer: pair.accessToken)
            try await fixture.identity.logout(principal)
            try await fixture.identity.logout(principal)
            await #expect(throws: TokenError.revoked) {
                try await fixture.identity.authenticate(bearer: pair.accessToken)
            }
            await #expect(throws: TokenError.revoked) { try await fixture.identity.refresh(pair.refreshToken) }
            let events = try await fixture.count(.userLogout)
            #expect(events == 1)

            let second = try await fixture.login()
            try await fixture.identity.logout(refreshToken: second.refreshToken)
            try await fixture.identity.logout(refreshToken: "kmr_unknown")
            await #expect(throws: TokenError.revoked) { try await fixture.identity.refresh(second.refreshToken) }
        }
    }

    @Test(arguments: TestBackend.allCases) func accessTokensExpireAndTheirRefusalIsCounted(_ backend: TestBackend)
        async throws
    {
        try await withIdentity(on: backend) { fixture in
            let pair = try await fixture.login()
            fixture.clock.advance(by: .seconds(900))
            await #expect(throws: TokenError.expired) {
                try await fixture.identity.authenticate(bearer: pair.accessToken)
            }
            await #expect(throws: TokenError.malformed) { try await fixture.identity.authenticate(bearer: "x") }
            #expect(fixture.metric("tokens_rejected_total", ["reason": "expired"]) == 1)
            #expect(fixture.metric("tokens_rejected_total", ["reason": "malformed"]) == 1)
        }
    }

    @Test(arguments: TestBackend.allCases) func withoutTheDatabaseOneMayStillLook(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            let pair = try await fixture.login()
            try await fixture.database.close()
            let principal = try await fixture.identity.authenticate(bearer: pair.accessToken)
            #expect(principal.permissions.contains(.metricsQuery))
            #expect(!principal.permissions.contains(.projectsWrite))
            #expect(fixture.metric("unchecked_sessions_total") == 1)
        }
    }

    @Test(arguments: TestBackend.allCases) func aSecondServerSharesTheSigningKey(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            let pair = try await fixture.login()
            let other = try await IdentityService.open(
                database: fixture.database,
                events: fixture.events,
                clock: fixture.clock,
                ids: UUIDv7Generator(clock: fixture.clock),
                registry: .init()
            )
            let principal = try await other.authenticate(bearer: pair.accessToken)
            #expect(principal == pair.principal)
            // A logout elsewhere is seen when the check is no longer believed.
            try await fixture.identity.logout(principal)
            let believed = try await other.authenticate(bearer: pair.accessToken)
            #expect(believed == principal)
            fixture.clock.advance(by: .seconds(10))
            await #expect(throws: TokenError.revoked) { try await other.authenticate(bearer: pair.accessToken) }
        }
    }

    @Test(arguments: TestBackend.allCases) func oldSessionsAreRemovedWithTheirTokens(_ backend: TestBackend)
        async throws
    {
        try await withIdentity(on: backend) { fixture in
            let ended = try await fixture.login()
            try await fixture.identity.logout(refreshToken: ended.refreshToken)
            _ = try await fixture.login()
            fixture.clock.advance(by: .seconds(1))
            let removed = try await fixture.identity.pruneSessions(before: fixture.clock.now)
            #expect(removed == 1)
            let tokens = try await fixture.database.read("test.tokens") { connection in
                try connection.query("SELECT digest FROM refresh_tokens").count
            }
            #expect(tokens == 1)
        }
    }

    @Test(arguments: TestBackend.allCases) func tokensAreStoredAsDigestsOnly(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            let pair = try await fixture.login()
            let rows = try await fixture.database.read("test.tokens") { connection in
                try connection.query("SELECT digest FROM refresh_tokens").map { try $0.text("digest") }
            }
            #expect(rows.count == 1)
            #expect(rows.allSatisfy { $0.count == 64 && !$0.contains(pair.refreshToken.dropFirst(4)) })
        }
    }
}
