internal import Basics
internal import Database
internal import Logging
internal import Records
package import Supervision

extension ProjectRepository {
    /// Counts the projects for the gauge `kaskman_projects`: at the start, and for what other servers change.
    /// - Throws: ``ProjectError``: `database`.
    package func refreshCounts() async throws(ProjectError) {
        try await store.refresh(metrics.projects, as: .count, "projects.count")
    }

    /// Removes the idempotency keys whose lifetime is over, in transactions of bounded size, and returns how many.
    /// - Throws: ``ProjectError``: `database`.
    @discardableResult
    package func removeExpiredKeys() async throws(ProjectError) -> Int {
        try await store.removeExpiredKeys(
            as: .expireKeys,
            "projects.expire_keys",
            counting: metrics.idempotencyKeysExpired
        )
    }

    /// Reads the newest project as a list would, and says whether that worked.
    package func health() async -> Health {
        await store.health(as: .probe, "projects.probe", list: ProjectListQuery.self)
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
