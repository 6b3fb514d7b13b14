import Basics
import Database
import DatabaseTesting
import Events
import JSON
import Projects
import Records
import Synchronization
import Tasks
import Testing

/// What the coordinator must do on every implementation of ``Database``; each function wants a migrated, empty database.
enum CoordinationConformance {
    static let checks: [(name: String, run: @Sendable (any Database) async throws -> Void)] = [
        ("labels", labels), ("keys", keys), ("projects", projects), ("orphans", orphans), ("following", following),
        ("herd", herd),
        ("slots", slots), ("servers", servers), ("restart", restart), ("rechecks", rechecks), ("approval", approval),
        ("whys", whys),
        ("histories", histories),
    ]

    private static func request(
        _ agentID: UUIDv7,
        _ capabilities: [String] = [],
        labels: [String: String] = [:],
        concurrency: Int = 100,
        count: Int = 50
    ) -> LeaseRequest {
        LeaseRequest(
            agentID: agentID,
            capabilities: capabilities,
            labels: labels,
            concurrency: concurrency,
            countMax: count
        )
    }

    @Sendable static func labels(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let made = try await fixture.make("a") { $0.fields.labels = ["zone": "north", "gpu": "a100"] }
        #expect(try await fixture.tasks.get(made.id).fields.labels == ["zone": "north", "gpu": "a100"])
        func f(_ labels: [String: String], _ expected: [String]) async throws {
            let leased = try await fixture.tasks.lease(request(fixture.ids.next(), labels: labels))
            #expect(leased.map(\.fields.name) == expected)
        }
        try await f([:], [])
        try await f(["zone": "north"], [])
        try await f(["zone": "south", "gpu": "a100"], [])
        try await f(["zone": "north", "gpu": "a100", "os": "linux"], ["a"])
    }

