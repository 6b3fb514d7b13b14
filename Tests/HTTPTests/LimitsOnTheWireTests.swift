import HTTPTypes
import Logging
import NIOCore
import Synchronization
import Testing

@testable import HTTP

/// Time and connection limits over real sockets; the tests wait for what the server does, never for a time.
struct LimitsOnTheWireTests {
    @Test("a header that does not end is answered 408")
    func slowHead() async throws {
        try await RunningServer.run([wordRoute(.get, "/words")], settings: { $0.headTimeout = .milliseconds(50) }) {
            server in
            try await RawClient.connect(server.port) { client in
                try await client.send("GET /words HTTP/1.1\r\nHost:")
                #expect(try await client.answer()?.status == 408)
                #expect(try await client.isAtEnd())
            }
            #expect(server.harness.metric("kaskman_http_rejections_total", ["reason": "head_timeout"]) == 1)
        }
    }

    @Test("a body that does not end is answered 408")
    func slowBody() async throws {
        let route = wordRoute(.post, "/echo", body: .bytes([.text]))
        try await RunningServer.run([route], settings: { $0.bodyTimeout = .milliseconds(50) }) { server in
            try await RawClient.connect(server.port) { client in
                let head = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nab"
                try await client.send(head)
                #expect(try await client.answer()?.status == 408)
                #expect(try await client.isAtEnd())
            }
        }
    }

    @Test("a header that is too large is answered while the client still sends, and the answer is not lost")
    func largeHeads() async throws {
        let long = String(repeating: "a", count: 100_000)
        let many = (0..<500).map { "X-\($0): 1\r\n" }.joined()
        let rows: [(String, [String], Int, String, String)] = [
            ("500 fields", ["Host: h\r\n" + many + "\r\n"], 431, "headers_too_large", "/words"),
            ("fields in parts", [many, "Y: 1\r\n", long, long, "\r\n\r\n"], 431, "headers_too_large", "/words"),
            ("a field of 100 kB", ["X: \(long)\r\n\r\n"], 431, "headers_too_large", "/words"),
            ("an address of 100 kB", ["Host: h\r\n\r\n"], 414, "address_too_long", "/" + long),
            ("an address without an end", [long, long, long], 414, "address_too_long", "/" + long),
        ]
        try await RunningServer.run([wordRoute(.get, "/words")]) { server in
            for (name, parts, status, reason, target) in rows {
                let before = server.harness.metric("kaskman_http_rejections_total", ["reason": reason]) ?? 0
                try await RawClient.connect(server.port) { client in
                    let isOpenEnded = name.hasSuffix("without an end")
                    try await client.send("GET \(target)" + (isOpenEnded ? "" : " HTTP/1.1\r\n"))
                    for part in parts { try await client.send(part) }
                    let answer = try #require(try await client.answer(), "\(name)")
                    #expect(answer.status == status, "\(name)")
                    #expect(answer.body.contains(reason), "\(name)")
                    #expect(answer.fields["connection"] == "close", "\(name)")
                    #expect(try await client.isAtEnd(), "\(name)")
                }
                let after = server.harness.metric("kaskman_http_rejections_total", ["reason": reason])
                #expect(after == before + 1, "\(name)")
            }
        }
    }

