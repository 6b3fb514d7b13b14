internal import Basics
internal import Coordination
internal import Instruments
internal import Synchronization

/// The image of the open tasks that the scheduler decides by, and the agents that wait for its decisions.
///
/// The database is the truth: each commit of this server moves the image on, ``TaskRepository/coordinate(_:)`` brings in
/// what other servers changed, and what is decided is checked again in the transaction that leases. So an image that is
/// behind costs a refusal, never a wrong lease.
///
/// Concurrency: any thread; one short lock.
final class TaskBoard: Sendable {
    /// How many tasks the image holds at most; the rest is brought in when half of them are gone.
    static let tasksMax = 100_000

    struct State {
        var scheduler: Scheduler
        /// The version of each task in the image, and when it came, counted in changes of the image.
        var known: [UUIDv7: (version: Int64, stamp: UInt64)] = [:]
        var stamp: UInt64 = 0
        /// The projects whose tasks are held back.
        var held: Set<UUIDv7> = []
        var isLoaded = false
        /// Whether a request reads the image for the first time.
        var isLoading = false
        /// Whether there are tasks that the image had no room for.
        var isPartial = false
        var left = LeftTasks()
        /// Tasks that left while the image was being read: what was read of them is old.
        var gone: Set<UUIDv7>?
        var waiters: [WaiterID: Waiter] = [:]
        var nextDue: Timestamp?
    }

    struct Waiter {
        let agentID: UUIDv7
        let wakeUp: AsyncStream<Void>.Continuation
        var offers: [SchedulerDecision] = []
    }

    let state: Mutex<State>
    let clock: any WallClock
    let metrics: CoordinatorMetrics

    init(clock: any WallClock, registry: Registry, seed: UInt64) {
        state = Mutex(State(scheduler: Scheduler(seed: seed)))
        self.clock = clock
        metrics = CoordinatorMetrics(registry)
        registry.gauge(
            "kaskman_coordinator_queued_tasks",
            help: "Tasks in the scheduler's image that wait for an agent or for their time."
        ) { [weak self] in Double(self?.state.withLock { $0.scheduler.queuedCount } ?? 0) }
        registry.gauge(
            "kaskman_coordinator_partial",
            help: "1 while there are more open tasks than the scheduler's image holds, else 0."
        ) { [weak self] in self?.state.withLock { $0.isPartial } == true ? 1 : 0 }
    }

    // MARK: What is committed

    /// A task is as it is now; what is known already, or newer, stays.
    func note(_ task: ProjectTask) { change { $0.note(task) } }

    /// A task was deleted.
    func forget(_ id: UUIDv7) { change { $0.forgetDeleted(id) } }

    /// The tasks of a project are held back, or are so no more.
    func setHeld(_ isHeld: Bool, project: UUIDv7) { change { $0.setHeld(isHeld, project: project) } }

    /// Changes the image, and wakes exactly those who get something by it.
    func change(_ body: (inout State) -> Void) {
        let start = clock.uptime
        let now = clock.now
        let (wakeUps, decided) = state.withLock { state in
            body(&state)
            return state.dispatch(at: now)
        }
        if decided > 0 { metrics.decided(decided, after: clock.uptime - start) }
        for wakeUp in wakeUps { wakeUp.yield() }
    }

    // MARK: Who waits

    /// An agent asks; what there is for it is found by ``take(_:)``, at once or after the stream's first element.
    func park(_ request: LeaseRequest) -> (id: WaiterID, wakeUps: AsyncStream<Void>) {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let now = clock.now
        var parked: WaiterID?
        change { state in
            let id = state.scheduler.park(request.waiting(since: now))
            state.waiters[id] = Waiter(agentID: request.agentID, wakeUp: continuation)
            parked = id
        }
        guard let parked else { preconditionFailure("BUG: the change of the board was not made") }
        return (parked, stream)
    }

    /// Whether something was decided for who waits.
    func hasOffers(_ id: WaiterID) -> Bool { state.withLock { $0.waiters[id]?.offers.isEmpty == false } }

    /// Ends a wait and hands over what was decided for it: to be leased, or to be given back.
    func take(_ id: WaiterID) -> [SchedulerDecision] {
        state.withLock { state in
            state.scheduler.unpark(id)
            return state.waiters.removeValue(forKey: id)?.offers ?? []
        }
    }

    /// What was decided is not to be: the tasks wait again.
    func giveBack(_ offers: [SchedulerDecision]) {
        if offers.isEmpty { return }
        change { state in
            // Whatever changed meanwhile has been noted since, and stays as it is.
            for offer in offers where state.scheduler.isWith(offer.agentID, offer.task.id) {
                if state.known[offer.task.id] != nil { state.scheduler.put(offer.task) }
            }
        }
    }

