import Basics
import ChaosTesting
import Coordination
import Testing

/// The promises of ``Scheduler`` over random histories; `make chaos` runs ten times as many.
@Suite struct SchedulerPropertyTests {
    /// In any history the scheduler decides as the slow model does, and twice the same.
    @Test func agreesWithTheReference() {
        for seed in Chaos.seeds(1...800) {
            var shape = SchedulerHistory.Shape()
            shape.spreads = 3
            var history = SchedulerHistory(shape, seed: seed)
            var (scheduler, again) = (Scheduler(seed: seed), Scheduler(seed: seed))
            var model = ReferenceScheduler(seed: seed)
            for step in 0..<history.shape.steps {
                switch Int.random(in: 0..<10, using: &history.random) {
                case 0...3:
                    for _ in 0..<Int.random(in: 1...3, using: &history.random) {
                        let task = history.task()
                        history.open.append(task.id)
                        scheduler.put(task)
                        again.put(task)
                        model.put(task)
                    }
                case 4...5:
                    let agent = history.agent()
                    let id = scheduler.park(agent)
                    #expect(again.park(agent) == id)
                    model.waiters.append(ReferenceScheduler.Asking(id: id, agent: agent, left: agent.countMax))
                    history.waiting.append(id)
                case 6 where !history.waiting.isEmpty:
                    let id = history.waiting.remove(
                        at: Int.random(in: 0..<history.waiting.count, using: &history.random)
                    )
                    scheduler.unpark(id)
                    again.unpark(id)
                    model.waiters.removeAll { $0.id == id }
                case 7 where !history.running.isEmpty:
                    let id = history.running.remove(
                        at: Int.random(in: 0..<history.running.count, using: &history.random)
                    )
                    scheduler.remove(id)
                    again.remove(id)
                    model.remove(id)
                case 8 where !history.open.isEmpty:
                    let id = history.open.remove(at: Int.random(in: 0..<history.open.count, using: &history.random))
                    guard !history.running.contains(id) else { continue }
                    scheduler.remove(id)
                    again.remove(id)
                    model.remove(id)
                default:
                    let (isHeld, project) = (history.chance(50), history.projects[step % history.projects.count])
                    scheduler.setHeld(isHeld, project: project)
                    again.setHeld(isHeld, project: project)
                    model.setHeld(isHeld, project: project)
                }
                history.now = history.now.advanced(by: .seconds(Int.random(in: 0...120, using: &history.random)))
                let decisions = scheduler.decide(at: history.now)
                #expect(decisions == again.decide(at: history.now), "seed \(seed), step \(step)")
                let expected = model.decide(at: history.now)
                let agrees =
                    decisions.map(\.task.id) == expected.map(\.task)
                    && decisions.map(\.waiter) == expected.map(\.waiter)
                #expect(agrees, "seed \(seed), step \(step)")
                guard agrees else { return }
                history.running += decisions.map(\.task.id)
                for decision in decisions { check(decision, scheduler, model, seed) }
                #expect(scheduler.queuedCount == model.tasks.values.count { $0.agentID == nil }, "seed \(seed)")
            }
        }
    }

    /// No limit is ever exceeded by a start.
    private func check(
        _ decision: SchedulerDecision,
        _ scheduler: Scheduler,
        _ model: ReferenceScheduler,
        _ seed: UInt64
    ) {
        #expect(scheduler.taskCount(of: decision.agentID) <= decision.reasons.agentConcurrency, "seed \(seed)")
        for key in decision.task.keys {
            let limit = model.tasks.values.flatMap(\.task.keys).filter { $0.key == key.key }.map(\.limit).min() ?? 0
            #expect(scheduler.useCount(of: key.key) <= limit, "seed \(seed): \(key.key)")
        }
    }

    /// A ready task without keys is begun within the stated number of starts by agents that can do it, and in the end
    /// everything is done, whatever keys it has.
    @Test func nothingStarves() {
        for seed in Chaos.seeds(1...200) {
            var shape = SchedulerHistory.Shape()
            (shape.projects, shape.agents) = (5, 4)
            var history = SchedulerHistory(shape, seed: seed)
            var scheduler = Scheduler(seed: seed)
            var known: [UUIDv7: Known] = [:]
            var ends: [(at: Timestamp, id: UUIDv7)] = []
            let agents = (0..<400).map { _ in history.agent() }.reduce(into: [UUIDv7: WaitingAgent]()) {
                $0[$1.agentID] = $1
            }
            for round in 0..<4000 {
                // More comes than can be done at first, then nothing more.
                for _ in 0..<(round < 150 ? Int.random(in: 0...3, using: &history.random) : 0) {
                    let task = history.task()
                    guard agents.values.contains(where: { $0.meets(task.needs) }) else { continue }
                    known[task.id] = Known(task: task)
                    scheduler.put(task)
                }
                history.now = history.now.advanced(by: .seconds(Int.random(in: 1...30, using: &history.random)))
                let now = history.now
                while let end = ends.first, end.at <= now {
                    scheduler.remove(end.id)
                    ends.removeFirst()
                }
                let asking = agents.values.sorted { $0.agentID < $1.agentID }.filter { _ in history.chance(60) }
                    .map { scheduler.park($0) }
                for decision in scheduler.decide(at: now) {
                    guard let agent = agents[decision.agentID], let begun = known[decision.task.id] else { continue }
                    known[decision.task.id]?.begunAt = now
                    if decision.task.keys.isEmpty {
                        let elders = known.values.count { $0.isElder(of: decision.task) }
                        let bound = SchedulerLimits.startsPerOldest * (elders + 1)
                        #expect(begun.starts <= bound, "seed \(seed): \(begun.starts) starts, \(elders) elders")
                    }
                    for (id, other) in known where other.isReady(at: now) && agent.meets(other.task.needs) {
                        known[id]?.starts += 1
                    }
                    let end = now.advanced(by: .seconds(Int.random(in: 1...90, using: &history.random)))
                    ends.append((end, decision.task.id))
                }
                ends.sort { ($0.at, $0.id) < ($1.at, $1.id) }
                for id in asking { scheduler.unpark(id) }
                if round > 150, ends.isEmpty, scheduler.queuedCount == 0 { break }
            }
            let begun = known.values.count { $0.begunAt != nil }
            #expect(begun == known.count && scheduler.queuedCount == 0, "seed \(seed): \(begun) of \(known.count)")
        }
    }

