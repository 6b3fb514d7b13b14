package import Basics
internal import Database
internal import Events
internal import Instruments
package import JSON
package import Records

/// An agent that asks for work, as it is at the time.
package struct LeaseRequest: Hashable, Sendable {
    package var agentID: UUIDv7
    package var capabilities: [String]
    /// How many tasks it may have leased at a time.
    package var concurrency: Int
    /// How many it wants now at most.
    package var countMax: Int

    package init(agentID: UUIDv7, capabilities: [String], concurrency: Int, countMax: Int) {
        self.agentID = agentID
        self.capabilities = capabilities
        self.concurrency = concurrency
        self.countMax = countMax
    }
}

extension TaskRepository {
    /// Leases tasks to an agent: those it can do and whose time has come, by priority, then age.
    ///
    /// - Returns: as many as it has room for, asks for, and as there are; none waits for nothing.
    /// - Throws: ``TaskError``: `event`, `database`.
    package func lease(_ request: LeaseRequest) async throws(TaskError) -> [ProjectTask] {
        try await store.perform(.lease) {
            let now = store.clock.now
            let claim = TaskClaim(request, at: now)
            // Many agents that wait find nothing: they are told so without taking the one writer's turn.
            let mayHave = try await store.database.read("tasks.look") { connection in
                try claim.candidates(connection, limit: 1).isEmpty == false
            }
            guard mayHave else { return [] }
            let origin = ChangeOrigin(.agent(request.agentID.description))
            return try await store.database.write("tasks.lease") { connection in
                // An agent that asks twice at once gets no more than it has room for.
                try connection.lock(.leases, of: request.agentID)
                return try claim.candidates(connection, limit: nil).map { id in
                    let task = try store.locked(id, nil, connection)
                    return try step(task, .lease(agentID: request.agentID), by: origin, connection)
                }
            }
        }
    }

    /// Leases tasks as ``lease(_:)`` does, and waits for some when there are none: no database connection is held
    /// meanwhile.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait at most.
    ///   - isDraining: whether the server is to end: the wait ends then too.
    ///   - request: reads the agent; asked again before each look, since it may be told to take no new tasks meanwhile.
    /// - Returns: the tasks; none when there were none in time.
    /// - Throws: ``TaskError``: `event`, `database`, the former also when too many wait; whatever `request` throws.
    package func lease(
        waitingFor timeout: Duration,
        isDraining: @escaping @Sendable () -> Bool = { false },
        _ request: @Sendable () async throws -> LeaseRequest?
    ) async throws -> [ProjectTask] {
        let end = store.clock.uptime + timeout
        metrics.leaseWaiters.increment()
        defer { metrics.leaseWaiters.decrement() }
        while true {
            let position = try await store.events.latestPosition()
            if let request = try await request() {
                let tasks = try await lease(request)
                if !tasks.isEmpty { return tasks }
            }
            let left = end - store.clock.uptime
            guard left > .zero, !isDraining(), !Task.isCancelled else { return [] }
            try await waitForWork(after: position, atMost: min(left, try await untilNextRun()), isDraining)
        }
    }

    /// The longest wait between two looks at whether the server is to end.
    private static let drainLookInterval: Duration = .seconds(1)

