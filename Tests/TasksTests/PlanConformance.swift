import Basics
import ChaosTesting
import Coordination
import Database
import DatabaseTesting
import Events
import JSON
import Records
import Tasks
import Testing

/// What plans must do on every implementation of ``Database``; each function wants a migrated, empty database.
enum PlanConformance {
    static let checks: [(name: String, run: @Sendable (any Database) async throws -> Void)] = [
        ("chains", chains), ("merges", merges), ("refusals", refusals), ("keys", keys), ("votes", votes),
        ("recounts", recounts), ("children", children), ("coordinators", coordinators), ("upstream", upstream),
        ("siblings", siblings), ("deadLetters", deadLetters), ("uniqueDeadLetters", uniqueDeadLetters),
        ("histories", histories),
    ]

    private static func task(_ fixture: TaskFixture, _ name: String, kind: String = "shell") -> NewTask {
        NewTask(TaskFields(projectID: fixture.project, kind: kind, name: name))
    }

    private static func plan(
        _ fixture: TaskFixture,
        _ strategy: Strategy,
        _ names: [String],
        members: Int = 0,
        _ ending: NewPlan.Ending? = nil
    ) async throws -> TaskPlan {
        let new = NewPlan(
            strategy,
            in: fixture.project,
            names.map { task(fixture, $0) },
            members: members,
            ending: ending
        )
        return try await fixture.tasks.coordinate(new, by: TaskFixture.user).plan
    }

    /// The statuses of a plan's tasks now, in a line.
    private static func statuses(_ fixture: TaskFixture, _ plan: TaskPlan) async throws -> String {
        try await fixture.statuses(plan.entries.map(\.task))
    }

    /// An agent of its own takes the task that is next, and succeeds, or fails without an output.
    private static func work(_ fixture: TaskFixture, _ id: UUIDv7, _ output: JSONValue?) async throws {
        let agent = fixture.ids.next()
        let request = LeaseRequest(agentID: agent, capabilities: [], concurrency: 1, countMax: 1)
        let task = try #require(try await fixture.tasks.lease(request).first)
        #expect(task.id == id)
        let claim = LeaseClaim(agentID: agent, token: task.progress.token)
        if let output {
            _ = try await fixture.tasks.complete(id, claim, output: output, by: TaskFixture.user)
        } else {
            _ = try await fixture.tasks.fail(id, claim, TaskFailure("fatal"), by: TaskFixture.user)
        }
        fixture.clock.advance(by: .seconds(5))
    }

    @Sendable static func chains(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let chain = try await plan(fixture, .sequential, ["a", "b", "c"])
        #expect(chain.entries.map(\.role) == [.step, .step, .step])
        #expect(chain.entries.map(\.purpose) == ["step 1 of 3", "step 2 of 3", "step 3 of 3"])
        let ids = chain.entries.map(\.task.id)
        #expect(chain.entries.map(\.dependencies) == [[], [TaskDependency(on: ids[0])], [TaskDependency(on: ids[1])]])
        #expect(try await statuses(fixture, chain) == "queued waiting waiting")
        try await work(fixture, ids[0], [:])
        #expect(try await statuses(fixture, chain) == "succeeded queued waiting")
        _ = try await fixture.tasks.cancel(ids[1], by: TaskFixture.user)
        #expect(try await statuses(fixture, chain) == "succeeded cancelled skipped")
        let place = PlanPlace(planID: chain.id, role: .step)
        #expect(try await fixture.tasks.get(ids[2]).fields.plan == place)
        #expect(try await fixture.names { $0.planID = chain.id }.sorted() == ["a", "b", "c"])
        #expect(fixture.registry.value(of: "kaskman_task_plans_total", ["strategy": "sequential"]) == 1)
    }

    @Sendable static func merges(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let strict = try await plan(fixture, .parallel, ["a", "b"], .merge(task(fixture, "m"), always: false))
        #expect(try await statuses(fixture, strict) == "queued queued waiting")
        _ = try await fixture.tasks.cancel(strict.entries[1].task.id, by: TaskFixture.user)
        #expect(try await statuses(fixture, strict) == "queued cancelled skipped")
        let lenient = try await plan(fixture, .parallel, ["c", "d"], .merge(task(fixture, "n"), always: true))
        _ = try await fixture.tasks.cancel(lenient.entries[0].task.id, by: TaskFixture.user)
        #expect(try await statuses(fixture, lenient) == "cancelled queued waiting")
        _ = try await fixture.tasks.cancel(lenient.entries[1].task.id, by: TaskFixture.user)
        #expect(try await statuses(fixture, lenient) == "cancelled cancelled queued")
    }

