import Basics
import DatabaseTesting
import Synchronization
import Tasks
import Testing

@Suite struct ReportTests {
    @Test(arguments: TestBackend.allCases, ReportConformance.checks.map(\.name))
    func conforms(_ backend: TestBackend, _ name: String) async throws {
        let check = try #require(ReportConformance.checks.first { $0.name == name })
        try await withTemporaryDatabase(on: backend, TaskFixture.migrations) { try await check.run($0) }
    }

    @Test func aLogTakesNewLinesUntilItIsFull() {
        let now = Timestamp(milliseconds: 0)
        func line(_ sequence: Int64, _ bytes: Int) -> TaskLogLine {
            TaskLogLine(sequence: sequence, at: now, stream: .stdout, text: String(repeating: "x", count: bytes))
        }
        var intake = TaskLogIntake()
        func f(_ lines: [TaskLogLine], _ stored: [Int64], _ expected: TaskLogIntake) {
            let taken = intake.take(lines, bytesMax: 400, at: now)
            #expect(taken.map(\.sequence) == stored && intake == expected)
        }
        f([line(1, 36), line(3, 36)], [1, 3], TaskLogIntake(sequence: 3, bytes: 200))
        f([line(2, 1), line(3, 1)], [], TaskLogIntake(sequence: 3, bytes: 200))
        f([line(4, 136)], [4], TaskLogIntake(sequence: 4, bytes: 400))
        f([line(5, 0), line(6, 0)], [5], TaskLogIntake(sequence: 6, bytes: 400, dropped: 2))
        f([line(7, 0)], [], TaskLogIntake(sequence: 7, bytes: 400, dropped: 3))
    }

    @Test func theEndsOfAttemptsAreTold() async throws {
        try await withTemporaryDatabase(TaskFixture.migrations) { database in
            let ended = Mutex<[Int64]>([])
            let fixture = try await TaskFixture(database) { _, attempt in ended.withLock { $0.append(attempt) } }
            let (tasks, agent) = (fixture.tasks, fixture.ids.next())
            let made = try await fixture.make("a") { $0.fields.rules.retry.firstDelaySeconds = 0 }
            let request = LeaseRequest(agentID: agent, capabilities: [], concurrency: 9, countMax: 9)
            _ = try await tasks.lease(request)
            let claim = LeaseClaim(agentID: agent, token: 1)
            _ = try await tasks.fail(made.id, claim, TaskFailure("oom"), by: TaskFixture.user)
            _ = try await tasks.lease(request)
            fixture.clock.advance(by: .seconds(31))
            try await tasks.sweep(listeningSince: made.createdAt)
            fixture.clock.advance(by: .seconds(60))
            _ = try await tasks.lease(request)
            _ = try await tasks.cancel(made.id, by: TaskFixture.user)
            #expect(ended.withLock { $0 } == [1, 2, 3])
        }
    }
}