    /// Returns when a task may have become ready since a position of the log, after a time, or in a drain.
    private func waitForWork(
        after position: Int64,
        atMost duration: Duration,
        _ isDraining: @escaping @Sendable () -> Bool
    ) async throws {
        var filter = EventFilter()
        filter.kinds = [.taskCreated, .taskQueued, .taskResumed, .taskRetried, .taskAttemptFailed, .agentUpdated]
        let follower = try store.events.follow(after: position, filter: filter, limit: 1)
        let clock = store.clock
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var pages = follower.makeAsyncIterator()
                _ = try await pages.next()
            }
            group.addTask {
                var left = duration
                while left > .zero, !isDraining() {
                    let slice = min(left, Self.drainLookInterval)
                    try await clock.sleep(for: slice)
                    left -= slice
                }
            }
            defer { group.cancelAll() }
            do { try await group.next() } catch is CancellationError {}
        }
    }

    /// How long until a task that waits for its time may be begun; a day when none does.
    private func untilNextRun() async throws -> Duration {
        let now = store.clock.now
        let next = try await store.database.read("tasks.next_run") { connection in
            try connection.queryFirst(
                "SELECT min(run_at) AS next FROM tasks WHERE status = 'queued' AND deleted_at IS NULL AND run_at > ?1",
                [.timestamp(now)]
            )?.optionalTimestamp("next")
        }
        return next.map { max($0.since(now), .milliseconds(1)) } ?? .seconds(86_400)
    }

    // MARK: What an agent does with a lease

    /// Notes a sign of life, and how far the agent is: the lease lasts longer.
    ///
    /// No event, no version.
    ///
    ///
    /// A lease whose deadline has passed is good until the sweeper ends it.
    /// - Returns: the new deadline.
    /// - Throws: ``TaskError``: `notFound`, `invalid`, `leaseLost`, `database`.
    package func renew(
        _ id: UUIDv7,
        _ claim: LeaseClaim,
        _ report: TaskReport = TaskReport()
    ) async throws(TaskError) -> Timestamp {
        try await store.perform(.renew) {
            try store.refuse(report.violations)
            let now = store.clock.now
            return try await store.database.write("tasks.renew") { connection in
                var task = try store.locked(id, nil, connection)
                // A renewal has no event and no version, which is why it does not go the way of the other steps.
                task.progress = try advanced(task, by: .renew(claim), at: now, connection).progress
                guard let deadline = task.progress.lease?.deadline else { throw TaskRefusal.leaseLost(.unknown) }
                try TaskTable(connection: connection).renew(task, report, at: now)
                return deadline
            }
        }
    }

    /// Accepts what an agent's attempt gave.
    /// - Throws: ``TaskError``: `notFound`, `invalid`, `leaseLost`, `event`, `database`.
    package func complete(
        _ id: UUIDv7,
        _ claim: LeaseClaim,
        output: JSONValue = .emptyObject,
        by origin: ChangeOrigin
    ) async throws(TaskError) -> ProjectTask {
        try await store.perform(.complete) {
            var list = ViolationList()
            list.object(output, "/output", bytesMax: TaskLimits.outputBytesMax)
            try store.refuse(list.violations)
            return try await store.database.write("tasks.complete") { connection in
                let task = try store.locked(id, nil, connection)
                return try step(task, .succeed(claim), AttemptResult(output: output), by: origin, connection)
            }
        }
    }

    /// Accepts that an agent's attempt failed: the task is queued again or dead, as its retry policy says.
    /// - Throws: ``TaskError``: `notFound`, `invalid`, `leaseLost`, `event`, `database`.
    package func fail(
        _ id: UUIDv7,
        _ claim: LeaseClaim,
        _ failure: TaskFailure,
        by origin: ChangeOrigin
    ) async throws(TaskError) -> ProjectTask {
        try await store.perform(.fail) {
            try store.refuse(failure.violations)
            return try await store.database.write("tasks.fail") { connection in
                let task = try store.locked(id, nil, connection)
                let fail = TaskStep.fail(claim, errorClass: failure.errorClass)
                return try step(task, fail, AttemptResult(failure: failure), by: origin, connection)
            }
        }
    }
}

/// Which tasks an agent may have now.
private struct TaskClaim {
    private let request: LeaseRequest
    private let now: Timestamp

    init(_ request: LeaseRequest, at now: Timestamp) {
        self.request = request
        self.now = now
    }

    /// The next tasks for the agent, in order; at most `limit`, and no more than it has room for.
    func candidates(_ connection: any SQLConnection, limit: Int?) throws(DatabaseError) -> [UUIDv7] {
        let held = try connection.queryFirst(
            "SELECT count(*) AS tasks FROM tasks WHERE agent_id = ?1 AND status = 'running' AND deleted_at IS NULL",
            [.id(request.agentID)]
        )
        let room = request.concurrency - (try held?.int("tasks") ?? 0)
        let count = min(room, request.countMax, limit ?? TaskLimits.leasesPerRequestMax)
        guard count > 0 else { return [] }
        var filter = SQLFilter(["r.status = 'queued'", "r.deleted_at IS NULL"])
        filter.add("r.run_at <= \(filter.place(.timestamp(now)))")
        filter.add("NOT EXISTS (SELECT 1 FROM task_capabilities c WHERE c.task_id = r.id\(lacking(&filter)))")
        let isLocking = limit == nil && connection.dialect == .postgresql
        let rows = try connection.query(
            """
            SELECT r.id FROM tasks r WHERE \(filter.condition)
            ORDER BY r.priority DESC, r.created_at, r.id LIMIT \(filter.place(.int(count)))
            \(isLocking ? "FOR UPDATE SKIP LOCKED" : "")
            """,
            filter.arguments
        )
        return try rows.map { row throws(DatabaseError) in try row.id("id") }
    }

    private func lacking(_ filter: inout SQLFilter) -> String {
        if request.capabilities.isEmpty { return "" }
        let places = request.capabilities.map { filter.place(.text($0)) }
        return " AND c.capability NOT IN (\(places.joined(separator: ", ")))"
    }
}