    @Sendable static func refusals(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        func f(
            _ pointers: [String],
            _ strategy: Strategy,
            _ tasks: [NewTask],
            members: Int = 0,
            _ ending: NewPlan.Ending? = nil
        ) async {
            let new = NewPlan(strategy, in: fixture.project, tasks, members: members, ending: ending)
            let error = await fixture.failure { () throws(TaskError) in
                try await fixture.tasks.coordinate(new, by: TaskFixture.user)
            }
            guard case .invalid(let violations)? = error else {
                Issue.record("\(pointers): \(String(describing: error))")
                return
            }
            #expect(violations.map(\.pointer) == pointers)
        }
        let (good, bad) = (task(fixture, "good"), task(fixture, ""))
        var unique = good
        unique.fields.uniqueKey = "k"
        await f(["/tasks"], .sequential, [])
        await f(["/tasks/1/name"], .parallel, [good, bad])
        await f(["/merge"], .sequential, [good], .merge(good, always: false))
        await f(["/merge/name"], .parallel, [good], .merge(bad, always: false))
        await f(["/merge"], .hierarchical, [good])
        await f(["/task/name"], .hierarchical, [bad], .merge(good, always: false))
        await f(["/members"], .collaborative, [good], members: 1, .vote(members: [], quorum: nil))
        await f(["/task/unique_key"], .collaborative, [unique], members: 2, .vote(members: [], quorum: nil))
        await f(["/vote/quorum"], .collaborative, [good], members: 2, .vote(members: [], quorum: 3))
        await f(["/vote/members/1"], .collaborative, [good], members: 2, .vote(members: ["a", "a"], quorum: nil))
        await f(["/vote"], .parallel, [good], .vote(members: [], quorum: nil))
        let strange = fixture.ids.next()
        var elsewhere = NewPlan(.sequential, in: strange, [good])
        elsewhere.tasks[0].fields.projectID = strange
        let wanted = elsewhere
        let error = await fixture.failure { () throws(TaskError) in
            try await fixture.tasks.coordinate(wanted, by: TaskFixture.user)
        }
        #expect(error == .invalid([FieldViolation("/project_id", "there is no such project")]))
        // All of it, or nothing: the second task cannot be made, so the first is not there either.
        _ = try await fixture.make("holder") { $0.fields.uniqueKey = "k" }
        let refused = await fixture.failure { () throws(TaskError) in
            try await fixture.tasks.coordinate(
                NewPlan(.parallel, in: fixture.project, [good, unique]),
                by: TaskFixture.user
            )
        }
        guard case .refused(.uniqueKeyTaken)? = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
        #expect(try await fixture.names() == ["holder"])
        #expect(try await fixture.said() == ["created"])
    }

    @Sendable static func keys(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let new = NewPlan(.sequential, in: fixture.project, [task(fixture, "a"), task(fixture, "b")])
        let first = try await fixture.tasks.coordinate(new, idempotencyKey: "k", by: TaskFixture.user)
        _ = try await fixture.tasks.cancel(first.plan.entries[1].task.id, by: TaskFixture.user)
        let second = try await fixture.tasks.coordinate(new, idempotencyKey: "k", by: TaskFixture.user)
        #expect(!first.isReplay && second.isReplay && second.plan.id == first.plan.id)
        #expect(second.plan.entries.map(\.dependencies) == first.plan.entries.map(\.dependencies))
        #expect(second.plan.entries.map(\.task.progress.status) == [.queued, .cancelled], "as it is now")
        let other = NewPlan(.parallel, in: fixture.project, [task(fixture, "a"), task(fixture, "b")])
        let error = await fixture.failure { () throws(TaskError) in
            try await fixture.tasks.coordinate(other, idempotencyKey: "k", by: TaskFixture.user)
        }
        #expect(error == .idempotencyConflict(key: "k"))
        #expect(try await fixture.names().count == 2)
    }

