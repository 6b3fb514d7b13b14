internal import Basics

/// Tasks that are alike for the scheduler: of one project, with the same needs and the same keys.
struct LaneID: Hashable, Sendable {
    let project: UUIDv7
    let needs: Int
    let keys: [ConcurrencyKey]
}

struct Lane: Sendable {
    let id: LaneID
    /// Its tasks that are ready; those that have left may still stand in it.
    var turns = LazyHeap<TaskRank>()
    /// How many tasks it has, the running ones counted.
    var members = 0
    var ready = 0
    /// Whether its keys are in use: it comes back when one of them is free.
    var isBlocked = false
    /// Ready tasks that were taken out of the queue by age while it is blocked.
    var aside: [UUIDv7] = []

    var group: GroupID { GroupID(project: id.project, needs: id.needs) }
}

/// The lanes of one project with the same needs.
struct GroupID: Hashable, Sendable {
    let project: UUIDv7
    let needs: Int
}

struct Group: Sendable {
    var turns = LazyHeap<LaneTurn>()
    var lanes = 0
    /// Whether it stands in the queue of its needs.
    var isAnnounced = false
}

struct LaneTurn: Comparable, Sendable {
    let rank: TaskRank
    let lane: Int

    static func < (left: LaneTurn, right: LaneTurn) -> Bool { left.rank < right.rank }
}

/// The projects that have tasks of the same needs.
struct NeedsQueue: Sendable {
    let needs: AgentNeeds
    var turns = LazyHeap<ProjectTurn>()
    /// Who waits and could do these.
    var waiters: Set<WaiterID> = []
    var groups = 0
    /// All ready tasks of these needs by age, whatever their project; those that have left may still stand in it.
    var oldest = LazyHeap<DelayedTask>()
    /// How many starts by agents that could do these there were since one by age.
    var startsSinceOldest = 0
    /// When someone who could do these last waited.
    var waitedAt: Timestamp?
}

/// A project's place: start-time fair queueing (Goyal, Vin and Cheng 1996) with equal shares and one unit a start.
struct ProjectTurn: Comparable, Sendable {
    let start: Int64
    let tie: UInt64
    let project: UUIDv7

    static func < (left: ProjectTurn, right: ProjectTurn) -> Bool {
        (left.start, left.tie, left.project) < (right.start, right.tie, right.project)
    }
}

struct ProjectShare: Sendable {
    /// The start that comes after its newest one.
    var finish: Int64
    let tie: UInt64
    var ready = 0
    var isHeld = false
    /// Ready tasks that were taken out of the queue by age while it is held.
    var aside: [UUIDv7] = []
    /// The numbers of the needs that it has tasks of.
    var needs: Set<Int> = []
}

struct DelayedTask: Comparable, Sendable {
    let readyAt: Timestamp
    let id: UUIDv7

    static func < (left: DelayedTask, right: DelayedTask) -> Bool {
        (left.readyAt, left.id) < (right.readyAt, right.id)
    }
}

extension Scheduler {
    /// More entries than this, and twice as many as count, and a heap is cleaned.
    private static let staleEntriesMax = 64

    func newShare(_ project: UUIDv7) -> ProjectShare {
        // One step of SplitMix64 over the seed and the project, so that no order of making decides for ever.
        var mixed = seed ^ project.low &+ 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return ProjectShare(finish: virtualTime, tie: mixed ^ (mixed >> 31))
    }

    /// Finds the lane of a task, or makes it, and counts the task in.
    mutating func join(_ task: SchedulerTask) -> Int {
        let (number, isNewNeeds) = needsNumbers.number(of: task.needs)
        if isNewNeeds {
            var queue = NeedsQueue(needs: task.needs)
            for (id, waiter) in waiters where waiter.left > 0 && hasRoom(waiter.agent) {
                guard task.needs.areMet(by: waiter.agent) else { continue }
                queue.waiters.insert(id)
                waiters[id]?.listed.append(number)
            }
            if !queue.waiters.isEmpty { waitedNeeds.insert(number) }
            needs[number] = queue
        }
        let id = LaneID(project: task.projectID, needs: number, keys: task.keys)
        let (lane, isNewLane) = laneNumbers.number(of: id)
        if isNewLane {
            let made = Lane(id: id)
            lanes[lane] = made
            if task.keys.count > 1 { for key in task.keys { keys[key.key, default: KeyUse()].several.insert(lane) } }
            if groups[made.group] == nil { needs[number]?.groups += 1 }
            groups[made.group, default: Group()].lanes += 1
            var share = projects[task.projectID] ?? newShare(task.projectID)
            share.needs.insert(number)
            projects[task.projectID] = share
        }
        lanes[lane]?.members += 1
        for key in task.keys { keys[key.key, default: KeyUse()].name(key.limit) }
        return lane
    }

