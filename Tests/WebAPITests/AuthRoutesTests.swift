import APIModel
import Basics
import Crypto
import Foundation
import HTTP
import HTTPTypes
import JSON
import Testing

@Suite("Logging in and out")
struct AuthRoutesTests {
    private let page: HTTPFields = {
        var fields = HTTPFields()
        if let name = HTTPField.Name("X-Kaskman-Client") { fields[name] = "web" }
        return fields
    }()

    private func login(_ name: String = "viewer", _ password: String = APIHarness.password) -> String {
        #"{"username":"\#(name)","password":"\#(password)"}"#
    }

    private func bearer(_ token: String) -> HTTPFields { [.authorization: "Bearer \(token)"] }

    private func cookie(_ reply: Reply) -> String { String(reply["Set-Cookie"]?.prefix { $0 != ";" } ?? "") }

    @Test("A login gives tokens that work, a refresh gives new ones, a logout ends them")
    func cycle() async throws {
        try await APIHarness.run { api in
            let tokens = try await api.send(.post, "auth/login", as: .nobody, login())
            #expect(tokens.status == 200)
            #expect(tokens.string("token_type") == "Bearer")
            #expect(tokens.json?["expires_in"]?.integer == 900)
            #expect(tokens["Set-Cookie"] == nil)
            #expect(tokens["Cache-Control"] == "no-store")
            let access = try #require(tokens.string("access_token"))
            let refresh = try #require(tokens.string("refresh_token"))
            let me = try await api.send(.get, "users/me", as: .nobody, nil, bearer(access))
            #expect(me.string("username") == "viewer")

            let body = #"{"refresh_token":"\#(refresh)"}"#
            let renewed = try await api.send(.post, "auth/refresh", as: .nobody, body)
            #expect(renewed.status == 200)
            #expect(renewed.string("refresh_token") != refresh)

            // The first token is used up: beyond the grace it ends the session, as it would in a thief's hand.
            api.clock.advance(by: .seconds(11))
            #expect(try await api.send(.post, "auth/refresh", as: .nobody, body).summary == "401 unauthenticated")
            let token = try #require(renewed.string("refresh_token"))
            let second = #"{"refresh_token":"\#(token)"}"#
            #expect(try await api.send(.post, "auth/refresh", as: .nobody, second).status == 401)
        }
    }

    @Test("A logout ends the session: by access token, by refresh token, and never fails twice")
    func logout() async throws {
        try await APIHarness.run { api in
            let first = try await api.send(.post, "auth/login", as: .nobody, login())
            let access = try #require(first.string("access_token"))
            #expect(try await api.send(.post, "auth/logout", as: .nobody, nil, bearer(access)).status == 204)
            #expect(try await api.send(.get, "users/me", as: .nobody, nil, bearer(access)).status == 401)

            let second = try await api.send(.post, "auth/login", as: .nobody, login())
            let refresh = try #require(second.string("refresh_token"))
            let body = #"{"refresh_token":"\#(refresh)"}"#
            #expect(try await api.send(.post, "auth/logout", as: .nobody, body).status == 204)
            #expect(try await api.send(.post, "auth/logout", as: .nobody, body).status == 204)
            #expect(try await api.send(.post, "auth/refresh", as: .nobody, body).status == 401)
            #expect(try await api.send(.post, "auth/logout", as: .nobody).summary == "401 unauthenticated")
        }
    }

