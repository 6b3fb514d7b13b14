import DatabaseTesting
import RedisTesting
import Testing

/// Where the servers of tests that are about something else keep their data: in their folder, or on what
/// `KASKMAN_TEST_DATABASE` names.
enum ChosenStores {
    /// How many databases a Redis has.
    private static let redisDatabases = 16

    /// The settings for servers with a folder: none for SQLite; for PostgreSQL a database that belongs to the folder as a file
    /// would, and a database of the tests' Redis.
    static func settings(for folder: TemporaryFolder) async throws -> [String: String] {
        guard TestBackend.chosen == .postgresql else { return [:] }
        let postgres = try await PostgreSQLServer.shared()
        let name = "folder_\(folder.number)"
        if try await postgres.psql("SELECT 1 FROM pg_database WHERE datname = '\(name)'").isEmpty {
            try await postgres.psql("CREATE DATABASE \(name)")
        }
        let redis = try RedisServer.shared.get().url
        return [
            "database.url": postgres.url(name), "redis.url": "\(redis)?db=\(folder.number % redisDatabases)",
        ]
    }
}

extension Trait where Self == ConditionTrait {
    /// A suite or test that is the same, or means nothing, on another database than SQLite; the comment says why.
    static func onSQLite(_ reason: Comment) -> ConditionTrait { .enabled(if: TestBackend.chosen == .sqlite, reason) }
}
