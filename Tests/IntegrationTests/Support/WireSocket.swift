import NIOCore
import NIOPosix

/// A WebSocket client of our own: knows what a server of ours sends, answers pings, and hides nothing.
struct WireSocket {
    struct Refused: Error {
        let answer: String
    }

    typealias Channel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var buffer = ByteBuffer()
    /// The code of the server's close frame.
    private(set) var closeCode: UInt16?

    /// Opens a WebSocket for the time of `body`; the connection then ends without a word.
    static func run<Result: Sendable>(
        port: Int,
        _ target: String,
        headers: [(String, String)],
        _ body: (inout WireSocket) async throws -> Result
    ) async throws -> Result {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(20))
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture { try Channel(wrappingChannelSynchronously: channel) }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var socket = WireSocket(iterator: inbound.makeAsyncIterator(), outbound: outbound)
            let fields = headers.map { "\($0.0): \($0.1)\r\n" }.joined()
            try await outbound.write(
                ByteBuffer(
                    string:
                        "GET \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\(fields)\r\n"
                )
            )
            try await socket.readHead()
            return try await body(&socket)
        }
    }

    private mutating func more() async throws -> Bool {
        guard var part = try await iterator.next(isolation: #isolation) else { return false }
        buffer.discardReadBytes()
        buffer.writeBuffer(&part)
        return true
    }

    private mutating func readHead() async throws {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let place = Array(buffer.readableBytesView).firstRange(of: end) {
                let head = buffer.readString(length: place.upperBound) ?? ""
                guard head.hasPrefix("HTTP/1.1 101 ") else { throw Refused(answer: head) }
                return
            }
            guard try await more() else { throw Refused(answer: String(buffer: buffer)) }
        }
    }

    /// The next text; nil when the connection has ended.
    mutating func next() async throws -> String? {
        while true {
            if let (opcode, payload) = frame() {
                switch opcode {
                case 1: return String(buffer: payload)
                case 8: closeCode = payload.getInteger(at: payload.readerIndex)
                case 9: try await send(10, Array(payload.readableBytesView))
                default: break
                }
            } else if try await !more() {
                return nil
            }
        }
    }

    private mutating func frame() -> (opcode: UInt8, payload: ByteBuffer)? {
        let start = buffer.readerIndex
        guard let first: UInt8 = buffer.getInteger(at: start), let second: UInt8 = buffer.getInteger(at: start + 1)
        else {
            return nil
        }
        var length = Int(second)
        var header = 2
        if second == 126 {
            guard let long: UInt16 = buffer.getInteger(at: start + 2) else { return nil }
            (length, header) = (Int(long), 4)
        } else if second == 127 {
            guard let long: UInt64 = buffer.getInteger(at: start + 2) else { return nil }
            (length, header) = (Int(long), 10)
        }
        guard buffer.readableBytes >= header + length else { return nil }
        buffer.moveReaderIndex(forwardBy: header)
        return buffer.readSlice(length: length).map { (first & 0x0F, $0) }
    }

    func send(_ text: String) async throws { try await send(1, Array(text.utf8)) }

    func send(_ opcode: UInt8, _ payload: [UInt8]) async throws {
        var frame = ByteBuffer(bytes: [0x80 | opcode])
        if payload.count < 126 {
            frame.writeInteger(0x80 | UInt8(payload.count))
        } else {
            frame.writeBytes([0xFE, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)])
        }
        frame.writeBytes([0, 0, 0, 0])
        frame.writeBytes(payload)
        try await outbound.write(frame)
    }

    /// Sends bytes as they are.
    func sendRaw(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }
}
