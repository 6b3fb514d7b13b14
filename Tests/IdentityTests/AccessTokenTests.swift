import Basics
import ChaosTesting
import Crypto
import Foundation
import Testing

@testable import Identity

@Suite struct AccessTokenTests {
    private static let secret = [UInt8](repeating: 7, count: 32)
    private static let now = Timestamp(milliseconds: 1_700_000_000_000)

    private func claims(_ change: (inout AccessClaims) -> Void = { _ in }) -> AccessClaims {
        let seconds = Self.now.milliseconds / 1000
        var claims = AccessClaims(
            iss: AccessTokens.issuer,
            aud: AccessTokens.audience,
            sub: "user",
            sid: "session",
            name: "ada",
            roles: [.viewer],
            iat: seconds,
            nbf: seconds,
            exp: seconds + 900
        )
        change(&claims)
        return claims
    }

    /// A token made by hand, so that nothing keeps it from being wrong.
    private func token(
        header: String = #"{"alg":"HS256","typ":"JWT","kid":"k1"}"#,
        payload: String? = nil,
        secret: [UInt8] = secret,
        _ change: (inout AccessClaims) -> Void = { _ in }
    ) throws -> String {
        let body = try payload.map { Data($0.utf8) } ?? JSONEncoder().encode(claims(change))
        let signed = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(body))
        let code = HMAC<SHA256>.authenticationCode(for: Data(signed.utf8), using: SymmetricKey(data: secret))
        return signed + "." + Base64URL.encode(Array(code))
    }

    private func verify(_ token: String, after seconds: Int = 0) async -> Result<AccessClaims, TokenError> {
        let tokens = await AccessTokens([.init(id: "k1", secret: Self.secret)])
        do {
            return .success(try await tokens.verify(token, now: Self.now.advanced(by: .seconds(seconds))))
        } catch {
            return .failure(error)
        }
    }

    @Test func signsWhatItAccepts() async throws {
        let tokens = await AccessTokens([.init(id: "k1", secret: Self.secret)])
        let signed = try await tokens.sign(claims())
        #expect(await verify(signed) == .success(claims()))
        #expect(await verify(try token()) == .success(claims()), "the same form as by hand")
    }

    @Test func timesAreThoseOfTheClockHandedIn() async throws {
        let token = try token()
        #expect(await verify(token, after: 899) == .success(claims()))
        #expect(await verify(token, after: 900) == .failure(.expired))
        #expect(await verify(token, after: -5) == .success(claims()), "clocks may differ a little")
        #expect(await verify(token, after: -6) == .failure(.notYetValid))
    }

    @Test func aTokenThatIsShownAgainExpiresAllTheSame() async throws {
        let tokens = await AccessTokens([.init(id: "k1", secret: Self.secret)])
        let token = try token()
        func verify(after seconds: Int) async -> Result<AccessClaims, TokenError> {
            do throws(TokenError) {
                return .success(try await tokens.verify(token, now: Self.now.advanced(by: .seconds(seconds))))
            } catch {
                return .failure(error)
            }
        }
        for _ in 0..<3 { #expect(await verify(after: 1) == .success(claims())) }
        #expect(await verify(after: 900) == .failure(.expired))
        #expect(await verify(after: -6) == .failure(.notYetValid))
        let forged = token.dropLast(3) + "AAA"
        await #expect(throws: TokenError.badSignature) { try await tokens.verify(String(forged), now: Self.now) }
    }

    @Test func refusesWhatIsWrong() async throws {
        func f(_ token: String, _ expected: TokenError, line: Int = #line) async {
            #expect(await verify(token) == .failure(expected), "line \(line): \(token)")
        }
        await f("", .malformed)
        await f("a.b", .malformed)
        await f("a.b.c.d", .malformed)
        await f("....", .malformed)
        await f("%%%.e30.e30", .malformed)
        await f("e30.e30.e30", .malformed)
        await f(String(repeating: "x", count: 5000), .tooLong)
        await f(try token(header: #"{"alg":"none","kid":"k1"}"#), .wrongAlgorithm)
        await f(try token(header: #"{"alg":"None","kid":"k1"}"#), .wrongAlgorithm)
        await f(try token(header: #"{"alg":"HS512","kid":"k1"}"#), .wrongAlgorithm)
        await f(try token(header: #"{"alg":"RS256","kid":"k1"}"#), .wrongAlgorithm)
        await f(try token(header: #"{"alg":"hs256","kid":"k1"}"#), .wrongAlgorithm)
        await f(try token(header: #"{"kid":"k1"}"#), .malformed)
        await f(try token(header: #"{"alg":"HS256","kid":"k2"}"#), .unknownKey)
        await f(try token(header: #"{"alg":"HS256"}"#), .unknownKey)
        await f(try token(header: #"{"alg":"HS256","kid":"k1","crit":["x"]}"#), .malformed)
        await f(try token(header: #"{"alg":"HS256","kid":"k1","typ":"at+jwt"}"#), .malformed)
        await f(try token(secret: [UInt8](repeating: 8, count: 32)), .badSignature)
        await f(try token(payload: "{}"), .malformed)
        await f(try token(payload: "[]"), .malformed)
        await f(try token { $0.iss = "someone" }, .wrongIssuer)
        await f(try token { $0.aud = "something" }, .wrongAudience)
        await f(try token { $0.exp = 0 }, .expired)
        await f(try token { $0.exp = .min }, .expired)
        await f(try token { $0.nbf = .max }, .notYetValid)
    }

    @Test func aTokenWithoutSignatureIsRefused() async throws {
        let whole = try token()
        let cut = whole[..<(try #require(whole.lastIndex(of: ".")))]
        #expect(await verify(cut + ".") == .failure(.badSignature))
        let none = Base64URL.encode(Array(#"{"alg":"none","kid":"k1"}"#.utf8))
        let body = whole.split(separator: ".")[1]
        #expect(await verify("\(none).\(body).") == .failure(.wrongAlgorithm))
    }

    @Test(arguments: Chaos.seeds(1...5)) func noChangedByteIsAccepted(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let whole = Array(try token().utf8)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.".utf8)
        for _ in 0..<100 {
            var changed = whole
            let position = Int.random(in: 0..<(changed.count - 1), using: &random)
            changed[position] = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            if changed == whole { continue }
            let text = String(decoding: changed, as: UTF8.self)
            if case .success = await verify(text) { Issue.record("seed \(seed): accepted \(text)") }
        }
    }

    @Test func opaqueTokens() {
        let tokens = Set((0..<100).map { _ in OpaqueToken.make(.refresh) })
        #expect(tokens.count == 100)
        for token in tokens { #expect(token.hasPrefix("kmr_") && token.utf8.count == 4 + 43) }
        // SHA-256 of "abc", FIPS 180-4.
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(OpaqueToken.digest("abc") == digest)
    }
}
