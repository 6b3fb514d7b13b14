import Basics
import Database
import DatabaseTesting
import Events
import Identity
import Testing

@Suite struct UserTests {
    @Test(arguments: TestBackend.allCases) func theFirstAdministratorIsMadeOnce(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            #expect(fixture.admin.username == "admin")
            #expect(fixture.admin.roles == [.administrator])
            let again = try await fixture.identity.createFirstAdministrator(password: "another password")
            #expect(again == nil)
            let error = try await fixture.loginError("admin", "administrator's own")
            #expect(error == nil)
        }
    }

    @Test(arguments: TestBackend.allCases) func withoutAPasswordOneIsMadeUp(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            try await fixture.database.write("test.empty") { try $0.execute("DELETE FROM users") }
            let made = try await fixture.identity.createFirstAdministrator(password: nil)
            let password = try #require(made?.generatedPassword)
            #expect(password.count == 24)
            let error = try await fixture.loginError("admin", password)
            #expect(error == nil)
        }
    }

    @Test(arguments: TestBackend.allCases) func refusesWhatIsNoUser(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            func f(_ new: NewUser, _ expected: IdentityError) async {
                await #expect(throws: expected, "\(new)") {
                    try await fixture.identity.createUser(new, by: fixture.administrator)
                }
            }
            let password = IdentityFixture.password
            await f(NewUser(username: "ADA", roles: [.viewer], password: password), .usernameTaken("ADA"))
            await f(NewUser(username: "", roles: [.viewer], password: password), .invalidUsername(""))
            await f(NewUser(username: "a b", roles: [.viewer], password: password), .invalidUsername("a b"))
            await f(NewUser(username: "ädä", roles: [.viewer], password: password), .invalidUsername("ädä"))
            let long = String(repeating: "x", count: 65)
            await f(NewUser(username: long, roles: [.viewer], password: password), .invalidUsername(long))
            await f(NewUser(username: "bob", roles: [.viewer], password: "short"), .password(.tooShort(length: 5)))
            for name in [String(repeating: "x", count: 201), "a\nb", "\0"] {
                await f(
                    NewUser(username: "bob", displayName: name, roles: [.viewer], password: password),
                    .invalidDisplayName
                )
            }
            let none = NewUser(username: "bob", roles: [], password: password)
            let error = await #expect(throws: IdentityError.self) {
                try await fixture.identity.createUser(none, by: fixture.administrator)
            }
            #expect(error == .invalidRoles("a user needs at least one role"))
            let agent = NewUser(username: "bob", roles: [.agent], password: password)
            await #expect(throws: IdentityError.self) {
                try await fixture.identity.createUser(agent, by: fixture.administrator)
            }
            let created = try await fixture.count(.userCreated)
            #expect(created == 2, "admin and ada")
        }
    }

    @Test(arguments: TestBackend.allCases) func listsByNameInPages(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            for name in ["Bob", "carl", "Dora"] {
                _ = try await fixture.identity.createUser(
                    NewUser(username: name, roles: [.viewer], password: IdentityFixture.password),
                    by: fixture.administrator
                )
            }
            var names: [String] = []
            var next: String?
            repeat {
                let page = try await fixture.identity.listUsers(after: next, limit: 2)
                #expect(page.users.count <= 2)
                names += page.users.map(\.username)
                next = page.next
            } while next != nil
            #expect(names == ["ada", "admin", "Bob", "carl", "Dora"])
        }
    }

    @Test(arguments: TestBackend.allCases) func changesNeedTheCurrentVersion(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            let change = UserChange(displayName: "Ada Lovelace")
            fixture.clock.advance(by: .seconds(5))
            let updated = try await fixture.identity.updateUser(
                fixture.ada.id,
                version: 1,
                change,
                by: fixture.administrator
            )
            #expect(updated.displayName == "Ada Lovelace")
            #expect(updated.version == 2)
            #expect(updated.updatedAt == fixture.clock.now)
            #expect(updated.createdAt == fixture.ada.createdAt)
            await #expect(throws: IdentityError.versionConflict(current: 2)) {
                try await fixture.identity.updateUser(fixture.ada.id, version: 1, change, by: fixture.administrator)
            }
            let nobody = UUIDv7Generator(clock: fixture.clock).next()
            await #expect(throws: IdentityError.userNotFound) {
                try await fixture.identity.updateUser(nobody, version: 1, change, by: fixture.administrator)
            }
        }
    }

    @Test(arguments: TestBackend.allCases) func theLastAdministratorStays(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            let identity = fixture.identity
            for change in [UserChange(roles: [.viewer]), UserChange(isActive: false)] {
                await #expect(throws: IdentityError.lastAdministrator) {
                    try await identity.updateUser(fixture.admin.id, version: 1, change, by: fixture.administrator)
                }
            }
            _ = try await identity.updateUser(
                fixture.ada.id,
                version: 1,
                UserChange(roles: [.administrator]),
                by: fixture.administrator
            )
            let changed = try await identity.updateUser(
                fixture.admin.id,
                version: 1,
                UserChange(roles: [.viewer]),
                by: fixture.administrator
            )
            #expect(changed.roles == [.viewer])
        }
    }

    @Test(arguments: TestBackend.allCases) func otherRolesEndTheSessions(_ backend: TestBackend) async throws {
        try await withIdentity(on: backend) { fixture in
            let pair = try await fixture.login()
            _ = try await fixture.identity.authenticate(bearer: pair.accessToken)
            _ = try await fixture.identity.updateUser(
                fixture.ada.id,
                version: 1,
                UserChange(roles: [.viewer]),
                by: fixture.administrator
            )
            await #expect(throws: TokenError.revoked) {
                try await fixture.identity.authenticate(bearer: pair.accessToken)
            }
        }
    }

    @Test(arguments: TestBackend.allCases) func aNewPasswordEndsTheOtherSessionsOnly(_ backend: TestBackend)
        async throws
    {
        try await withIdentity(on: backend) { fixture in
            let identity = fixture.identity
            let mine = try await fixture.login()
            let other = try await fixture.login()
            func change(_ current: String, _ new: String) async throws {
                try await identity.changePassword(mine.principal, current: current, new: new, ip: "192.0.2.1")
            }
            await #expect(throws: IdentityError.invalidCredentials) { try await change("wrong", "another password") }
            await #expect(throws: IdentityError.password(.tooShort(length: 3))) {
                try await change(IdentityFixture.password, "new")
            }
            try await change(IdentityFixture.password, "another password")
            _ = try await identity.refresh(mine.refreshToken)
            await #expect(throws: TokenError.revoked) { try await identity.refresh(other.refreshToken) }
            let old = try await fixture.loginError("ada", IdentityFixture.password)
            #expect(old == .invalidCredentials)
            let new = try await fixture.loginError("ada", "another password")
            #expect(new == nil)
            let me = try await identity.me(mine.principal)
            #expect(me.version == 2)
            let events = try await fixture.count(.userPasswordChanged)
            #expect(events == 1)
        }
    }

    @Test(arguments: TestBackend.allCases) func aResetLetsAdminInWhateverWasBefore(_ backend: TestBackend) async throws
    {
        try await withIdentity(on: backend) { fixture in
            let identity = fixture.identity
            let session = try await fixture.login("admin", "administrator's own")
            let first = try await identity.resetAdministrator()
            await #expect(throws: TokenError.revoked) { try await identity.refresh(session.refreshToken) }
            let after = try await fixture.loginError("admin", first)
            #expect(after == nil)
            let other = UserChange(roles: [.administrator])
            _ = try await identity.updateUser(fixture.ada.id, version: 1, other, by: fixture.administrator)
            let shut = UserChange(roles: [.viewer], isActive: false)
            _ = try await identity.updateUser(fixture.admin.id, version: 2, shut, by: fixture.administrator)
            let second = try await identity.resetAdministrator()
            #expect(second != first)
            let again = try await fixture.login("admin", second)
            #expect(again.principal.roles == [.administrator, .viewer])
            let events = try await fixture.all(.userPasswordChanged)
            #expect(events.map(\.actor) == [.system, .system])
        }
    }
}
