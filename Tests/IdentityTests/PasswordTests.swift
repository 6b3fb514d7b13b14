import Basics
import DatabaseTesting
import Instruments
import Testing

@testable import Identity

@Suite struct PasswordTests {
    /// Published test vectors of crypt_blowfish (Openwall), with the prefix of the corrected variant.
    @Test func knowsTheVectors() {
        func f(_ password: String, _ hash: String) {
            #expect(Bcrypt.verify(password, hash: hash), "\(password)")
            #expect(!Bcrypt.verify(password + "x", hash: hash), "\(password)")
        }
        f("U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")
        f("U*U*", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK")
        f("U*U*U", "$2b$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a")
    }

    @Test func hashesAreSaltedAndVerify() throws {
        var random = SystemRandomNumberGenerator()
        let first = try #require(Bcrypt.hash("correct horse", cost: 4, random: &random))
        let second = try #require(Bcrypt.hash("correct horse", cost: 4, random: &random))
        #expect(first != second)
        #expect(first.hasPrefix("$2b$04$"))
        #expect(Bcrypt.cost(of: first) == 4)
        #expect(Bcrypt.verify("correct horse", hash: first))
        #expect(!Bcrypt.verify("correct hors", hash: first))
        #expect(!Bcrypt.verify("", hash: first))
    }

    @Test func refusesWhatBcryptWouldCut() {
        var random = SystemRandomNumberGenerator()
        let longest = String(repeating: "x", count: 72)
        #expect(Bcrypt.hash(longest, cost: 4, random: &random) != nil)
        #expect(Bcrypt.hash(longest + "y", cost: 4, random: &random) == nil)
        #expect(Bcrypt.hash("before\0after", cost: 4, random: &random) == nil)
        #expect(Bcrypt.hash("password", cost: 3, random: &random) == nil)
        #expect(Bcrypt.hash("password", cost: 17, random: &random) == nil)
    }

    @Test(arguments: ["", "*0", "$2b$04$", "$1$abc$def", "$9z$bad", "$2b$99$" + String(repeating: ".", count: 53)])
    func whatIsNoHashMatchesNothing(hash: String) {
        #expect(Bcrypt.cost(of: hash) == nil)
        #expect(!Bcrypt.verify("", hash: hash))
        #expect(!Bcrypt.verify("password", hash: hash))
    }

    @Test func policy() {
        func f(_ password: String, _ expected: PasswordError?) {
            var found: PasswordError?
            do { try PasswordPolicy.check(password, username: "Ada.Lovelace") } catch { found = error }
            #expect(found == expected, "\(password)")
        }
        f("ten chars!", nil)
        f("nine char", .tooShort(length: 9))
        f("", .tooShort(length: 0))
        f(String(repeating: "x", count: 72), nil)
        f(String(repeating: "x", count: 73), .tooLong(bytes: 73))
        f(String(repeating: "ä", count: 37), .tooLong(bytes: 74))
        f("zero\0zero\0zero", .containsNUL)
        f("ada.lovelace", .sameAsUsername)
    }

    private func hasher(threads: Int = 1, waitersMax: Int = 8) -> (PasswordHasher, Registry) {
        let registry = Registry()
        let durations = IdentityMetrics(registry).hashDurations
        let hasher = PasswordHasher(
            cost: 4,
            threads: threads,
            waitersMax: waitersMax,
            clock: ManualClock(),
            durations: durations
        )
        return (hasher, registry)
    }

    @Test func aMissingUserCostsAHashAndMatchesNoPassword() async throws {
        let (hasher, registry) = hasher()
        let long = String(repeating: "x", count: 100)
        for password in ["", "-", "password", long] {
            let isRight = try await hasher.verify(password, hash: nil)
            #expect(!isRight, "\(password)")
        }
        #expect(registry.value(of: "kaskman_identity_password_hash_duration_seconds_count") == 4)
        let hash = try await hasher.hash("-")
        let isRight = try await hasher.verify(long, hash: hash)
        #expect(!isRight, "a password that is too long matches nothing")
    }

    @Test func thoseBeyondTheLimitAreRefused() async throws {
        let (hasher, _) = hasher(threads: 1, waitersMax: 0)
        let results = await withTaskGroup(of: IdentityError?.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    do {
                        _ = try await hasher.hash("correct horse")
                        return nil
                    } catch {
                        return error as? IdentityError
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.contains(nil), "some pass")
        #expect(results.allSatisfy { $0 == nil || $0 == .overloaded(waitersMax: 0) })
        let after = try await hasher.hash("correct horse")
        #expect(!after.isEmpty, "and the place comes free again")
    }
}
