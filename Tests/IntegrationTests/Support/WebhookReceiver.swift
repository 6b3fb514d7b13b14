import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A webhook receiver: keeps every notification that it is sent.
final class WebhookReceiver: Sendable {
    /// What the tests look at in a payload.
    struct Notice: Decodable, Sendable {
        struct Alert: Decodable, Sendable {
            let status: String
            let labels: [String: String]
            let startsAt: String
            let endsAt: String
            let generatorURL: String
            let fingerprint: String
        }

        let version: String
        let groupKey: String
        let receiver: String
        let status: String
        let alerts: [Alert]
        let externalURL: String
        let truncatedAlerts: Int
    }

    /// The port, also while nobody listens there.
    let port: Int
    private let listener: Mutex<(any Channel)?>
    private let received: Received

    private final class Received: Sendable {
        let notices = Mutex<[Notice]>([])
        let faults = Mutex<[String]>([])
    }

    /// Listens on a free port of 127.0.0.1.
    init() async throws {
        received = Received()
        let channel = try await Self.listen(port: 0, received)
        port = channel.localAddress?.port ?? 0
        listener = Mutex(channel)
    }

    /// Dies: connections are refused from now on.
    func stop() async throws {
        let channel = listener.withLock { listener in
            defer { listener = nil }
            return listener
        }
        try await channel?.close()
    }

    /// Comes back on the same port.
    func restart() async throws {
        let channel = try await Self.listen(port: port, received)
        listener.withLock { $0 = channel }
    }

    private static func listen(port: Int, _ received: Received) async throws -> any Channel {
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(received))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
    }

    var url: String { "http://127.0.0.1:\(port)/hook" }

    var notices: [Notice] { received.notices.withLock { $0 } }

    /// Bodies that are no payload.
    var faults: [String] { received.faults.withLock { $0 } }

    /// Whether an alert with these labels has been told with this status.
    func has(_ status: String, _ labels: [String: String]) -> Bool {
        notices.contains { notice in
            notice.alerts.contains { alert in
                alert.status == status && labels.allSatisfy { alert.labels[$0.key] == $0.value }
            }
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let received: Received
        private var body: [UInt8] = []

        init(_ received: Received) { self.received = received }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head: body = []
            case .body(let bytes): body += Array(bytes.readableBytesView)
            case .end:
                do {
                    let notice = try JSONDecoder().decode(Notice.self, from: Data(body))
                    received.notices.withLock { $0.append(notice) }
                } catch {
                    received.faults.withLock { $0.append("\(error): \(String(decoding: body, as: UTF8.self))") }
                }
                let headers: HTTPHeaders = ["Content-Length": "0", "Connection": "close"]
                context.write(
                    wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: headers))),
                    promise: nil
                )
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
                context.close(promise: nil)
            }
        }
    }
}
