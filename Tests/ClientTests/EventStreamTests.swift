import Basics
import JSON
import Synchronization
import Testing

@testable import Client

@Suite("Server-Sent Events")
struct EventStreamTests {
    @Test("A stream is cut into events, in whatever parts it comes")
    func parser() throws {
        func f(_ text: String, _ expected: [StreamedEvent], _ location: SourceLocation = #_sourceLocation) throws {
            for size in 1...max(1, text.utf8.count) {
                var parser = EventStreamParser()
                var events: [StreamedEvent] = []
                var rest = Array(text.utf8)[...]
                while !rest.isEmpty {
                    events += try parser.take(rest.prefix(size))
                    rest = rest.dropFirst(size)
                }
                #expect(events == expected, "in parts of \(size)", sourceLocation: location)
            }
        }
        let one = StreamedEvent(id: "7", name: "a.b", data: "{}")
        try f("id: 7\nevent: a.b\ndata: {}\n\n", [one])
        try f("id:7\r\nevent:a.b\r\ndata:{}\r\n\r\n", [one])
        try f("id: 7\revent: a.b\rdata: {}\r\r", [one])
        try f(": comment\nretry: 100\n\nid: 7\n\nevent: a.b\ndata: {}\n\n", [one])
        try f("data: 1\ndata\ndata: 2\n\n", [StreamedEvent(id: nil, name: "message", data: "1\n\n2")])
        try f("event: x\n\ndata: y\n\n", [StreamedEvent(id: nil, name: "message", data: "y")])
        try f("unknown: 1\ndata: ü\n\n", [StreamedEvent(id: nil, name: "message", data: "ü")])
        try f("data: unfinished", [])
        var parser = EventStreamParser()
        _ = try parser.take("id: 9\nretry: 250\n\nid: 10\ndata: cut".utf8)
        #expect(parser.retryMilliseconds == 250)
        parser.reconnect()
        #expect(try parser.take("data: x\n\n".utf8) == [StreamedEvent(id: "9", name: "message", data: "x")])
        #expect(throws: ClientError.tooLarge(bytesMax: EventStreamParser.eventBytesMax)) {
            try parser.take(repeatElement(65, count: EventStreamParser.eventBytesMax + 1))
        }
    }

    private struct Enough: Error {}

    @Test("A follower goes on behind the last event when the connection breaks, and gives up when it is refused")
    func follower() async throws {
        let transport = StubTransport { request in
            switch request.header("Last-Event-ID") {
            case "3": APIResponse(status: 200, body: Array("retry: 0\n\nid: 4\nevent: a\ndata: 4\n\nid: 5\nda".utf8))
            case "4": APIResponse(status: 503)
            case nil: APIResponse(status: 403)
            default: APIResponse(status: 200)
            }
        }
        let clock = YieldingClock()
        let address = try ServerAddress("http://h:1")
        let tokens = MemoryTokens(Tokens(access: "t"))
        let client = APIClient(address: address, transport: transport, tokens: tokens, clock: clock)
        let losses = Mutex<[ClientError]>([])
        let got = Mutex<[JSONValue]>([])
        await #expect(throws: CancellationError.self) {
            try await client.followEvents(
                after: 3,
                [("kind", "a")],
                onLoss: { error in losses.withLock { $0.append(error) } },
                receive: { _, event in got.withLock { $0.append(event) } }
            )
        }
        #expect(got.withLock { $0 } == [4])
        #expect(losses.withLock { $0.count } == YieldingClock.sleepsMax + 1)
        #expect(transport.sent.first?.target == "/api/v1/events?kind=a")
        #expect(transport.sent.dropFirst().allSatisfy { $0.header("Last-Event-ID") == "4" })
        await #expect(throws: ClientError.self) {
            try await client.followEvents(after: nil, [], onLoss: { _ in }, receive: { _, _ in throw Enough() })
        }
    }
}

/// A clock whose sleeps end at once, and are cancelled after a few.
private final class YieldingClock: WallClock {
    static let sleepsMax = 3

    private let sleeps = Mutex(0)

    var now: Timestamp { Timestamp(milliseconds: 0) }
    var uptime: Duration { .zero }

    func sleep(for duration: Duration) async throws {
        let count = sleeps.withLock { count in
            count += 1
            return count
        }
        if count > Self.sleepsMax { throw CancellationError() }
    }
}