    @Test("an idle connection is closed without a word")
    func idle() async throws {
        try await RunningServer.run([wordRoute(.get, "/words")], settings: { $0.firstByteTimeout = .milliseconds(50) })
        {
            server in
            try await RawClient.connect(server.port) { client in
                let isAtEnd = try await client.isAtEnd()
                #expect(isAtEnd)
            }
        }
        // Long enough for the request to arrive on a busy machine.
        try await RunningServer.run([wordRoute(.get, "/words")], settings: { $0.idleTimeout = .seconds(3) }) { server in
            try await RawClient.connect(server.port) { client in
                try await client.send("GET /words HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(try await client.answer()?.status == 200)
                #expect(try await client.isAtEnd())
            }
        }
    }

    @Test("a handler that is late is answered 503 and cancelled")
    func lateHandler() async throws {
        // On a busy machine the time may be up before the handler has its turn, which is then never begun. So the time
        // is doubled until it does begin.
        var timeout = Duration.milliseconds(50)
        while true {
            let calls = Calls()
            let route = wordRoute(.get, "/late") { _ in
                calls.begun.store(true, ordering: .relaxed)
                await Gate().wait()
                calls.cancelled.store(true, ordering: .relaxed)
                return .noContent
            }
            try await RunningServer.run([route], settings: { [timeout] in $0.handlerTimeout = timeout }) { server in
                try await RawClient.connect(server.port) { client in
                    try await client.send("GET /late HTTP/1.1\r\nHost: h\r\n\r\n")
                    let answer = try #require(try await client.answer())
                    #expect(answer.status == 503)
                    #expect(answer.body.contains("handler_timeout"))
                    #expect(try await client.isAtEnd())
                }
            }
            // The server has ended, and with it every handler.
            #expect(calls.cancelled.load(ordering: .relaxed) == calls.begun.load(ordering: .relaxed))
            if calls.begun.load(ordering: .relaxed) { return }
            timeout *= 2
        }
    }

    private final class Calls: Sendable {
        let begun = Atomic(false)
        let cancelled = Atomic(false)
    }

    @Test("a connection beyond the limit is answered 503")
    func connections() async throws {
        try await RunningServer.run([wordRoute(.get, "/words")], settings: { $0.connectionsMax = 2 }) { server in
            try await RawClient.connect(server.port) { first in
                try await first.send("GET /words HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(try await first.answer()?.status == 200)
                try await RawClient.connect(server.port) { second in
                    try await second.send("GET /words HTTP/1.1\r\nHost: h\r\n\r\n")
                    #expect(try await second.answer()?.status == 200)
                    try await RawClient.connect(server.port) { third in
                        let answer = try #require(try await third.answer())
                        #expect(answer.status == 503)
                        #expect(answer.body.contains("too_many_connections"))
                        #expect(try await third.isAtEnd())
                    }
                }
                try await first.send("GET /words HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(try await first.answer()?.status == 200)
            }
            let refused = server.harness.metric("kaskman_http_rejections_total", ["reason": "too_many_connections"])
            #expect(refused == 1)
            let warnings = server.harness.log.all.filter { $0.level == .warning }
            #expect(warnings.map { $0.metadata["setting"] } == ["http.connections_max"])
        }
    }

    @Test("a connection beyond its address's limit is answered 503, and the log names the address once")
    func connectionsPerAddress() async throws {
        try await RunningServer.run(
            [wordRoute(.get, "/words")],
            settings: { $0.connectionsPerAddressMax = 1 },
            { server in
                try await RawClient.connect(server.port) { first in
                    try await first.send("GET /words HTTP/1.1\r\nHost: h\r\n\r\n")
                    #expect(try await first.answer()?.status == 200)
                    for _ in 0..<2 {
                        try await RawClient.connect(server.port) { second in
                            let answer = try #require(try await second.answer())
                            #expect(answer.status == 503)
                            #expect(answer.body.contains("too_many_connections"))
                            #expect(try await second.isAtEnd())
                        }
                    }
                }
                let reason = ["reason": "too_many_connections_per_address"]
                #expect(server.harness.metric("kaskman_http_rejections_total", reason) == 2)
                let warnings = server.harness.log.all.filter { $0.level == .warning }
                #expect(warnings.map { $0.metadata["setting"] } == ["http.connections_per_address_max"])
                #expect(warnings.map { $0.metadata["remote"]?.description } == ["127.0.0.1"])
            }
        )
        // Many clients come through a proxy.
        try await RunningServer.run(
            [wordRoute(.get, "/words")],
            settings: {
                $0.connectionsPerAddressMax = 1
                $0.trustedProxies = ["127.0.0.0/8"].compactMap(AddressRange.init)
            },
            { server in
                try await RawClient.connect(server.port) { first in
                    try await first.send("GET /words HTTP/1.1\r\nHost: h\r\n\r\n")
                    #expect(try await first.answer()?.status == 200)
                    try await RawClient.connect(server.port) { second in
                        try await second.send("GET /words HTTP/1.1\r\nHost: h\r\n\r\n")
                        #expect(try await second.answer()?.status == 200)
                    }
                }
            }
        )
    }
}
