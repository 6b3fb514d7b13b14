import Basics
import Database
import DatabaseTesting
import Events
import Identity
import Instruments
import JSON
import Testing

@Suite struct LoginTests {
    @Test(arguments: TestBackend.allCases) func aLoginGivesTokensThatTellWhoItIs(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            let pair = try await fixture.login("ADA")
            #expect(pair.expiresIn == .seconds(900))
            let principal = try await fixture.identity.authenticate(bearer: pair.accessToken)
            #expect(principal == pair.principal)
            #expect(principal.username == "ada")
            #expect(principal.userID == fixture.ada.id)
            #expect(principal.permissions == Role.researcher.permissions)
            let event = try #require(try await fixture.all(.userLogin).first)
            #expect(event.actor == .user(fixture.ada.id.description))
            #expect(event.data["network"] == "192.0.2.1")
            #expect(fixture.metric("logins_total", ["outcome": "success"]) == 1)
        }
    }

    @Test(arguments: TestBackend.allCases) func allWrongPairsGetTheSameAnswerAndCostAHash(_ backend: TestBackend)
        async throws
    {
        try await withIdentity(on: backend) { fixture in
            let hashes = try #require(fixture.metric("password_hash_duration_seconds_count"))
            _ = try await fixture.identity.updateUser(
                fixture.ada.id,
                version: 1,
                UserChange(isActive: false),
                by: fixture.administrator
            )
            let pairs = [
                ("admin", "wrong password"), ("nobody", "wrong password"), ("ada", IdentityFixture.password),
                ("no name!", "x"), ("", ""), (String(repeating: "x", count: 1000), "x"),
                ("admin", String(repeating: "x", count: 100)), ("admin", "with\0zero"),
            ]
            for (name, password) in pairs {
                let error = try await fixture.loginError(name, password)
                #expect(error == .invalidCredentials, "\(name)")
            }
            let after = try #require(fixture.metric("password_hash_duration_seconds_count"))
            #expect(after - hashes == Double(pairs.count))
            #expect(fixture.metric("logins_total", ["outcome": "invalid"]) == Double(pairs.count))
            let failures = try await fixture.all(.userLoginFailed)
            #expect(failures.count == pairs.count)
            #expect(failures.filter { $0.data["known_user"] == false }.allSatisfy { $0.data["username"] == nil })
        }
    }

    @Test(arguments: TestBackend.allCases, ["ada", "nobody"]) func namesAreLockedWhetherTheyExistOrNot(
        _ backend: TestBackend,
        name: String
    ) async throws {
        try await withIdentity(on: backend) { fixture in
            for number in 0..<6 {
                let error = try await fixture.loginError(name, "wrong password", ip: "192.0.2.\(number)")
                #expect(error == .invalidCredentials)
            }
            let locked = try await fixture.loginError(name, IdentityFixture.password, ip: "192.0.2.99")
            #expect(locked == .lockedOut(retryAfter: .seconds(1)))
            #expect(fixture.metric("login_lockouts_total") == 1)
            #expect(fixture.metric("logins_total", ["outcome": "locked_out"]) == 1)
            let lockouts = try await fixture.count(.userLockedOut)
            #expect(lockouts == 1)
            fixture.clock.advance(by: .seconds(1))
            let after = try await fixture.loginError(name, IdentityFixture.password, ip: "192.0.2.99")
            #expect(after == (name == "ada" ? nil : .invalidCredentials))
        }
    }

    @Test(arguments: TestBackend.allCases) func aNetworkIsLocked(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            for number in 0..<31 { _ = try await fixture.loginError("user\(number)", "x", ip: "2001:db8::\(number)") }
            let locked = try await fixture.loginError("ada", IdentityFixture.password, ip: "2001:db8::ffff")
            #expect(locked == .lockedOut(retryAfter: .seconds(1)))
            let other = try await fixture.loginError("ada", IdentityFixture.password, ip: "2001:db8:1::1")
            #expect(other == nil)
        }
    }

    @Test(arguments: TestBackend.allCases) func guessesOfOthersDoNotShutOutWhoWasRightFromThere(_ backend: TestBackend)
        async throws
    {
        try await withIdentity(on: backend) { fixture in
            _ = try await fixture.identity.authenticate(
                basic: "ada",
                password: IdentityFixture.password,
                ip: "192.0.2.1"
            )
            for number in 0..<40 { _ = try await fixture.loginError("user\(number)", "x") }
            for _ in 0..<10 { _ = try await fixture.loginError("ada", "x", ip: "198.51.100.1") }
            fixture.clock.advance(by: .milliseconds(1))
            let wrong = try await fixture.loginError("ada", "wrong password")
            let other = try await fixture.loginError("admin", "administrator's own")
            for error in [wrong, other] {
                guard case .lockedOut = error else {
                    Issue.record("not locked: \(String(describing: error))")
                    continue
                }
            }
            let right = try await fixture.loginError("ada", IdentityFixture.password)
            #expect(right == nil)
            _ = try await fixture.identity.updateUser(
                fixture.ada.id,
                version: 1,
                UserChange(isActive: false),
                by: fixture.administrator
            )
            let old = try await fixture.loginError("ada", IdentityFixture.password)
            #expect(old == .invalidCredentials, "what was right once is checked again")
        }
    }

    @Test(arguments: TestBackend.allCases) func aHundredGuessesAtOnceDoNotPassBeforeTheFirstHasFailed(
        _ backend: TestBackend
    ) async throws {
        try await withIdentity(on: backend) { fixture in
            let checked = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        let error = try? await fixture.loginError("ada", "guess \(number)", ip: "192.0.2.\(number)")
                        return error == .invalidCredentials
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(checked <= 6)
        }
    }

    @Test(arguments: TestBackend.allCases) func aDatabaseFaultIsNoFailedLogin(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            try await fixture.database.close()
            for _ in 0..<20 {
                await #expect(throws: DatabaseError.self) { try await fixture.login() }
            }
            #expect(fixture.metric("logins_total", ["outcome": "error"]) == 20)
        }
    }

    @Test(arguments: TestBackend.allCases) func theOldestSessionEndsWhenThereAreTooMany(_ backend: TestBackend)
        async throws
    {
        try await withIdentity(on: backend, configure: { $0.sessionsPerUserMax = 2 }) { fixture in
            let first = try await fixture.login()
            fixture.clock.advance(by: .seconds(1))
            let second = try await fixture.login()
            fixture.clock.advance(by: .seconds(1))
            _ = try await fixture.login()
            await #expect(throws: TokenError.revoked) { try await fixture.identity.refresh(first.refreshToken) }
            _ = try await fixture.identity.refresh(second.refreshToken)
        }
    }

    @Test(arguments: TestBackend.allCases) func anotherCostIsTakenOverAtTheNextLogin(_ backend: TestBackend)
        async throws
    {
        try await withIdentity(on: backend) { fixture in
            let before = try await fixture.database.read("test.hash") { connection in
                try connection.queryFirst("SELECT password_hash FROM users WHERE username = 'ada'")?.text(
                    "password_hash"
                )
            }
            #expect(before?.hasPrefix("$2b$04$") == true)
            var settings = IdentitySettings()
            settings.bcryptCost = 5
            let other = try await IdentityService.open(
                database: fixture.database,
                events: fixture.events,
                clock: fixture.clock,
                ids: UUIDv7Generator(clock: fixture.clock),
                registry: .init(),
                settings: settings
            )
            _ = try await other.login(username: "ada", password: IdentityFixture.password, ip: "192.0.2.1")
            let after = try await fixture.database.read("test.hash") { connection in
                try connection.queryFirst("SELECT password_hash FROM users WHERE username = 'ada'")?.text(
                    "password_hash"
                )
            }
            #expect(after?.hasPrefix("$2b$05$") == true)
            _ = try await fixture.login()
        }
    }
}
