import Basics
import Crypto
import Database
import DatabaseTesting
import Instruments
import Records
import Tasks
import Testing

/// What reports of agents must do on every implementation of ``Database``; each function wants a migrated, empty database.
enum ReportConformance {
    static let checks: [(name: String, run: @Sendable (any Database) async throws -> Void)] = [
        ("costs", costs), ("budgets", budgets), ("logs", logs), ("logRetention", logRetention),
        ("artefactRetention", artefactRetention), ("crashes", crashes),
    ]

    /// Leases the only task there is.
    private static func lease(_ fixture: TaskFixture, _ agent: UUIDv7) async throws -> LeaseClaim {
        let request = LeaseRequest(agentID: agent, capabilities: [], concurrency: 100, countMax: 1)
        let task = try #require(try await fixture.tasks.lease(request).first)
        return LeaseClaim(agentID: agent, token: task.progress.token)
    }

    @Sendable static func costs(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, agent) = (fixture.tasks, fixture.ids.next())
        let made = try await fixture.make("a") { $0.fields.rules.retry.firstDelaySeconds = 0 }
        let first = try await lease(fixture, agent)
        func claim(_ lease: LeaseClaim, _ cost: Double) -> LeaseClaim {
            LeaseClaim(agentID: lease.agentID, token: lease.token, cost: cost)
        }
        _ = try await tasks.renew(made.id, claim(first, 1.5))
        _ = try await tasks.renew(made.id, claim(first, 1))
        #expect(try await tasks.get(made.id).progress.spending.cost == 1.5, "a total does not shrink")
        _ = try await tasks.fail(made.id, claim(first, 2), TaskFailure("oom"), by: TaskFixture.user)
        let second = try await lease(fixture, agent)
        for cost in [-1, Double.nan, .infinity] {
            let error = await fixture.failure { () throws(TaskError) in
                try await tasks.renew(made.id, claim(second, cost))
            }
            #expect(error?.code.rawValue == "invalid", "\(cost)")
        }
        let done = try await tasks.complete(made.id, claim(second, 0.25), by: TaskFixture.user)
        #expect(done.progress.spending.cost == 2.25)
        let details = try await tasks.details(made.id)
        #expect(details.attempts.map(\.cost) == [2, 0.25] && details.task.progress.spending.cost == 2.25)
    }

    @Sendable static func budgets(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, agent, start) = (fixture.tasks, fixture.ids.next(), fixture.clock.now)
        let dear = try await fixture.make("dear") { $0.fields.rules.budget = TaskBudget(costMax: 10) }
        #expect(try await tasks.get(dear.id).fields.rules.budget == TaskBudget(costMax: 10))
        let claim = try await lease(fixture, agent)
        let error = await fixture.failure { () throws(TaskError) in
            try await tasks.renew(dear.id, LeaseClaim(agentID: agent, token: claim.token, cost: 11))
        }
        #expect(error == .refused(.leaseLost(.ended(.budgetExceeded))))
        let dead = try await tasks.details(dear.id)
        #expect(dead.task.progress.status == .dead && dead.task.progress.reason == .budgetExceeded)
        #expect(dead.task.failure?.errorClass == TaskFailure.budgetClass && dead.attempts.map(\.cost) == [11])
        #expect(dead.attempts.map(\.outcome) == [.budgetExceeded])
        #expect(try await fixture.said(about: dear.id) == ["created", "started", "dead"])

        let slow = try await fixture.make("slow") {
            ($0.fields.rules.budget, $0.fields.rules.timeouts.heartbeatSeconds) = (TaskBudget(secondsMax: 15), 60)
        }
        _ = try await lease(fixture, agent)
        fixture.clock.advance(by: .seconds(15))
        #expect(try await tasks.sweep(listeningSince: start) == 0)
        fixture.clock.advance(by: .seconds(1))
        #expect(try await tasks.sweep(listeningSince: start) == 1)
        #expect(try await tasks.get(slow.id).progress.reason == .budgetExceeded)
    }

    @Sendable static func logs(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, agent) = (fixture.tasks, fixture.ids.next())
        let made = try await fixture.make("a")
        let before = try await tasks.log(made.id)
        #expect(before.attempt == 0 && before.lines.isEmpty && !before.hasEnded)
        let claim = try await lease(fixture, agent)
        func line(_ sequence: Int64) -> TaskLogLine {
            TaskLogLine(sequence: sequence, at: fixture.clock.now, stream: .stdout, text: "line \(sequence)")
        }
        // Not a power of two, so that several statements insert them.
        let all = (1...999).map { line(Int64($0)) }
        #expect(try await tasks.appendLog(made.id, claim, all).nextSequence == 1000)
        #expect(try await tasks.appendLog(made.id, claim, [line(999), line(1001)]).nextSequence == 1002)
        var query = TaskLogQuery()
        query.after = 997
        #expect(try await tasks.log(made.id, query).lines == [line(998), line(999), line(1001)])
        #expect(try await tasks.log(made.id).lines == all + [line(1001)])
        let other = LeaseClaim(agentID: fixture.ids.next(), token: claim.token)
        let error = await fixture.failure { () throws(TaskError) in
            try await tasks.appendLog(made.id, other, [line(2000)])
        }
        #expect(error == .refused(.leaseLost(.foreign)))
    }

    @Sendable static func logRetention(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let (tasks, agent) = (fixture.tasks, fixture.ids.next())
        let made = try await fixture.make("a")
        let claim = try await lease(fixture, agent)
        for first in stride(from: Int64(1), to: 6001, by: 1000) {
            let lines = (first..<first + 1000).map {
                TaskLogLine(sequence: $0, at: fixture.clock.now, stream: .stderr, text: "")
            }
            _ = try await tasks.appendLog(made.id, claim, lines)
        }
        fixture.clock.advance(by: .seconds(40 * 86_400))
        #expect(try await tasks.pruneLogs() == 0, "the task is open")
        _ = try await tasks.complete(made.id, claim, by: TaskFixture.user)
        fixture.clock.advance(by: .seconds(30 * 86_400))
        #expect(try await tasks.pruneLogs() == 0)
        fixture.clock.advance(by: .seconds(1))
        #expect(try await tasks.pruneLogs() == 6000)
        #expect(try await tasks.pruneLogs() == 0)
        let log = try await tasks.log(made.id)
        #expect(log.lines.isEmpty && log.hasEnded)
        #expect(fixture.registry.value(of: "kaskman_task_log_lines_pruned_total") == 6000)
    }

    // MARK: Artefacts

    private static func file(_ content: String, _ name: String = "a") -> NewArtefact {
        let hash = SHA256.hash(data: Array(content.utf8)).hexadecimal
        return NewArtefact(name: name, bytes: Int64(content.utf8.count), sha256: hash)
    }

    private static func part(_ content: String) -> UploadPart {
        let bytes = Array(content.utf8)
        return UploadPart(count: bytes.count) { try bytes.withUnsafeBytes($0) }
    }

    private static func artefacts(_ fixture: TaskFixture, _ files: FaultyFileSystem) -> ArtefactRepository {
        ArtefactRepository(tasks: fixture.tasks, fileSystem: files, folder: "/a", registry: Registry())
    }

    @Sendable static func artefactRetention(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let files = FaultyFileSystem()
        let (artefacts, agent) = (artefacts(fixture, files), fixture.ids.next())
        let first = try await fixture.make("a")
        let one = try await lease(fixture, agent)
        let kept = try await artefacts.begin(file("content"), of: first.id, one)
        #expect(try await artefacts.append(part("content"), at: 0, to: kept.id, of: first.id, one).isComplete)
        let open = try await artefacts.begin(file("never whole", "b"), of: first.id, one)
        _ = try await artefacts.append(part("never"), at: 0, to: open.id, of: first.id, one)
        #expect(try await artefacts.prune() == 0)
        _ = try await fixture.tasks.complete(first.id, one, by: TaskFixture.user)
        #expect(try await artefacts.prune() == 1, "an upload whose attempt has ended")
        #expect(try files.list("/a/uploads").isEmpty)
        // A second task has the same content, and is younger.
        fixture.clock.advance(by: .seconds(86_400))
        let second = try await fixture.make("b")
        let two = try await lease(fixture, agent)
        #expect(try await artefacts.begin(file("content"), of: second.id, two).isComplete)
        _ = try await fixture.tasks.complete(second.id, two, by: TaskFixture.user)
        fixture.clock.advance(by: .seconds(29 * 86_400 + 1))
        #expect(try await artefacts.prune() == 1)
        #expect(try await artefacts.list(of: first.id).isEmpty)
        let left = try #require(try await artefacts.list(of: second.id).first)
        #expect(
            try await artefacts.content(left.id, of: second.id).read(from: 0, countMax: 100) == Array("content".utf8)
        )
        fixture.clock.advance(by: .seconds(86_400))
        #expect(try await artefacts.prune() == 1)
        let folder = "/a/blobs/\(fixture.project)/\(kept.file.sha256.prefix(2))"
        #expect(try files.list(folder).isEmpty, "nobody refers to the content any more")
    }

    @Sendable static func crashes(_ database: any Database) async throws {
        let fixture = try await TaskFixture(database)
        let files = FaultyFileSystem()
        let (artefacts, agent) = (artefacts(fixture, files), fixture.ids.next())
        let made = try await fixture.make("a")
        let claim = try await lease(fixture, agent)
        let kept = try await artefacts.begin(file("content"), of: made.id, claim)
        _ = try await artefacts.append(part("content"), at: 0, to: kept.id, of: made.id, claim)
        let open = try await artefacts.begin(file("half a file", "b"), of: made.id, claim)
        _ = try await artefacts.append(part("half"), at: 0, to: open.id, of: made.id, claim)
        // What crashes leave: an upload and a content that no row knows.
        let unknown = "/a/blobs/\(fixture.project)/ab"
        try files.createDirectory(unknown, mode: .ownerOnlyDirectory)
        try files.writeAtomically([1], to: unknown + "/ab" + String(repeating: "0", count: 62), mode: .ownerOnly)
        try files.writeAtomically([1], to: "/a/uploads/\(fixture.ids.next())", mode: .ownerOnly)
        let started = ArtefactRepository(tasks: fixture.tasks, fileSystem: files, folder: "/a", registry: Registry())
        #expect(try await started.removeOrphans() == 2)
        #expect(try files.list(unknown).isEmpty && files.list("/a/uploads") == ["\(open.id)"])
        #expect(try await started.content(kept.id, of: made.id).read(from: 0, countMax: 7) == Array("content".utf8))
        // The machine lost what was not flushed: the upload goes on where the disk is.
        try files.writeAtomically(Array("ha".utf8), to: "/a/uploads/\(open.id)", mode: .ownerOnly)
        let error = await fixture.failure { () throws(TaskError) in
            try await started.append(part(" a file"), at: 4, to: open.id, of: made.id, claim)
        }
        #expect(error == .refused(.artefact(.offset(current: 2))))
        #expect(try await started.append(part("lf a file"), at: 2, to: open.id, of: made.id, claim).isComplete)
    }
}
