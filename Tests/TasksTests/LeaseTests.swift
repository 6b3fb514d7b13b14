import Basics
import DatabaseTesting
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