    @Sendable static func votes(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let asked = try await plan(fixture, .collaborative, ["ask"], members: 3, .vote(members: ["answer"], quorum: 2))
        #expect(asked.entries.map(\.role) == [.member, .member, .member, .vote])
        #expect(try await statuses(fixture, asked) == "queued queued queued waiting")
        let ids = asked.entries.map(\.task.id)
        for (id, answer) in zip(ids, [1, 2, 1]) {
            try await work(fixture, id, ["answer": .integer(Int64(answer)), "seconds": .integer(Int64(answer) + 7)])
        }
        #expect(try await statuses(fixture, asked) == "succeeded succeeded succeeded succeeded")
        let vote = try await fixture.tasks.get(ids[3])
        #expect(vote.output?["result"] == ["answer": 1] && vote.output?["votes"] == 2 && vote.output?["cast"] == 3)
        #expect(vote.progress.token == 0, "no agent did it")
        #expect(try await fixture.said(about: ids[3]) == ["created", "succeeded"])
        #expect(try await fixture.tasks.why(ids[3]).reasons.map(\.detail) == ["the votes gave a result"])
        let agent = fixture.ids.next()
        let request = LeaseRequest(agentID: agent, capabilities: [], concurrency: 100, countMax: 50)
        #expect(try await fixture.tasks.lease(request).isEmpty, "nobody is given a vote")
    }

