import Basics
import Coordination

/// What ``Scheduler`` is to do, said as plainly as possible: lists that are searched as a whole for each decision.
struct ReferenceScheduler {
    struct Known {
        let task: SchedulerTask
        var isReady = false
        var agentID: UUIDv7?
    }

    struct Asking {
        let id: WaiterID
        let agent: WaitingAgent
        var left: Int
    }

    var tasks: [UUIDv7: Known] = [:]
    var waiters: [Asking] = []
    var held: Set<UUIDv7> = []
    private var finish: [UUIDv7: Int64] = [:]
    private var virtualTime: Int64 = 0
    private var waitedAt: [AgentNeeds: Timestamp] = [:]
    private var startsSinceOldest: [AgentNeeds: Int] = [:]
    /// Who did which task of those that are better done by different agents.
    private var doers: [UUIDv7: [UUIDv7: UUIDv7]] = [:]
    private let tie: (UUIDv7) -> UInt64

    init(seed: UInt64) {
        tie = { project in
            var mixed = seed ^ project.low &+ 0x9e37_79b9_7f4a_7c15
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }

    mutating func put(_ task: SchedulerTask) {
        tasks[task.id] = Known(task: task)
        if finish[task.projectID] == nil { finish[task.projectID] = virtualTime }
        startsSinceOldest[task.needs, default: 0] += 0
    }

    mutating func remove(_ id: UUIDv7) {
        guard let gone = tasks.removeValue(forKey: id) else { return }
        if let spread = gone.task.spread, !tasks.values.contains(where: { $0.task.spread == spread }) {
            doers[spread] = nil
        }
        let needs = gone.task.needs
        guard !tasks.values.contains(where: { $0.task.needs == needs }) else { return }
        (waitedAt[needs], startsSinceOldest[needs]) = (nil, nil)
    }

    mutating func setHeld(_ isHeld: Bool, project: UUIDv7) {
        guard held.contains(project) != isHeld else { return }
        if isHeld { held.insert(project) } else { held.remove(project) }
        finish[project] = isHeld ? finish[project] ?? virtualTime : max(finish[project] ?? 0, virtualTime)
    }

    func taskCount(of agent: UUIDv7) -> Int { tasks.values.count { $0.agentID == agent } }

    mutating func decide(at now: Timestamp) -> [(task: UUIDv7, waiter: WaiterID)] {
        for known in tasks.values where known.agentID == nil && !known.isReady && known.task.readyAt <= now {
            let project = known.task.projectID
            if !tasks.values.contains(where: { $0.isReady && $0.task.projectID == project }) {
                finish[project] = max(finish[project] ?? 0, virtualTime)
            }
            tasks[known.task.id]?.isReady = true
        }
        for needs in startsSinceOldest.keys where waiters.contains(where: { can($0, needs) }) { waitedAt[needs] = now }
        var decisions: [(task: UUIDv7, waiter: WaiterID)] = []
        while let decision = decideOne(now) { decisions.append(decision) }
        return decisions
    }

    private mutating func decideOne(_ now: Timestamp) -> (task: UUIDv7, waiter: WaiterID)? {
        let eligible = tasks.values.filter { mayBegin($0, now) }.map(\.task)
        guard !eligible.isEmpty else { return nil }
        func start(_ project: UUIDv7) -> Int64 {
            max(finish[project] ?? 0, virtualTime - Int64(SchedulerLimits.creditStartsMax))
        }
        let overdue = eligible.filter {
            startsSinceOldest[$0.needs] ?? 0 >= SchedulerLimits.startsPerOldest - 2
        }
        var task: SchedulerTask?
        let first = overdue.min { ($0.readyAt, $0.id) < ($1.readyAt, $1.id) }
        if let first, let waiter = waiters.filter({ can($0, first.needs) }).min(by: { $0.id < $1.id }) {
            for needs in startsSinceOldest.keys where can(waiter, needs) { startsSinceOldest[needs] = -1 }
            task = eligible.filter { can(waiter, $0.needs) }.min { ($0.readyAt, $0.id) < ($1.readyAt, $1.id) }
        } else {
            task = eligible.min { left, right in
                let (one, other) = (left.projectID, right.projectID)
                if one == other { return left.rank < right.rank }
                return (start(one), tie(one), one) < (start(other), tie(other), other)
            }
        }
        guard let task, let waiter = choose(task) else { return nil }
        let begin = start(task.projectID)
        finish[task.projectID] = begin + 1
        if first == nil { virtualTime = max(virtualTime, begin) }
        for needs in startsSinceOldest.keys where can(waiters[waiter], needs) {
            startsSinceOldest[needs, default: 0] += 1
        }
        tasks[task.id]?.isReady = false
        tasks[task.id]?.agentID = waiters[waiter].agent.agentID
        if let spread = task.spread { doers[spread, default: [:]][task.id] = waiters[waiter].agent.agentID }
        waiters[waiter].left -= 1
        return (task.id, waiters[waiter].id)
    }

    private func can(_ waiter: Asking, _ needs: AgentNeeds) -> Bool {
        let agent = waiter.agent
        return waiter.left > 0 && taskCount(of: agent.agentID) < agent.concurrency
            && needs.areMet(capabilities: agent.capabilities, labels: agent.labels)
    }

    private func mayBegin(_ known: Known, _ now: Timestamp) -> Bool {
        let task = known.task
        guard known.isReady, !held.contains(task.projectID), waiters.contains(where: { can($0, task.needs) }) else {
            return false
        }
        return task.keys.allSatisfy { key in
            let naming = tasks.values.filter { other in other.task.keys.contains { $0.key == key.key } }
            let limit = naming.flatMap(\.task.keys).filter { $0.key == key.key }.map(\.limit).min() ?? .max
            if naming.count(where: { $0.agentID != nil }) >= limit { return false }
            return !heads(naming).contains { head in
                head.keys.count > 1 && lane(head) != lane(task) && head.rank < task.rank
                    && !held.contains(head.projectID) && now.since(head.readyAt) >= SchedulerLimits.patience
                    && (waitedAt[head.needs].map { now.since($0) < SchedulerLimits.patience } ?? false)
            }
        }
    }

    private struct Lane: Hashable {
        let project: UUIDv7
        let needs: AgentNeeds
        let keys: [ConcurrencyKey]
    }

    private func lane(_ task: SchedulerTask) -> Lane {
        Lane(project: task.projectID, needs: task.needs, keys: task.keys)
    }

    private func heads(_ known: [Known]) -> [SchedulerTask] {
        Dictionary(grouping: known.filter(\.isReady).map(\.task)) { lane($0) }.values.compactMap { tasks in
            tasks.min { $0.rank < $1.rank }
        }
    }

    private func choose(_ task: SchedulerTask) -> Int? {
        let candidates = waiters.indices.filter { can(waiters[$0], task.needs) }
        func record(_ index: Int) -> SuccessRecord { waiters[index].agent.records[task.kind] ?? SuccessRecord() }
        let good = candidates.filter { one in !candidates.contains { record(one).isSurelyWorse(than: record($0)) } }
        let taken = Set((task.spread.flatMap { doers[$0] } ?? [:]).values)
        let fresh = good.filter { !taken.contains(waiters[$0].agent.agentID) }
        func load(_ index: Int) -> Double {
            Double(taskCount(of: waiters[index].agent.agentID)) / Double(waiters[index].agent.concurrency)
        }
        return (fresh.isEmpty ? good : fresh).min {
            (load($0), waiters[$0].agent.since, waiters[$0].id) < (load($1), waiters[$1].agent.since, waiters[$1].id)
        }
    }
}
