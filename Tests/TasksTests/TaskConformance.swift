import Basics
import Database
import JSON
import Records
import Tasks
import Testing

/// What the repository must do on every implementation of ``Database``; each function wants a migrated, empty database.
enum TaskConformance {
    static let checks: [(name: String, run: @Sendable (any Database) async throws -> Void)] = [
        ("lifecycle", lifecycle), ("creation", creation), ("dependencies", dependencies), ("cycles", cycles),
        ("filters", filters), ("neighbourhood", neighbourhood), ("work", work),
    ]

    @Sendable static func lifecycle(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, user) = (fixture.tasks, TaskFixture.user)
        let made = try await fixture.make("train") { new in
            new.fields.input = ["rate": 0.5]
            new.fields.capabilities = ["gpu"]
            new.fields.priority = 7
            new.fields.uniqueKey = "train"
            new.fields.rules.retry.nonRetryable = ["oom"]
            new.fields.rules.timeouts.totalSeconds = 60
        }
        #expect(made.progress.status == .queued && made.version == 1 && made.createdBy == "ada")
        #expect(try await tasks.get(made.id) == made)

        let paused = try await tasks.pause(made.id, expecting: .exactly(1), by: user)
        #expect(paused.progress.status == .paused && paused.version == 2)
        let refused = TaskError.refused(.notPossible(from: .paused))
        #expect(await fixture.failure { () throws(TaskError) in try await tasks.pause(made.id, by: user) } == refused)
        let outdated = TaskError.versionMismatch(current: 2)
        #expect(
            await fixture.failure { () throws(TaskError) in
                try await tasks.resume(made.id, expecting: .exactly(1), by: user)
            } == outdated
        )
        #expect(try await tasks.resume(made.id, by: user).progress.status == .queued)
        #expect(
            await fixture.failure { () throws(TaskError) in try await tasks.delete(made.id, by: user) }
                == .refused(.notPossible(from: .queued))
        )
        #expect(try await tasks.cancel(made.id, by: user).progress.endedAt == fixture.clock.now)
        #expect(try await tasks.retry(made.id, by: user).progress.status == .queued)
        #expect(try await tasks.cancel(made.id, by: user).version == 6)
        try await tasks.delete(made.id, by: user)
        #expect(
            await fixture.failure { () throws(TaskError) in try await tasks.get(made.id) } == .notFound(made.id)
        )
        let said = try await fixture.said()
        #expect(said == ["created", "paused", "resumed", "cancelled", "retried", "cancelled", "deleted"])
    }

    @Sendable static func creation(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, user) = (fixture.tasks, TaskFixture.user)
        func refused(_ pointer: String, _ configure: (inout NewTask) -> Void) async throws {
            var new = NewTask(TaskFields(projectID: fixture.project, kind: "shell"))
            configure(&new)
            let wanted = new
            let error = await fixture.failure { () throws(TaskError) in try await tasks.create(wanted, by: user) }
            guard case .invalid(let violations)? = error else {
                Issue.record("unexpected: \(String(describing: error))")
                return
            }
            #expect(violations.map(\.pointer) == [pointer])
        }
        let strange = fixture.ids.next()
        try await refused("/project_id") { $0.fields.projectID = strange }
        try await refused("/dependencies/0/task_id") { $0.dependencies = [TaskDependency(on: strange)] }
        try await refused("/kind") { $0.fields.kind = "" }

        let first = try await fixture.make("a", key: "k")
        #expect(try await fixture.make("a", key: "k") == first)
        let conflict = await fixture.failure { () throws(TaskError) in
            let new = NewTask(TaskFields(projectID: fixture.project, kind: "http"))
            return try await tasks.create(new, idempotencyKey: "k", by: user)
        }
        #expect(conflict == .idempotencyConflict(key: "k"))

        var unique = NewTask(TaskFields(projectID: fixture.project, kind: "shell"))
        unique.fields.uniqueKey = "one"
        let wanted = unique
        let holder = try await tasks.create(wanted, by: user).task
        let taken = TaskError.refused(.uniqueKeyTaken(by: holder.id))
        #expect(await fixture.failure { () throws(TaskError) in try await tasks.create(wanted, by: user) } == taken)
        _ = try await tasks.cancel(holder.id, by: user)
        let second = try await tasks.create(wanted, by: user).task
        #expect(
            await fixture.failure { () throws(TaskError) in try await tasks.retry(holder.id, by: user) }
                == .refused(.uniqueKeyTaken(by: second.id))
        )
    }

    @Sendable static func dependencies(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, user) = (fixture.tasks, TaskFixture.user)
        let root = try await fixture.make("root")
        let after = try await fixture.make("after", after: [TaskDependency(on: root.id)])
        let rescue = try await fixture.make("rescue", after: [TaskDependency(on: root.id, .failure)])
        let always = try await fixture.make(
            "always",
            after: [TaskDependency(on: after.id, .always), TaskDependency(on: rescue.id, .always)]
        )
        let all = [root, after, rescue, always]
        #expect(try await fixture.statuses(all) == "queued waiting waiting waiting")
        _ = try await tasks.cancel(root.id, by: user)
        #expect(try await fixture.statuses(all) == "cancelled skipped skipped queued")
        // Whoever tries the root again takes back what followed from its end.
        _ = try await tasks.retry(root.id, by: user)
        #expect(try await fixture.statuses(all) == "queued waiting waiting waiting")
        #expect(try await fixture.said(about: after.id) == ["created", "skipped", "waiting"])
        let details = try await tasks.details(always.id)
        #expect(details.dependencies.map(\.status) == [.waiting, .waiting] && details.attempts.isEmpty)
    }

    @Sendable static func cycles(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, user) = (fixture.tasks, TaskFixture.user)
        let first = try await fixture.make("1")
        let second = try await fixture.make("2", after: [TaskDependency(on: first.id)])
        let third = try await fixture.make("3", after: [TaskDependency(on: second.id)])
        let cycle = TaskError.refused(.cycle([first.id, third.id, second.id, first.id]))
        #expect(
            await fixture.failure { () throws(TaskError) in
                try await tasks.add(TaskDependency(on: third.id), to: first.id, by: user)
            } == cycle
        )
        #expect(try await fixture.statuses([first, second, third]) == "queued waiting waiting")
        let further = try await fixture.make("4")
        let waiting = try await tasks.add(TaskDependency(on: further.id, .always), to: first.id, by: user)
        #expect(waiting.progress.status == .waiting && waiting.version == 3)
        #expect(try await tasks.add(TaskDependency(on: further.id, .always), to: first.id, by: user) == waiting)
        #expect(try await fixture.said(about: first.id) == ["created", "dependency_added", "waiting"])
        _ = try await tasks.cancel(further.id, by: user)
        #expect(try await fixture.statuses([first]) == "queued")
        let ended = TaskError.refused(.notPossible(from: .cancelled))
        #expect(
            await fixture.failure { () throws(TaskError) in
                try await tasks.add(TaskDependency(on: first.id), to: further.id, by: user)
            } == ended
        )
    }

    @Sendable static func filters(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        for (index, name) in ["alpha one", "beta two", "gamma one"].enumerated() {
            fixture.clock.advance(by: .seconds(1))
            try await fixture.make(name) {
                $0.fields.priority = index + 1
                if index == 1 { $0.fields.kind = "http" }
            }
        }
        let first = try await fixture.tasks.list(TaskListQuery()).items[0]
        _ = try await fixture.tasks.pause(first.id, by: TaskFixture.user)
        func f(_ expected: [String], _ configure: (inout TaskListQuery) -> Void) async throws {
            for limit in [1, 2, 200] { #expect(try await fixture.names(limit: limit, configure) == expected) }
        }
        try await f(["gamma one", "beta two", "alpha one"]) { _ in }
        try await f(["alpha one", "beta two", "gamma one"]) { $0.sort = TaskSort(.priority, descending: false) }
        try await f(["gamma one"]) { $0.statuses = [.paused] }
        try await f(["beta two"]) { $0.kind = "http" }
        try await f(["gamma one", "alpha one"]) { $0.text = "on" }
        try await f(["gamma one", "beta two", "alpha one"]) { $0.projectID = fixture.project }
        let other = fixture.ids.next()
        try await f([]) { $0.projectID = other }
        try await f([]) { $0.agentID = other }
        func counts(_ expected: [String: Int], _ configure: (inout TaskListQuery) -> Void) async throws {
            var query = TaskListQuery()
            configure(&query)
            let counts = try await fixture.tasks.counts(query)
            #expect(counts.values == expected && counts.isComplete)
        }
        try await counts(["queued": 2, "paused": 1]) { $0.limit = 1 }
        try await counts(["queued": 1, "paused": 1]) { $0.text = "one" }
        try await counts(["queued": 1]) { $0.kind = "http" }
        try await counts([:]) { $0.projectID = other }
        #expect(try await fixture.tasks.counts(TaskListQuery(), countedMax: 3).isComplete)
        #expect(try await !fixture.tasks.counts(TaskListQuery(), countedMax: 2).isComplete)
    }

    @Sendable static func neighbourhood(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let tasks = fixture.tasks
        let root = try await fixture.make("root")
        let left = try await fixture.make("left", after: [TaskDependency(on: root.id)])
        let right = try await fixture.make("right", after: [TaskDependency(on: root.id, .always)])
        let other = try await fixture.make("other")
        let end = try await fixture.make(
            "end",
            after: [left, right, other].map { TaskDependency(on: $0.id) }
        )
        try await fixture.make("alone")
        let whole = try await tasks.neighbourhood(of: left.id, limit: 10)
        #expect(whole.isComplete && whole.nodes.map(\.name) == ["left", "root", "end", "right", "other"])
        #expect(whole.edges.count == 5)
        let always = TaskDependency(on: root.id, .always)
        #expect(whole.edges.contains { $0.taskID == right.id && $0.dependency == always })
        let near = try await tasks.neighbourhood(of: left.id, limit: 3)
        #expect(!near.isComplete && near.nodes.map(\.name) == ["left", "root", "end"] && near.edges.count == 2)
        let alone = try await tasks.neighbourhood(of: other.id, limit: 1)
        #expect(!alone.isComplete && alone.nodes.map(\.id) == [other.id] && alone.edges.isEmpty)
        // A deleted task stays where others depend on it, and cannot be asked about itself.
        _ = try await tasks.cancel(root.id, by: TaskFixture.user)
        try await tasks.delete(root.id, by: TaskFixture.user)
        let nodes = try await tasks.neighbourhood(of: end.id, limit: 10).nodes
        #expect(nodes.filter(\.isDeleted).map(\.name) == ["root"])
        let error = await fixture.failure { () throws(TaskError) in
            try await tasks.neighbourhood(of: root.id, limit: 10)
        }
        #expect(error == .notFound(root.id))
    }

    @Sendable static func work(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, agent, idle) = (fixture.tasks, fixture.ids.next(), fixture.ids.next())
        for number in 1...8 {
            try await fixture.make("task \(number)") { $0.fields.rules.retry.attemptsMax = 1 }
        }
        let request = LeaseRequest(agentID: agent, capabilities: [], concurrency: 100, countMax: 1)
        for number in 1...8 {
            fixture.clock.advance(by: .seconds(1))
            let leased = try #require(try await tasks.lease(request).first)
            #expect(leased.fields.name == "task \(number)")
            let claim = LeaseClaim(agentID: agent, token: 1)
            if number == 1 { _ = try await tasks.complete(leased.id, claim, output: [:], by: TaskFixture.user) }
            if number == 2 { _ = try await tasks.fail(leased.id, claim, TaskFailure("oom"), by: TaskFixture.user) }
        }
        let newest = try await tasks.attempts(of: agent, limit: 3)
        #expect(newest.map(\.taskName) == ["task 8", "task 7", "task 6"])
        let all = try await tasks.attempts(of: agent, limit: 100)
        #expect(all.count == 8 && all.last?.attempt.outcome == .succeeded)
        #expect(all.dropLast().last?.attempt.failure == TaskFailure("oom"))
        let work = try await tasks.work(of: [idle, agent])
        #expect(work.map(\.agentID) == [idle, agent] && work.map(\.running) == [0, 6])
        #expect(work[0].outcomes.isEmpty && work[1].outcomes == [.succeeded: 1, .failed: 1])
        #expect(work[1].current.map(\.taskName) == (3...7).map { "task \($0)" })
    }
}
