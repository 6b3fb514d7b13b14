package import Basics
internal import Coordination
internal import Database
internal import Events
internal import Instruments
package import JSON
package import Records

extension TaskRepository {
    /// Leases tasks to an agent: those that the scheduler gives it now.
    ///
    /// - Returns: as many as it has room for, asks for, and as there are; none waits for nothing.
    /// - Throws: ``TaskError``: `event`, `database`.
    package func lease(_ request: LeaseRequest) async throws(TaskError) -> [ProjectTask] {
        try await store.perform(.lease) {
            try await loadBoard()
            for _ in 0..<Self.refusedRoundsMax {
                let (id, _) = board.park(request)
                let offers = board.take(id)
                if offers.isEmpty { return [] }
                let leased = try await claim(offers, request)
                if !leased.isEmpty { return leased }
            }
            return []
        }
    }

    /// How often a request is given further tasks after none that it was given could be leased; each time the image has
    /// become truer.
    private static let refusedRoundsMax = 10

    /// Leases tasks as ``lease(_:)`` does, and waits for some when there are none: no database connection is held
    /// meanwhile, and only who gets something is woken.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait at most.
    ///   - isDraining: whether the server is to end: the wait ends then too.
    ///   - recheck: reads the agent again in the transaction that leases; nil when it cannot have changed.
    ///   - request: reads the agent; asked again before each look, since it may be told to take no new tasks meanwhile.
    /// - Returns: the tasks; none when there were none in time.
    /// - Throws: ``TaskError``: `event`, `database`; whatever `request` and `recheck` throw.
    package func lease(
        waitingFor timeout: Duration,
        isDraining: @escaping @Sendable () -> Bool = { false },
        recheck: LeaseRecheck? = nil,
        _ request: @Sendable () async throws -> LeaseRequest?
    ) async throws -> [ProjectTask] {
        let end = store.clock.uptime + timeout
        metrics.leaseWaiters.increment()
        defer { metrics.leaseWaiters.decrement() }
        var refusals = 0
        while true {
            let left = end - store.clock.uptime
            if let request = try await request() {
                try await store.perform(.lease) { try await loadBoard() }
                let offers = try await offers(to: request, within: left, isDraining)
                if !offers.isEmpty {
                    let leased = try await store.perform(.lease) { try await claim(offers, request, recheck) }
                    if !leased.isEmpty { return leased }
                    refusals += 1
                }
            } else if left > .zero, !isDraining(), !Task.isCancelled {
                // Told to take nothing: that may change.
                try await store.clock.sleep(for: min(left, Self.drainLookInterval))
            }
            let isOver = store.clock.uptime >= end || refusals > Self.refusedRoundsMax
            if isOver || isDraining() || Task.isCancelled { return [] }
        }
    }

    /// The longest wait between two looks at whether the server is to end.
    private static let drainLookInterval: Duration = .seconds(1)

    /// All who wait look at the same times: together they wake the processor once, and not each by itself.
    private static func untilNextLook(_ uptime: Duration) -> Duration {
        let attoseconds = uptime.components.attoseconds
        return drainLookInterval - Duration(secondsComponent: 0, attosecondsComponent: attoseconds)
    }

    /// What the scheduler gives to an agent within a time; nothing too when the agent is to be asked again what it is.
    private func offers(
        to request: LeaseRequest,
        within duration: Duration,
        _ isDraining: @escaping @Sendable () -> Bool
    ) async throws -> [SchedulerDecision] {
        let (id, wakeUps) = board.park(request)
        if !board.hasOffers(id), duration > .zero, !isDraining(), !Task.isCancelled {
            await wait(for: wakeUps, atMost: duration, isDraining)
        }
        let offers = board.take(id)
        guard Task.isCancelled else { return offers }
        board.giveBack(offers)
        return []
    }

    /// Returns when the board has something to say, after a time, or in a drain.
    private func wait(
        for wakeUps: AsyncStream<Void>,
        atMost duration: Duration,
        _ isDraining: @escaping @Sendable () -> Bool
    ) async {
        let (clock, board) = (store.clock, board)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var wakeUps = wakeUps.makeAsyncIterator()
                _ = await wakeUps.next()
            }
            group.addTask {
                let end = clock.uptime + duration
                while case let left = end - clock.uptime, left > .zero, !isDraining() {
                    let slice = min(left, Self.untilNextLook(clock.uptime), board.untilNextDue() ?? left)
                    do { try await clock.sleep(for: slice) } catch { return }
                    board.tick()
                }
            }
            await group.next()
            group.cancelAll()
        }
    }

    // MARK: What an agent does with a lease

    /// Notes a sign of life, and how far the agent is: the lease lasts longer.
    ///
    /// No event, no version.
    ///
    ///
    /// A lease whose deadline has passed is good until the sweeper ends it.
    /// - Returns: the new deadline.
    /// - Throws: ``TaskError``: `notFound`, `invalid`, `leaseLost`, also when the budget is used up by this; `event`,
    ///   `database`.
    package func renew(
        _ id: UUIDv7,
        _ claim: LeaseClaim,
        _ report: TaskReport = TaskReport()
    ) async throws(TaskError) -> Timestamp {
        try await store.perform(.renew) {
            try store.refuse(report.violations + claim.violations)
            let now = store.clock.now
            let deadline: Timestamp? = try await store.database.write("tasks.renew") { connection in
                var task = try store.locked(id, nil, connection)
                let renewed = try advanced(task, by: .renew(claim), at: now, connection).progress
                guard let lease = renewed.lease else {
                    // The end of the attempt is to stay, so the refusal follows the commit.
                    try step(task, .renew(claim), by: ChangeOrigin(.system), connection)
                    return nil
                }
                // A renewal has no event and no version, which is why it does not go the way of the other steps.
                task.progress = renewed
                try TaskTable(connection: connection).renew(task, report, at: now)
                return lease.deadline
            }
            guard let deadline else { throw TaskRefusal.leaseLost(.ended(.budgetExceeded)) }
            return deadline
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
            try store.refuse(list.violations + claim.violations)
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
            try store.refuse(failure.violations + claim.violations)
            return try await store.database.write("tasks.fail") { connection in
                let task = try store.locked(id, nil, connection)
                let fail = TaskStep.fail(claim, errorClass: failure.errorClass)
                return try step(task, fail, AttemptResult(failure: failure), by: origin, connection)
            }
        }
    }
}
