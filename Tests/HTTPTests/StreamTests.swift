import HTTPTypes
import NIOCore
import Testing

@testable import HTTP

/// Bodies that are sent in parts.
struct StreamTests {
    private struct Broken: Error {}

    private static let length = 3 << 20

    /// Letters that differ from place to place.
    private static func part(_ offset: Int, _ countMax: Int) -> ByteBuffer {
        ByteBuffer(bytes: (offset..<min(offset + countMax, length)).map { UInt8(97 + $0 / 1000 % 26) })
    }

    private static func streamed(_ length: Int, _ part: @escaping @Sendable (Int) throws -> ByteBuffer) -> RouteResponse
    {
        var response = RouteResponse("text/plain", ByteBuffer())
        response.stream = BodyStream(length: length) { try part($0) }
        return response
    }

    private static let routes = [
        wordRoute(.get, "/words"),
        wordRoute(.get, "/stream") { _ in streamed(length) { part($0, 100_000) } },
        wordRoute(.get, "/empty") { _ in streamed(0) { _ in throw Broken() } },
        wordRoute(.get, "/broken") { _ in
            streamed(length) { offset in
                if offset > 0 { throw Broken() }
                return part(0, 1000)
            }
        },
        wordRoute(.get, "/excessive") { _ in streamed(10) { _ in part(0, 11) } },
        wordRoute(.get, "/nothing") { _ in streamed(10) { _ in ByteBuffer() } },
    ]

    @Test("a stream is sent whole, and the connection goes on with what was asked for meanwhile")
    func whole() async throws {
        try await RunningServer.run(Self.routes) { server in
            try await RawClient.connect(server.port) { connection in
                let get = ["/stream", "/words", "/empty", "/stream"].map { "GET \($0) HTTP/1.1\r\nHost: h\r\n\r\n" }
                try await connection.send(get.joined())
                let whole = String(buffer: Self.part(0, Self.length))
                #expect(try await connection.answer()?.body == whole)
                #expect(try await connection.answer()?.body == "word")
                let empty = try await connection.answer()
                #expect(empty?.status == 200 && empty?.body == "")
                #expect(try await connection.answer()?.body == whole)
                try await connection.send("HEAD /stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                let head = try await connection.answer(hasBody: false)
                #expect(head?.fields["content-length"] == String(Self.length))
                #expect(try await connection.isAtEnd())
            }
            #expect(server.harness.metric("kaskman_http_response_body_bytes_total") ?? 0 > Double(6 << 20))
        }
    }

    @Test("a client that asks to close has the whole stream before the end")
    func closing() async throws {
        try await RunningServer.run(Self.routes) { server in
            try await RawClient.connect(server.port) { connection in
                try await connection.send("GET /stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                let answer = try await connection.answer()
                #expect(answer?.body.utf8.count == Self.length && answer?.fields["connection"] == "close")
                #expect(try await connection.isAtEnd())
            }
        }
    }

    @Test(
        "a stream that is not what it promised ends the connection",
        arguments: ["/broken", "/excessive", "/nothing"]
    )
    func broken(path: String) async throws {
        try await RunningServer.run(Self.routes) { server in
            try await RawClient.connect(server.port) { connection in
                try await connection.send("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
                await #expect(throws: RawClient.Incomplete.self) { _ = try await connection.answer() }
            }
        }
    }

    @Test("a range of bytes as RFC 9110 has it")
    func ranges() {
        func f(_ field: String?, _ expected: ByteRange.Selection, length: Int = 10) {
            #expect(ByteRange.selection(field, length: length) == expected, "\(field ?? "nil")")
        }
        f(nil, .whole)
        f("bytes=0-0", .part(0..<1))
        f("bytes=2-4", .part(2..<5))
        f("Bytes=9-", .part(9..<10))
        f("bytes=5-100", .part(5..<10))
        f("bytes=5-99999999999999999999", .part(5..<10))
        f("bytes=-3", .part(7..<10))
        f("bytes=-100", .part(0..<10))
        f("bytes=10-", .unsatisfiable)
        f("bytes=99999999999999999999-", .unsatisfiable)
        f("bytes=-0", .unsatisfiable)
        f("bytes=0-", .unsatisfiable, length: 0)
        f("bytes=-1", .unsatisfiable, length: 0)
        for other in [
            "bytes=", "bytes=-", "bytes=4-2", "bytes=a-b", "bytes=1-2,4-5", "items=0-1", "bytes 0-1", "bytes=+1-2",
        ] {
            f(other, .whole)
        }
    }
}
