package import Basics
internal import Instruments
import Synchronization

/// One connection to Redis that many callers share, and that comes back by itself.
///
/// Commands of callers at the same time are pipelined. A command costs its caller at most ``Settings/commandTimeout``; when that has passed once, or
/// while there is no connection, all calls fail at once until a new connection has been greeted by Redis.
///
/// Concurrency: ``run()`` is called once at a time; the rest from anywhere.
package final class RedisClient: Sendable {
    /// Where to connect to, and the limits.
    package struct Settings: Hashable, Sendable {
        package var endpoint: RedisEndpoint
        /// What `CLIENT LIST` shows; letters, digits and `-`.
        package var clientName = "kaskman"
        /// A file of certificates (PEM) that a server of TLS is checked with; nil for the system's.
        package var trustedCertificates: String?
        /// How long one command may take.
        package var commandTimeout: Duration = .milliseconds(250)
        /// How long connecting may take, and then the greeting.
        package var connectTimeout: Duration = .seconds(1)
        /// Commands that may be without a reply at a time; further ones are refused.
        package var commandsInFlightMax = 10_000
        package var replies = RESPReader.Limits()
        package var reconnecting = RedisConnectionState.Limits()

        package init(endpoint: RedisEndpoint) { self.endpoint = endpoint }
    }

    /// What a log tells.
    package enum Change: Hashable, Sendable {
        case up
        /// The connection was lost, or an attempt failed; until it is up again each reason is told when it differs from the last.
        case down(RedisError)
    }

    /// Takes a message of a channel.
    package typealias OnMessage = @Sendable (_ channel: [UInt8], _ payload: [UInt8]) -> Void

    package let settings: Settings
    private let connection: RedisMetrics.Connection
    private let clock: any WallClock
    private let metrics: RedisMetrics
    private let connector: RedisConnector
    private let greeting: [RedisCommand]
    private let onChange: @Sendable (Change) -> Void
    private let current = Mutex<RedisPipeline?>(nil)
    private let random: Mutex<SeededGenerator>

    /// Makes a client that is not connected yet.
    ///
    /// - Parameters:
    ///   - settings: where to connect to.
    ///   - connection: what the metrics call it.
    ///   - subscriptions: channels whose messages the connection receives; then it serves `PING` alone.
    ///   - clock: measures the deadlines, and waits between attempts.
    ///   - metrics: counts what it does.
    ///   - seed: of the delays between attempts.
    ///   - onMessage: takes a subscribed channel's messages, on the event loop; must return at once.
    ///   - onChange: is told, on any thread, when the connection begins and ceases to serve.
    /// - Throws: ``RedisError`` when the file of certificates cannot be used.
    package init(
        _ settings: Settings,
        connection: RedisMetrics.Connection = .commands,
        subscriptions: [String] = [],
        clock: any WallClock,
        metrics: RedisMetrics,
        seed: UInt64,
        onMessage: @escaping OnMessage = { _, _ in },
        onChange: @escaping @Sendable (Change) -> Void = { _ in }
    ) throws(RedisError) {
        self.settings = settings
        self.connection = connection
        self.clock = clock
        self.metrics = metrics
        self.onChange = onChange
        connector = try RedisConnector(
            settings,
            clock: clock,
            metrics: metrics,
            onMessage: subscriptions.isEmpty ? nil : onMessage
        )
        greeting = Self.greeting(settings) + subscriptions.map { RedisCommand("SUBSCRIBE", $0) }
        random = Mutex(SeededGenerator(seed: seed))
    }

    private static func greeting(_ settings: Settings) -> [RedisCommand] {
        let endpoint = settings.endpoint
        var commands: [RedisCommand] = []
        if !endpoint.password.isEmpty {
            commands.append(
                endpoint.user.isEmpty
                    ? RedisCommand("AUTH", endpoint.password) : RedisCommand("AUTH", endpoint.user, endpoint.password)
            )
        }
        if endpoint.database != 0 { commands.append(RedisCommand("SELECT", String(endpoint.database))) }
        commands.append(RedisCommand("CLIENT", "SETNAME", settings.clientName))
        return commands
    }

    /// Whether commands are served at the moment.
    package var isReady: Bool { current.withLock { $0 } != nil }

    /// Sends a command and returns Redis' reply, which is never an error reply: that is thrown.
    ///
    /// - Throws: ``RedisError``. After `timeout` and `connection_lost` nobody knows whether the command was done.
    package func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        do throws(RedisError) {
            guard command.bytes <= RedisCommand.bytesMax else {
                throw RedisError(.tooLarge, "a command is longer than \(RedisCommand.bytesMax) bytes")
            }
            guard let pipeline = current.withLock({ $0 }) else {
                throw RedisError(.unavailable, "there is no connection")
            }
            let reply = try await pipeline.send(command, timeout: settings.commandTimeout).get()
            if case .error(let text) = reply { throw RedisError(refusal: text) }
            metrics.commands.increment()
            return reply
        } catch {
            if !error.isUnknownScript { metrics.failed(error) }
            throw error
        }
    }

    /// Connects, and connects again whenever the connection ends, until its task is cancelled.
    package func run() async {
        var machine = RedisConnectionState(limits: settings.reconnecting)
        var action = RedisConnectionState.Action.connect
        var open: RedisConnector.Connection?
        var told: RedisError.Code?
        var wasReady = false
        while !Task.isCancelled {
            do throws(RedisError) {
                switch action {
                case .connect:
                    open = try await connector.connect()
                    action = machine.connected()
                case .greet:
                    try await greet(open)
                    action = machine.greeted(at: clock.uptime)
                case .serve:
                    if wasReady { metrics.reconnects[connection].increment() }
                    (wasReady, told) = (true, nil)
                    throw await serve(open)
                case .wait(let delay):
                    do { try await clock.sleep(for: delay) } catch { break }
                    action = machine.waited()
                case .stop: return
                }
            } catch {
                open?.close()
                open = nil
                if machine.phase != .ready { metrics.connectFailures[connection].increment() }
                if told != error.code, !Task.isCancelled { onChange(.down(error)) }
                told = error.code
                action = random.withLock { machine.failed(at: clock.uptime, random: &$0) }
            }
        }
        _ = machine.close()
        open?.close()
    }

    private func greet(_ open: RedisConnector.Connection?) async throws(RedisError) {
        guard let open else { throw RedisError(.unavailable, "there is no connection") }
        for command in greeting {
            switch await open.pipeline.send(command, timeout: settings.connectTimeout) {
            case .success(.error(let text)): throw RedisError(refusal: text)
            case .success: break
            // It ended before anything was sent, as TLS may: why it did is worth more.
            case .failure(let error) where error.code == .unavailable: throw await open.pipeline.ended()
            case .failure(let error): throw error
            }
        }
    }

    /// Serves callers until the connection ends, and returns why it did.
    private func serve(_ open: RedisConnector.Connection?) async -> RedisError {
        guard let open else { return RedisError(.unavailable, "there is no connection") }
        current.withLock { $0 = open.pipeline }
        metrics.up[connection].set(1)
        onChange(.up)
        let error = await withTaskCancellationHandler {
            await open.pipeline.ended()
        } onCancel: {
            open.close()
        }
        current.withLock { $0 = nil }
        metrics.up[connection].set(0)
        return error
    }
}
