import Basics
import Client
import JSON
import Testing

@Suite("The API client")
struct APIClientTests {
    private func client(_ transport: StubTransport, _ tokens: MemoryTokens) -> APIClient {
        APIClient(address: .standard, transport: transport, tokens: tokens, clock: ManualClock())
    }

    /// A server that takes the token `new` alone, and exchanges the refresh token `r1`.
    private func refreshingServer() -> StubTransport {
        StubTransport { request in
            if request.target == "/api/v1/auth/refresh" {
                guard request.bodyText == #"{"refresh_token":"r1"}"# else { return .json("{}", status: 401) }
                return .json(#"{"access_token":"new","refresh_token":"r2","token_type":"Bearer","expires_in":60}"#)
            }
            let isGood = request.header("authorization") == "Bearer new"
            return isGood ? .json(#"{"username":"ada"}"#) : .json(#"{"title":"Unauthenticated"}"#, status: 401)
        }
    }

    @Test("A login keeps the tokens")
    func login() async throws {
        let transport = StubTransport { _ in
            .json(#"{"access_token":"a","refresh_token":"r","token_type":"Bearer","expires_in":900}"#)
        }
        let tokens = MemoryTokens()
        let clock = ManualClock()
        let client = APIClient(address: .standard, transport: transport, tokens: tokens, clock: clock)
        _ = try await client.login(username: "ada", password: "pa\"ss")
        let expiry = clock.now.advanced(by: .seconds(900))
        #expect(tokens.tokens() == Tokens(access: "a", refresh: "r", expiresAt: expiry, username: "ada"))
        let request = try #require(transport.sent.first)
        #expect(request.method == .post && request.target == "/api/v1/auth/login")
        #expect(request.bodyText == #"{"username":"ada","password":"pa\"ss"}"#)
        #expect(request.header("Authorization") == nil)
    }

    @Test("Without a token nothing is sent")
    func noToken() async throws {
        let transport = refreshingServer()
        await #expect(throws: ClientError.needsLogin("not logged in to http://127.0.0.1:8080")) {
            _ = try await client(transport, MemoryTokens()).me()
        }
        #expect(transport.sent.isEmpty)
    }

    @Test("A token that is refused is refreshed, kept, and the request is sent again")
    func refresh() async throws {
        let transport = refreshingServer()
        let tokens = MemoryTokens(Tokens(access: "old", refresh: "r1", username: "ada"))
        #expect(try await client(transport, tokens).me()["username"]?.string == "ada")
        #expect(transport.sent.map(\.target) == ["/api/v1/users/me", "/api/v1/auth/refresh", "/api/v1/users/me"])
        #expect(tokens.tokens()?.refresh == "r2")
        #expect(tokens.tokens()?.username == "ada")
    }

    @Test("Calls at the same time refresh once")
    func refreshOnce() async throws {
        let transport = refreshingServer()
        let client = client(transport, MemoryTokens(Tokens(access: "old", refresh: "r1")))
        await withTaskGroup(of: String?.self) { group in
            for _ in 0..<8 { group.addTask { try? await client.me()["username"]?.string } }
            for await name in group { #expect(name == "ada") }
        }
        #expect(transport.sent.count { $0.target == "/api/v1/auth/refresh" } == 1)
    }

    @Test("A session that has ended needs a login, and its tokens are forgotten")
    func ended() async throws {
        let tokens = MemoryTokens(Tokens(access: "old", refresh: "used"))
        await #expect(throws: ClientError.needsLogin("the session on http://127.0.0.1:8080 has ended")) {
            _ = try await client(refreshingServer(), tokens).me()
        }
        #expect(tokens.tokens() == nil)
    }

    @Test("A token from the environment cannot be refreshed, and is kept nowhere")
    func fixedToken() async throws {
        let transport = refreshingServer()
        let client = APIClient(
            address: .standard,
            transport: transport,
            tokens: FixedToken("old"),
            clock: ManualClock()
        )
        await #expect(throws: ClientError.needsLogin("http://127.0.0.1:8080 refuses the token")) {
            _ = try await client.me()
        }
        #expect(transport.sent.count == 1)
    }

    @Test("A logout ends the session and forgets the tokens")
    func logout() async throws {
        let transport = StubTransport { _ in APIResponse(status: 204) }
        let tokens = MemoryTokens(Tokens(access: "a", refresh: "r"))
        #expect(try await client(transport, tokens).logout())
        #expect(tokens.tokens() == nil)
        #expect(transport.sent.map(\.bodyText) == [#"{"refresh_token":"r"}"#])
        #expect(try await !client(transport, tokens).logout())
    }

    @Test("A list is read page after page, up to the limit")
    func pages() async throws {
        let transport = StubTransport { request in
            request.target.contains("cursor=c%2F1")
                ? .json(#"{"items":[{"id":"3"},{"id":"4"}],"next_cursor":"c2"}"#)
                : .json(#"{"items":[{"id":"1"},{"id":"2"}],"next_cursor":"c/1"}"#)
        }
        let api = client(transport, MemoryTokens(Tokens(access: "a")))
        let (items, next) = try await api.items("/api/v1/projects", [("tag", "a b")], limit: 3)
        #expect(items.compactMap { $0["id"]?.string } == ["1", "2", "3"])
        #expect(next == nil)
        #expect(
            transport.sent.map(\.target) == [
                "/api/v1/projects?tag=a%20b&limit=3", "/api/v1/projects?tag=a%20b&limit=1&cursor=c%2F1",
            ]
        )
        let first = try await api.items("/api/v1/projects", [], limit: 2)
        #expect(first.items.count == 2 && first.next == "c/1")
        let second = try await api.items("/api/v1/projects", [], limit: 2, from: first.next)
        #expect(second.items.compactMap { $0["id"]?.string } == ["3", "4"] && second.next == "c2")
    }

    @Test("A change carries the version it is for")
    func patch() async throws {
        let transport = StubTransport { _ in .json(#"{"id":"1"}"#, headers: [APIRequest.Header("etag", "\"7\"")]) }
        let client = client(transport, MemoryTokens(Tokens(access: "a")))
        let tag = try await client.resource("/api/v1/projects", id: "a/b").tag
        _ = try await client.patch("/api/v1/projects", id: "a/b", .object(JSONObject()), tag: tag)
        let request = try #require(transport.sent.last)
        #expect(request.method == .patch && request.target == "/api/v1/projects/a%2Fb")
        #expect(request.header("If-Match") == "\"7\"")
        #expect(request.header("Content-Type") == "application/merge-patch+json")
    }

    @Test("A query goes as a form")
    func query() async throws {
        let transport = StubTransport { _ in
            .json(
                #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a"},"#
                    + #""value":[1.5,"+Inf"]}]},"warnings":["w"]}"#
            )
        }
        let answer = try await client(transport, MemoryTokens(Tokens(access: "a")))
            .query(
                "up{job=\"a\"}",
                from: Timestamp(milliseconds: 1500),
                through: Timestamp(milliseconds: 9000),
                step: .seconds(15)
            )
        #expect(answer.series.map(\.text) == ["up{job=\"a\"}"])
        #expect(answer.series.first?.points.first?.number == .infinity)
        #expect(answer.warnings == ["w"])
        #expect(transport.sent.first?.bodyText == "query=up%7Bjob%3D%22a%22%7D&start=1.5&end=9&step=15")
    }

    @Test(
        "Errors say what the server said",
        arguments: [
            (
                #"{"type":"t","title":"Invalid","status":422,"detail":"d","errors":[{"pointer":"/name","detail":"too long"}]}"#,
                "Invalid: d\n  /name: too long"
            ),
            (#"{"status":"error","errorType":"bad_data","error":"no"}"#, "bad_data: no"),
            ("<html>", "HTTP status 422"),
        ]
    )
    func problems(body: String, text: String) async throws {
        let transport = StubTransport { _ in .json(body, status: 422) }
        do {
            _ = try await client(transport, MemoryTokens(Tokens(access: "a"))).me()
            Issue.record("no error")
        } catch {
            #expect("\(error)" == text)
        }
    }

    @Test("A 503 with components is a health report, without them an error")
    func health() async throws {
        let sick =
            #"{"status":"unhealthy","draining":false,"components":[{"component":"database","status":"unhealthy","state":"failed","essential":true,"restarts":2,"reason":"disk"}]}"#
        let report = try await client(StubTransport { _ in .json(sick, status: 503) }, MemoryTokens()).health()
        #expect(report.isUnhealthy && report.components.map(\.name) == ["database"])
        await #expect(throws: ClientError.self) {
            _ = try await client(StubTransport { _ in .json("{}", status: 503) }, MemoryTokens()).health()
        }
    }
}
