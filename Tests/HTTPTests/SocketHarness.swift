import Basics
import Instruments
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import HTTP

/// A signal that tests give once and others wait for.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Returns when the gate is open, or the task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOpen = state.withLock { state in
                    if !state.isOpen { state.waiting.append(continuation) }
                    return state.isOpen
                }
                if isOpen { continuation.resume() }
            }
        } onCancel: {
            open()
        }
    }
}

/// A connection that sends bytes as they are and reads whole answers.
struct RawClient: Sendable {
    typealias Stream = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    struct Incomplete: Error, CustomStringConvertible {
        let read: String
        var description: String { "the connection ended after: \(read.debugDescription)" }
    }

    /// Connects, and closes when `body` returns.
    static func connect<Result: Sendable>(
        _ port: Int,
        _ body: (inout Connection) async throws -> Result
    ) async throws -> Result {
        let stream = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Stream(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true)
                    )
                }
            }
        return try await stream.executeThenClose { inbound, outbound in
            var connection = Connection(iterator: inbound.makeAsyncIterator(), outbound: outbound)
            return try await body(&connection)
        }
    }

    struct Connection {
        var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
        let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        private var read: [UInt8] = []

        init(
            iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
            outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        ) {
            self.iterator = iterator
            self.outbound = outbound
        }

        func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

        func finish() { outbound.finish() }

        /// Whether no byte of a further answer has been read.
        var hasNoRemainder: Bool { read.isEmpty }

        /// Reads one answer by its Content-Length; nil when the connection ended before its first byte.
        mutating func answer(hasBody: Bool = true) async throws -> WireAnswer? {
            let separator = Array("\r\n\r\n".utf8)
            while true {
                if let end = read.firstRange(of: separator) {
                    let head = String(decoding: read[..<end.lowerBound], as: UTF8.self)
                    let lines = head.split(separator: "\r\n")
                    var fields: [String: String] = [:]
                    for line in lines.dropFirst() {
                        guard let colon = line.firstIndex(of: ":") else { continue }
                        fields[line[..<colon].lowercased()] = String(line[colon...].dropFirst(2))
                    }
                    let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
                    let length = hasBody && status >= 200 ? fields["content-length"].flatMap { Int($0) } ?? 0 : 0
                    if read.count >= end.upperBound + length {
                        let body = String(decoding: read[end.upperBound..<(end.upperBound + length)], as: UTF8.self)
                        read.removeFirst(end.upperBound + length)
                        return WireAnswer(status: status, fields: fields, body: body)
                    }
                }
                guard let more = try await iterator.next(isolation: #isolation) else {
                    if read.isEmpty { return nil }
                    throw Incomplete(read: String(decoding: read, as: UTF8.self))
                }
                read += Array(more.readableBytesView)
            }
        }

        func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

        /// Reads so many bytes; nil when the connection ended before.
        mutating func bytes(_ count: Int) async throws -> [UInt8]? {
            while read.count < count {
                guard let more = try await iterator.next(isolation: #isolation) else { return nil }
                read += Array(more.readableBytesView)
            }
            defer { read.removeFirst(count) }
            return Array(read.prefix(count))
        }

        /// Reads one frame of a WebSocket server.
        mutating func frame() async throws -> (opcode: UInt8, payload: [UInt8])? {
            guard let head = try await bytes(2) else { return nil }
            var length = Int(head[1])
            if length >= 126 {
                guard let more = try await bytes(length == 126 ? 2 : 8) else { return nil }
                length = more.reduce(0) { $0 << 8 | Int($1) }
            }
            guard let payload = try await bytes(length) else { return nil }
            return (head[0] & 0x0F, payload)
        }

        /// Whether the server has closed its side with nothing more to read.
        mutating func isAtEnd() async throws -> Bool { try await answer() == nil }
    }
}

struct WireAnswer: Sendable {
    let status: Int
    let fields: [String: String]
    let body: String
}

/// A server on a port of its own for the time of a test.
struct RunningServer {
    let port: Int
    let harness: ServiceHarness
    let drain: Gate

    /// Runs a server, calls `body`, drains, and checks that what began has ended.
    static func run(
        _ routes: [Route],
        settings change: (inout HTTPSettings) -> Void = { _ in },
        _ body: @escaping @Sendable (RunningServer) async throws -> Void
    ) async throws {
        var settings = HTTPSettings()
        settings.port = 0
        settings.drainIdleGrace = .milliseconds(20)
        settings.lingerTimeout = .milliseconds(200)
        change(&settings)
        let harness = ServiceHarness(routes, settings: settings)
        let server = HTTPServer(harness.service, clock: SystemClock(), logger: harness.log.logger)
        let drain = Gate()
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { port.finish() }
                try await server.run(drain: { await drain.wait() }, onListening: { port.yield($0) })
            }
            for await port in ports {
                defer { drain.open() }
                try await body(RunningServer(port: port, harness: harness, drain: drain))
                break
            }
            try await group.waitForAll()
        }
        #expect(harness.log.all.count { $0.message == "draining" } <= 1, "a drain begins once")
        #expect(harness.metric("kaskman_http_requests_in_flight") == 0)
        #expect(harness.metric("kaskman_http_connections") == 0)
        let ended = harness.metric("kaskman_http_requests_ended_total")
        #expect(harness.metric("kaskman_http_requests_begun_total") == ended)
    }
}

/// A client that sends and never reads.
enum StalledClient {
    /// Connects, sends, and closes when `body` returns.
    static func connect(_ port: Int, _ text: String, _ body: () async throws -> Void) async throws {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: false)
            .connect(host: "127.0.0.1", port: port)
            .get()
        try await channel.writeAndFlush(ByteBuffer(string: text))
        do {
            try await body()
        } catch {
            try? await channel.close()
            throw error
        }
        try? await channel.close()
    }
}
