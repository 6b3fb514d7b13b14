import Exposition
package import Instruments
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Serves a worker's own metrics at `/metrics`, for a Prometheus server.
///
/// Concurrency: any thread.
package final class MetricsServer: Sendable {
    /// How many connections are served at a time; more are closed at once.
    package static let connectionsMax = 64
    /// How long a connection may be idle.
    static let idleSecondsMax: Int64 = 60

    /// The port that is listened on.
    package let port: Int
    private let channel: any Channel

    /// Listens.
    ///
    /// - Parameters:
    ///   - host: A name or an address of this machine.
    ///   - port: 0 lets the system choose.
    ///   - registry: What is served.
    /// - Throws: `IOError` when the port cannot be listened on.
    package init(host: String, port: Int, registry: Registry) async throws {
        let open = OpenConnections()
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard open.enter() else { throw ChannelError.outputClosed }
                    channel.closeFuture.whenComplete { _ in open.leave() }
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(allTimeout: .seconds(Self.idleSecondsMax)))
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(MetricsHandler(registry))
                }
            }
            .bind(host: host, port: port).get()
        self.port = channel.localAddress?.port ?? port
    }

    /// Listens no longer.
    package func close() async { try? await channel.close() }
}

/// Counts the connections that are open.
private final class OpenConnections: Sendable {
    private let count = Mutex(0)

    /// Whether there is room for one more.
    func enter() -> Bool {
        count.withLock { count in
            guard count < MetricsServer.connectionsMax else { return false }
            count += 1
            return true
        }
    }

    func leave() { count.withLock { $0 -= 1 } }
}

/// Answers GET and HEAD of `/metrics`.
private final class MetricsHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let registry: Registry
    private var head: HTTPRequestHead?

    init(_ registry: Registry) { self.registry = registry }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, context)
        }
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        var bytes: [UInt8] = []
        var status = HTTPResponseStatus.ok
        var type = TextExposition.contentType
        if head.method != .GET && head.method != .HEAD {
            status = .methodNotAllowed
        } else if head.uri.prefix(while: { $0 != "?" }) != "/metrics" {
            status = .notFound
        }
        if status == .ok {
            TextExposition.encode(registry.snapshot(), into: &bytes)
        } else {
            type = "text/plain; charset=utf-8"
            bytes = Array("the metrics are at /metrics\n".utf8)
        }
        var headers: HTTPHeaders = ["Content-Type": type, "Content-Length": String(bytes.count)]
        if status == .methodNotAllowed { headers.add(name: "Allow", value: "GET, HEAD") }
        if !head.isKeepAlive { headers.add(name: "Connection", value: "close") }
        let answer = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(answer)), promise: nil)
        if head.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
        }
        let isKeepAlive = head.isKeepAlive
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            if !isKeepAlive { channel.close(promise: nil) }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
