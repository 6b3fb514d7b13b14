package import Basics
internal import Instruments
import Synchronization

/// The fan-out between servers by Redis' PUBLISH and SUBSCRIBE, which listens on a connection of its own.
///
/// Publishing never waits: a task sends what has gathered, one message at a time, and keeps what cannot be sent until it can. After each new
/// connection of the listener the subscribers are told of a gap.
///
/// Concurrency: ``run()`` is called once at a time; the rest from anywhere.
package final class RedisFanOut: FanOut {
    /// The time between two attempts to publish while Redis is away.
    package static let retryInterval = Duration.milliseconds(500)
    /// How often the listening connection is tried, on which otherwise silence and death look alike.
    package static let probeInterval = Duration.seconds(5)

    private let commands: RedisClient
    private let listener: RedisClient
    private let clock: any WallClock
    private let origin: [UInt8]
    private let names: [FanOutChannel: String]
    private let subscribers: Subscribers
    private let publishing = Mutex(Publishing())

    private struct Publishing {
        var outbox = FanOutOutbox()
        /// Wakes the task that publishes, when it runs.
        var wake: AsyncStream<Void>.Continuation?
    }

    private final class Subscribers: Sendable {
        let table = Mutex(FanOutSubscribers())
    }

    /// Makes a fan-out that is not connected yet.
    ///
    /// - Parameters:
    ///   - commands: publishes; its settings are those of the listening connection too.
    ///   - origin: tells this server's messages from those of others: unique among servers.
    ///   - clock: waits between attempts.
    ///   - metrics: counts messages and connections.
    ///   - seed: of the delays between attempts.
    ///   - onChange: is told when the listening connection begins and ceases to serve.
    /// - Throws: ``RedisError`` when the settings cannot be used.
    package init(
        commands: RedisClient,
        origin: UUIDv7,
        clock: any WallClock,
        metrics: RedisMetrics,
        seed: UInt64,
        onChange: @escaping @Sendable (RedisClient.Change) -> Void = { _ in }
    ) throws(RedisError) {
        self.commands = commands
        self.clock = clock
        let origin = Array(origin.description.utf8)
        self.origin = origin
        // Redis' channels know no databases: platforms that share a Redis by its databases are told apart by the name.
        let database = commands.settings.endpoint.database
        let names = Dictionary(
            uniqueKeysWithValues: FanOutChannel.allCases.map { ($0, "kaskman:fanout:{\(database)}:\($0.rawValue)") }
        )
        self.names = names
        let channels = Dictionary(uniqueKeysWithValues: names.map { (Array($0.value.utf8), $0.key) })
        let subscribers = Subscribers()
        self.subscribers = subscribers
        listener = try RedisClient(
            commands.settings,
            connection: .messages,
            subscriptions: names.values.sorted(),
            clock: clock,
            metrics: metrics,
            seed: seed,
            onMessage: { name, message in
                guard let channel = channels[name], !message.starts(with: origin) else { return }
                metrics.messages.increment()
                let payload = Array(message.dropFirst(origin.count))
                for receive in subscribers.table.withLock({ $0.of(channel) }) { receive(.message(payload)) }
            },
            onChange: { change in
                if change == .up { for receive in subscribers.table.withLock({ $0.all }) { receive(.gap) } }
                onChange(change)
            }
        )
    }

    /// Whether messages of others arrive at the moment.
    package var isReady: Bool { listener.isReady }

    package func publish(_ channel: FanOutChannel, _ payload: [UInt8]) {
        precondition(payload.count <= FanOutLimits.payloadBytesMax, "BUG: a fan-out message is too long")
        let wake = publishing.withLock { $0.outbox.put(channel, payload) ? $0.wake : nil }
        wake?.yield()
    }

    package func subscribe(_ channel: FanOutChannel, _ receive: @escaping @Sendable (FanOutNews) -> Void) {
        subscribers.table.withLock { $0.add(channel, receive) }
    }

    /// Listens and publishes until its task is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.listener.run() }
            group.addTask { await self.publishWaiting() }
            group.addTask { await self.probe() }
        }
    }

    private func publishWaiting() async {
        let (wakeUps, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        publishing.withLock { $0.wake = wake }
        // First what gathered before.
        wake.yield()
        for await _ in wakeUps { await sendAll() }
    }

    private func sendAll() async {
        while !Task.isCancelled, let (channel, payload) = publishing.withLock({ $0.outbox.take() }) {
            do {
                let name = Array((names[channel] ?? "").utf8)
                _ = try await commands.send(RedisCommand("PUBLISH", [name, origin + payload]))
            } catch {
                // Twice does no harm, so it is sent again even where nobody knows whether it was.
                publishing.withLock { $0.outbox.putBack(channel, payload) }
                do { try await clock.sleep(for: Self.retryInterval) } catch { return }
            }
        }
    }

    private func probe() async {
        while !Task.isCancelled {
            do { try await clock.sleep(for: Self.probeInterval) } catch { return }
            // A reply that does not come in time ends the connection; the listener makes a new one.
            if listener.isReady { _ = try? await listener.send(RedisCommand("PING")) }
        }
    }
}
