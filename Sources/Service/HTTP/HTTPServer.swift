package import Basics
import HummingbirdCore
import Instruments
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Why the server cannot serve.
package enum HTTPServerError: Error, Hashable, CustomStringConvertible {
    case addressInUse(host: String, port: Int)
    case cannotListen(host: String, port: Int, reason: String)
    /// The listening socket failed while nobody had asked the server to stop.
    case listenerFailed
    /// Connections were closed before their requests were over, since the drain took too long.
    case drainTimedOut(requests: Int)

    package var description: String {
        switch self {
        case .addressInUse(let host, let port): "the address \(host):\(port) is in use"
        case .cannotListen(let host, let port, let reason): "cannot listen on \(host):\(port): \(reason)"
        case .listenerFailed: "the listening socket failed"
        case .drainTimedOut(let requests): "the drain timed out with \(requests) requests in flight"
        }
    }
}

/// The HTTP/1.1 server: Hummingbird accepts, ``HTTPService`` answers.
///
/// In a drain the listening socket closes first, each answer from then on says `Connection: close`, requests in flight
/// end, and idle connections close after a short grace for what is on its way. No answer that has begun is cut.
package struct HTTPServer: Sendable {
    private let service: HTTPService
    private let clock: any WallClock
    private let logger: Logger

    package init(_ service: HTTPService, clock: any WallClock, logger: Logger) {
        self.service = service
        self.clock = clock
        self.logger = logger
    }

    private enum Event: Sendable {
        /// The server has stopped, by a fault or because it was told to.
        case ended((any Error)?)
        case drainAsked
        case drainTimedOut
        /// A part of the drain is over, which changes nothing.
        case stepEnded
    }

    /// Serves until `drain` returns and the requests in flight are over.
    ///
    /// - Parameters:
    ///   - drain: returns when the server shall stop; must return when its task is cancelled.
    ///   - onListening: is told the port, which matters when the settings said 0.
    /// - Throws: ``HTTPServerError``. Cancelling the task closes all connections at once.
    package func run(
        drain: @escaping @Sendable () async -> Void,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) async throws {
        let settings = service.settings
        // It says that it listens, which the caller says too.
        var foreignLogger = logger
        foreignLogger.logLevel = max(.warning, logger.logLevel)
        let server = Server(
            childChannelSetup: HTTPConnections(service),
            configuration: ServerConfiguration(
                address: .hostname(settings.host, port: settings.port),
                backlog: settings.backlog
            ),
            onServerRunning: { await onListening($0.localAddress?.port ?? settings.port) },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: foreignLogger
        )
        try await withThrowingTaskGroup(of: Event.self) { group in
            group.addTask {
                do {
                    try await server.run()
                    return .ended(nil)
                } catch {
                    return .ended(error)
                }
            }
            group.addTask {
                await drain()
                return .drainAsked
            }
            defer { group.cancelAll() }
            var isDraining = false
            while let event = try await group.next() {
                switch event {
                case .ended(let error):
                    if let error { throw Self.typed(error, settings) }
                    guard isDraining || Task.isCancelled else { throw HTTPServerError.listenerFailed }
                    logBalance()
                    return
                case .drainAsked:
                    if Task.isCancelled { continue }
                    isDraining = true
                    beginDrain(of: server, in: &group)
                case .stepEnded: continue
                case .drainTimedOut:
                    let requests = Int(service.instruments.inFlight.value)
                    group.cancelAll()
                    throw HTTPServerError.drainTimedOut(requests: requests)
                }
            }
        }
    }

    /// Says that every request that began has ended: nobody can read the metrics any more.
    private func logBalance() {
        logger.notice(
            "stopped listening",
            metadata: [
                "requests_begun": .stringConvertible(Int(service.instruments.begun.value)),
                "requests_ended": .stringConvertible(Int(service.instruments.ended.value)),
            ]
        )
    }

    private func beginDrain(of server: Server<HTTPConnections>, in group: inout ThrowingTaskGroup<Event, any Error>) {
        let timeout = service.settings.drainTimeout
        logger.info("draining", metadata: ["in_flight": .stringConvertible(service.instruments.inFlight.value)])
        group.addTask { [clock] in
            do {
                try await clock.sleep(for: timeout)
                return .drainTimedOut
            } catch {
                return .stepEnded
            }
        }
        group.addTask {
            try? await server.shutdownGracefully()
            return .stepEnded
        }
    }

    private static func typed(_ error: any Error, _ settings: HTTPSettings) -> HTTPServerError {
        if let error = error as? IOError, error.errnoCode == EADDRINUSE {
            return .addressInUse(host: settings.host, port: settings.port)
        }
        return .cannotListen(host: settings.host, port: settings.port, reason: String(describing: error))
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif
