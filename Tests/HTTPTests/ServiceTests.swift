import APIModel
import Basics
import HTTPTypes
import JSON
import Logging
import NIOCore
import Testing

@testable import HTTP

struct ServiceTests {
    private static let body = JSONSchema.object([
        .required("name", .string(1...10)), .optional("size", .integer(0...9)),
    ])

    private func harness(settings: HTTPSettings = HTTPSettings()) -> ServiceHarness {
        ServiceHarness(
            [
                wordRoute(.get, "/words"),
                wordRoute(.get, "/read", access: .requires(Permission(rawValue: "read"))),
                wordRoute(.post, "/write", access: .requires(Permission(rawValue: "write")), body: .json(Self.body)) {
                    RouteResponse("text/plain", ByteBuffer(string: $0.json?["name"]?.string ?? "-"))
                },
                wordRoute(.post, "/optional", body: .json(Self.body, isRequired: false, bytesMax: 40)),
                wordRoute(.post, "/form", body: .bytes([.form])) { RouteResponse("text/plain", $0.body) },
                wordRoute(.get, "/me", access: .authenticated) {
                    RouteResponse("text/plain", ByteBuffer(string: $0.principal?.name ?? "nobody"))
                },
                wordRoute(
                    .get,
                    "/things/{id}",
                    parameters: [
                        .path("id", .string(1...3)), .query("limit", .integer(1...100)),
                        .query("tag", .array(of: .string(format: .slug), count: 0...2)),
                    ]
                ) { request in
                    let parameters = request.parameters
                    let limit = parameters.integer("limit").map { String($0) } ?? "-"
                    let words = [parameters.string("id") ?? "-", limit] + parameters.strings("tag")
                    return RouteResponse("text/plain", ByteBuffer(string: words.joined(separator: " ")))
                },
                wordRoute(
                    .get,
                    "/needs",
                    parameters: [.query("q", .string(), isRequired: true)],
                    unknownQuery: .ignored
                ),
                wordRoute(.get, "/fails") { _ in throw ServiceHarness.Broken() },
                wordRoute(.get, "/refuses") { _ in throw ProblemError(.conflict, "taken") },
                wordRoute(.get, "/version") { request in
                    Preconditions.answer(request.head.headerFields, EntityTag(version: 3)) {
                        RouteResponse("text/plain", ByteBuffer(string: "three"))
                    }
                },
            ],
            settings: settings
        )
    }