    @Test("Unknown names and wrong passwords get the same answer")
    func wrong() async throws {
        try await APIHarness.run { api in
            var texts: Set<String> = []
            for body in [
                login("viewer", "wrong"), login("nobody at all", "wrong"), login("nobody", APIHarness.password),
            ] {
                let reply = try await api.send(.post, "auth/login", as: .nobody, body)
                #expect(reply.summary == "401 unauthenticated")
                #expect(reply["WWW-Authenticate"] == "Bearer", "a browser would open a window for Basic")
                texts.insert(try #require(reply.string("detail")))
            }
            #expect(texts.count == 1)
        }
    }

    @Test("After too many failures the name is locked, for the right password too, and the client is told for how long")
    func lockout() async throws {
        try await APIHarness.run { api in
            for _ in 0..<6 { try await api.send(.post, "auth/login", as: .nobody, login("viewer", "wrong")) }
            let locked = try await api.send(.post, "auth/login", as: .nobody, login())
            #expect(locked.summary == "429 rate_limited")
            let wait = try #require(locked["Retry-After"].flatMap { Int($0) })
            #expect(wait >= 1)
            api.clock.advance(by: .seconds(wait))
            #expect(try await api.send(.post, "auth/login", as: .nobody, login()).status == 200)
        }
    }

    @Test("Logins have a strict limit of their own")
    func rate() async throws {
        try await APIHarness.run(quotas: ["auth": Quota(2, perSeconds: 60)]) { api in
            for status in [200, 200, 429] {
                let reply = try await api.send(.post, "auth/login", as: .nobody, login())
                #expect(reply.status == status)
            }
            #expect(try await api.send(.get, "users/me", as: .viewer).status == 200)
        }
    }

    @Test("The standard class has the quota of the settings")
    func standardQuota() async throws {
        try await APIHarness.run(quotas: ["standard": Quota(3, perSeconds: 60)]) { api in
            let first = try await api.send(.get, "projects", as: .viewer)
            #expect(first["RateLimit-Policy"] == #""standard";q=3;w=60"#)
            for status in [200, 200, 429] {
                #expect(try await api.send(.get, "projects", as: .viewer).status == status)
            }
        }
    }

    // MARK: The page

    @Test("The page gets its refresh token in a cookie that scripts cannot read", arguments: [false, true])
    func cookies(isSecure: Bool) async throws {
        try await APIHarness.run(isSecure: isSecure) { api in
            let tokens = try await api.send(.post, "auth/login", as: .nobody, login(), page)
            #expect(tokens.json?["refresh_token"] == nil)
            let text = try #require(tokens["Set-Cookie"])
            #expect(text.hasPrefix("kaskman_refresh=kmr_"))
            let attributes = Set(text.split(separator: ";").dropFirst().map { $0.drop { $0 == " " } })
            var expected: Set<Substring> = ["Path=/api/v1/auth", "Max-Age=2592000", "HttpOnly", "SameSite=Strict"]
            if isSecure { expected.insert("Secure") }
            #expect(attributes == expected)

            var fields = page
            fields[.cookie] = "theme=dark; " + cookie(tokens)
            let renewed = try await api.send(.post, "auth/refresh", as: .nobody, nil, fields)
            #expect(renewed.status == 200)
            #expect(renewed.json?["refresh_token"] == nil)
            #expect(cookie(renewed) != cookie(tokens))

            fields[.cookie] = cookie(renewed)
            let end = try await api.send(.post, "auth/logout", as: .nobody, nil, fields)
            #expect(end.status == 204)
            #expect(end["Set-Cookie"]?.hasPrefix("kaskman_refresh=; ") == true)
            #expect(end["Set-Cookie"]?.contains("Max-Age=0") == true)
            let after = try await api.send(.post, "auth/refresh", as: .nobody, nil, fields)
            #expect(after.summary == "401 unauthenticated")
            #expect(after["Set-Cookie"]?.contains("Max-Age=0") == true)
        }
    }

    @Test("Another site can use the cookie neither to refresh nor to log out")
    func forgery() async throws {
        try await APIHarness.run { api in
            let tokens = try await api.send(.post, "auth/login", as: .nobody, login(), page)
            let foreign: HTTPFields = [.cookie: cookie(tokens)]
            for path in ["auth/refresh", "auth/logout"] {
                #expect(try await api.send(.post, path, as: .nobody, nil, foreign).summary == "403 forbidden")
            }
            var own = page
            own[.cookie] = cookie(tokens)
            #expect(try await api.send(.post, "auth/refresh", as: .nobody, nil, own).status == 200)
        }
    }

    @Test("The page is never asked for Basic, which would open a window")
    func challenge() async throws {
        try await APIHarness.run { api in
            let asked = try await api.send(.get, "users/me", as: .nobody)
            #expect(asked.all("WWW-Authenticate").count == 2)
            #expect(try await api.send(.get, "users/me", as: .nobody, nil, page).all("WWW-Authenticate") == ["Bearer"])
            var wrong = page
            wrong[.authorization] = "Bearer nonsense"
            #expect(try await api.send(.get, "users/me", as: .nobody, nil, wrong).all("WWW-Authenticate") == ["Bearer"])
        }
    }

    // MARK: Tokens

    @Test("Forged, altered, expired and nonsensical credentials are refused")
    func forged() async throws {
        try await APIHarness.run { api in
            let reply = try await api.send(.post, "auth/login", as: .nobody, login("admin"))
            let token = try #require(reply.string("access_token"))
            let parts = token.split(separator: ".").map(String.init)
            func encoded(_ bytes: some Sequence<UInt8>) -> String {
                Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
                    "=",
                    with: ""
                )
            }
            let none = encoded(#"{"alg":"none","typ":"JWT"}"#.utf8)
            let key = SymmetricKey(data: Data("a secret that is not the server's, of 32+ bytes".utf8))
            let signature = HMAC<SHA256>.authenticationCode(for: Data("\(parts[0]).\(parts[1])".utf8), using: key)
            let cases = [
                "\(none).\(parts[1]).", "\(none).\(parts[1]).\(parts[2])", "\(parts[0]).\(parts[1]).",
                "\(parts[0]).\(parts[1]).\(encoded(signature))",
                "\(parts[0]).\(encoded(#"{"sub":"admin"}"#.utf8)).\(parts[2])",
                "\(parts[0]).\(parts[1])", "nonsense", "kma_nonsense", String(repeating: "a", count: 8000),
            ]
            for forged in cases {
                let refused = try await api.send(.get, "users", as: .nobody, nil, bearer(forged))
                #expect(refused.summary == "401 unauthenticated", "\(forged.prefix(60))")
            }
            for field in ["Bearer", "Basic nonsense", "Basic \(encoded("admin".utf8))", "Digest x=y", ""] {
                let refused = try await api.send(.get, "users", as: .nobody, nil, [.authorization: field])
                #expect(refused.summary == "401 unauthenticated", "\(field)")
            }
            #expect(try await api.send(.get, "users", as: .nobody, nil, bearer(token)).status == 200)
            api.clock.advance(by: .seconds(901))
            #expect(try await api.send(.get, "users", as: .nobody, nil, bearer(token)).summary == "401 unauthenticated")
        }
    }

    @Test("A name and password with each request do as well")
    func basic() async throws {
        try await APIHarness.run { api in
            let credentials = Data("viewer:\(APIHarness.password)".utf8).base64EncodedString()
            let me = try await api.send(.get, "users/me", as: .nobody, nil, [.authorization: "Basic \(credentials)"])
            #expect(me.string("username") == "viewer")
        }
    }
}