    private struct Known {
        let task: SchedulerTask
        var begunAt: Timestamp?
        /// How many starts there were by agents that could do it while it was ready.
        var starts = 0

        func isReady(at now: Timestamp) -> Bool { begunAt == nil && task.readyAt <= now }

        /// Whether it was ready before another one, and waited still when that became so.
        func isElder(of other: SchedulerTask) -> Bool {
            (task.readyAt, task.id) < (other.readyAt, other.id) && begunAt.map { $0 >= other.readyAt } ?? true
        }
    }

    /// An old task of the lowest priority is begun although the agents that can do it are always wanted for others.
    @Test func theOldestIsBegunInTheFaceOfAFlood() {
        let ids = UUIDv7Generator(clock: ManualClock(), random: SeededGenerator(seed: 1))
        let (flood, small) = (ids.next(), ids.next())
        var (scheduler, now) = (Scheduler(seed: 1), Timestamp(milliseconds: 0))
        let agent = ids.next()
        func make(_ project: UUIDv7, _ priority: Int, _ capabilities: Set<String>) -> SchedulerTask {
            SchedulerTask(
                id: ids.next(),
                projectID: project,
                kind: "shell",
                needs: AgentNeeds(capabilities: capabilities),
                priority: priority,
                readyAt: now
            )
        }
        // The project of the old one has far more than its share, through agents that cannot do it.
        let old = make(small, 1, ["gpu"])
        scheduler.put(old)
        var starts = 0
        for _ in 0..<100 {
            now = now.advanced(by: .seconds(1))
            for _ in 0..<3 { scheduler.put(make(small, 10, [])) }
            scheduler.put(make(flood, 10, ["gpu"]))
            let plain = WaitingAgent(agentID: ids.next(), capabilities: [], concurrency: 3, countMax: 3, since: now)
            let able = WaitingAgent(agentID: agent, capabilities: ["gpu"], concurrency: 1, countMax: 1, since: now)
            let waiters = [scheduler.park(plain), scheduler.park(able)]
            let decisions = scheduler.decide(at: now)
            starts += decisions.count { $0.agentID == agent }
            if decisions.contains(where: { $0.task.id == old.id }) { break }
            for waiter in waiters { scheduler.unpark(waiter) }
            for decision in decisions { scheduler.remove(decision.task.id) }
        }
        #expect(starts <= SchedulerLimits.startsPerOldest)
    }

    /// Projects that all have work get equal shares of the starts, within 5 % in windows of 100 starts a project.
    @Test func sharesAreFair() {
        for seed in Chaos.seeds(1...40) {
            var shape = SchedulerHistory.Shape()
            shape.projects = Int(2 + seed % 5)
            shape.capabilities = seed.isMultiple(of: 2) ? ["a"] : []
            shape.keys = []
            var history = SchedulerHistory(shape, seed: seed)
            var scheduler = Scheduler(seed: seed)
            let agents = (0..<100).map { _ in history.agent() }.reduce(into: [UUIDv7: WaitingAgent]()) {
                $0[$1.agentID] = $1
            }
            var queued = Dictionary(uniqueKeysWithValues: history.projects.map { ($0, 0) })
            var (starts, window) = ([UUIDv7: Int](), 0)
            func top(_ scheduler: inout Scheduler) {
                for (index, project) in history.projects.enumerated() {
                    while queued[project, default: 0] < 40 {
                        let drawn = history.task()
                        // Lengths of the queues, priorities and ages differ between the projects.
                        let task = SchedulerTask(
                            id: drawn.id,
                            projectID: project,
                            kind: drawn.kind,
                            needs: AgentNeeds(),
                            priority: 1 + index % 10,
                            readyAt: history.now.advanced(by: .seconds(-index * 1000))
                        )
                        scheduler.put(task)
                        queued[project, default: 0] += 1
                    }
                }
            }
            for _ in 0..<2000 {
                top(&scheduler)
                history.now = history.now.advanced(by: .seconds(1))
                let ask = agents.values.sorted { $0.agentID < $1.agentID }.randomElement(using: &history.random)
                guard let ask else { continue }
                let waiter = scheduler.park(ask)
                for decision in scheduler.decide(at: history.now) {
                    starts[decision.task.projectID, default: 0] += 1
                    queued[decision.task.projectID, default: 0] -= 1
                    window += 1
                    scheduler.remove(decision.task.id)
                    guard window == 100 * shape.projects else { continue }
                    for project in history.projects {
                        let share = Double(starts[project] ?? 0) / Double(window)
                        let fair = 1 / Double(shape.projects)
                        #expect(abs(share - fair) <= 0.05 * fair, "seed \(seed): \(share), not \(fair)")
                    }
                    (starts, window) = ([:], 0)
                }
                scheduler.unpark(waiter)
            }
        }
    }
}
