import Basics
import Coordination
import Testing

@Suite struct SchedulerTests {
    private let ids = UUIDv7Generator(clock: ManualClock(), random: SeededGenerator(seed: 1))
    private let start = Timestamp(milliseconds: 1_700_000_000_000)

    private func task(
        _ project: UUIDv7,
        _ priority: Int = 5,
        at seconds: Int = 0,
        needs: AgentNeeds = AgentNeeds(),
        keys: [ConcurrencyKey] = [],
        spread: UUIDv7? = nil
    ) -> SchedulerTask {
        SchedulerTask(
            id: ids.next(),
            projectID: project,
            kind: "train",
            needs: needs,
            keys: keys,
            priority: priority,
            readyAt: at(seconds),
            spread: spread
        )
    }

    private func agent(
        _ capabilities: Set<String> = [],
        labels: [String: String] = [:],
        concurrency: Int = 10,
        count: Int = 1,
        record: SuccessRecord = SuccessRecord()
    ) -> WaitingAgent {
        WaitingAgent(
            agentID: ids.next(),
            capabilities: capabilities,
            labels: labels,
            concurrency: concurrency,
            countMax: count,
            records: ["train": record],
            since: start
        )
    }

    private func at(_ seconds: Int) -> Timestamp { start.advanced(by: .seconds(seconds)) }

    @Test func priorityAndAgeDecideInAProject() {
        let project = ids.next()
        // Each line: priority and age of two tasks, and which goes first.
        func f(_ one: (Int, Int), _ other: (Int, Int), _ expected: Int) {
            var scheduler = Scheduler(seed: 1)
            let tasks = [one, other].map { task(project, $0.0, at: $0.1) }
            for task in tasks { scheduler.put(task) }
            _ = scheduler.park(agent())
            #expect(scheduler.decide(at: at(10_000)).map(\.task.id) == [tasks[expected].id])
        }
        f((5, 0), (5, 1), 0)
        f((5, 0), (6, 1), 1)
        f((5, 0), (6, 299), 1)
        f((5, 0), (6, 301), 0)
        f((1, 0), (10, 2699), 1)
        f((1, 0), (10, 2701), 0)
    }

    @Test func capabilitiesAndLabelsMatch() {
        func f(_ needs: AgentNeeds, _ asking: WaitingAgent, _ expected: Bool) {
            var scheduler = Scheduler(seed: 1)
            scheduler.put(task(ids.next(), needs: needs))
            _ = scheduler.park(asking)
            #expect(scheduler.decide(at: start).isEmpty != expected, "\(needs)")
        }
        f(AgentNeeds(), agent(), true)
        f(AgentNeeds(capabilities: ["gpu"]), agent(), false)
        f(AgentNeeds(capabilities: ["gpu"]), agent(["gpu", "c++"]), true)
        f(AgentNeeds(capabilities: ["gpu", "c++"]), agent(["gpu"]), false)
        f(AgentNeeds(labels: ["zone": "a"]), agent(labels: ["zone": "b"]), false)
        f(AgentNeeds(labels: ["zone": "a"]), agent(labels: ["zone": "a", "x": "y"]), true)
    }

    @Test func exactlyOneOfManyGetsATask() {
        var scheduler = Scheduler(seed: 1)
        for _ in 0..<100 { _ = scheduler.park(agent()) }
        #expect(scheduler.decide(at: start).isEmpty)
        scheduler.put(task(ids.next()))
        #expect(scheduler.decide(at: start).count == 1)
        #expect(scheduler.waiterCount == 100)
        #expect(scheduler.decide(at: start).isEmpty)
    }

