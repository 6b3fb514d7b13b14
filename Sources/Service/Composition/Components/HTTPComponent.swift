import Basics
import HTTP
import Logging
import Supervision
import Synchronization

/// Serves the API, the metrics and the page.
final class HTTPComponent: Component {
    private struct Listening {
        var port: Int?
        var hasListened = false
        var waiters: [CheckedContinuation<Int, Never>] = []
    }

    private let context: ComponentContext
    /// How often the event loops' lag is measured.
    static let lagInterval = Duration.seconds(1)

    private let server: HTTPServer
    private let lag: EventLoopLag
    private let host: String
    private let listening = Mutex(Listening())
    private let onListening: @Sendable (_ host: String, _ port: Int) -> Void

    /// `onListening`: is told the address, once it is known.
    init(
        context: ComponentContext,
        service: HTTPService,
        host: String,
        onListening: @escaping @Sendable (_ host: String, _ port: Int) -> Void
    ) {
        self.context = context
        self.host = host
        self.onListening = onListening
        lag = EventLoopLag(clock: context.clock, registry: context.registry)
        server = HTTPServer(service, clock: context.clock, logger: context.log)
    }

    func run() async throws {
        defer { listening.withLock { $0.port = nil } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while await self.context.pause(for: Self.lagInterval) { self.lag.measure() }
            }
            defer { group.cancelAll() }
            do {
                try await server.run(drain: { await self.context.drained() }) { port in self.listens(on: port) }
            } catch let error as HTTPServerError {
                // Whoever starts the server waits for the answer; later a port may come free again.
                guard let reason = ListenError(error), !listening.withLock({ $0.hasListened }) else { throw error }
                throw StartFailure("\(reason)")
            }
        }
    }

    func health() async -> Health {
        listening.withLock { $0.port } == nil ? .unhealthy("does not listen") : .healthy
    }

    /// The port; returns once the server listens.
    func boundPort() async -> Int {
        await withCheckedContinuation { continuation in
            let port: Int? = listening.withLock { listening in
                if listening.port == nil { listening.waiters.append(continuation) }
                return listening.port
            }
            if let port { continuation.resume(returning: port) }
        }
    }

    private func listens(on port: Int) {
        let waiters = listening.withLock { listening in
            listening.port = port
            listening.hasListened = true
            defer { listening.waiters = [] }
            return listening.waiters
        }
        for waiter in waiters { waiter.resume(returning: port) }
        context.ready()
        context.log.notice("listening", metadata: ["host": "\(host)", "port": .stringConvertible(port)])
        onListening(host, port)
    }
}
