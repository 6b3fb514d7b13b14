import HTTPTypes
import Instruments
import MetricModel
import NIOCore
import Testing

@testable import HTTP

@Suite("WebSockets on the wire")
struct WebSocketWireTests {
    private static let request = """
        GET /echo HTTP/1.1\r
        Host: h\r
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Version: 13\r
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r

        """

    /// Runs a server whose route /echo is a WebSocket, and /events a stream of events.
    private func run(
        _ limits: StreamLimits = StreamLimits(),
        settings: @escaping (inout HTTPSettings) -> Void = { _ in },
        max: Int = 100,
        _ body: @escaping @Sendable (RunningServer, EchoDriver, Registry) async throws -> Void
    ) async throws {
        let driver = EchoDriver()
        let registry = Registry()
        let instruments = StreamInstruments(registry).endpoint("/echo")
        let permits = StreamPermits(max: max, registry: registry)
        let routes = [
            wordRoute(.get, "/echo", responses: [ResponseRule(101, "A WebSocket.")]) { request in
                .webSocket(
                    try WebSocketHandshake(request.head, origins: OriginPolicy()),
                    driver: driver,
                    limits: limits,
                    instruments: instruments,
                    permit: try permits.take()
                )
            },
            wordRoute(.get, "/events", responses: [ResponseRule(200, "Events.", .eventStream)]) { _ in
                .eventStream(driver: driver, limits: limits, instruments: instruments, permit: try permits.take())
            },
            wordRoute(.get, "/word"),
        ]
        try await RunningServer.run(routes, settings: settings) { try await body($0, driver, registry) }
    }

    private func open(_ client: inout RawClient.Connection, _ fields: String = "") async throws {
        try await client.send(Self.request + fields + "\r\n")
        let answer = try #require(try await client.answer())
        #expect(answer.status == 101)
        #expect(answer.fields["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(answer.fields["upgrade"] == "websocket")
        #expect(answer.fields["content-length"] == nil)
        #expect(answer.fields["transfer-encoding"] == nil)
    }

    private static func value(_ registry: Registry, _ name: String, _ reason: String? = nil) -> Double? {
        for family in registry.snapshot().families where family.metadata.name == name {
            for (series, value) in zip(family.series, family.values)
            where reason == nil || series.labels["reason"] == reason {
                return value
            }
        }
        return nil
    }

