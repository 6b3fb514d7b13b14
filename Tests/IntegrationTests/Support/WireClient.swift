import NIOCore
import NIOHTTP1
import NIOPosix

/// A whole answer.
struct WireAnswer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let body: [UInt8]

    /// Whether the server ends the connection after it.
    var closes: Bool { headers.first(name: "Connection")?.lowercased() == "close" }

    var text: String { String(decoding: body, as: UTF8.self) }
}

/// An HTTP/1.1 client of our own: it hides nothing, retries nothing, and tells a truncated answer from a missing one.
struct WireClient {
    /// How an exchange failed.
    enum Failure: Error, Equatable {
        /// The connection ended before the first byte of the answer.
        case missing
        /// The connection ended within the answer.
        case truncated
    }

    enum Method: Sendable { case get, post, patch }

    typealias Channel = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    /// Opens a connection for the time of `body`.
    static func withConnection<Result: Sendable>(
        port: Int,
        from source: String = "127.0.0.1",
        _ body: (inout Connection) async throws -> Result
    ) async throws -> Result {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(5))
            .bind(to: SocketAddress(ipAddress: source, port: 0))
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    return try Channel(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var connection = Connection(answers: inbound.makeAsyncIterator(), outbound: outbound, port: port)
            return try await body(&connection)
        }
    }

    /// One request on a connection of its own.
    static func send(
        _ method: Method = .get,
        _ target: String,
        port: Int,
        headers: [(String, String)] = [],
        body: [UInt8] = [],
        from source: String = "127.0.0.1"
    ) async throws -> WireAnswer {
        try await withConnection(port: port, from: source) { connection in
            try await connection.send(method, target, headers: headers + [("Connection", "close")], body: body)
        }
    }

    struct Connection {
        var answers: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator
        let outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>
        let port: Int

        /// - Parameter slowly: the pause before the last byte of the body.
        mutating func send(
            _ method: Method,
            _ target: String,
            headers: [(String, String)] = [],
            body: [UInt8] = [],
            slowly pause: Duration? = nil
        ) async throws -> WireAnswer {
            var head = HTTPRequestHead(version: .http1_1, method: Self.method(method), uri: target)
            head.headers.add(name: "Host", value: "127.0.0.1:\(port)")
            for (name, value) in headers { head.headers.add(name: name, value: value) }
            if !body.isEmpty { head.headers.add(name: "Content-Length", value: String(body.count)) }
            do {
                try await outbound.write(.head(head))
                if !body.isEmpty {
                    let cut = pause == nil ? body.count : body.count - 1
                    try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: body[..<cut]))))
                    if let pause { await last(for: pause) }
                    if cut < body.count {
                        try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: body[cut...]))))
                    }
                }
                try await outbound.write(.end(nil))
            } catch is ChannelError {
                // Whether the server answered before it closed is what the reading tells.
            } catch is IOError {}
            return try await answer()
        }

        private static func method(_ method: Method) -> HTTPMethod {
            switch method {
            case .get: .GET
            case .post: .POST
            case .patch: .PATCH
            }
        }

        private mutating func answer() async throws -> WireAnswer {
            var head: HTTPResponseHead?
            var body: [UInt8] = []
            do {
                while let part = try await answers.next(isolation: #isolation) {
                    switch part {
                    case .head(let read): head = read
                    case .body(let bytes): body += Array(bytes.readableBytesView)
                    case .end:
                        guard let head else { throw Failure.missing }
                        return WireAnswer(status: Int(head.status.code), headers: head.headers, body: body)
                    }
                }
            } catch let error where error is HTTPParserError || error is IOError || error is ChannelError {
                throw head == nil ? Failure.missing : Failure.truncated
            }
            throw head == nil ? Failure.missing : Failure.truncated
        }
    }
}