    /// Counts a task out of its lane, and forgets what nothing is left of.
    mutating func leave(_ task: SchedulerTask, lane number: Int) {
        for key in task.keys { releaseName(key) }
        lanes[number]?.members -= 1
        guard let lane = lanes[number], lane.members == 0 else { return }
        unblock(number)
        if lane.id.keys.count > 1 { for key in lane.id.keys { keys[key.key]?.several.remove(number) } }
        lanes[number] = nil
        laneNumbers.release(lane.id)
        groups[lane.group]?.lanes -= 1
        guard groups[lane.group]?.lanes == 0 else { return }
        groups[lane.group] = nil
        projects[lane.id.project]?.needs.remove(lane.id.needs)
        needs[lane.id.needs]?.groups -= 1
        guard let queue = needs[lane.id.needs], queue.groups == 0 else { return }
        for waiter in queue.waiters { waiters[waiter]?.listed.removeAll { $0 == lane.id.needs } }
        waitedNeeds.remove(lane.id.needs)
        needs[lane.id.needs] = nil
        needsNumbers.release(queue.needs)
    }

    // MARK: Time

    /// Lets tasks in whose time has come.
    mutating func admit(at now: Timestamp) {
        while let next = delayed.least, next.readyAt <= now {
            delayed.pop()
            guard var entry = entries[next.id], entry.stage == .delayed, entry.task.readyAt == next.readyAt else {
                continue
            }
            entry.stage = .ready
            entries[next.id] = entry
            delayedCount -= 1
            enterReady(entry)
        }
        nextReservationLook = nil
        let closed = reservedOut
        reservedOut = []
        for lane in closed { unblock(lane) }
        rejoinPassedOver()
    }

    private mutating func rejoinPassedOver() {
        let ids = passedOver
        passedOver = []
        for id in ids { rejoinOldest(id) }
    }

    mutating func pruneDelayed() {
        while let next = delayed.least, !isDelayed(next) { delayed.pop() }
        guard delayed.count > Self.staleEntriesMax, delayed.count > 2 * delayedCount else { return }
        var heap = delayed
        heap.compact { isDelayed($0) }
        delayed = heap
    }

    private func isDelayed(_ delayed: DelayedTask) -> Bool {
        guard let entry = entries[delayed.id] else { return false }
        return entry.stage == .delayed && entry.task.readyAt == delayed.readyAt
    }

    private mutating func enterReady(_ entry: Entry) {
        readyCount += 1
        var share = projects[entry.task.projectID] ?? newShare(entry.task.projectID)
        if share.ready == 0 {
            backlogged += 1
            share.finish = max(share.finish, virtualTime)
        }
        share.ready += 1
        projects[entry.task.projectID] = share
        let before = head(of: entry.lane)
        lanes[entry.lane]?.ready += 1
        lanes[entry.lane]?.turns.push(entry.rank)
        if before.map({ entry.rank < $0 }) ?? true { announce(lane: entry.lane) }
        rejoinOldest(entry.task.id)
    }

    /// Counts a task out that was ready; its entry is gone or has another stage already.
    mutating func leaveReady(_ entry: Entry) {
        readyCount -= 1
        projects[entry.task.projectID]?.ready -= 1
        if projects[entry.task.projectID]?.ready == 0 { backlogged -= 1 }
        lanes[entry.lane]?.ready -= 1
        if let lane = lanes[entry.lane], lane.turns.count > Self.staleEntriesMax, lane.turns.count > 2 * lane.ready {
            var turns = lane.turns
            turns.compact { isReady($0, in: entry.lane) }
            lanes[entry.lane]?.turns = turns
        }
        if let head = head(of: entry.lane), entry.rank < head { announce(lane: entry.lane) }
        // Who was closed for its sake may go on.
        guard entry.task.keys.count > 1 else { return }
        for key in entry.task.keys { keyChanged(key.key) }
        rejoinPassedOver()
    }

