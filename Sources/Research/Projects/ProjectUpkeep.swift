internal import Basics
internal import Database
internal import Instruments
internal import Logging
internal import Records
package import Supervision

extension ProjectRepository {
    /// How often a count is begun again because a change was committed meanwhile.
    private static let countAttemptsMax = 3

    /// Counts the projects for the gauge `kaskman_projects`: at the start, and for what other servers change.
    ///
    /// Changes by this server move the gauge at once. Where they never stop during the count, the gauge stays as they
    /// have left it.
    /// - Throws: ``ProjectError``: `database`.
    package func refreshCounts() async throws(ProjectError) {
        try await store.perform(.count) {
            for _ in 0..<Self.countAttemptsMax {
                let generation = metrics.currentGeneration
                let counts = try await store.database.read("projects.count") { try Self.countByStatus($0) }
                if metrics.counted(counts, since: generation) { return }
            }
        }
    }

    /// Removes the idempotency keys whose lifetime is over, in transactions of bounded size, and returns how many.
    /// - Throws: ``ProjectError``: `database`.
    @discardableResult
    package func removeExpiredKeys() async throws(ProjectError) -> Int {
        try await store.perform(.expireKeys) {
            var removed = 0
            while true {
                let now = store.clock.now
                let count = try await store.database.write("projects.expire_keys") { connection in
                    try IdempotencyKeys(of: Project.table.one, connection).removeExpired(at: now)
                }
                metrics.idempotencyKeysExpired.increment(by: count)
                removed += count
                if count < IdempotencyKeys.expiryBatchMax { return removed }
            }
        }
    }

    /// Reads the newest project as a list would, and says whether that worked.
    package func health() async -> Health {
        await store.health(as: .probe, "projects.probe", list: ProjectListQuery.self)
    }

    /// How many projects there are of each status.
    private static func countByStatus(_ connection: any SQLConnection) throws(DatabaseError) -> [ProjectStatus: Int] {
        var counts: [ProjectStatus: Int] = [:]
        let sql = "SELECT status, count(*) AS projects FROM projects WHERE deleted_at IS NULL GROUP BY status"
        for row in try connection.query(sql) {
            guard let status = ProjectStatus(rawValue: try row.text("status")) else { continue }
            counts[status] = try row.int("projects")
        }
        return counts
    }
}

/// Keeps the projects' gauge and idempotency keys in order, for as long as the platform runs.
package struct ProjectsComponent: Component {
    /// The time between two rounds of upkeep.
    package static let interval: Duration = .seconds(60)

    package let repository: ProjectRepository
    private let context: ComponentContext

    /// Makes the component around a repository that works on the same database and clock.
    package init(_ context: ComponentContext, repository: ProjectRepository) {
        self.context = context
        self.repository = repository
    }

    /// Counts and cleans up in each round; a round that fails is logged, and the next one tries again.
    package func run() async throws {
        try await repository.refreshCounts()
        context.ready()
        while await context.pause(for: Self.interval) {
            do throws(ProjectError) {
                try await repository.refreshCounts()
                try await repository.removeExpiredKeys()
            } catch {
                if !Task.isCancelled { context.log.warning("upkeep failed", metadata: ["error": "\(error)"]) }
            }
        }
    }

    package func health() async -> Health { await repository.health() }
}
