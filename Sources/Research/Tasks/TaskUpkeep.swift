package import Basics
internal import Database
internal import Events
internal import Instruments
internal import JSON
internal import Logging
internal import Records
package import Supervision

extension TaskRepository {
    /// How many tasks one transaction of a sweep looks at.
    package static let sweepTasksMax = 100

    /// Ends the leases and time-outs that are over: each task is queued again or dead, as its policies say.
    ///
    /// - Parameter listening: since when the platform could hear agents; silence before is not held against them. Each answer of
    ///   the database is noted in it: while it is away no renewal could be written either.
    /// - Returns: how many tasks were changed.
    /// - Throws: ``TaskError``: `event`, `database`; what was not ended then is ended in the next sweep.
    @discardableResult
    package func sweep(_ listening: inout ListeningTime) async throws(TaskError) -> Int {
        try await store.perform(.sweep) {
            var changed = 0
            var after: (deadline: Timestamp, id: String) = (Timestamp(milliseconds: .min), "")
            while true {
                let start = after
                // Looked for without taking the one writer's turn: mostly nothing is over.
                let due = try await store.database.read("tasks.due") { connection in
                    try TaskTable(connection: connection).due(
                        at: store.clock.now,
                        after: start,
                        limit: Self.sweepTasksMax
                    )
                }
                _ = listening.round(at: store.clock.now)
                guard let last = due.last else { break }
                // Where writes run beside each other, a further task is not locked by who holds the events' lock already.
                let batch = isShared ? 1 : due.count
                for first in stride(from: 0, to: due.count, by: batch) {
                    let heard = listening
                    changed += try await store.database.write("tasks.sweep") { connection in
                        var ended = 0
                        for task in due[first..<first + batch] where try sweep(task.id, heard, connection) {
                            ended += 1
                        }
                        return ended
                    }
                    _ = listening.round(at: store.clock.now)
                }
                guard due.count == Self.sweepTasksMax else { break }
                after = (last.deadline, last.id.description)
            }
            let now = store.clock.now
            let oldest = try await store.database.read("tasks.oldest") { connection in
                try TaskTable(connection: connection).oldestReady(at: now)
            }
            metrics.swept(oldest: oldest.map { now.since($0) }, at: now)
            return changed
        }
    }

    /// Sweeps as ``sweep(_:)`` does, for who knows since when the platform has listened without a gap.
    @discardableResult
    package func sweep(listeningSince: Timestamp) async throws(TaskError) -> Int {
        var listening = ListeningTime(since: listeningSince)
        return try await sweep(&listening)
    }

    /// Ends what is over of one task; returns whether anything was.
    private func sweep(
        _ id: UUIDv7,
        _ listening: ListeningTime,
        _ connection: any SQLConnection
    ) throws -> Bool {
        // Deleted since it was looked for, which only what has ended can be; or another transaction is changing it, and all
        // other leases would wait for that one's end: the next sweep looks again.
        guard let task = try TaskTable(connection: connection).lockUnlessBusy([id])[id] else { return false }
        // Asked for now: the write may have waited for a database that was away, and agents with it.
        let sweep = TaskStep.sweep(listeningSince: listening.since(at: store.clock.now))
        return try step(task, sweep, by: ChangeOrigin(.system), connection) != task
    }

    /// Counts the tasks for the gauge `kaskman_tasks`: at the start, and for what other servers change.
    /// - Throws: ``TaskError``: `database`.
    package func refreshCounts() async throws(TaskError) {
        try await store.refresh(metrics.tasks, as: .count, "tasks.count")
    }

    /// Removes the idempotency keys whose lifetime is over, in transactions of bounded size, and returns how many.
    /// - Throws: ``TaskError``: `database`.
    @discardableResult
    package func removeExpiredKeys() async throws(TaskError) -> Int {
        try await store.removeExpiredKeys(
            as: .expireKeys,
            "tasks.expire_keys",
            counting: metrics.idempotencyKeysExpired
        )
    }

    /// Reads the newest task as a list would, and says whether that worked.
    package func health() async -> Health {
        await store.health(as: .probe, "tasks.probe", list: TaskListQuery.self)
    }
}