    @Sendable static func keys(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, agent) = (fixture.tasks, fixture.ids.next())
        for index in 0..<4 {
            try await fixture.make("\(index)") { $0.fields.concurrencyKeys = ["set": index == 3 ? 1 : 2] }
        }
        let free = try await fixture.make("free")
        let first = try await tasks.lease(request(agent))
        #expect(first.map(\.fields.name) == ["0", "free"], "the smallest limit of an open task counts")
        let waiting = try #require(try await fixture.tasks.list(TaskListQuery()).items.first { $0.fields.name == "1" })
        let reason = try await tasks.why(waiting.id).reasons.first
        #expect(reason?.kind == .concurrencyKey && reason?.holders == [first[0].id])
        _ = try await tasks.cancel(free.id, by: TaskFixture.user)
        let last = try #require(try await fixture.tasks.list(TaskListQuery()).items.first { $0.fields.name == "3" })
        _ = try await tasks.cancel(last.id, by: TaskFixture.user)
        let second = try await tasks.lease(request(agent))
        #expect(second.map(\.fields.name) == ["1"], "the limit is 2 again")
        for task in first.prefix(1) + second {
            let claim = LeaseClaim(agentID: agent, token: task.progress.token)
            _ = try await tasks.complete(task.id, claim, by: TaskFixture.user)
        }
        #expect(try await tasks.lease(request(agent)).map(\.fields.name) == ["2"])
    }

    @Sendable static func projects(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, agent) = (fixture.tasks, fixture.ids.next())
        var cursor = CoordinationCursor()
        try await tasks.coordinate(&cursor)
        let made = try await fixture.make("a")
        func move(_ status: ProjectStatus) async throws {
            var patch = ProjectPatch()
            patch.status = .set(status)
            _ = try await fixture.projects.patch(fixture.project, patch, by: TaskFixture.user)
        }
        for status in [ProjectStatus.active, .paused] { try await move(status) }
        #expect(try await tasks.lease(request(agent)).isEmpty, "the database refuses what the image does not know yet")
        #expect(fixture.registry.value(of: "kaskman_coordinator_refusals_total", ["reason": "project_held"]) == 1)
        #expect(try await tasks.why(made.id).reasons.map(\.kind).first == .project)
        try await move(.completed)
        try await tasks.coordinate(&cursor)
        #expect(try await tasks.lease(request(agent)).isEmpty)
        #expect(fixture.registry.value(of: "kaskman_coordinator_refusals_total", ["reason": "project_held"]) == 1)
        try await move(.active)
        try await tasks.coordinate(&cursor)
        #expect(try await tasks.lease(request(agent)).map(\.id) == [made.id], "it goes on when the project is reopened")
    }

    /// What is open of a deleted project is cancelled, also where the deletion was not seen; nothing of it comes back.
    @Sendable static func orphans(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, user, agent) = (fixture.tasks, TaskFixture.user, fixture.ids.next())
        let other = try await fixture.projects.create(ProjectFields(name: "q", type: .research), by: user).project.id
        let kept = try await fixture.make("kept") { ($0.fields.projectID, $0.fields.capabilities) = (other, ["x"]) }
        var cursor = CoordinationCursor()
        try await tasks.coordinate(&cursor)
        let running = try await fixture.make("running")
        #expect(try await tasks.lease(request(agent, count: 1)).map(\.id) == [running.id])
        let dead = try await fixture.make("dead") { $0.fields.needsApproval = true }
        _ = try await tasks.reject(dead.id, by: user)
        let paused = try await fixture.make("paused")
        _ = try await tasks.pause(paused.id, by: user)
        let made = [
            running, dead, paused,
            try await fixture.make("asked") { $0.fields.needsApproval = true },
            try await fixture.make("behind", after: [TaskDependency(on: running.id)]),
        ]
        // More than one round takes.
        for index in 0..<510 { try await fixture.make("\(index)") }
        #expect(try await fixture.statuses(made) == "running dead paused awaiting_approval waiting")
        try await fixture.projects.delete(fixture.project, by: user)
        for _ in 0..<2 { try await tasks.coordinate(&cursor) }
        #expect(try await fixture.statuses(made) == "cancelled dead cancelled cancelled cancelled")
        #expect(try await fixture.names { $0.statuses = [.queued] } == ["kept"])
        #expect(try await tasks.why(kept.id).reasons.map(\.kind) != [.project])
        #expect(
            await fixture.failure { () throws(TaskError) in
                try await tasks.complete(running.id, LeaseClaim(agentID: agent, token: 1), by: user)
            } == .refused(.leaseLost(.ended(.cancelled)))
        )
        for task in [dead, paused] {
            #expect(
                await fixture.failure { () throws(TaskError) in try await tasks.retry(task.id, by: user) }
                    == .refused(.projectDeleted)
            )
        }
        for isDryRun in [true, false] {
            let all = try await tasks.retryDeadLetters(DeadLetterFilter(), isDryRun: isDryRun, by: user)
            #expect(all.retried.isEmpty && all.refused.isEmpty)
        }
        // A server that was down in that moment finds them at its start.
        try await fixture.make("late") { $0.fields.projectID = other }
        try await fixture.projects.delete(other, by: user)
        var fresh = CoordinationCursor()
        try await tasks.coordinate(&fresh)
        #expect(try await fixture.names { $0.statuses = [.queued] } == [])
    }

    /// Two servers at work at once: what the other one did between one's own changes is seen without a comparison, and without
    /// reading one's own.
    @Sendable static func following(_ database: any Database) async throws {
        let one = try await TaskFixture(database)
        guard one.tasks.isShared else { return }
        let two = try await TaskFixture(database, seed: 2)
        var cursor = CoordinationCursor()
        try await one.tasks.coordinate(&cursor)
        let ours = try await one.make("ours")
        let theirs = try await two.make("theirs") { $0.fields.projectID = one.project }
        let last = try await one.make("last")
        let agent = one.ids.next()
        #expect(try await one.tasks.lease(request(agent)).map(\.fields.name) == ["ours", "last"])
        try await one.tasks.coordinate(&cursor)
        #expect(try await one.tasks.lease(request(agent)).map(\.fields.name) == ["theirs"])
        _ = try await two.tasks.cancel(theirs.id, by: TaskFixture.user)
        for task in [ours, last] {
            _ = try await one.tasks.complete(task.id, LeaseClaim(agentID: agent, token: 1), by: TaskFixture.user)
        }
        try await one.tasks.coordinate(&cursor)
        let image = one.registry.value(of: "kaskman_coordinator_drift_total")
        one.clock.advance(by: .seconds(61))
        try await one.tasks.coordinate(&cursor)
        #expect(one.registry.value(of: "kaskman_coordinator_drift_total") == image, "the comparison finds nothing new")
    }

    /// A hundred agents wait, a task comes: exactly one of them wakes and gets it.
    @Sendable static func herd(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, clock) = (fixture.tasks, fixture.clock)
        let asked = Counter()
        let waiting = (0..<100).map { _ in
            let agent = fixture.ids.next()
            return Task {
                try await tasks.lease(waitingFor: .seconds(30)) {
                    asked.increment()
                    return request(agent)
                }
            }
        }
        await clock.waitForSleepers(100)
        #expect(asked.count == 100)
        try await fixture.make("a")
        var leased = 0
        clock.advance(by: .seconds(30))
        for task in waiting { leased += try await task.value.count }
        #expect(leased == 1 && asked.count == 100, "nobody else had to look again")
        #expect(fixture.registry.value(of: "kaskman_coordinator_decisions_total") == 1)
    }

    /// An agent at its limit is woken when its slot is free.
    @Sendable static func slots(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, agent) = (fixture.tasks, fixture.ids.next())
        for name in ["a", "b"] { try await fixture.make(name) }
        let first = try #require(try await tasks.lease(request(agent, concurrency: 1)).first)
        let waiting = Task { try await tasks.lease(waitingFor: .seconds(30)) { request(agent, concurrency: 1) } }
        await fixture.clock.waitForSleepers()
        _ = try await tasks.complete(first.id, LeaseClaim(agentID: agent, token: 1), by: TaskFixture.user)
        #expect(try await waiting.value.map(\.fields.name) == ["b"])
    }

    /// Two servers on one database: what one leases the other does not, limits hold across both.
    @Sendable static func servers(_ database: any Database) async throws {
        let one = try await TaskFixture(database)
        let two = try await TaskFixture(database, seed: 2)
        let agent = one.ids.next()
        for index in 0..<6 { try await one.make("\(index)") { $0.fields.concurrencyKeys = ["k": 3] } }
        // Both images hold all of them.
        #expect(try await two.tasks.lease(request(agent, concurrency: 2, count: 1)).count == 1)
        #expect(try await one.tasks.lease(request(agent, concurrency: 2)).count == 1, "the agent has no more room")
        #expect(try await two.tasks.lease(request(agent, concurrency: 2)).isEmpty)
        let other = one.ids.next()
        #expect(try await one.tasks.lease(request(other)).count == 1)
        #expect(try await two.tasks.lease(request(other)).isEmpty, "three use the key")
        let running = try await one.names { $0.statuses = [.running] }
        #expect(running.count == 3)
        // What one server makes, the other one finds when it compares.
        two.clock.advance(by: .seconds(61))
        try await two.make("last") { $0.fields.projectID = one.project }
        one.clock.advance(by: .seconds(61))
        var cursor = CoordinationCursor()
        try await one.tasks.coordinate(&cursor)
        #expect(try await one.tasks.lease(request(other)).map(\.fields.name) == ["last"])
        #expect(one.registry.value(of: "kaskman_coordinator_drift_total") ?? 0 > 0)
    }

    @Sendable static func restart(_ database: any Database) async throws {
        let before = try await TaskFixture(database)
        let agent = before.ids.next()
        for name in ["a", "b", "c"] { try await before.make(name) { $0.fields.concurrencyKeys = ["k": 2] } }
        #expect(try await before.tasks.lease(request(agent, concurrency: 1)).count == 1)
        let after = try await TaskFixture(database, seed: 2)
        #expect(try await after.tasks.lease(request(agent, concurrency: 1)).isEmpty, "the agent is known to be busy")
        #expect(try await after.tasks.lease(request(after.ids.next())).map(\.fields.name) == ["b"])
        #expect(after.registry.value(of: "kaskman_coordinator_queued_tasks") == 1)
        for obstacle in ["changed", "key_full", "agent"] {
            #expect(after.registry.value(of: "kaskman_coordinator_refusals_total", ["reason": obstacle]) == 0)
        }
    }

    /// What the agent is in the transaction counts, not what it was when it asked.
    @Sendable static func rechecks(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, agent) = (fixture.tasks, fixture.ids.next())
        let made = try await fixture.make("a") { $0.fields.capabilities = ["gpu"] }
        func f(_ now: LeaseRequest?, _ expected: [UUIDv7]) async throws {
            let leased = try await tasks.lease(waitingFor: .zero, recheck: { _ in now }) { request(agent, ["gpu"]) }
            #expect(leased.map(\.id) == expected)
        }
        try await f(nil, [])
        try await f(request(agent), [])
        try await f(request(agent, ["gpu"], concurrency: 0), [])
        #expect(fixture.registry.value(of: "kaskman_coordinator_refusals_total", ["reason": "agent"]) == 3)
        try await f(request(agent, ["gpu"]), [made.id])
    }

    @Sendable static func approval(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, agent, start) = (fixture.tasks, fixture.ids.next(), fixture.clock.now)
        func make(_ name: String, _ seconds: Int? = nil) async throws -> ProjectTask {
            try await fixture.make(name) {
                $0.fields.needsApproval = true
                $0.fields.rules.timeouts.approvalSeconds = seconds
            }
        }
        let approved = try await make("approved", 60)
        let rejected = try await make("rejected")
        let expired = try await make("expired", 60)
        let dependent = try await fixture.make("dependent", after: [TaskDependency(on: expired.id, .failure)])
        #expect(try await fixture.statuses([approved, dependent]) == "awaiting_approval waiting")
        #expect(try await tasks.lease(request(agent)).isEmpty, "it holds no worker")
        #expect(try await tasks.why(approved.id).reasons.map(\.kind) == [.approval])
        let queued = try await tasks.approve(approved.id, by: TaskFixture.user)
        #expect(queued.progress.approvedAt == start && queued.progress.status == .queued)
        let again = await fixture.failure { () throws(TaskError) in
            try await tasks.approve(approved.id, by: TaskFixture.user)
        }
        #expect(again == .refused(.notPossible(from: .queued)))
        #expect(try await tasks.lease(request(agent)).map(\.id) == [approved.id])
        let dead = try await tasks.reject(rejected.id, reason: "too dear", by: TaskFixture.user)
        #expect(dead.progress.reason == .rejected && dead.failure == TaskFailure("rejected", "too dear"))
        fixture.clock.advance(by: .seconds(61))
        #expect(try await tasks.sweep(listeningSince: fixture.clock.now) == 1)
        #expect(try await tasks.get(expired.id).progress.reason == .approvalExpired)
        #expect(try await fixture.statuses([dependent]) == "queued")
        #expect(try await fixture.said(about: approved.id) == ["created", "approved", "started"])
        #expect(try await fixture.said(about: rejected.id) == ["created", "rejected"])
        #expect(try await fixture.said(about: expired.id) == ["created", "dead"])
        let retried = try await tasks.retry(expired.id, by: TaskFixture.user)
        #expect(retried.progress.status == .awaitingApproval, "it is asked for again")
        let paused = try await tasks.pause(expired.id, by: TaskFixture.user)
        #expect(paused.progress.askedAt == nil)
        #expect(try await tasks.resume(expired.id, by: TaskFixture.user).progress.status == .awaitingApproval)
    }

    @Sendable static func whys(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, agent) = (fixture.tasks, fixture.ids.next())
        let made = try await fixture.make("a") { $0.fields.capabilities = ["gpu"] }
        func f(_ able: Int, _ online: Int, _ expected: TaskReason.Kind) async throws {
            let why = try await tasks.why(made.id) { need in
                #expect(need.capabilities == ["gpu"])
                var roster = AgentRoster()
                (roster.able, roster.online) = (able, online)
                return roster
            }
            #expect(why.reasons.map(\.kind) == [expected])
        }
        try await f(0, 0, .noCapableAgent)
        try await f(2, 0, .noAgent)
        try await f(2, 1, .agentsBusy)
        let urgent = try await fixture.make("b") {
            $0.fields.capabilities = ["gpu"]
            $0.fields.priority = 10
        }
        #expect(try await tasks.why(made.id).reasons.map(\.kind) == [.noAgent, .turn])
        var asking = request(agent, ["gpu"], count: 1)
        asking.records["shell"] = AttemptCounts(successes: 3, failures: 1)
        #expect(try await tasks.lease(asking).map(\.id) == [urgent.id])
        let why = try await tasks.why(urgent.id)
        #expect(why.reasons.map(\.kind) == [.leased])
        #expect(why.decision?["rule"]?.string == "fair_share" && why.decision?["priority"]?.integer == 10)
        #expect(why.decision?["record"]?["successes"]?.integer == 3)
        #expect(try await tasks.details(urgent.id).attempts.first?.reasons == why.decision)
        let later = try await fixture.make("later") { $0.runAt = fixture.clock.now.advanced(by: .seconds(5)) }
        #expect(try await tasks.why(later.id).reasons.map(\.kind) == [.notBefore])
    }

    /// Agents of two servers lease, end and lose tasks with keys in random order: no limit is ever exceeded.
    @Sendable static func histories(_ database: any Database) async throws {
        let seed: UInt64 = 11
        let fixtures = [try await TaskFixture(database), try await TaskFixture(database, seed: 2)]
        var random = SeededGenerator(seed: seed)
        let agents = (0..<3).map { _ in fixtures[0].ids.next() }
        for index in 0..<30 {
            try await fixtures[index % 2].make("\(index)") {
                $0.fields.projectID = fixtures[index % 3 == 0 ? 1 : 0].project
                $0.fields.concurrencyKeys = [["a": 2], ["b": 1], ["a": 2, "b": 1], [:]][index % 4]
                $0.fields.rules.retry.firstDelaySeconds = 0
            }
        }
        var held: [(id: UUIDv7, claim: LeaseClaim)] = []
        var cursors = [CoordinationCursor(), CoordinationCursor()]
        for step in 0..<200 {
            let (index, agent) = (
                Int.random(in: 0...1, using: &random), agents.randomElement(using: &random) ?? agents[0]
            )
            let tasks = fixtures[index].tasks
            for fixture in fixtures { fixture.clock.advance(by: .seconds(1)) }
            switch Int.random(in: 0..<6, using: &random) {
            case 0...2:
                for task in try await tasks.lease(request(agent, concurrency: 3, count: 2)) {
                    held.append((task.id, LeaseClaim(agentID: agent, token: task.progress.token)))
                }
            case 3...4 where !held.isEmpty:
                let (id, claim) = held.remove(at: Int.random(in: 0..<held.count, using: &random))
                if Bool.random(using: &random) {
                    _ = try await tasks.complete(id, claim, by: TaskFixture.user)
                } else {
                    _ = try await tasks.fail(id, claim, TaskFailure("oom"), by: TaskFixture.user)
                }
            default: try await tasks.coordinate(&cursors[index])
            }
            for entry in held { _ = try await tasks.renew(entry.id, entry.claim) }
            let running = try await database.read("test.running") { connection in
                let rows = try connection.query(
                    "SELECT key, count(*) AS tasks FROM task_key_holds GROUP BY key ORDER BY key"
                )
                return try rows.map { (try $0.text("key"), try $0.int("tasks")) }
            }
            for (key, count) in running { #expect(count <= (key == "a" ? 2 : 1), "seed \(seed), step \(step)") }
            for agent in agents {
                let count = held.count { $0.claim.agentID == agent }
                #expect(count <= 3, "seed \(seed), step \(step)")
            }
        }
    }
}

/// Counts from many tasks.
private final class Counter: Sendable {
    private let value = Mutex(0)

    var count: Int { value.withLock { $0 } }

    func increment() { value.withLock { $0 += 1 } }
}
