import Basics
import DatabaseTesting
import Instruments
import Records
import Tasks
import Testing

@Suite struct LeaseTests {
    @Test(arguments: TestBackend.allCases, LeaseConformance.checks.map(\.name))
    func conforms(_ backend: TestBackend, _ name: String) async throws {
        let check = try #require(LeaseConformance.checks.first { $0.name == name })
        try await withTemporaryDatabase(on: backend, TaskFixture.migrations) { try await check.run($0) }
    }

    @Test func aGapBeginsTheListeningAnew() {
        var listening = ListeningTime(gapMax: .seconds(10))
        func f(_ now: Int64, _ expected: Int64) {
            let since = listening.round(at: Timestamp(milliseconds: now * 1000))
            #expect(since == Timestamp(milliseconds: expected * 1000))
        }
        f(100, 100)
        f(101, 100)
        f(111, 100)
        f(122, 122)
        f(123, 122)
        f(90, 90)
        f(91, 90)
    }

    @Test func aDecisionThatWaitedKnowsOfTheGap() {
        var listening = ListeningTime(gapMax: .seconds(3))
        func at(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }
        #expect(listening.since(at: at(5)) == at(5), "it has not listened yet")
        _ = listening.round(at: at(10))
        _ = listening.round(at: at(12))
        #expect(listening.since(at: at(15)) == at(10))
        #expect(listening.since(at: at(16)) == at(16))
        #expect(listening.since == at(10), "a question changes nothing")
    }

    @Test("A database that was away costs no lease; one whose agent stays silent afterwards ends with its time")
    func away() async throws {
        for backend in TestBackend.allCases {
            try await TaskFixture.withDatabase(on: backend) { fixture in
                let agent = fixture.ids.next()
                let made = try await fixture.make("a") { $0.fields.rules.timeouts.heartbeatSeconds = 5 }
                var listening = ListeningTime(gapMax: TasksComponent.gapMax)
                try await fixture.tasks.sweep(&listening)
                let request = LeaseRequest(agentID: agent, capabilities: [], concurrency: 1, countMax: 1)
                #expect(try await fixture.tasks.lease(request).map(\.id) == [made.id])
                fixture.clock.advance(by: .seconds(6))
                #expect(try await fixture.tasks.sweep(&listening) == 0, "nothing could be heard for six seconds")
                for _ in 0..<5 {
                    fixture.clock.advance(by: .seconds(1))
                    #expect(try await fixture.tasks.sweep(&listening) == 0)
                }
                fixture.clock.advance(by: .milliseconds(1))
                #expect(try await fixture.tasks.sweep(&listening) == 1)
            }
        }
    }

    /// Where a row is locked by who waits for another's, PostgreSQL ends one of the two after a second in which all others wait.
    @Test func creationsAndEndsAreNotInEachOthersWay() async throws {
        let registry = Registry()
        try await withTemporaryDatabase(on: .postgresql, TaskFixture.migrations, registry: registry) { database in
            let fixture = try await TaskFixture(database)
            let agent = fixture.ids.next()
            for _ in 0..<20 {
                let first = try await fixture.make("a")
                let second = try await fixture.make("b", after: [TaskDependency(on: first.id)])
                let third = try await fixture.make("c", after: [TaskDependency(on: second.id, .always)])
                let request = LeaseRequest(agentID: agent, capabilities: [], concurrency: 100, countMax: 1)
                #expect(try await fixture.tasks.lease(request).map(\.id) == [first.id])
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<4 {
                        let upstream = [first.id, second.id, third.id].map { TaskDependency(on: $0, .always) }
                        let order = number.isMultiple(of: 2) ? upstream : upstream.reversed()
                        group.addTask { _ = try await fixture.make("d", after: order) }
                    }
                    group.addTask {
                        let claim = LeaseClaim(agentID: agent, token: 1)
                        _ = try await fixture.tasks.complete(first.id, claim, by: TaskFixture.user)
                    }
                    try await group.waitForAll()
                }
                for task in [second, third] { _ = try await fixture.tasks.cancel(task.id, by: TaskFixture.user) }
                for task in try await fixture.tasks.list(TaskListQuery()).items where !task.progress.status.isEnded {
                    _ = try await fixture.tasks.cancel(task.id, by: TaskFixture.user)
                }
            }
        }
        #expect(registry.value(of: "kaskman_database_retries_total") == 0)
    }

    @Test(arguments: TestBackend.allCases) func aDrainEndsTheWait(_ backend: TestBackend) async throws {
        try await TaskFixture.withDatabase(on: backend) { fixture in
            let agent = fixture.ids.next()
            let leased = try await fixture.tasks.lease(waitingFor: .seconds(30), isDraining: { true }) {
                LeaseRequest(agentID: agent, capabilities: [], concurrency: 1, countMax: 1)
            }
            #expect(leased.isEmpty)
        }
    }
}
