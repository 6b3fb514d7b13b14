internal import Basics

/// Who uses a concurrency key, and who names it.
struct KeyUse: Sendable {
    /// The running tasks that use it.
    var holders: Set<UUIDv7> = []
    /// How many open tasks name each limit.
    private var limits: [Int: Int] = [:]
    /// The smallest limit that an open task names.
    private(set) var smallest = Int.max
    /// The lanes that wait for it.
    var blocked: Set<Int> = []
    /// The lanes that use further keys beside it.
    var several: Set<Int> = []

    var isFull: Bool { holders.count >= smallest }
    var isUnnamed: Bool { limits.isEmpty }

    mutating func name(_ limit: Int) {
        limits[limit, default: 0] += 1
        smallest = min(smallest, limit)
    }

    mutating func unname(_ limit: Int) {
        limits[limit, default: 1] -= 1
        guard limits[limit] == 0 else { return }
        limits[limit] = nil
        if limit == smallest { smallest = limits.keys.min() ?? Int.max }
    }
}

/// Why a lane may not begin its next task.
enum LaneObstacle: Hashable, Sendable {
    case full(key: String)
    case reserved(key: String, by: UUIDv7)
}

extension Scheduler {
    /// What stands in the way of a lane whose next task has a rank; nil when nothing does.
    mutating func obstacle(to lane: Lane, number: Int, _ rank: TaskRank, at now: Timestamp) -> LaneObstacle? {
        for key in lane.id.keys where keys[key.key]?.isFull == true { return .full(key: key.key) }
        for key in lane.id.keys {
            var first: TaskRank?
            for other in keys[key.key]?.several ?? [] where other != number {
                guard let patient = patientHead(of: other, before: rank, at: now) else { continue }
                if first.map({ patient < $0 }) ?? true { first = patient }
            }
            if let first { return .reserved(key: key.key, by: first.id) }
        }
        return nil
    }

    /// The next task of a lane, when it comes before a rank, has waited long enough and could begin if its keys were free.
    private mutating func patientHead(of number: Int, before rank: TaskRank, at now: Timestamp) -> TaskRank? {
        guard let lane = lanes[number], let first = head(of: number), first < rank,
            projects[lane.id.project]?.isHeld != true, let task = entries[first.id]?.task,
            now.since(task.readyAt) >= SchedulerLimits.patience
        else { return nil }
        // When nobody who could do it has asked for long, it holds nothing back.
        guard let waitedAt = needs[lane.id.needs]?.waitedAt, now.since(waitedAt) < SchedulerLimits.patience else {
            return nil
        }
        return first
    }

    mutating func block(_ number: Int, _ obstacle: LaneObstacle) {
        guard let lane = lanes[number] else { return }
        lanes[number]?.isBlocked = true
        for key in lane.id.keys { keys[key.key]?.blocked.insert(number) }
        if case .reserved = obstacle { reservedOut.insert(number) }
    }

    /// Has a lane looked at again, if it was blocked.
    mutating func unblock(_ number: Int) {
        guard let lane = lanes[number], lane.isBlocked else { return }
        lanes[number]?.isBlocked = false
        for key in lane.id.keys { keys[key.key]?.blocked.remove(number) }
        lanes[number]?.aside = []
        reservedOut.remove(number)
        announce(lane: number)
        for id in lane.aside { rejoinOldest(id) }
    }

    /// Has everyone who waits for a key look again.
    mutating func keyChanged(_ key: String) {
        guard let blocked = keys[key]?.blocked else { return }
        for lane in blocked { unblock(lane) }
    }

    /// An open task names a key no more.
    mutating func releaseName(_ key: ConcurrencyKey) {
        guard let before = keys[key.key]?.smallest else { return }
        keys[key.key]?.unname(key.limit)
        if keys[key.key]?.isUnnamed == true {
            keys[key.key] = nil
        } else if keys[key.key]?.smallest != before {
            keyChanged(key.key)
        }
    }

    /// A task is with an agent: it uses its keys, and the agent has less room.
    mutating func begin(_ task: SchedulerTask, _ agentID: UUIDv7) {
        for key in task.keys { keys[key.key]?.holders.insert(task.id) }
        running[agentID, default: []].insert(task.id)
        if let id = task.spread { spreads[id]?.agents[task.id] = agentID }
        for waiter in waitersOfAgent[agentID] ?? [] {
            if let agent = waiters[waiter]?.agent, !hasRoom(agent) { unlist(waiter) }
        }
    }

    /// A task is with its agent no more: who waited for a key or for room may go on.
    mutating func end(_ task: SchedulerTask, _ agentID: UUIDv7) {
        for key in task.keys {
            keys[key.key]?.holders.remove(task.id)
            keyChanged(key.key)
        }
        running[agentID]?.remove(task.id)
        if running[agentID]?.isEmpty == true { running[agentID] = nil }
        for waiter in waitersOfAgent[agentID] ?? [] { list(waiter) }
    }
}
