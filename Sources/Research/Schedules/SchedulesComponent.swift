package import Basics
internal import Database
internal import Instruments
internal import Logging
internal import Records
package import Supervision

extension ScheduleRepository {
    /// How long it is kept which due time made which task: a due time that comes again within it makes no second one.
    package static let runRetention: Duration = .seconds(30 * 86_400)

    /// Counts the schedules for their gauge, and removes keys and notes of runs whose time is over.
    /// - Throws: ``ScheduleError``: `database`.
    package func lookAfter() async throws(ScheduleError) {
        _ = try await store.removeExpiredKeys(
            as: .expireKeys,
            "schedules.expire_keys",
            counting: metrics.idempotencyKeysExpired
        )
        try await store.perform(.prune) {
            let counts = try await store.database.read("schedules.count") { try ScheduleTable(connection: $0).counts() }
            metrics.counted(counts)
            while true {
                let cutoff = store.clock.now.advanced(by: .zero - Self.runRetention)
                let removed = try await store.database.write("schedules.prune") { connection in
                    try ScheduleTable(connection: connection).pruneRuns(before: cutoff)
                }
                metrics.runsPruned.increment(by: removed)
                if removed < ScheduleTable.pruneRunsMax { return }
            }
        }
    }

    /// Reads the newest schedule as a list would, and finds the next due time of one as a look would.
    package func health() async -> Health {
        let health = await store.health(as: .probe, "schedules.probe", list: ScheduleListQuery.self)
        guard health.status == .healthy else { return health }
        guard let zone = IANAZone("Europe/Berlin") else {
            return .degraded("the time zones of this machine cannot be read: schedules know UTC only")
        }
        guard let daily = try? CronExpression("@daily"), daily.next(after: store.clock.now, in: zone) != nil else {
            return .unhealthy("the next due time cannot be found")
        }
        return .healthy
    }
}

/// Makes the schedules' tasks for as long as the platform runs.
package struct SchedulesComponent: Component {
    /// The longest time between two looks: for what other servers write, and for clocks that are set.
    package static let interval: Duration = .seconds(15)
    /// The time until what failed is tried again.
    package static let retryInterval: Duration = .seconds(5)
    /// The time between two rounds of counting and cleaning up.
    package static let upkeepInterval: Duration = .seconds(60)

    package let repository: ScheduleRepository
    private let context: ComponentContext

    /// Makes the component around a repository that works on the same database and clock.
    package init(_ context: ComponentContext, repository: ScheduleRepository) {
        self.context = context
        self.repository = repository
    }

    /// Looks whenever a schedule is due or was changed; a look that fails is logged, and the next one tries again.
    package func run() async throws {
        try await repository.lookAfter()
        var wait = Self.pause(after: try await look(), at: context.clock.now)
        context.ready()
        var lookedAfterAt = context.clock.uptime
        while await pause(for: wait) {
            do throws(ScheduleError) {
                wait = Self.pause(after: try await look(), at: context.clock.now)
                if context.clock.uptime - lookedAfterAt >= Self.upkeepInterval {
                    try await repository.lookAfter()
                    lookedAfterAt = context.clock.uptime
                }
            } catch {
                wait = Self.retryInterval
                if !Task.isCancelled { context.log.warning("a look failed", metadata: ["error": "\(error)"]) }
            }
        }
    }

    private func look() async throws(ScheduleError) -> ScheduleLook {
        let look = try await repository.look()
        if let failure = look.firstFailure {
            context.log.warning(
                "due schedules could not be seen to",
                metadata: ["schedules": "\(look.failures)", "error": "\(failure)"]
            )
        }
        return look
    }

    /// How long to wait after a look: until the next schedule is due, within bounds.
    package static func pause(after look: ScheduleLook, at now: Timestamp) -> Duration {
        var wait = look.failures > 0 ? retryInterval : interval
        // A millisecond at least, the resolution of the clock.
        if let nextAt = look.nextAt { wait = min(wait, max(nextAt.since(now), .milliseconds(1))) }
        return wait
    }

    /// Waits for a duration, or until a schedule was changed; false when the component is to end.
    private func pause(for duration: Duration) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await context.pause(for: duration) }
            group.addTask {
                await repository.changed.wait()
                return !context.isDraining && !Task.isCancelled
            }
            let isOn = await group.next() ?? false
            group.cancelAll()
            return isOn
        }
    }

    package func health() async -> Health { await repository.health() }
}
