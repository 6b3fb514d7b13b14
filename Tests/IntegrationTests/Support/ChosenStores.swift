import DatabaseTesting
import RedisTesting

/// Where the servers of tests that are about something else keep their data: in their folder, or on what
/// `KASKMAN_TEST_DATABASE` names.
enum ChosenStores {
    /// Runs `body` with the settings for it: none for SQLite; for PostgreSQL a database of the test's own, and the Redis of
    /// the tests.
    static func run<Result>(_ body: ([String: String]) async throws -> Result) async throws -> Result {
        guard TestBackend.chosen == .postgresql else { return try await body([:]) }
        let redis = try RedisServer.shared.get().url
        return try await withPostgreSQLURL { url in
            try await body(["database.url": url, "redis.url": redis])
        }
    }
}
