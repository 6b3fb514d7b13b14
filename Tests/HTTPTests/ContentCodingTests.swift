import ChaosTesting
import HTTPTypes
import NIOCore
import Testing

@testable import HTTP

@Suite("Compressed answers")
struct ContentCodingTests {
    private static let long = String(repeating: "kaskman_http_requests_total{route=\"/x\"} 1\n", count: 100)

    private func harness() -> ServiceHarness {
        func route(_ path: String, _ response: @escaping @Sendable () -> RouteResponse) -> Route {
            wordRoute(.get, path) { _ in response() }
        }
        let long = ByteBuffer(string: Self.long)
        return ServiceHarness([
            route("/long") { RouteResponse("text/plain; version=0.0.4", long) },
            route("/json") { RouteResponse("application/json", long) },
            route("/short") { RouteResponse("text/plain", ByteBuffer(string: "word")) },
            route("/image") { RouteResponse("image/png", long) },
            route("/tagged") {
                RouteResponse(headers: [.contentType: "application/json", .eTag: "\"1\""], body: long)
            },
            route("/failed") { RouteResponse(status: .serviceUnavailable, "application/json", long) },
        ])
    }

    /// The text of a gzip member with neither name nor comment (RFC 1952, 2.3).
    private static func unpacked(_ bytes: ByteBuffer) throws -> String {
        let all = Array(bytes.readableBytesView)
        try #require(all.prefix(4) == [0x1F, 0x8B, 8, 0])
        let size = all.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        let text = try Deflate.inflate(ByteBuffer(bytes: all[10..<(all.count - 8)]), bytesMax: 1 << 20)
        #expect(text.readableBytes == size)
        return String(buffer: text)
    }

    @Test("are for those who ask, where the answer is text, whole, long and has no entity tag")
    func choice() async throws {
        let harness = harness()
        let table: [(path: String, accept: String?, coding: String?, varies: Bool)] = [
            ("/long", "gzip", "gzip", true),
            ("/json", "br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip", true),
            ("/long", "GZIP", "gzip", true),
            ("/long", "*", "gzip", true),
            ("/long", nil, nil, true),
            ("/long", "", nil, true),
            ("/long", "identity", nil, true),
            ("/long", "gzip;q=0", nil, true),
            ("/long", "gzip; q=0.000, *", nil, true),
            ("/long", "deflate, br", nil, true),
            ("/short", "gzip", nil, false),
            ("/image", "gzip", nil, false),
            ("/tagged", "gzip", nil, false),
            ("/failed", "gzip", nil, false),
        ]
        for row in table {
            let fields: HTTPFields = row.accept.map { [.acceptEncoding: $0] } ?? [:]
            let reply = try await harness.send(.get, row.path, fields)
            let place: Comment = "\(row.path) for \(row.accept ?? "nothing")"
            #expect(reply["Content-Encoding"] == row.coding, place)
            #expect((reply["Vary"] == "Accept-Encoding") == row.varies, place)
            #expect(reply["Content-Length"] == String(reply.answer.body.readableBytes), place)
            if row.coding != nil { #expect(try Self.unpacked(reply.answer.body) == Self.long, place) }
        }
    }

    @Test("HEAD tells the length that GET would have")
    func head() async throws {
        let harness = harness()
        let get = try await harness.send(.get, "/long", [.acceptEncoding: "gzip"])
        let head = try await harness.send(.head, "/long", [.acceptEncoding: "gzip"])
        #expect(head["Content-Length"] == get["Content-Length"])
        #expect(head["Content-Encoding"] == "gzip")
        #expect(head.answer.body.readableBytes == 0)
    }

    @Test("come back as they were, whatever they hold")
    func roundTrip() throws {
        for seed in Chaos.seeds(1...5) {
            var random = SeededRandom(seed)
            for length in [0, 1, 1399, 1400, 16_384, 16_385, 300_000] {
                let text = String(
                    decoding: (0..<length).map { _ in UInt8.random(in: 32...126, using: &random) },
                    as: UTF8.self
                )
                let packed = try #require(ContentCoding.gzip(ByteBuffer(string: text).readableBytesView))
                #expect(try Self.unpacked(packed) == text, "seed \(seed), \(length) bytes")
            }
        }
    }
}