    @Test func aSurelyWorseRecordIsPassedOverAndNothingWaitsForIt() {
        var scheduler = Scheduler(seed: 1)
        let bad = agent(count: 2, record: SuccessRecord(successes: 2, failures: 40))
        let good = agent(record: SuccessRecord(successes: 40, failures: 2))
        let new = agent()
        for agent in [bad, good] { _ = scheduler.park(agent) }
        let tasks = (0..<2).map { _ in task(ids.next()) }
        for task in tasks { scheduler.put(task) }
        let decisions = scheduler.decide(at: start)
        #expect(decisions.map(\.agentID) == [good.agentID, bad.agentID], "the other one gets what is left, at once")
        #expect(decisions.map(\.reasons.passedOver) == [1, 0] && decisions.map(\.reasons.candidates) == [2, 1])
        _ = scheduler.park(new)
        scheduler.put(task(ids.next()))
        #expect(
            scheduler.decide(at: start).map(\.agentID) == [new.agentID],
            "who has no record is not held to have a bad one"
        )
    }

    @Test func siblingsGoToDifferentAgentsWhereThereAreSome() {
        var scheduler = Scheduler(seed: 1)
        let (project, plan) = (ids.next(), ids.next())
        let siblings = (0..<4).map { _ in task(project, spread: plan) }
        // The first agent asks for everything and is the least busy, as often as it is asked.
        let (greedy, other) = (agent(concurrency: 100, count: 100), agent(concurrency: 1))
        _ = scheduler.park(greedy)
        scheduler.put(siblings[0])
        let alone = scheduler.decide(at: start)
        #expect(alone.map(\.agentID) == [greedy.agentID])
        #expect(alone.first?.reasons.spread == SpreadOutcome(passedOver: 0, isRepeated: false))
        _ = scheduler.park(other)
        scheduler.put(siblings[1])
        let second = scheduler.decide(at: start)
        #expect(second.map(\.agentID) == [other.agentID])
        #expect(second.first?.reasons.spread == SpreadOutcome(passedOver: 1, isRepeated: false))
        // Nothing waits for it: who is left gets the third.
        scheduler.put(siblings[2])
        let third = scheduler.decide(at: start)
        #expect(third.map(\.agentID) == [greedy.agentID])
        #expect(third.first?.reasons.spread == SpreadOutcome(passedOver: 0, isRepeated: true))
        // What has ended still counts while the plan has open tasks; a task that failed may go where it was.
        scheduler.remove(siblings[1].id)
        scheduler.put(siblings[3])
        scheduler.run(siblings[3], by: other.agentID)
        scheduler.put(siblings[3])
        _ = scheduler.park(other)
        #expect(scheduler.decide(at: start).first?.reasons.spread?.isRepeated == true, "both have another sibling")
        // Others know nothing of it.
        scheduler.put(task(project))
        #expect(scheduler.decide(at: start).first?.reasons.spread == nil)
        for sibling in siblings { scheduler.remove(sibling.id) }
        #expect(scheduler.spreadCount == 0, "nothing is kept of a plan that has ended")
    }

    @Test func intervalsAreWilsons() {
        func f(_ successes: Int, _ failures: Int, _ low: Double, _ high: Double) {
            let interval = SuccessRecord(successes: successes, failures: failures).interval
            #expect(abs(interval.lowerBound - low) < 0.0005 && abs(interval.upperBound - high) < 0.0005, "\(interval)")
        }
        // By hand: (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n) with z = 1.96.
        f(0, 0, 0, 1)
        f(10, 0, 0.7225, 1)
        f(0, 10, 0, 0.2775)
        f(5, 5, 0.2366, 0.7634)
        f(81, 19, 0.7222, 0.8749)
    }

    @Test func keysLimitAndTheSmallestLimitWins() {
        var scheduler = Scheduler(seed: 1)
        let project = ids.next()
        let tasks = [3, 3, 2].map { task(project, keys: [ConcurrencyKey("gpu", limit: $0)]) }
        for task in tasks { scheduler.put(task) }
        let asking = scheduler.park(agent(count: 9))
        #expect(scheduler.decide(at: start).count == 2)
        #expect(
            scheduler.explain(tasks[2].id, at: start)
                == [.keyFull(key: "gpu", limit: 2, holders: [tasks[0].id, tasks[1].id])]
        )
        scheduler.remove(tasks[0].id)
        #expect(scheduler.decide(at: start).map(\.task.id) == [tasks[2].id])
        scheduler.unpark(asking)
        scheduler.remove(tasks[1].id)
        scheduler.remove(tasks[2].id)
        #expect(scheduler.useCount(of: "gpu") == 0)
    }

    @Test func aPatientTaskOfSeveralKeysIsNotPassedForEver() {
        var scheduler = Scheduler(seed: 1)
        let project = ids.next()
        func one(_ key: String, at seconds: Int) -> SchedulerTask {
            task(project, at: seconds, keys: [ConcurrencyKey(key, limit: 1)])
        }
        let (a, b) = (one("a", at: -10), one("b", at: -9))
        for task in [a, b] { scheduler.put(task) }
        let asking = scheduler.park(agent(count: 50))
        #expect(scheduler.decide(at: start).count == 2)
        let both = task(project, at: 0, keys: [ConcurrencyKey("a", limit: 1), ConcurrencyKey("b", limit: 1)])
        scheduler.put(both)
        let next = one("a", at: 1)
        scheduler.put(next)
        scheduler.remove(a.id)
        #expect(scheduler.decide(at: at(5)).map(\.task.id) == [next.id], "it has not waited for long")
        let later = one("a", at: 2)
        scheduler.put(later)
        scheduler.remove(next.id)
        let patience = SchedulerLimits.patience
        #expect(scheduler.decide(at: start.advanced(by: patience)).isEmpty, "one of its keys is kept free for it")
        #expect(
            scheduler.explain(later.id, at: start.advanced(by: patience)).first == .keyReserved(key: "a", by: both.id)
        )
        scheduler.remove(b.id)
        #expect(scheduler.decide(at: start.advanced(by: patience)).map(\.task.id) == [both.id])
        scheduler.remove(both.id)
        #expect(scheduler.decide(at: start.advanced(by: patience)).map(\.task.id) == [later.id])
        scheduler.unpark(asking)
    }

    @Test func anAgentAtItsLimitIsWokenWhenItHasRoom() {
        var scheduler = Scheduler(seed: 1)
        let project = ids.next()
        let tasks = (0..<2).map { _ in task(project) }
        for task in tasks { scheduler.put(task) }
        let busy = agent(concurrency: 1, count: 5)
        _ = scheduler.park(busy)
        let first = scheduler.decide(at: start)
        #expect(first.count == 1)
        #expect(scheduler.explain(tasks[1].id, at: start).contains(.nobodyWaits))
        scheduler.remove(first[0].task.id)
        #expect(scheduler.decide(at: start).count == 1)
    }

    @Test func whatIsHeldOrNotDueWaits() {
        var scheduler = Scheduler(seed: 1)
        let project = ids.next()
        let (due, later) = (task(project), task(project, at: 60))
        for task in [due, later] { scheduler.put(task) }
        _ = scheduler.park(agent(count: 5))
        scheduler.setHeld(true, project: project)
        #expect(scheduler.decide(at: start).isEmpty)
        #expect(scheduler.explain(due.id, at: start) == [.projectHeld])
        #expect(scheduler.explain(later.id, at: start) == [.notBefore(at(60))])
        scheduler.setHeld(false, project: project)
        #expect(scheduler.decide(at: start).map(\.task.id) == [due.id])
        #expect(scheduler.nextDue() == at(60))
        #expect(scheduler.decide(at: at(59)).isEmpty)
        #expect(scheduler.decide(at: at(60)).map(\.task.id) == [later.id])
        #expect(scheduler.nextDue() == nil)
    }

    /// Ten thousand tasks, hundreds of agents and a thousand keys: each decision looks at a few of them only.
    @Test func aLargeBacklogIsWorkedOff() {
        var scheduler = Scheduler(seed: 1)
        let projects = (0..<50).map { _ in ids.next() }
        for index in 0..<10_000 {
            let keys = index.isMultiple(of: 2) ? [ConcurrencyKey("key \(index % 1000)", limit: 2)] : []
            scheduler.put(task(projects[index % 50], 1 + index % 10, at: index % 600, keys: keys))
        }
        var (begun, rounds) = (0, 0)
        while scheduler.queuedCount > 0, rounds < 1000 {
            rounds += 1
            let waiters = (0..<200).map { _ in scheduler.park(agent(concurrency: 1)) }
            let decisions = scheduler.decide(at: at(10_000))
            begun += decisions.count
            for decision in decisions { scheduler.remove(decision.task.id) }
            for waiter in waiters { scheduler.unpark(waiter) }
        }
        #expect(begun == 10_000)
    }
}
