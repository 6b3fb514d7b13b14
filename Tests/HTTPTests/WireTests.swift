import APIModel
import HTTPTypes
import JSON
import NIOCore
import Testing

@testable import HTTP

/// The server over real sockets.
struct WireTests {
    private static let routes = [
        wordRoute(.get, "/words"),
        wordRoute(.get, "/words/{id}") {
            RouteResponse("text/plain", ByteBuffer(string: $0.parameters.string("id") ?? ""))
        },
        wordRoute(.post, "/echo", body: .bytes([.text], bytesMax: 100)) { RouteResponse("text/plain", $0.body) },
        wordRoute(.post, "/deaf"),
    ]

    @Test("bytes of a request and the statuses of the answers")
    func table() async throws {
        let long = String(repeating: "a", count: 20_000)
        let many = (0..<200).map { "X-\($0): 1\r\n" }.joined()
        // Name, bytes sent, statuses of all answers, whether the connection stays open.
        let rows: [(String, String, [Int], Bool)] = [
            ("plain", "GET /words HTTP/1.1\r\nHost: h\r\n\r\n", [200], true),
            (
                "two in one", "GET /words HTTP/1.1\r\nHost: h\r\n\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n", [200, 404],
                true
            ),
            ("asks to close", "GET /words HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", [200], false),
            ("asks in capitals", "GET /words HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n", [200], false),
            (
                "nothing after close",
                "GET /words HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /words HTTP/1.1\r\nHost: h\r\n\r\n",
                [200], false
            ),
            ("HTTP/1.0", "GET /words HTTP/1.0\r\n\r\n", [200], false),
            ("absolute form", "GET http://h/words?x=1 HTTP/1.1\r\nHost: h\r\n\r\n", [400], true),
            ("absolute form, found", "GET http://h/words HTTP/1.1\r\nHost: h\r\n\r\n", [200], true),
            ("options for all", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", [204], true),
            ("an odd method", "BREW /words HTTP/1.1\r\nHost: h\r\n\r\n", [400], false),
            ("trace", "TRACE /words HTTP/1.1\r\nHost: h\r\n\r\n", [405], true),
            ("connect", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", [400], false),
            ("no host", "GET /words HTTP/1.1\r\n\r\n", [400], false),
            ("two hosts", "GET /words HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", [400], false),
            ("no path", "GET words HTTP/1.1\r\nHost: h\r\n\r\n", [400], false),
            ("a fragment", "GET /words#x HTTP/1.1\r\nHost: h\r\n\r\n", [400], false),
            ("nonsense", "hello\r\n\r\n", [400], false),
            ("binary", "\u{16}\u{03}\u{01}\u{00}\r\n\r\n", [400], false),
            ("a version that is none", "GET /words HTTP/9.9\r\nHost: h\r\n\r\n", [400], false),
            (
                "two lengths", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                [400], false
            ),
            (
                "length and chunks",
                "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                [400], false
            ),
            ("a negative length", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", [400], false),
            ("a length that is none", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", [400], false),
            ("a space before the colon", "GET /words HTTP/1.1\r\nHost : h\r\n\r\n", [400], false),
            ("a folded field", "GET /words HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", [400], false),
            ("a long target", "GET /\(long) HTTP/1.1\r\nHost: h\r\n\r\n", [414], false),
            ("a target over ours", "GET /\(long.prefix(9000)) HTTP/1.1\r\nHost: h\r\n\r\n", [414], true),
            ("a long field", "GET /words HTTP/1.1\r\nHost: h\r\nX: \(long)\r\n\r\n", [431], false),
            ("many fields", "GET /words HTTP/1.1\r\nHost: h\r\n\(many)\r\n", [431], false),
            ("a bad escape", "GET /words/%zz HTTP/1.1\r\nHost: h\r\n\r\n", [400], true),
            (
                "a body", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nab",
                [200], true
            ),
            (
                "chunks",
                "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n",
                [200], true
            ),
            (
                "bad chunks",
                "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                [400], false
            ),
            (
                "a body that is too large",
                "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 101\r\n\r\n\(long.prefix(101))",
                [413], true
            ),
            (
                "much too large",
                "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 100000000\r\n\r\nabc",
                [413], false
            ),
            (
                "chunks too large",
                "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\nc8\r\n\(long.prefix(200))\r\n",
                [413], false
            ),
            (
                "an unread body",
                "POST /deaf HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET /words HTTP/1.1\r\nHost: h\r\n\r\n",
                [200, 200], true
            ),
            (
                "an unread body of a refusal",
                "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET /words HTTP/1.1\r\nHost: h\r\n\r\n",
                [404, 200], true
            ),
            (
                "an upgrade that is not taken",
                "GET /words HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", [200], false
            ),
        ]
        try await RunningServer.run(Self.routes) { server in
            for (name, bytes, statuses, staysOpen) in rows {
                try await RawClient.connect(server.port) { client in
                    try await client.send(bytes)
                    var answers: [Int] = []
                    for _ in statuses { if let answer = try await client.answer() { answers.append(answer.status) } }
                    #expect(answers == statuses, "\(name)")
                    if staysOpen {
                        try await client.send("GET /words HTTP/1.1\r\nHost: h\r\n\r\n")
                        #expect(try await client.answer()?.body == "word", "\(name)")
                    } else {
                        #expect(try await client.isAtEnd(), "\(name)")
                    }
                }
            }
        }
    }

    @Test("every refusal on the wire is a problem, and says when the connection ends")
    func problems() async throws {
        try await RunningServer.run(Self.routes) { server in
            try await RawClient.connect(server.port) { client in
                try await client.send("GET /words HTTP/1.1\r\n\r\n")
                let answer = try #require(try await client.answer())
                #expect(answer.fields["content-type"] == "application/problem+json")
                #expect(answer.fields["connection"] == "close")
                #expect(answer.fields["x-content-type-options"] == "nosniff")
                let problem = try JSONValue(parsing: answer.body)
                #expect(problem["detail"]?.string == "Host is missing")
                #expect(JSONSchema.problem.violations(in: problem).isEmpty)
            }
            #expect(server.harness.metric("kaskman_http_rejections_total", ["reason": "malformed"]) == 1)
        }
    }

    @Test("an answer to HEAD has the length and no body")
    func head() async throws {
        try await RunningServer.run(Self.routes) { server in
            try await RawClient.connect(server.port) { client in
                try await client.send("HEAD /words HTTP/1.1\r\nHost: h\r\n\r\n")
                let answer = try #require(try await client.answer(hasBody: false))
                #expect(answer.fields["content-length"] == "4")
                try await client.send("GET /words HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(try await client.answer()?.body == "word")
            }
        }
    }

    @Test("a client that waits is told to send its body, unless it is refused")
    func expectContinue() async throws {
        try await RunningServer.run(Self.routes) { server in
            try await RawClient.connect(server.port) { client in
                let fields = "Host: h\r\nContent-Type: text/plain\r\nExpect: 100-continue\r\nContent-Length:"
                try await client.send("POST /echo HTTP/1.1\r\n\(fields) 3\r\n\r\n")
                #expect(try await client.answer()?.status == 100)
                try await client.send("abc")
                #expect(try await client.answer()?.body == "abc")
                try await client.send("POST /echo HTTP/1.1\r\n\(fields) 101\r\n\r\n")
                #expect(try await client.answer()?.status == 413)
                #expect(try await client.isAtEnd())
            }
        }
    }

    @Test("a client that closes its side still gets its answer")
    func halfClose() async throws {
        try await RunningServer.run(Self.routes) { server in
            try await RawClient.connect(server.port) { client in
                try await client.send("GET /words HTTP/1.1\r\nHost: h\r\n\r\n")
                client.finish()
                #expect(try await client.answer()?.body == "word")
                #expect(try await client.isAtEnd())
            }
        }
    }

    @Test("a handler that waits learns that its client has closed its side")
    func clientGone() async throws {
        let wait = wordRoute(.get, "/wait") { request in
            while !request.isClientGone(), !Task.isCancelled { await Task.yield() }
            return RouteResponse("text/plain", ByteBuffer(string: "gone"))
        }
        try await RunningServer.run([wait]) { server in
            try await RawClient.connect(server.port) { client in
                try await client.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
                client.finish()
                #expect(try await client.answer()?.body == "gone")
            }
        }
    }

    @Test("an address in use is named")
    func addressInUse() async throws {
        try await RunningServer.run(Self.routes) { server in
            var settings = HTTPSettings()
            settings.port = server.port
            let second = ServiceHarness(Self.routes, settings: settings)
            let other = HTTPServer(second.service, clock: second.clock, logger: second.log.logger)
            let gate = Gate()
            await #expect(throws: HTTPServerError.addressInUse(host: "127.0.0.1", port: server.port)) {
                try await other.run(drain: { await gate.wait() })
            }
        }
    }
}