    // MARK: Turns

    private func isReady(_ rank: TaskRank, in lane: Int) -> Bool {
        guard let entry = entries[rank.id] else { return false }
        return entry.stage == .ready && entry.lane == lane && entry.rank == rank
    }

    /// Puts a ready task into the queue by age.
    mutating func rejoinOldest(_ id: UUIDv7) {
        guard let entry = entries[id], entry.stage == .ready, let number = lanes[entry.lane]?.id.needs else { return }
        needs[number]?.oldest.push(DelayedTask(readyAt: entry.task.readyAt, id: id))
    }

    /// The task of some needs that has been ready longest and may begin.
    mutating func oldest(ofNeeds number: Int, at now: Timestamp) -> DelayedTask? {
        while let next = needs[number]?.oldest.least {
            if let entry = entries[next.id], entry.stage == .ready, entry.task.readyAt == next.readyAt,
                let lane = lanes[entry.lane], lane.id.needs == number
            {
                if projects[lane.id.project]?.isHeld == true {
                    projects[lane.id.project]?.aside.append(next.id)
                } else if lane.isBlocked {
                    lanes[entry.lane]?.aside.append(next.id)
                } else if let obstacle = obstacle(to: lane, number: entry.lane, entry.rank, at: now) {
                    switch obstacle {
                    case .full:
                        lanes[entry.lane]?.aside.append(next.id)
                        block(entry.lane, obstacle)
                    // Others of its lane may have a better rank than the one that it makes room for.
                    case .reserved: passedOver.append(next.id)
                    }
                } else {
                    return next
                }
            }
            needs[number]?.oldest.pop()
        }
        return nil
    }

    /// The task of a lane that is next.
    mutating func head(of lane: Int) -> TaskRank? {
        while let rank = lanes[lane]?.turns.least {
            if isReady(rank, in: lane) { return rank }
            lanes[lane]?.turns.pop()
        }
        return nil
    }

    /// Puts a lane where its group looks for the next task.
    mutating func announce(lane number: Int) {
        guard let lane = lanes[number], !lane.isBlocked, let rank = head(of: number) else { return }
        groups[lane.group]?.turns.push(LaneTurn(rank: rank, lane: number))
        announce(lane.group)
    }

    /// Puts a group where its needs look for the next project.
    mutating func announce(_ id: GroupID) {
        guard let group = groups[id], !group.isAnnounced, let share = projects[id.project] else { return }
        groups[id]?.isAnnounced = true
        let turn = ProjectTurn(start: start(of: share), tie: share.tie, project: id.project)
        needs[id.needs]?.turns.push(turn)
    }

    /// The lane of a group that is next and may begin; closes those that may not.
    mutating func next(in id: GroupID, at now: Timestamp) -> LaneTurn? {
        if projects[id.project]?.isHeld == true { return nil }
        while let turn = groups[id]?.turns.least {
            if let lane = lanes[turn.lane], !lane.isBlocked, lane.group == id, head(of: turn.lane) == turn.rank {
                guard let obstacle = obstacle(to: lane, number: turn.lane, turn.rank, at: now) else { return turn }
                block(turn.lane, obstacle)
            }
            groups[id]?.turns.pop()
        }
        return nil
    }

    /// Where a project stands: as many starts behind the others as it may catch up on, and no further.
    func start(of share: ProjectShare) -> Int64 {
        max(share.finish, virtualTime - Int64(SchedulerLimits.creditStartsMax))
    }

    /// The project that is next among those with tasks of some needs.
    mutating func next(ofNeeds number: Int, at now: Timestamp) -> ProjectTurn? {
        while let turn = needs[number]?.turns.least {
            let id = GroupID(project: turn.project, needs: number)
            guard let share = projects[turn.project], groups[id] != nil, next(in: id, at: now) != nil else {
                needs[number]?.turns.pop()
                groups[id]?.isAnnounced = false
                continue
            }
            let current = start(of: share)
            if current == turn.start { return turn }
            // Places only ever move back, so an old one is before the true one.
            needs[number]?.turns.pop()
            needs[number]?.turns.push(ProjectTurn(start: current, tie: turn.tie, project: turn.project))
        }
        return nil
    }
}
