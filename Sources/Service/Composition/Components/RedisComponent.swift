import Basics
import KeyValue
import Logging
import Supervision

/// Keeps the connections to the Redis that servers share: limits are counted in it, and each server tells the others that there are new events.
///
/// The platform starts and goes on without it: limits then count for each server by itself, and followers of the event log see what other
/// servers wrote when they next look.
final class RedisComponent: Component {
    let client: RedisClient
    let fanOut: RedisFanOut
    private let context: ComponentContext

    /// Makes the component; it connects when it runs.
    ///
    /// - Throws: `RedisError` when the settings cannot be used.
    init(context: ComponentContext, settings: RedisClient.Settings, ids: UUIDv7Generator) throws(RedisError) {
        self.context = context
        let metrics = RedisMetrics(context.registry)
        let log = context.log
        let place = settings.endpoint.redacted
        @Sendable func tell(_ change: RedisClient.Change, _ connection: RedisMetrics.Connection) {
            var metadata: Logger.Metadata = ["url": "\(place)", "connection": "\(connection.rawValue)"]
            switch change {
            case .up: log.notice("connected to Redis", metadata: metadata)
            case .down(let error):
                metadata["error"] = "\(error)"
                log.warning("Redis cannot be reached, and is tried again", metadata: metadata)
            }
        }
        client = try RedisClient(
            settings,
            clock: context.clock,
            metrics: metrics,
            seed: .random(in: 0 ... .max),
            onChange: { tell($0, .commands) }
        )
        fanOut = try RedisFanOut(
            commands: client,
            origin: ids.next(),
            clock: context.clock,
            metrics: metrics,
            seed: .random(in: 0 ... .max),
            onChange: { tell($0, .messages) }
        )
    }

    func run() async throws {
        // Nobody waits for Redis: without it everything works, only less together.
        context.ready()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.client.run() }
            group.addTask { await self.fanOut.run() }
            await context.drained()
            group.cancelAll()
        }
    }

    /// Sends a `PING`, and looks whether messages of other servers arrive.
    func health() async -> Health {
        do throws(RedisError) {
            _ = try await client.send(RedisCommand("PING"))
        } catch {
            return .degraded("Redis does not serve (\(error.code.rawValue)): each server counts limits by itself")
        }
        return fanOut.isReady
            ? .healthy : .degraded("messages of other servers do not arrive: their events are seen late")
    }
}