    /// Has some agents that wait be asked again what they are.
    func wake(agents: Set<UUIDv7>) {
        let wakeUps = state.withLock { state in
            state.waiters.values.filter { agents.contains($0.agentID) }.map(\.wakeUp)
        }
        for wakeUp in wakeUps { wakeUp.yield() }
    }

    /// How long until a task that waits for its time may be begun; nil when none does.
    func untilNextDue() -> Duration? {
        let now = clock.now
        return state.withLock { state in state.scheduler.nextDue().map { max($0.since(now), .milliseconds(1)) } }
    }

    /// Gives out what has become ready by time alone.
    func tick() {
        let now = clock.now
        if state.withLock({ $0.scheduler.nextDue().map { $0 <= now } ?? false }) { change { _ in } }
    }

    /// Why the scheduler leaves a task waiting.
    func explain(_ id: UUIDv7) -> [WaitReason] {
        let now = clock.now
        return state.withLock { $0.scheduler }.explain(id, at: now)
    }
}

extension TaskBoard.State {
    mutating func note(_ task: ProjectTask, isTruth: Bool = false) {
        guard task.progress.status == .queued || task.progress.status == .running else {
            if known[task.id].map({ $0.version <= task.version }) ?? true {
                forget(task.id)
                left.note(task.id, in: task.version)
            }
            return
        }
        if let last = left.version(of: task.id), task.version <= last { return }
        if let known = known[task.id] {
            // What was read in a transaction may have been passed by a commit meanwhile.
            guard known.version < task.version || isTruth && known.version == task.version else { return }
        } else if known.count >= TaskBoard.tasksMax {
            isPartial = true
            return
        }
        stamp += 1
        known[task.id] = (task.version, stamp)
        let scheduled = task.scheduled
        if let agentID = task.progress.lease?.agentID {
            // Mostly what the scheduler has decided itself.
            if !scheduler.isWith(agentID, task.id) { scheduler.run(scheduled, by: agentID) }
        } else {
            scheduler.put(scheduled)
        }
    }

    mutating func forget(_ id: UUIDv7) {
        scheduler.remove(id)
        known[id] = nil
        gone?.insert(id)
    }

    mutating func forgetDeleted(_ id: UUIDv7) {
        forget(id)
        left.note(id, in: .max)
    }

    mutating func setHeld(_ isHeld: Bool, project: UUIDv7) {
        if isHeld { held.insert(project) } else { held.remove(project) }
        scheduler.setHeld(isHeld, project: project)
    }

    /// Has the scheduler decide, and returns whom to wake and how much was decided.
    mutating func dispatch(at now: Timestamp) -> (wakeUps: [AsyncStream<Void>.Continuation], decided: Int) {
        if waiters.isEmpty { return ([], 0) }
        let decisions = scheduler.decide(at: now)
        var woken: [WaiterID: AsyncStream<Void>.Continuation] = [:]
        for decision in decisions {
            guard var waiter = waiters[decision.waiter] else { continue }
            waiter.offers.append(decision)
            waiters[decision.waiter] = waiter
            woken[decision.waiter] = waiter.wakeUp
        }
        // Who has got something asks no more until it has asked again.
        for id in woken.keys { scheduler.unpark(id) }
        // When something becomes ready sooner than anybody knew, one of those who wait looks at the clock again.
        let due = scheduler.nextDue()
        if let due, nextDue.map({ due < $0 }) ?? true,
            let first = waiters.filter({ woken[$0.key] == nil }).min(by: { $0.key < $1.key })
        {
            woken[first.key] = first.value.wakeUp
        }
        nextDue = due
        return (Array(woken.values), decisions.count)
    }
}

extension ProjectTask {
    /// What the scheduler has to know of it.
    var scheduled: SchedulerTask {
        SchedulerTask(
            id: id,
            projectID: fields.projectID,
            kind: fields.kind,
            needs: AgentNeeds(capabilities: Set(fields.capabilities), labels: fields.labels),
            keys: fields.concurrencyKeys.map { ConcurrencyKey($0.key, limit: $0.value) },
            priority: fields.priority,
            readyAt: progress.readySince ?? progress.runAt,
            spread: fields.plan.flatMap { $0.role == .member ? $0.planID : nil }
        )
    }
}

extension LeaseRequest {
    func waiting(since now: Timestamp) -> WaitingAgent {
        WaitingAgent(
            agentID: agentID,
            capabilities: Set(capabilities),
            labels: labels,
            concurrency: concurrency,
            countMax: min(countMax, TaskLimits.leasesPerRequestMax),
            records: records.mapValues { SuccessRecord(successes: $0.successes, failures: $0.failures) },
            since: now
        )
    }
}
