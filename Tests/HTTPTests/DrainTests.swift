import HTTPTypes
import NIOCore
import Synchronization
import Testing

@testable import HTTP

struct DrainTests {
    /// What the clients of a test saw together.
    private final class Counts: Sendable {
        let answered = Atomic(0)
        let closed = Atomic(0)
    }

    private static let text = String(repeating: "0123456789", count: 5_000)

    @Test("fifty busy connections are drained without a broken answer")
    func underLoad() async throws {
        let plenty = RateClass("plenty", Quota(1_000_000, perSeconds: 1))
        let route = wordRoute(.get, "/words", rateClass: plenty) { _ in
            RouteResponse("text/plain", ByteBuffer(string: Self.text))
        }
        let counts = Counts()
        try await RunningServer.run([route]) { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 { group.addTask { try await Self.ask(server, counts) } }
                try await group.waitForAll()
            }
        }
        #expect(counts.answered.load(ordering: .relaxed) >= 500)
        #expect(counts.closed.load(ordering: .relaxed) > 0)
    }

    /// Asks again and again until the server ends the connection; throws for an answer that is cut.
    private static func ask(_ server: RunningServer, _ counts: Counts) async throws {
        try await RawClient.connect(server.port) { client in
            while let answer = try await exchange(&client) {
                #expect(answer.status == 200)
                #expect(answer.body.utf8.count == text.utf8.count)
                if counts.answered.wrappingAdd(1, ordering: .relaxed).newValue == 500 { server.drain.open() }
                if answer.fields["connection"] == "close" {
                    counts.closed.wrappingAdd(1, ordering: .relaxed)
                    #expect(try await client.isAtEnd())
                    return
                }
            }
        }
    }

    /// One request and its answer; nil when the connection was ended before the answer's first byte.
    private static func exchange(_ client: inout RawClient.Connection) async throws -> WireAnswer? {
        do {
            try await client.send("GET /words HTTP/1.1\r\nHost: h\r\n\r\n")
            return try await client.answer()
        } catch let error as RawClient.Incomplete {
            throw error
        } catch {
            guard client.hasNoRemainder else { throw error }
            return nil
        }
    }

    @Test("a request in flight ends, and its answer says that the connection does")
    func inFlight() async throws {
        let begun = Gate()
        let proceed = Gate()
        let route = wordRoute(.get, "/slow") { _ in
            begun.open()
            await proceed.wait()
            return RouteResponse("text/plain", ByteBuffer(string: "done"))
        }
        try await RunningServer.run([route]) { server in
            try await RawClient.connect(server.port) { client in
                try await RawClient.connect(server.port) { idle in
                    try await client.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
                    await begun.wait()
                    server.drain.open()
                    // The idle connection closes while the request is still in flight.
                    #expect(try await idle.isAtEnd())
                    proceed.open()
                    let answer = try #require(try await client.answer())
                    #expect(answer.body == "done")
                    #expect(answer.fields["connection"] == "close")
                    #expect(try await client.isAtEnd())
                }
            }
        }
    }

    @Test("a request whose body was sent in part is answered 408 in a drain, and counted")
    func halfSent() async throws {
        let route = wordRoute(.post, "/form", body: .bytes([.form]))
        try await RunningServer.run([route], settings: { $0.drainReadGrace = .milliseconds(50) }) { server in
            try await RawClient.connect(server.port) { client in
                let type = "application/x-www-form-urlencoded"
                try await client.send(
                    "POST /form HTTP/1.1\r\nHost: h\r\nContent-Type: \(type)\r\nContent-Length: 10\r\n\r\nabc"
                )
                while server.harness.metric("kaskman_http_requests_in_flight") != 1 { await Task.yield() }
                server.drain.open()
                let answer = try #require(try await client.answer())
                #expect(answer.status == 408)
                #expect(answer.fields["connection"] == "close")
            }
            #expect(server.harness.metric("kaskman_http_rejections_total", ["reason": "body_timeout"]) == 1)
            let labels = ["method": "POST", "route": "/form", "code": "408"]
            #expect(server.harness.metric("kaskman_http_requests_total", labels) == 1)
        }
    }

    @Test("a drain that takes too long closes what is left and says so")
    func timeout() async throws {
        let begun = Gate()
        let route = wordRoute(.get, "/slow") { _ in
            begun.open()
            await Gate().wait()
            return .noContent
        }
        await #expect(throws: HTTPServerError.drainTimedOut(requests: 1)) {
            try await RunningServer.run([route], settings: { $0.drainTimeout = .milliseconds(50) }) { server in
                try await RawClient.connect(server.port) { client in
                    try await client.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
                    await begun.wait()
                    server.drain.open()
                    let answer = try? await client.answer()
                    #expect(answer == nil)
                }
            }
        }
    }
}
