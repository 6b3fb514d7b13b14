import Basics
import Database
import DatabaseTesting
import JSON
import Records
import Tasks
import Testing

/// What leases must do on every implementation of ``Database``; each function wants a migrated, empty database.
enum LeaseConformance {
    static let checks: [(name: String, run: @Sendable (any Database) async throws -> Void)] = [
        ("matching", matching), ("results", results), ("batches", batches), ("silence", silence),
        ("timeouts", timeouts),
        ("waiting", waiting), ("histories", histories),
    ]

    private static func request(
        _ agentID: UUIDv7,
        _ capabilities: [String] = [],
        concurrency: Int = 100,
        count: Int = 50
    ) -> LeaseRequest {
        LeaseRequest(agentID: agentID, capabilities: capabilities, concurrency: concurrency, countMax: count)
    }

    @Sendable static func matching(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, agent) = (fixture.tasks, fixture.ids.next())
        for (name, priority, capabilities) in [
            ("low", 1, []), ("old", 5, []), ("gpu", 9, ["gpu"]), ("new", 5, []), ("both", 8, ["gpu", "c++"]),
        ] {
            fixture.clock.advance(by: .seconds(1))
            try await fixture.make(name) {
                $0.fields.priority = priority
                $0.fields.capabilities = capabilities
            }
        }
        let later = fixture.clock.now.advanced(by: .seconds(60))
        try await fixture.make("later") { $0.runAt = later }
        func f(_ expected: [String], _ request: LeaseRequest) async throws {
            #expect(try await tasks.lease(request).map(\.fields.name) == expected)
        }
        try await f([], request(agent, concurrency: 0))
        try await f(["old"], request(agent, count: 1))
        try await f(["new"], request(agent, concurrency: 2))
        try await f([], request(agent, concurrency: 2))
        try await f(["gpu"], request(agent, ["gpu"], concurrency: 3))
        try await f(["both", "low"], request(agent, ["c++", "gpu", "swift"]))
        try await f([], request(agent, ["c++", "gpu"]))
        fixture.clock.advance(by: .seconds(60))
        try await f(["later"], request(agent))
        #expect(fixture.registry.value(of: "kaskman_tasks", ["status": "running"]) == 6)
        #expect(fixture.registry.value(of: "kaskman_task_pick_up_delay_seconds_count") == 6)
    }

    @Sendable static func results(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, agent, other) = (fixture.tasks, fixture.ids.next(), fixture.ids.next())
        let made = try await fixture.make("a")
        let next = try await fixture.make("b", after: [TaskDependency(on: made.id)])
        func complete(_ agentID: UUIDv7, _ token: Int64) async -> TaskError? {
            await fixture.failure { () throws(TaskError) in
                let claim = LeaseClaim(agentID: agentID, token: token)
                return try await tasks.complete(made.id, claim, output: ["loss": 1], by: TaskFixture.user)
            }
        }
        #expect(await complete(agent, 1) == .refused(.leaseLost(.unknown)))
        let leased = try #require(try await tasks.lease(request(agent)).first)
        #expect(leased.progress.token == 1 && leased.progress.lease?.agentID == agent)
        #expect(await complete(other, 1) == .refused(.leaseLost(.foreign)))
        #expect(await complete(agent, 2) == .refused(.leaseLost(.unknown)))

        let claim = LeaseClaim(agentID: agent, token: 1)
        let failed = try await tasks.fail(made.id, claim, TaskFailure("oom", "too big"), by: TaskFixture.user)
        #expect(failed.progress.status == .queued && failed.failure == TaskFailure("oom", "too big"))
        #expect(await complete(agent, 1) == .refused(.leaseLost(.ended(.failed))), "late")
        #expect(try await tasks.lease(request(other)).isEmpty, "it waits before the next attempt")
        fixture.clock.advance(by: .seconds(5))
        let second = try #require(try await tasks.lease(request(other)).first)
        #expect(second.progress.token == 2)
        #expect(await complete(agent, 1) == .refused(.leaseLost(.ended(.failed))))
        #expect(await complete(other, 2) == nil)
        #expect(await complete(other, 2) == .refused(.leaseLost(.ended(.succeeded))), "doubled")
        #expect(try await tasks.get(made.id).output == ["loss": 1])
        #expect(try await fixture.statuses([made, next]) == "succeeded queued")
        let attempts = try await tasks.details(made.id).attempts
        #expect(attempts.map(\.outcome) == [.failed, .succeeded] && attempts.map(\.agentID) == [agent, other])
        #expect(attempts[0].failure == TaskFailure("oom", "too big"))
        #expect(
            try await fixture.said(about: made.id)
                == ["created", "started", "attempt_failed", "started", "succeeded"]
        )

        let taken = try #require(try await tasks.lease(request(agent)).first)
        _ = try await tasks.cancel(taken.id, by: TaskFixture.user)
        let error = await fixture.failure { () throws(TaskError) in try await tasks.renew(taken.id, claim) }
        #expect(error == .refused(.leaseLost(.ended(.cancelled))), "after a cancellation")
    }

    @Sendable static func batches(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, agent, other) = (fixture.tasks, fixture.ids.next(), fixture.ids.next())
        var made: [ProjectTask] = []
        for number in 0..<25 { made.append(try await fixture.make("\(number)")) }
        let next = try await fixture.make("next", after: [TaskDependency(on: made[24].id)])
        #expect(try await tasks.lease(request(agent)).count == 25)
        func result(_ number: Int, _ agentID: UUIDv7, _ outcome: TaskResult.Outcome) -> TaskResult {
            TaskResult(made[number].id, LeaseClaim(agentID: agentID, token: 1), outcome)
        }
        var results = (0..<25).map { number in
            result(
                number,
                agent,
                number % 5 == 3 ? .failed(TaskFailure("oom", "")) : .succeeded(output: ["n": .integer(7)])
            )
        }
        // The last one first, so that the order is not that of the identifiers; then some that are wrong, each in its way.
        results.swapAt(0, 24)
        results.insert(result(7, other, .succeeded(output: [:])), at: 7)
        results.append(result(7, agent, .succeeded(output: [:])))
        let gone = fixture.ids.next()
        results.append(TaskResult(gone, LeaseClaim(agentID: agent, token: 1), .succeeded(output: [:])))
        results.append(result(8, agent, .succeeded(output: .string("no object"))))
        let answers = try await tasks.finish(results, by: TaskFixture.user)
        for (number, answer) in answers.enumerated() {
            switch (number, answer) {
            case (7, .failure(let error)): #expect(error == .refused(.leaseLost(.foreign)))
            case (26, .failure(let error)): #expect(error == .refused(.leaseLost(.ended(.succeeded))))
            case (27, .failure(let error)): #expect(error == .notFound(gone))
            case (28, .failure(let error)): #expect(error.code == .invalid)
            case (_, .success(let task)): #expect(task.id == results[number].taskID)
            default: Issue.record("\(number): \(answer)")
            }
        }
        let statuses = try await fixture.statuses(made + [next]).split(separator: " ")
        #expect(statuses.count { $0 == "succeeded" } == 20 && statuses.count { $0 == "queued" } == 6)
        #expect(statuses.last == "queued", "what depends on one of them goes on")
        #expect(fixture.registry.value(of: "kaskman_task_failures_total", ["error_code": "lease_foreign"]) == 1)
        #expect(fixture.registry.value(of: "kaskman_task_failures_total", ["error_code": "not_found"]) == 1)
    }

    @Sendable static func silence(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, agent) = (fixture.tasks, fixture.ids.next())
        let made = try await fixture.make("a") {
            $0.fields.rules.retry.attemptsMax = 2
            $0.fields.rules.retry.firstDelaySeconds = 0
        }
        let start = fixture.clock.now
        _ = try await tasks.lease(request(agent))
        let claim = LeaseClaim(agentID: agent, token: 1)
        fixture.clock.advance(by: .seconds(30))
        #expect(try await tasks.sweep(listeningSince: start) == 0, "late within the limit")
        let deadline = try await tasks.renew(made.id, claim, TaskReport(fraction: 0.5, message: "half"))
        #expect(deadline == fixture.clock.now.advanced(by: .seconds(30)))
        let report = try await tasks.details(made.id).attempts[0].report
        #expect(report == TaskReport(fraction: 0.5, message: "half"))
        #expect(try await tasks.get(made.id).version == 2, "a sign of life is no change")
        fixture.clock.advance(by: .seconds(31))
        #expect(try await tasks.sweep(listeningSince: fixture.clock.now) == 0, "nobody listened before")
        #expect(try await tasks.sweep(listeningSince: start) == 1)
        let error = await fixture.failure { () throws(TaskError) in try await tasks.renew(made.id, claim) }
        #expect(error == .refused(.leaseLost(.ended(.leaseExpired))))
        #expect(try await tasks.lease(request(agent)).map(\.progress.token) == [2])
        fixture.clock.advance(by: .seconds(31))
        #expect(try await tasks.sweep(listeningSince: start) == 1)
        let dead = try await tasks.get(made.id)
        #expect(dead.progress.status == .dead && dead.progress.reason == .attemptsExhausted)
        #expect(dead.failure?.errorClass == TaskFailure.leaseExpiredClass)
        #expect(fixture.registry.value(of: "kaskman_task_attempts_total", ["outcome": "lease_expired"]) == 2)
        #expect(try await tasks.why(made.id).reasons.map(\.kind) == [.ended])
        #expect(try await tasks.retry(made.id, by: TaskFixture.user).progress.failures == 0)
        #expect(try await tasks.lease(request(agent)).map(\.progress.token) == [3], "tokens never come again")
    }

    @Sendable static func timeouts(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let start = fixture.clock.now
        let unstarted = try await fixture.make("a") { $0.fields.rules.timeouts.scheduleToStartSeconds = 10 }
        let total = try await fixture.make("b") { $0.fields.rules.timeouts.totalSeconds = 20 }
        fixture.clock.advance(by: .seconds(10))
        #expect(try await fixture.tasks.sweep(listeningSince: start) == 0)
        #expect(fixture.registry.value(of: "kaskman_task_queue_oldest_age_seconds") == 10)
        #expect(try await fixture.tasks.why(total.id).reasons.map(\.kind) == [.noAgent, .turn])
        fixture.clock.advance(by: .seconds(11))
        #expect(try await fixture.tasks.sweep(listeningSince: start) == 2)
        #expect(try await fixture.tasks.get(unstarted.id).progress.reason == .startTimeout)
        #expect(try await fixture.tasks.get(total.id).progress.reason == .totalTimeout)
        #expect(try await fixture.tasks.sweep(listeningSince: start) == 0)
    }

    @Sendable static func waiting(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, clock, agent) = (fixture.tasks, fixture.clock, fixture.ids.next())
        func waiting(_ seconds: Int) -> Task<[String], any Error> {
            Task {
                try await tasks.lease(waitingFor: .seconds(seconds)) { request(agent) }.map(\.fields.name)
            }
        }
        // Woken by the event of a creation, without the clock.
        let first = waiting(30)
        await clock.waitForSleepers()
        try await fixture.make("a")
        #expect(try await first.value == ["a"])
        // Woken when the time of a task has come.
        try await fixture.make("b") { $0.runAt = clock.now.advanced(by: .seconds(1)) }
        let second = waiting(30)
        await clock.waitForSleepers()
        clock.advance(by: .seconds(1))
        #expect(try await second.value == ["b"])
        // In vain.
        let third = waiting(1)
        await clock.waitForSleepers()
        clock.advance(by: .seconds(1))
        #expect(try await third.value == [])
        #expect(fixture.registry.value(of: "kaskman_task_lease_waiters") == 0)
    }

    /// Agents that work, fail, fall silent and hand in late, in random order: no attempt has two accepted results.
    @Sendable static func histories(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, clock) = (fixture.tasks, fixture.clock)
        let (start, seed) = (clock.now, UInt64(7))
        var random = SeededGenerator(seed: seed)
        let agents = (0..<3).map { _ in fixture.ids.next() }
        var made: [ProjectTask] = []
        for index in 0..<12 {
            let before = made.randomElement(using: &random)
            let dependencies = index > 3 ? before.map { [TaskDependency(on: $0.id, .always)] } ?? [] : []
            made.append(
                try await fixture.make("\(index)", after: dependencies) {
                    $0.fields.rules.retry.firstDelaySeconds = 1
                }
            )
        }
        var (held, accepted): ([(UUIDv7, LeaseClaim)], Set<String>) = ([], [])
        for _ in 0..<400 {
            let agent = agents.randomElement(using: &random) ?? agents[0]
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1:
                for task in try await tasks.lease(request(agent, concurrency: 3)) {
                    held.append((task.id, LeaseClaim(agentID: agent, token: task.progress.token)))
                }
            case 2, 3:
                guard let (id, claim) = held.randomElement(using: &random) else { continue }
                let isGood = Bool.random(using: &random)
                do throws(TaskError) {
                    if isGood {
                        _ = try await tasks.complete(id, claim, by: TaskFixture.user)
                    } else {
                        _ = try await tasks.fail(id, claim, TaskFailure("oom"), by: TaskFixture.user)
                    }
                    #expect(accepted.insert("\(id) \(claim.token)").inserted, "seed \(seed)")
                } catch {
                    guard case .refused(.leaseLost(.ended)) = error else { throw error }
                }
            default:
                clock.advance(by: .seconds(Int.random(in: 0...12, using: &random)))
                try await tasks.sweep(listeningSince: start)
            }
        }
        for task in made {
            let details = try await tasks.details(task.id)
            let ended = details.attempts.filter { $0.outcome == .succeeded || $0.outcome == .failed }
            #expect(ended.allSatisfy { accepted.contains("\(task.id) \($0.number)") }, "seed \(seed)")
            #expect(details.attempts.map(\.number) == Array(0..<details.task.progress.token).map { $0 + 1 })
            #expect(details.attempts.count { $0.endedAt == nil } <= 1, "seed \(seed)")
        }
    }
}
