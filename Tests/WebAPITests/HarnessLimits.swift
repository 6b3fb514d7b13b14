import Basics
import DatabaseTesting
import Foundation
import Instruments
import KeyValue
import RedisTesting

/// The limits of one harness: in the process, or in the Redis of the tests, by the harness's own clock.
func withLimits(
    on backend: TestBackend,
    _ body: (any RateLimitStore) async throws -> Void
) async throws {
    guard backend == .postgresql else { return try await body(InProcessRateLimitStore(seed: 1)) }
    let settings = RedisClient.Settings(endpoint: try RedisEndpoint(url: try RedisServer.shared.get().url))
    let (stream, continuation) = AsyncStream.makeStream(of: RedisClient.Change.self)
    let client = try RedisClient(
        settings,
        clock: SystemClock(),
        metrics: RedisMetrics(Registry()),
        seed: 1,
        onChange: { continuation.yield($0) }
    )
    let running = Task { await client.run() }
    defer { running.cancel() }
    for await change in stream where change == .up { break }
    try await body(OwnLimits(store: RedisRateLimitStore(client: client, time: .caller), harness: UUID().uuidString))
}

/// Keeps harnesses apart that share a Redis: their users have the same identifiers.
private struct OwnLimits: RateLimitStore {
    let store: RedisRateLimitStore
    let harness: String

    func take(_ key: String, quota: RateQuota, now: Timestamp) async throws -> RateLimitDecision {
        try await store.take(harness + "/" + key, quota: quota, now: now)
    }
}