/// Since when the platform listens: after a start, or a gap between two rounds, agents get their whole time again.
///
/// Pure.
package struct ListeningTime: Hashable, Sendable {
    private let gapMax: Duration
    /// Since when it has listened without a gap; nil before the first round.
    package private(set) var since: Timestamp?
    private var lastRoundAt: Timestamp?

    /// Makes one that has not listened yet; a gap of more than `gapMax` begins anew.
    package init(gapMax: Duration) { self.gapMax = gapMax }

    /// Makes one that has listened since a time and knows of no gap.
    init(since: Timestamp) {
        gapMax = .seconds(Int64.max)
        (self.since, lastRoundAt) = (since, since)
    }

    /// Since when it has listened, as seen at a time; that time itself when the last round lies too far back.
    package func since(at now: Timestamp) -> Timestamp {
        var listening = self
        return listening.round(at: now)
    }

    /// Notes a round, and returns since when the platform has listened without a gap.
    package mutating func round(at now: Timestamp) -> Timestamp {
        let pause = lastRoundAt.map { now.since($0) }
        lastRoundAt = now
        // A clock that was set back or far ahead makes the times before it useless, as a pause does.
        if let since, let pause, pause <= gapMax, pause >= .zero { return since }
        since = now
        return now
    }
}

/// Ends leases and time-outs, and keeps gauges and idempotency keys in order, for as long as the platform runs.
package struct TasksComponent: Component {
    /// The time between two sweeps: no lease outlives its deadline by much more.
    package static let interval: Duration = .seconds(1)
    /// The time between two answers of the database to sweeps beyond which silence does not count: agents had nobody to talk to.
    ///
    /// An agent that renews the shortest lease in a third of its time, as it should, has two thirds left when the gap begins:
    /// a longer one could cost it the lease by no fault of its own.
    package static let gapMax: Duration = .seconds(3)
    /// How many sweeps there are to one round of counting and cleaning up.
    package static let sweepsPerUpkeep = 60

    /// How many rounds of upkeep there are to one search for files that nobody knows.
    package static let upkeepsPerSearch = 60

    package let repository: TaskRepository
    private let artefacts: ArtefactRepository?
    private let context: ComponentContext

    /// Makes the component around a repository that works on the same database and clock.
    package init(_ context: ComponentContext, repository: TaskRepository, artefacts: ArtefactRepository? = nil) {
        self.context = context
        self.repository = repository
        self.artefacts = artefacts
    }

    /// Sweeps in each round; a round that fails is logged, and the next one tries again.
    package func run() async throws {
        var listening = ListeningTime(gapMax: Self.gapMax)
        try await repository.refreshCounts()
        try await sweep(&listening)
        context.ready()
        await lookAfterArtefacts(searching: true)
        var rounds = 0
        while await context.pause(for: Self.interval) {
            rounds += 1
            do throws(TaskError) {
                try await sweep(&listening)
                if rounds.isMultiple(of: Self.sweepsPerUpkeep) {
                    try await repository.refreshCounts()
                    try await repository.removeExpiredKeys()
                    try await repository.pruneLogs()
                    let isSearch = rounds.isMultiple(of: Self.sweepsPerUpkeep * Self.upkeepsPerSearch)
                    await lookAfterArtefacts(searching: isSearch)
                }
            } catch {
                if !Task.isCancelled { context.log.warning("a sweep failed", metadata: ["error": "\(error)"]) }
            }
        }
    }

    private func sweep(_ listening: inout ListeningTime) async throws(TaskError) {
        let before = listening.since
        defer {
            if let since = listening.since, since != before {
                context.log.notice("the silence of agents counts from now on", metadata: ["since": "\(since.rfc3339)"])
            }
        }
        try await repository.sweep(&listening)
    }

    /// A disk that fails keeps nobody from ending leases.
    private func lookAfterArtefacts(searching: Bool) async {
        do throws(TaskError) {
            try await artefacts?.prune()
            if searching { try await artefacts?.removeOrphans() }
        } catch {
            if !Task.isCancelled { context.log.warning("artefacts cannot be pruned", metadata: ["error": "\(error)"]) }
        }
    }

    package func health() async -> Health { await repository.health() }
}