    @Test("After other requests on the connection: texts, pings, a closing handshake")
    func conversation() async throws {
        try await run { server, driver, registry in
            try await RawClient.connect(server.port) { client in
                try await client.send("GET /word HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(try await client.answer()?.status == 200)
                try await open(&client)
                try await client.send(ClientFrames.text("Hello"))
                var frame = try #require(try await client.frame())
                #expect(frame.opcode == 1 && String(decoding: frame.payload, as: UTF8.self) == "Hello")
                try await client.send(ClientFrames.frame(9, [80]) + ClientFrames.text("a", isFinal: false))
                frame = try #require(try await client.frame())
                #expect(frame.opcode == 10 && frame.payload == [80])
                try await client.send(ClientFrames.rest("b"))
                frame = try #require(try await client.frame())
                #expect(frame.payload == Array("ab".utf8))
                try await client.send(ClientFrames.close(1000, "bye"))
                frame = try #require(try await client.frame())
                #expect(frame.opcode == 8 && frame.payload == [0x03, 0xE8])
                #expect(try await client.frame() == nil)
            }
            await driver.closing.wait()
            #expect(driver.end == .client)
            #expect(Self.value(registry, "kaskman_live_connections") == 0)
            #expect(Self.value(registry, "kaskman_live_messages_received_total") == 2)
            #expect(Self.value(registry, "kaskman_live_closes_total", "client") == 1)
            #expect(server.harness.metric("kaskman_http_requests_total", ["route": "/echo", "code": "101"]) == 1)
        }
    }

    @Test(
        "What breaks the protocol is closed with its code",
        arguments: [
            (ClientFrames.frame(1, [65], mask: nil), [0x03, 0xEA], StreamEnd.protocolError),
            (ClientFrames.frame(1, [0xFF]), [0x03, 0xEF], .protocolError),
            (ClientFrames.frame(2, [1]), [0x03, 0xEB], .protocolError),
            (ClientFrames.frame(1, Array(repeating: 65, count: 2000)), [0x03, 0xF1], .tooLarge),
            ((0..<25).flatMap { _ in ClientFrames.frame(9) }, [0x03, 0xF0], .tooMany),
            (ClientFrames.frame(8, [0x03, 0xE8]) + ClientFrames.frame(3), [0x03, 0xE8], .client),
        ] as [([UInt8], [UInt8], StreamEnd)]
    )
    func faults(bytes: [UInt8], code: [UInt8], end: StreamEnd) async throws {
        var limits = StreamLimits()
        limits.frameBytesMax = 1000
        limits.messagesPerSecondMax = 5
        limits.closeTimeout = .milliseconds(50)
        try await run(limits) { server, driver, registry in
            try await RawClient.connect(server.port) { client in
                try await open(&client)
                try await client.send(bytes)
                var close: [UInt8]?
                while let frame = try await client.frame() {
                    if frame.opcode == 8 { close = frame.payload }
                }
                #expect(close?.prefix(2) == code[...])
            }
            await driver.closing.wait()
            #expect(driver.end == end)
            #expect(Self.value(registry, "kaskman_live_closes_total", end.rawValue) == 1)
        }
    }

    @Test("Compressed both ways, when that is agreed on")
    func compression() async throws {
        try await run { server, _, _ in
            try await RawClient.connect(server.port) { client in
                try await open(&client, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n")
                let text = String(repeating: "again ", count: 1000)
                let small = try #require(
                    Deflate.compress(ByteBuffer(string: text).readableBytesView, windowBits: 15)
                )
                try await client.send(ClientFrames.frame(1, Array(small.readableBytesView), reserved: 0x40))
                let frame = try #require(try await client.frame())
                #expect(frame.payload.count < 200)
                let inflated = try Deflate.inflate(ByteBuffer(bytes: frame.payload), bytesMax: 1 << 20)
                #expect(String(buffer: inflated) == text)
            }
        }
    }

    @Test("A drain closes with 1001, and waits for the client's answer no longer than it may")
    func drain() async throws {
        var limits = StreamLimits()
        limits.closeTimeout = .milliseconds(50)
        try await run(limits) { server, driver, _ in
            try await RawClient.connect(server.port) { client in
                try await open(&client)
                try await RawClient.connect(server.port) { polite in
                    try await open(&polite)
                    server.drain.open()
                    #expect(try await client.frame()?.payload.prefix(2) == [0x03, 0xE9])
                    #expect(try await polite.frame()?.payload.prefix(2) == [0x03, 0xE9])
                    try await polite.send(ClientFrames.close(1001))
                    #expect(try await polite.frame() == nil)
                    #expect(try await client.frame() == nil)
                }
            }
            #expect(driver.end == .draining)
        }
    }

    @Test("Silence is answered with a ping, and then with the end")
    func silence() async throws {
        var limits = StreamLimits()
        limits.heartbeatInterval = .milliseconds(30)
        limits.silenceTimeout = .milliseconds(200)
        limits.closeTimeout = .milliseconds(30)
        try await run(limits) { server, driver, _ in
            try await RawClient.connect(server.port) { client in
                try await open(&client)
                var pings = 0
                while let frame = try await client.frame() {
                    if frame.opcode == 9 { pings += 1 }
                    // The first ones are answered.
                    if pings < 10 { try await client.send(ClientFrames.frame(10)) }
                }
                #expect(pings > 10)
            }
            await driver.closing.wait()
            #expect(driver.end == .timeout)
        }
    }

    @Test("Who reads nothing is given nothing beyond the bound, and closed; others go on")
    func slowReader() async throws {
        var limits = StreamLimits()
        limits.queueBytesMax = 200_000
        limits.heartbeatInterval = .seconds(1)
        limits.silenceTimeout = .seconds(1)
        limits.closeTimeout = .milliseconds(30)
        try await run(limits) { server, driver, registry in
            // Of its answers not one is read: the connection's own handler takes them only when it is asked.
            try await StalledClient.connect(server.port, Self.request + "\r\n") {
                await driver.opening.wait()
                let stream = try #require(driver.open)
                let frame = FrameEncoder.text(ByteBuffer(repeating: 65, count: 100_000).readableBytesView)
                var sent = 0
                while driver.end == nil {
                    if stream.hasRoom, stream.send(frame) { sent += frame.readableBytes } else { await Task.yield() }
                }
                // What the system's buffers hold, and twice the bound.
                #expect(sent < 64 << 20)
                #expect(driver.roomsHeard > 0)
            }
            #expect(driver.end == .slowReader)
            #expect(Self.value(registry, "kaskman_live_closes_total", "slow_reader") == 1)
        }
    }

    @Test("Events go out as chunks, comments by the clock, and a drain ends them properly")
    func events() async throws {
        var limits = StreamLimits()
        limits.heartbeatInterval = .seconds(30)
        try await run(limits) { server, driver, _ in
            try await RawClient.connect(server.port) { client in
                try await client.send("GET /events HTTP/1.1\r\nHost: h\r\n\r\n")
                let answer = try #require(try await client.answer())
                #expect(answer.status == 200)
                #expect(answer.fields["content-type"] == "text/event-stream")
                #expect(answer.fields["transfer-encoding"] == "chunked")
                await driver.opening.wait()
                let text = ServerSentEvent.text(id: "7", event: "a.b", data: ByteBuffer(string: "{}").readableBytesView)
                #expect(driver.open?.send(text) == true)
                let expected = "1e\r\nid: 7\nevent: a.b\ndata: {}\n\n\r\n".replacing(
                    "1e",
                    with: String(text.readableBytes, radix: 16)
                )
                #expect(try await client.bytes(expected.utf8.count) == Array(expected.utf8))
                server.drain.open()
                #expect(try await client.bytes(5) == Array("0\r\n\r\n".utf8))
                #expect(try await client.bytes(1) == nil)
            }
            await driver.closing.wait()
            #expect(driver.end == .draining)
        }
    }

    @Test("HEAD of a stream ends with its head; one stream too many is refused")
    func permits() async throws {
        try await run(max: 1) { server, _, registry in
            try await RawClient.connect(server.port) { client in
                try await client.send("HEAD /events HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(try await client.answer(hasBody: false)?.status == 200)
                try await client.send("GET /word HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(try await client.answer()?.status == 200)
                try await open(&client)
                try await RawClient.connect(server.port) { second in
                    try await second.send(Self.request + "\r\n")
                    #expect(try await second.answer()?.status == 503)
                }
                #expect(Self.value(registry, "kaskman_live_refused_total") == 1)
            }
        }
    }
}
