internal import Basics
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// Opens connections to one Redis: TCP, TLS or a socket.
struct RedisConnector: Sendable {
    /// A connection that stands.
    struct Connection: Sendable {
        let pipeline: RedisPipeline
        fileprivate let channel: any Channel

        /// Ends it; whoever waits gets an error.
        func close() { channel.close(promise: nil) }
    }

    private let settings: RedisClient.Settings
    private let clock: any WallClock
    private let metrics: RedisMetrics
    private let onMessage: RedisClient.OnMessage?
    private let tls: NIOSSLContext?

    init(
        _ settings: RedisClient.Settings,
        clock: any WallClock,
        metrics: RedisMetrics,
        onMessage: RedisClient.OnMessage?
    ) throws(RedisError) {
        self.settings = settings
        self.clock = clock
        self.metrics = metrics
        self.onMessage = onMessage
        guard case .host(_, _, isEncrypted: true) = settings.endpoint.address else {
            tls = nil
            return
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let file = settings.trustedCertificates { configuration.trustRoots = .file(file) }
        do {
            tls = try NIOSSLContext(configuration: configuration)
        } catch {
            throw RedisError(.unavailable, "the certificates to check Redis with cannot be used: \(error)")
        }
    }

    /// Opens a connection.
    ///
    /// - Throws: ``RedisError`` with the code `unavailable`.
    func connect() async throws(RedisError) -> Connection {
        let pipeline = RedisPipeline(commandsInFlightMax: settings.commandsInFlightMax, clock: clock)
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(TimeAmount(settings.connectTimeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try add(to: channel, pipeline) }
            }
        do {
            let channel =
                switch settings.endpoint.address {
                case .host(let host, let port, _): try await bootstrap.connect(host: host, port: port).get()
                case .socket(let path): try await bootstrap.connect(unixDomainSocketPath: path).get()
                }
            return Connection(pipeline: pipeline, channel: channel)
        } catch {
            throw RedisError(.unavailable, "\(error)")
        }
    }

    private func add(to channel: any Channel, _ pipeline: RedisPipeline) throws {
        if let tls, case .host(let host, let port, _) = settings.endpoint.address {
            // A certificate is for a name; the extension that tells it (RFC 6066, 3) must hold no address.
            let isAddress = (try? SocketAddress(ipAddress: host, port: port)) != nil
            let handler = try NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : host)
            try channel.pipeline.syncOperations.addHandler(handler)
        }
        try channel.pipeline.syncOperations.addHandler(
            RedisChannelHandler(
                pipeline,
                reader: try RESPReader(limits: settings.replies),
                clock: clock,
                metrics: metrics,
                onMessage: onMessage
            )
        )
    }
}