    /// A vote without result is dead; a member that is tried again, and a retry of the vote, count anew.
    @Sendable static func recounts(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, user) = (fixture.tasks, TaskFixture.user)
        var asked = task(fixture, "ask")
        asked.fields.rules.retry.nonRetryable = ["fatal"]
        let new = NewPlan(
            .collaborative,
            in: fixture.project,
            [asked],
            members: 2,
            ending: .vote(members: [], quorum: nil)
        )
        let made = try await tasks.coordinate(new, by: user).plan
        let ids = made.entries.map(\.task.id)
        try await work(fixture, ids[0], ["x": 1])
        try await work(fixture, ids[1], nil)
        let vote = try await tasks.get(ids[2])
        #expect(vote.progress.status == .dead && vote.progress.reason == .undecided)
        #expect(vote.failure == TaskFailure("no_quorum", "1 of 2 have voted; the quorum is 2"))
        #expect(try await tasks.why(ids[2]).reasons.first?.detail == "undecided; the newest error is no_quorum")
        #expect(try await tasks.retry(ids[2], by: user).progress.status == .dead, "counted at once, with the same end")
        _ = try await tasks.retry(ids[1], by: user)
        #expect(try await tasks.retry(ids[2], by: user).progress.status == .waiting)
        _ = try await tasks.pause(ids[2], by: user)
        try await work(fixture, ids[1], ["x": 1])
        #expect(try await tasks.get(ids[2]).progress.status == .paused, "held back by a person")
        let resumed = try await tasks.resume(ids[2], by: user)
        #expect(resumed.progress.status == .succeeded && resumed.output?["votes"] == 2)
    }

    @Sendable static func children(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let tasks = fixture.tasks
        let made = try await plan(fixture, .hierarchical, ["lead"], .merge(task(fixture, "m"), always: false))
        let (lead, merge) = (made.entries[0].task.id, made.entries[1].task.id)
        let agent = fixture.ids.next()
        let leased = try await tasks.lease(
            LeaseRequest(agentID: agent, capabilities: [], concurrency: 10, countMax: 10)
        )
        #expect(leased.map(\.id) == [lead])
        let claim = LeaseClaim(agentID: agent, token: 1)
        let origin = ChangeOrigin(.agent(agent.description))
        let some = ["x", "y"].map { task(fixture, $0) }
        let first = try await tasks.spawn(from: lead, claim, some, idempotencyKey: "k", by: origin)
        #expect(first.tasks.map(\.fields.name) == ["x", "y"] && !first.isReplay)
        #expect(first.tasks.allSatisfy { $0.fields.plan?.role == .child && $0.fields.plan?.planID == made.id })
        let again = try await tasks.spawn(from: lead, claim, [task(fixture, "other")], idempotencyKey: "k", by: origin)
        #expect(again.isReplay && again.tasks.map(\.id) == first.tasks.map(\.id), "the first request counts")
        let more = try await tasks.spawn(from: lead, claim, [task(fixture, "z")], by: origin).tasks
        let upstream = try await tasks.details(merge).dependencies.map(\.dependency)
        #expect(Set(upstream) == Set(([lead] + first.tasks.map(\.id) + more.map(\.id)).map { TaskDependency(on: $0) }))
        #expect(
            try await fixture.said(about: merge) == ["created", "dependency_added", "dependency_added"],
            "once for each request"
        )
        for child in first.tasks + more { try await work(fixture, child.id, ["name": .string(child.fields.name)]) }
        #expect(try await fixture.statuses([made.entries[1].task]) == "waiting", "the coordinator has not ended")
        _ = try await tasks.complete(lead, claim, output: [:], by: origin)
        #expect(try await fixture.statuses([made.entries[1].task]) == "queued")
        let late = await fixture.failure { () throws(TaskError) in
            try await tasks.spawn(from: lead, claim, some, by: origin)
        }
        #expect(late == .refused(.leaseLost(.ended(.succeeded))))
        #expect(fixture.registry.value(of: "kaskman_task_children_total") == 3)
        #expect(try await fixture.names { $0.planID = made.id }.count == 5)
    }

    @Sendable static func coordinators(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, user) = (fixture.tasks, TaskFixture.user)
        let agent = fixture.ids.next()
        let claim = LeaseClaim(agentID: agent, token: 1)
        let request = LeaseRequest(agentID: agent, capabilities: [], concurrency: 10, countMax: 10)
        func refusal(_ id: UUIDv7, _ count: Int = 1, _ claim: LeaseClaim) async -> TaskError? {
            let children = (0..<count).map { task(fixture, "\($0)") }
            return await fixture.failure { () throws(TaskError) in
                try await tasks.spawn(from: id, claim, children, by: user)
            }
        }
        let plain = try await fixture.make("plain")
        #expect(try await tasks.lease(request).map(\.id) == [plain.id])
        #expect(await refusal(plain.id, 1, claim) == .refused(.noCoordinator))
        let foreign = LeaseClaim(agentID: fixture.ids.next(), token: 1)
        #expect(await refusal(plain.id, 1, foreign) == .refused(.leaseLost(.foreign)))
        let other = try await plan(fixture, .hierarchical, ["lead"], .merge(task(fixture, "m"), always: false))
        let next = other.entries[0].task.id
        #expect(try await tasks.lease(request).map(\.id) == [next])
        _ = try await tasks.cancel(other.entries[1].task.id, by: user)
        #expect(await refusal(next, 1, claim) == .refused(.notPossible(from: .cancelled)), "there is no merge left")
        let made = try await plan(fixture, .hierarchical, ["lead"], .merge(task(fixture, "m"), always: true))
        let (lead, merge) = (made.entries[0].task.id, made.entries[1].task.id)
        #expect(try await tasks.lease(request).map(\.id) == [lead])
        guard case .invalid? = await refusal(lead, 0, claim), case .invalid? = await refusal(lead, 100, claim) else {
            Issue.record("none and too many are let through")
            return
        }
        let children = (0..<TaskLimits.childrenMax - 1).map { task(fixture, "\($0)") }
        _ = try await tasks.spawn(from: lead, claim, children, by: user)
        #expect(await refusal(lead, 2, claim) == .refused(.tooManyChildren(childrenMax: TaskLimits.childrenMax)))
        #expect(await refusal(lead, 1, claim) == nil)
        let upstream = try await tasks.details(merge).dependencies
        #expect(upstream.count == TaskLimits.dependenciesMax)
        #expect(upstream.allSatisfy { $0.dependency.condition == .always }, "children as the coordinator itself")
    }

    @Sendable static func upstream(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, user) = (fixture.tasks, TaskFixture.user)
        let made = try await plan(fixture, .parallel, ["a", "b"], .merge(task(fixture, "m"), always: true))
        let ids = made.entries.map(\.task.id)
        try await work(fixture, ids[0], ["x": 1])
        _ = try await tasks.cancel(ids[1], by: user)
        let results = try await tasks.upstream(of: [try await tasks.get(ids[2]), try await tasks.get(ids[0])])
        #expect(Array(results.keys) == [ids[2]], "who depends on nothing is left out")
        #expect(results[ids[2]]?.map(\.taskID) == [ids[0], ids[1]])
        #expect(results[ids[2]]?.map(\.output) == [["x": 1], nil])
        #expect(results[ids[2]]?.map(\.status) == [.succeeded, .cancelled])
        #expect(results[ids[2]]?.map(\.role) == [.part, .part])
        #expect(results[ids[2]]?.contains { $0.isOmitted } == false)
        // A dependency that came later counts as one that was there from the start.
        let plain = try await fixture.make("plain")
        #expect(try await tasks.upstream(of: [plain]).isEmpty)
        let waiting = try await tasks.add(TaskDependency(on: ids[1], .always), to: plain.id, by: user)
        #expect(try await tasks.upstream(of: [waiting])[plain.id]?.count == 1)
        for id in [plain.id, ids[2]] { _ = try await tasks.cancel(id, by: user) }
        // What does not fit is left out, and said to be.
        let output: JSONValue = ["x": .string(String(repeating: "x", count: 60_000))]
        let many = try await plan(
            fixture,
            .parallel,
            (0..<5).map { "\($0)" },
            .merge(task(fixture, "large"), always: false)
        )
        for entry in many.entries.dropLast() { try await work(fixture, entry.task.id, output) }
        let large = try #require(many.entries.last?.task.id)
        let found = try await tasks.upstream(of: [try await tasks.get(large)])[large] ?? []
        #expect(found.map(\.isOmitted) == [false, false, false, false, true])
        #expect(found.last?.output == nil && found.last?.status == .succeeded)
        #expect(fixture.registry.value(of: "kaskman_task_upstream_outputs_omitted_total") == 1)
    }

    /// The members of a collaboration go to different agents where several ask, and the reasons say so.
    @Sendable static func siblings(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let tasks = fixture.tasks
        let agents = [fixture.ids.next(), fixture.ids.next()]
        let waiting = agents.map { agent in
            Task {
                try await tasks.lease(waitingFor: .seconds(30)) {
                    LeaseRequest(agentID: agent, capabilities: [], concurrency: 10, countMax: 10)
                }
            }
        }
        await fixture.clock.waitForSleepers(2)
        let made = try await plan(fixture, .collaborative, ["ask"], members: 2, .vote(members: [], quorum: nil))
        fixture.clock.advance(by: .seconds(30))
        var leased: [[ProjectTask]] = []
        for task in waiting { leased.append(try await task.value) }
        #expect(leased.map(\.count) == [1, 1])
        let second = try await tasks.why(made.entries[1].task.id).decision?["siblings"]
        #expect(second?["same_agent"] == false)
        let more = try await plan(fixture, .collaborative, ["ask"], members: 2, .vote(members: [], quorum: nil))
        let both = try await tasks.lease(
            LeaseRequest(agentID: agents[0], capabilities: [], concurrency: 10, countMax: 10)
        )
        #expect(both.count == 2, "nothing waits for an agent that does not ask")
        let repeated = try await tasks.why(more.entries[1].task.id).decision?["siblings"]
        #expect(repeated == ["passed_over": 0, "same_agent": true])
    }

    /// Whatever happens to the tasks of a plan, in the end each has ended, and none was begun before what it waits for.
    @Sendable static func histories(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, user) = (fixture.tasks, TaskFixture.user)
        for seed in Chaos.seeds(0...11) {
            var random = SeededGenerator(seed: seed)
            let strategy = Strategy.allCases[Int(seed % 4)]
            let isOfOne = strategy == .hierarchical || strategy == .collaborative
            let merge = NewPlan.Ending.merge(task(fixture, "merge"), always: Bool.random(using: &random))
            let vote = NewPlan.Ending.vote(members: [], quorum: nil)
            let isVote = strategy == .collaborative && Bool.random(using: &random)
            let made = try await plan(
                fixture,
                strategy,
                (0..<(isOfOne ? 1 : 4)).map { "\($0)" },
                members: strategy == .collaborative ? 4 : 0,
                strategy == .sequential ? nil : isVote ? vote : merge
            )
            let agent = fixture.ids.next()
            let request = LeaseRequest(agentID: agent, capabilities: [], concurrency: 10, countMax: 1)
            while true {
                // Longer than the longest wait of a task that is tried three times.
                fixture.clock.advance(by: .seconds(10))
                guard let next = try await tasks.lease(request).first else { break }
                let upstream = try await tasks.details(next.id).dependencies
                #expect(upstream.allSatisfy { $0.verdict == .met }, "seed \(seed)")
                #expect(next.fields.plan?.vote == nil, "seed \(seed): an agent was given a vote")
                let claim = LeaseClaim(agentID: agent, token: next.progress.token)
                if next.fields.plan?.role == .coordinator {
                    let count = Int.random(in: 1...3, using: &random)
                    let children = (0..<count).map { task(fixture, "child \($0)") }
                    var merges = TaskListQuery()
                    merges.planID = made.id
                    let merge = try await tasks.list(merges).items.first { $0.fields.plan?.role == .merge }
                    // A child of an earlier attempt that did not succeed has ended a merge that waits for success.
                    if merge?.progress.status == .skipped {
                        await #expect(throws: TaskError.refused(.notPossible(from: .skipped)), "seed \(seed)") {
                            _ = try await tasks.spawn(from: next.id, claim, children, by: user)
                        }
                    } else {
                        _ = try await tasks.spawn(from: next.id, claim, children, by: user)
                    }
                }
                switch Int.random(in: 0..<6, using: &random) {
                case 0: _ = try await tasks.cancel(next.id, by: user)
                case 1: _ = try await tasks.fail(next.id, claim, TaskFailure("oom"), by: user)
                default:
                    let output: JSONValue = ["x": .integer(Int64.random(in: 0...1, using: &random))]
                    _ = try await tasks.complete(next.id, claim, output: output, by: user)
                }
            }
            var query = TaskListQuery()
            query.planID = made.id
            let ended = try await tasks.list(query).items
            #expect(ended.count >= made.entries.count, "seed \(seed)")
            #expect(ended.allSatisfy { $0.progress.status.isEnded }, "seed \(seed): \(ended.map(\.progress.status))")
        }
    }

    @Sendable static func deadLetters(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, user) = (fixture.tasks, TaskFixture.user)
        var made: [ProjectTask] = []
        for (index, (name, kind)) in [("a", "shell"), ("b", "shell"), ("c", "http"), ("d", "shell")].enumerated() {
            fixture.clock.advance(by: .seconds(60))
            let task = try await fixture.make(name) {
                $0.fields.kind = kind
                $0.fields.rules.retry.attemptsMax = 1
                if index == 3 { $0.fields.rules.retry.nonRetryable = ["fatal"] }
            }
            made.append(task)
            try await work(fixture, task.id, nil)
        }
        let behind = try await fixture.make("behind", after: [TaskDependency(on: made[0].id)])
        #expect(try await fixture.statuses(made + [behind]) == "dead dead dead dead skipped")
        let ended = try #require(try await tasks.get(made[1].id).progress.endedAt)
        func f(_ expected: String, _ limit: Int = 10, _ configure: (inout DeadLetterFilter) -> Void) async throws {
            var filter = DeadLetterFilter()
            configure(&filter)
            let result = try await tasks.retryDeadLetters(filter, isDryRun: true, limit: limit, by: user)
            let names = result.retried.map { id in made.first { $0.id == id }?.fields.name ?? "?" }
            #expect(names.joined() + (result.hasMore ? "…" : "") == expected)
        }
        let before = try await fixture.said()
        try await f("abcd") { _ in }
        try await f("ab…", 2) { _ in }
        try await f("c") { $0.kind = "http" }
        try await f("abc") { $0.reason = .attemptsExhausted }
        try await f("d") { $0.reason = .notRetryable }
        try await f("abcd") { $0.errorClass = "fatal" }
        try await f("") { $0.errorClass = "other" }
        try await f("a") { $0.before = ended }
        try await f("abcd") { $0.projectID = fixture.project }
        let strange = fixture.ids.next()
        try await f("") { $0.projectID = strange }
        #expect(try await fixture.said() == before, "a dry run changes nothing")
        #expect(try await fixture.names { $0.reason = .notRetryable } == ["d"], "the list knows the filters too")
        #expect(try await fixture.names { $0.errorClass = "fatal" } == ["d", "c", "b", "a"])

        var filter = DeadLetterFilter()
        filter.kind = "shell"
        let result = try await tasks.retryDeadLetters(filter, isDryRun: false, limit: 2, by: user)
        #expect(result.retried == [made[0].id, made[1].id] && result.hasMore && result.refused.isEmpty)
        #expect(try await fixture.statuses(made + [behind]) == "queued queued dead dead waiting")
        #expect(fixture.registry.value(of: "kaskman_task_dead_letters_retried_total") == 2)
        #expect(try await fixture.said(about: made[1].id).last == "retried")
    }

    /// Of several dead tasks with a unique key one is tried again; a dry run says the same.
    @Sendable static func uniqueDeadLetters(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        var made: [ProjectTask] = []
        for name in ["a", "b"] {
            let task = try await fixture.make(name) {
                $0.fields.uniqueKey = "k"
                $0.fields.rules.retry.attemptsMax = 1
            }
            made.append(task)
            try await work(fixture, task.id, nil)
        }
        for isDryRun in [true, false] {
            let result = try await fixture.tasks.retryDeadLetters(
                DeadLetterFilter(),
                isDryRun: isDryRun,
                by: TaskFixture.user
            )
            #expect(result.retried == [made[0].id])
            #expect(result.refused.map(\.taskID) == [made[1].id])
            #expect(result.refused.map(\.refusal) == [.uniqueKeyTaken(by: made[0].id)])
        }
        #expect(try await fixture.statuses(made) == "queued dead")
    }
}
