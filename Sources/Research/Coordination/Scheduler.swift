package import Basics

/// Which task goes to which agent: a state machine over tasks, agents that wait, the time and a seed.
///
/// Pure: the same calls in the same order give the same decisions.
///
/// What it promises:
/// - **Order in a project**: by ``TaskRank``, which is priority with ageing. A task waits for no task of its project
///   that was ready more than `(10 - priority) × ageingStep` after it.
/// - **Fair shares**: of the projects that have a task which someone who waits can do, the one that has had fewest
///   starts is next. Each start counts alike, and a project that had nothing to do has saved nothing up.
/// - **No starvation**: of each ``SchedulerLimits/startsPerOldest`` starts by agents that can do a task, one is of the
///   task that has been ready longest among those that they can do. So a ready task without concurrency keys is begun
///   after at most `startsPerOldest × (tasks that were ready before it + 1)` starts by agents that can do it. One with
///   keys waits besides until those who use them end; when it needs several, nobody that comes after it gets one of
///   them once it has waited for ``SchedulerLimits/patience``.
/// - **Limits**: a key is never used by more tasks than the smallest limit that an open task names for it, and an agent
///   never has more tasks than its concurrency.
/// - **Spread**: of the agents that are left by their records, one that has no sibling of the task goes first. Nothing waits
///   for that: when all who ask have one, one of them gets it.
/// - **Records**: of the agents that wait, those whose record on this kind of task is surely worse than another's are
///   passed over. As one of those who wait gets the task at once, nothing is ever delayed by it.
///
/// Complexity: a call costs the logarithm of the tasks, times the number of different needs, which is small; nothing is
/// searched or sorted as a whole.
package struct Scheduler: Sendable {
    /// Where a task is.
    enum Stage: Hashable, Sendable {
        case delayed
        case ready
        case running(agentID: UUIDv7)
    }

    struct Entry: Sendable {
        let task: SchedulerTask
        let rank: TaskRank
        let lane: Int
        var stage: Stage
    }

    /// A request of an agent.
    struct Waiter: Sendable {
        let agent: WaitingAgent
        /// How many tasks it may still be given.
        var left: Int
        /// The numbers of the needs that it is listed under.
        var listed: [Int] = []
    }

    var entries: [UUIDv7: Entry] = [:]
    var lanes: [Int: Lane] = [:]
    var laneNumbers = Numbering<LaneID>()
    var groups: [GroupID: Group] = [:]
    var projects: [UUIDv7: ProjectShare] = [:]
    var needs: [Int: NeedsQueue] = [:]
    var needsNumbers = Numbering<AgentNeeds>()
    /// The needs that someone who waits meets.
    var waitedNeeds: Set<Int> = []
    var keys: [String: KeyUse] = [:]
    var delayed = LazyHeap<DelayedTask>()
    var delayedCount = 0
    var readyCount = 0
    /// The tasks that each agent has.
    var running: [UUIDv7: Set<UUIDv7>] = [:]
    /// The tasks that are better done by different agents, by what they have in common.
    var spreads: [UUIDv7: Spread] = [:]
    var waiters: [WaiterID: Waiter] = [:]
    var waitersOfAgent: [UUIDv7: Set<WaiterID>] = [:]
    /// The least start that a project which comes new, or comes again, begins with.
    var virtualTime: Int64 = 0
    /// How many projects have a ready task.
    var backlogged = 0
    /// Lanes that were closed for the sake of a task which waits for several keys: looked at again in each round.
    var reservedOut: Set<Int> = []
    /// Tasks that were taken out of the queue by age for such a sake.
    var passedOver: [UUIDv7] = []
    /// When one of those may be over, though nothing else happens.
    var nextReservationLook: Timestamp?
    let seed: UInt64
    private var lastWaiter: UInt64 = 0

    /// Makes one without tasks; `seed` decides between projects that are alike otherwise.
    package init(seed: UInt64) { self.seed = seed }

    /// How many tasks wait for an agent or for their time.
    package var queuedCount: Int { delayedCount + readyCount }
    /// How many requests wait for tasks.
    package var waiterCount: Int { waiters.count }
    /// How many tasks an agent has.
    package func taskCount(of agentID: UUIDv7) -> Int { running[agentID]?.count ?? 0 }
    /// How many tasks use a key now.
    package func useCount(of key: String) -> Int { keys[key]?.holders.count ?? 0 }

    // MARK: Tasks

    /// A task waits for an agent, or for its time; one that was known is forgotten first.
    package mutating func put(_ task: SchedulerTask) {
        joinSpread(task)
        remove(task.id)
        // It is nobody's again.
        if let id = task.spread { spreads[id]?.agents[task.id] = nil }
        let lane = join(task)
        entries[task.id] = Entry(task: task, rank: task.rank, lane: lane, stage: .delayed)
        delayedCount += 1
        delayed.push(DelayedTask(readyAt: task.readyAt, id: task.id))
    }

    /// A task is with an agent, as others decided.
    package mutating func run(_ task: SchedulerTask, by agentID: UUIDv7) {
        joinSpread(task)
        remove(task.id)
        let lane = join(task)
        entries[task.id] = Entry(task: task, rank: task.rank, lane: lane, stage: .running(agentID: agentID))
        begin(task, agentID)
    }

    /// A task is to be done no more, or for the time being.
    package mutating func remove(_ id: UUIDv7) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        switch entry.stage {
        case .delayed: delayedCount -= 1
        case .ready: leaveReady(entry)
        case .running(let agentID): end(entry.task, agentID)
        }
        leave(entry.task, lane: entry.lane)
        leaveSpread(entry.task)
    }

    /// Whether a project's tasks are held back; a project is open until told otherwise.
    package mutating func setHeld(_ isHeld: Bool, project: UUIDv7) {
        var share = projects[project] ?? newShare(project)
        guard share.isHeld != isHeld else { return }
        share.isHeld = isHeld
        if !isHeld { share.finish = max(share.finish, virtualTime) }
        let aside = share.aside
        if !isHeld { share.aside = [] }
        projects[project] = share
        guard !isHeld else { return }
        for number in share.needs { announce(GroupID(project: project, needs: number)) }
        for id in aside { rejoinOldest(id) }
    }

    /// The next time at which a task becomes ready, or keys are looked at again; nil when none does.
    package mutating func nextDue() -> Timestamp? {
        pruneDelayed()
        let next = delayed.least?.readyAt
        guard let look = nextReservationLook, !reservedOut.isEmpty else { return next }
        return min(next ?? look, look)
    }

    // MARK: Agents

    /// An agent asks for work, until it is removed; it gets none beyond what it has room for.
    package mutating func park(_ agent: WaitingAgent) -> WaiterID {
        lastWaiter += 1
        let id = WaiterID(number: lastWaiter)
        waiters[id] = Waiter(agent: agent, left: max(0, agent.countMax))
        waitersOfAgent[agent.agentID, default: []].insert(id)
        list(id)
        return id
    }

    /// An agent asks no more.
    package mutating func unpark(_ id: WaiterID) {
        unlist(id)
        guard let waiter = waiters.removeValue(forKey: id) else { return }
        let agentID = waiter.agent.agentID
        waitersOfAgent[agentID]?.remove(id)
        if waitersOfAgent[agentID]?.isEmpty == true { waitersOfAgent[agentID] = nil }
    }

    /// Lists a waiter under the needs that it meets, when it may be given something.
    mutating func list(_ id: WaiterID) {
        guard var waiter = waiters[id], waiter.listed.isEmpty, waiter.left > 0, hasRoom(waiter.agent) else { return }
        for number in needs.filter({ $0.value.needs.areMet(by: waiter.agent) }).map(\.key) {
            needs[number]?.waiters.insert(id)
            waitedNeeds.insert(number)
            waiter.listed.append(number)
        }
        waiters[id] = waiter
    }

    mutating func unlist(_ id: WaiterID) {
        guard let listed = waiters[id]?.listed else { return }
        for number in listed {
            needs[number]?.waiters.remove(id)
            if needs[number]?.waiters.isEmpty != false { waitedNeeds.remove(number) }
        }
        waiters[id]?.listed = []
    }

    func hasRoom(_ agent: WaitingAgent) -> Bool { taskCount(of: agent.agentID) < agent.concurrency }
}

extension AgentNeeds {
    func areMet(by agent: WaitingAgent) -> Bool { areMet(capabilities: agent.capabilities, labels: agent.labels) }
}

extension Scheduler {
    /// Whether a task is with an agent.
    package func isWith(_ agentID: UUIDv7, _ id: UUIDv7) -> Bool { running[agentID]?.contains(id) == true }
}
