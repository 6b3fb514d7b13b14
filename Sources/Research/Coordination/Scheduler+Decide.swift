package import Basics

extension Scheduler {
    /// Gives out all tasks that can be given out now; each counts as running from then on.
    ///
    /// When the shell finds that one cannot be begun, it says so by ``put(_:)``, ``run(_:by:)`` or ``remove(_:)``.
    package mutating func decide(at now: Timestamp) -> [SchedulerDecision] {
        admit(at: now)
        for number in waitedNeeds { needs[number]?.waitedAt = now }
        var decisions: [SchedulerDecision] = []
        while let decision = decideOne(at: now) { decisions.append(decision) }
        // Lanes that were closed for another's sake are looked at again, since that one may go away without a word.
        if !reservedOut.isEmpty, nextReservationLook == nil {
            nextReservationLook = now.advanced(by: SchedulerLimits.patience)
        }
        return decisions
    }

    private mutating func decideOne(at now: Timestamp) -> SchedulerDecision? {
        let byAge = nextByAge(at: now)
        guard let id = byAge ?? nextByShare(at: now), var entry = entries[id], let lane = lanes[entry.lane],
            let choice = chooseAgent(entry.task, needs[lane.id.needs]?.waiters ?? []),
            let waiter = waiters[choice.waiter], let share = projects[entry.task.projectID]
        else { return nil }
        let (agent, start) = (waiter.agent, start(of: share))
        let reasons = DecisionReasons(
            priority: entry.task.priority,
            waited: max(.zero, now.since(entry.task.readyAt)),
            isByAge: byAge != nil,
            projects: backlogged,
            startsBehind: max(0, virtualTime - start),
            candidates: choice.candidates,
            passedOver: choice.passedOver,
            agentTasks: taskCount(of: agent.agentID),
            agentConcurrency: agent.concurrency,
            record: agent.records[entry.task.kind] ?? SuccessRecord(),
            spread: choice.spread
        )
        projects[entry.task.projectID]?.finish = start + 1
        if byAge == nil { virtualTime = max(virtualTime, start) }
        for number in waiter.listed { needs[number]?.startsSinceOldest += 1 }
        entry.stage = .running(agentID: agent.agentID)
        entries[entry.task.id] = entry
        begin(entry.task, agent.agentID)
        leaveReady(entry)
        waiters[choice.waiter]?.left -= 1
        if waiters[choice.waiter]?.left == 0 { unlist(choice.waiter) }
        return SchedulerDecision(task: entry.task, agentID: agent.agentID, waiter: choice.waiter, reasons: reasons)
    }

    /// The task whose turn it is by the shares of the projects, then by rank.
    private mutating func nextByShare(at now: Timestamp) -> UUIDv7? {
        var turn: ProjectTurn?
        for number in waitedNeeds {
            guard let next = next(ofNeeds: number, at: now) else { continue }
            if turn.map({ next < $0 }) ?? true { turn = next }
        }
        guard let turn else { return nil }
        var first: LaneTurn?
        for number in projects[turn.project]?.needs ?? [] where waitedNeeds.contains(number) {
            guard let next = next(in: GroupID(project: turn.project, needs: number), at: now) else { continue }
            if first.map({ next < $0 }) ?? true { first = next }
        }
        return first?.rank.id
    }

    /// The task that has been ready longest, when it is the turn of those; nil mostly.
    private mutating func nextByAge(at now: Timestamp) -> UUIDv7? {
        var first: (task: DelayedTask, needs: Int)?
        for number in waitedNeeds {
            guard let count = needs[number]?.startsSinceOldest, count >= SchedulerLimits.startsPerOldest - 2,
                let next = oldest(ofNeeds: number, at: now)
            else { continue }
            if first.map({ next < $0.task }) ?? true { first = (next, number) }
        }
        guard let first, let waiter = needs[first.needs]?.waiters.min(), let listed = waiters[waiter]?.listed else {
            return nil
        }
        var oldest = first.task
        for number in listed {
            // Counted from here for all that this agent could do: each of them has seen its eldest begin, or an elder.
            needs[number]?.startsSinceOldest = -1
            if let next = self.oldest(ofNeeds: number, at: now), next < oldest { oldest = next }
        }
        return oldest.id
    }

    private struct AgentChoice {
        let waiter: WaiterID
        let candidates: Int
        let passedOver: Int
        let spread: SpreadOutcome?
    }

    /// Who gets a task: nobody with a surely worse record than another who waits, then who has no sibling of it, then the
    /// least busy, then who has waited longest.
    private func chooseAgent(_ task: SchedulerTask, _ candidates: Set<WaiterID>) -> AgentChoice? {
        func record(_ id: WaiterID) -> SuccessRecord { waiters[id]?.agent.records[task.kind] ?? SuccessRecord() }
        let surest = candidates.map { record($0).interval.lowerBound }.max() ?? 0
        let good = surest > 0 ? candidates.filter { record($0).interval.upperBound >= surest } : candidates
        let (fresh, spread) = withoutSiblings(task, good)
        let best = fresh.min { left, right in
            guard let one = waiters[left]?.agent, let other = waiters[right]?.agent else { return left < right }
            // Loads as fractions, compared without dividing.
            let (load, otherLoad) = (
                taskCount(of: one.agentID) * other.concurrency, taskCount(of: other.agentID) * one.concurrency
            )
            return (load, one.since, left) < (otherLoad, other.since, right)
        }
        return best.map {
            AgentChoice(
                waiter: $0,
                candidates: candidates.count,
                passedOver: candidates.count - good.count,
                spread: spread
            )
        }
    }

    /// Why a task is not begun; empty for one that the scheduler does not know or that runs.
    ///
    /// A value of its own is asked, so that looking changes nothing.
    package func explain(_ id: UUIDv7, at now: Timestamp, holdersShownMax: Int = 10) -> [WaitReason] {
        var copy = self
        return copy.reasons(id, at: now, holdersShownMax)
    }

    private mutating func reasons(_ id: UUIDv7, at now: Timestamp, _ shownMax: Int) -> [WaitReason] {
        guard let entry = entries[id] else { return [] }
        if case .running = entry.stage { return [] }
        let task = entry.task
        if task.readyAt > now { return [.notBefore(task.readyAt)] }
        var reasons: [WaitReason] = []
        if projects[task.projectID]?.isHeld == true { reasons.append(.projectHeld) }
        for key in task.keys {
            guard let use = keys[key.key], use.isFull else { continue }
            let holders = use.holders.sorted().prefix(shownMax)
            reasons.append(.keyFull(key: key.key, limit: use.smallest, holders: Array(holders)))
        }
        guard let lane = lanes[entry.lane] else { return reasons }
        if reasons.isEmpty,
            case .reserved(let key, let by)? = obstacle(to: lane, number: entry.lane, entry.rank, at: now)
        {
            reasons.append(.keyReserved(key: key, by: by))
        }
        if !waitedNeeds.contains(lane.id.needs) { reasons.append(.nobodyWaits) }
        // Those whose time has come count, whether they have been let in yet or not.
        let ahead = entries.values.count {
            if case .running = $0.stage { return false }
            return $0.task.projectID == task.projectID && $0.rank < entry.rank && $0.task.readyAt <= now
        }
        if ahead > 0 { reasons.append(.behind(tasks: ahead)) }
        return reasons
    }
}
