import Basics
import Instruments
import KeyValue
import RedisTesting
import Synchronization
import Testing

/// What a client said of its connection, in order.
struct ConnectionNews: Sendable {
    let stream: AsyncStream<RedisClient.Change>
    let tell: @Sendable (RedisClient.Change) -> Void

    init() {
        let (stream, continuation) = AsyncStream.makeStream(of: RedisClient.Change.self)
        self.stream = stream
        tell = { continuation.yield($0) }
    }

    /// Returns when the connection serves, or does again.
    func untilUp() async { for await change in stream where change == .up { return } }

    /// Returns why the connection ceased to serve.
    func untilDown() async -> RedisError? {
        for await change in stream {
            if case .down(let error) = change { return error }
        }
        return nil
    }
}

/// The settings for a server of the tests.
func clientSettings(of server: RedisServer) throws -> RedisClient.Settings {
    RedisClient.Settings(endpoint: try RedisEndpoint(url: server.url))
}

/// Runs a client for the time of `body`.
///
/// - Parameters:
///   - server: the shared one when nil.
///   - registry: takes the metrics.
///   - isUp: whether to wait for the connection first.
///   - configure: changes the settings.
func withRedisClient<T: Sendable>(
    _ server: RedisServer? = nil,
    registry: Registry = Registry(),
    isUp: Bool = true,
    configure: (inout RedisClient.Settings) -> Void = { _ in },
    _ body: (RedisClient, ConnectionNews) async throws -> T
) async throws -> T {
    var settings = try clientSettings(of: try server ?? RedisServer.shared.get())
    configure(&settings)
    let news = ConnectionNews()
    let client = try RedisClient(
        settings,
        clock: SystemClock(),
        metrics: RedisMetrics(registry),
        seed: 1,
        onChange: news.tell
    )
    let running = Task { await client.run() }
    defer { running.cancel() }
    if isUp { await news.untilUp() }
    return try await body(client, news)
}

/// Expects a reply to a command.
func expectReply(
    _ client: RedisClient,
    _ command: RedisCommand,
    _ expected: RESPValue,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let reply = try await client.send(command)
    #expect(reply == expected, sourceLocation: sourceLocation)
}

/// The error of a command that fails.
func failure(of client: RedisClient, _ command: RedisCommand) async -> RedisError? {
    do throws(RedisError) {
        let reply = try await client.send(command)
        Issue.record("\(reply)")
        return nil
    } catch {
        return error
    }
}

extension RESPValue {
    static func text(_ text: String) -> RESPValue { .bulk(Array(text.utf8)) }
}