    @Test("requests and the answers' status and body")
    func answers() async throws {
        let harness = harness()
        func f(
            _ method: HTTPRequest.Method,
            _ path: String,
            _ status: Int,
            _ expected: String,
            _ fields: HTTPFields = [:],
            body: String? = nil
        ) async throws {
            let reply = try await harness.send(method, path, fields, body: body)
            #expect(reply.status == status, "\(method) \(path)")
            #expect(reply.problem ?? reply.text == expected, "\(method) \(path)")
        }
        let viewer: HTTPFields = [.authorization: "Bearer viewer"]
        let editor: HTTPFields = [.authorization: "Bearer editor"]
        try await f(.get, "/words", 200, "word")
        try await f(.head, "/words", 200, "")
        try await f(.get, "/nothing", 404, "not_found")
        try await f(.post, "/words", 405, "method_not_allowed")
        try await f(.options, "/words", 204, "")
        try await f(.options, "/nothing", 404, "not_found")
        try await f(.options, "*", 204, "")
        try await f(.get, "/%", 400, "malformed_request")
        try await f(.get, "/things/%ff", 400, "malformed_request")
        try await f(.get, "/words?x=%zz", 400, "malformed_request")
        // Access.
        try await f(.get, "/read", 401, "unauthenticated")
        try await f(.get, "/read", 401, "unauthenticated", [.authorization: "Bearer expired"])
        try await f(.get, "/read", 200, "word", viewer)
        try await f(.get, "/me", 200, "viewer", viewer)
        try await f(.get, "/me", 401, "unauthenticated")
        try await f(.post, "/write", 403, "forbidden", viewer, body: #"{"name":"x"}"#)
        try await f(.post, "/write", 200, "x", editor, body: #"{"name":"x"}"#)
        try await f(.get, "/read", 500, "internal_error", [.authorization: "Bearer broken"])
        // Bodies.
        try await f(.post, "/write", 400, "malformed_json;  is required", editor)
        try await f(.post, "/write", 400, "malformed_json;  unexpected end", editor, body: "{")
        try await f(
            .post,
            "/write",
            422,
            "validation_failed; /x is not a known member; /name is required",
            editor,
            body: #"{"x":1}"#
        )
        try await f(
            .post,
            "/write",
            415,
            "unsupported_media_type",
            [.authorization: "Bearer editor", .contentType: "text/plain"],
            body: "x"
        )
        try await f(.post, "/optional", 200, "word")
        try await f(
            .post,
            "/optional",
            413,
            "payload_too_large",
            body: #"{"name":"x"}"# + String(repeating: " ", count: 40)
        )
        try await f(
            .post,
            "/form",
            200,
            "a=b",
            [.contentType: "application/x-www-form-urlencoded; charset=utf-8"],
            body: "a=b"
        )
        // Parameters.
        try await f(.get, "/things/a?limit=5&tag=x&tag=y-z", 200, "a 5 x y-z")
        try await f(.get, "/things/%C5%BE", 200, "ž -")
        try await f(
            .get,
            "/things/abcd?limit=0&tag=X&more=1",
            400,
            "invalid_parameter; id must have at most 3 characters; more is not a known parameter; limit must be from 1 to 100; tag must be lower-case letters, digits and single hyphens between them"
        )
        try await f(.get, "/things/a?limit=1&limit=2", 400, "invalid_parameter; limit must not be repeated")
        try await f(.get, "/things/a?tag=a&tag=b&tag=c", 400, "invalid_parameter; tag must be given 0 to 2 times")
        try await f(.get, "/needs", 400, "invalid_parameter; q is required")
        try await f(.get, "/needs?q=1&other=2", 200, "word")
        // Negotiation and preconditions.
        try await f(.get, "/words", 406, "not_acceptable", [.accept: "image/png"])
        try await f(.get, "/words", 200, "word", [.accept: "text/*"])
        try await f(.get, "/version", 200, "three")
        try await f(.get, "/version", 304, "", [.ifNoneMatch: "\"3\""])
        // Failures.
        try await f(.get, "/fails", 500, "internal_error")
        try await f(.get, "/refuses", 409, "conflict")
        try await f(.get, "/" + String(repeating: "a", count: 9000), 414, "address_too_long")
        #expect(harness.metric("kaskman_http_requests_in_flight") == 0)
        let begun = harness.metric("kaskman_http_requests_begun_total")
        #expect(begun != nil && begun == harness.metric("kaskman_http_requests_ended_total"))
    }

    @Test("fields of answers")
    func fields() async throws {
        let harness = harness()
        let reply = try await harness.send(.get, "/words")
        #expect(reply["Content-Length"] == "4")
        #expect(reply["Content-Type"] == "text/plain")
        #expect(reply["Cache-Control"] == "no-store")
        #expect(reply["X-Content-Type-Options"] == "nosniff")
        #expect(reply["Date"] == "Thu, 01 Jan 1970 00:00:00 GMT")
        let policy = try #require(reply["Content-Security-Policy"])
        #expect(
            policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'")
        )
        #expect(reply["RateLimit-Policy"] == "\"standard\";q=600;w=60")
        #expect(reply["RateLimit"] == "\"standard\";r=599;t=1")
        #expect(UUIDv7(try #require(reply["X-Request-ID"])) != nil)
        let head = try await harness.send(.head, "/words")
        #expect(head["Content-Length"] == "4")
        #expect(head.text.isEmpty)
        #expect(try await harness.send(.post, "/words")["Allow"] == "GET, HEAD, OPTIONS")
        #expect(try await harness.send(.options, "/words")["Allow"] == "GET, HEAD, OPTIONS")
        #expect(try await harness.send(.get, "/read")["WWW-Authenticate"] == "Bearer")
        #expect(try await harness.send(.get, "/version", [.ifNoneMatch: "\"3\""])["Content-Length"] == nil)
        let name = try #require(RequestID.field)
        #expect(try await harness.send(.get, "/words", [name: "mine-1"])["X-Request-ID"] == "mine-1")
        #expect(try await harness.send(.get, "/words", [name: "not valid"])["X-Request-ID"] != "not valid")
    }

    @Test("an error that is no problem is logged and not told")
    func leaks() async throws {
        let harness = harness()
        let reply = try await harness.send(.get, "/fails")
        #expect(!reply.text.contains("Broken"))
        let line = try #require(harness.log.all.first { $0.message == "request failed" })
        #expect(line.metadata["error"] == "Broken()")
        #expect(line.metadata["request_id"]?.description == reply["X-Request-ID"])
    }

    @Test("one line in the access log, with the route and not the path")
    func accessLog() async throws {
        let harness = harness()
        _ = try await harness.send(.get, "/me", [.authorization: "Bearer viewer"])
        _ = try await harness.send(.get, "/things/secret?limit=1")
        _ = try await harness.send(.get, "/nothing/secret")
        let lines = harness.log.all.filter { $0.message == "request" }.map(\.metadata)
        #expect(lines.map { $0["route"] } == ["/me", "/things/{id}", "[unmatched]"])
        #expect(lines.map { $0["user"] } == ["viewer", nil, nil])
        #expect(lines.map { $0["status"]?.description } == ["200", "400", "404"])
        #expect(lines.map { $0["method"] } == ["GET", "GET", "GET"])
        #expect(lines.map { $0["remote"]?.description } == ["9.9.9.9", "9.9.9.9", "9.9.9.9"])
        #expect(!lines.contains { "\($0)".contains("secret") })
    }

    @Test("what comes by the clock and succeeds is logged for debugging only")
    func routineRequests() async throws {
        let routine = RateClass("probes", Quota(100, perSeconds: 60), isRoutine: true)
        func route(_ path: String, _ rateClass: RateClass, _ status: HTTPResponse.Status) -> Route {
            Route(
                .get,
                path,
                access: .everyone,
                summary: "",
                tag: "",
                responses: [ResponseRule(200, "")],
                rateClass: rateClass
            ) { _ in RouteResponse(status: status) }
        }
        let harness = ServiceHarness([
            route("/well", routine, .ok), route("/ill", routine, .serviceUnavailable), route("/other", .standard, .ok),
        ])
        for path in ["/well", "/ill", "/other", "/nothing"] { _ = try await harness.send(.get, path) }
        #expect(harness.log.all.filter { $0.message == "request" }.map(\.level) == [.debug, .info, .info, .info])
    }

    @Test("a handler that recognises its caller says so in the log")
    func recognised() async throws {
        let harness = ServiceHarness([
            wordRoute(.get, "/login") { _ in
                var response = RouteResponse.noContent
                response.user = "ada"
                return response
            }
        ])
        _ = try await harness.send(.get, "/login")
        #expect(harness.log.all.last?.metadata["user"] == "ada")
    }

    @Test("metrics have templates and reasons, never paths")
    func metrics() async throws {
        let harness = harness()
        _ = try await harness.send(.get, "/things/a")
        _ = try await harness.send(.get, "/things/b")
        _ = try await harness.send(.get, "/x/1")
        _ = try await harness.send(.get, "/x/2")
        let anyMethod = try #require(HTTPRequest.Method("BREW"))
        _ = try await harness.send(anyMethod, "/words")
        _ = try await harness.send(.get, "/read")
        func f(_ name: String, _ labels: [String: String], _ expected: Double) {
            #expect(harness.metric(name, labels) == expected, "\(name) \(labels)")
        }
        f("kaskman_http_requests_total", ["method": "GET", "route": "/things/{id}", "code": "200"], 2)
        f("kaskman_http_requests_total", ["method": "GET", "route": "[unmatched]", "code": "404"], 2)
        f("kaskman_http_requests_total", ["method": "OTHER", "route": "[unmatched]", "code": "405"], 1)
        f("kaskman_http_requests_total", ["method": "GET", "route": "/read", "code": "401"], 1)
        f("kaskman_http_rejections_total", ["reason": "not_found"], 2)
        f("kaskman_http_rejections_total", ["reason": "unauthenticated"], 1)
        f("kaskman_http_rejections_total", ["reason": "malformed"], 0)
        f(
            "kaskman_http_response_body_bytes_total",
            [:],
            (harness.metric("kaskman_http_response_body_bytes_total") ?? 0)
        )
    }

    @Test("a body that stops or is late is answered as what it is")
    func brokenBodies() async throws {
        let harness = harness()
        func f(_ fault: ConnectionFault, _ status: Int, _ problem: String) async throws {
            let fields: HTTPFields = [.contentType: "application/json", .contentLength: "30"]
            let head = HTTPRequest(
                method: .post,
                scheme: "http",
                authority: "h",
                path: "/optional",
                headerFields: fields
            )
            var body = TestBody(["{"], fault: fault)
            let peer = IPAddress(high: 0, low: 0xffff_0102_0304)
            let reply = Reply(await harness.service.answer(head, peer: peer, body: &body))
            #expect(reply.status == status)
            #expect(reply.problem == problem)
        }
        try await f(.bodyTimeout, 408, "request_timeout")
        try await f(.disconnected, 400, "malformed_request")
        try await f(.malformed("x"), 400, "malformed_request")
        #expect(harness.metric("kaskman_http_rejections_total", ["reason": "body_timeout"]) == 1)
    }
}
