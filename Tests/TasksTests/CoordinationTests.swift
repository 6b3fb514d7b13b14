import Basics
import Database
import DatabaseTesting
import Logging
import Supervision
import Tasks
import Testing

@Suite struct CoordinationTests {
    @Test(arguments: TestBackend.allCases, CoordinationConformance.checks.map(\.name))
    func conforms(_ backend: TestBackend, _ name: String) async throws {
        let check = try #require(CoordinationConformance.checks.first { $0.name == name })
        try await withTemporaryDatabase(on: backend, TaskFixture.migrations) { try await check.run($0) }
    }

    @Test func theComponentFollowsWhatOthersChange() async throws {
        try await TaskFixture.withDatabase(on: .sqlite) { fixture in
            let supervisor = Supervisor(
                registry: fixture.registry,
                clock: fixture.clock,
                log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
                seed: 1
            )
            #expect(await fixture.tasks.coordinationHealth() == .degraded("the open tasks have not been read yet"))
            supervisor.add(.coordinator) { CoordinatorComponent($0, repository: fixture.tasks) }
            let running = Task { try await supervisor.run() }
            // One sleeper of the supervisor's health watch, one of the component's rounds.
            await fixture.clock.waitForSleepers(2)
            #expect(await fixture.tasks.coordinationHealth() == .healthy)
            let synced = fixture.registry.value(of: "kaskman_coordinator_last_success_timestamp_seconds")
            #expect(synced == fixture.clock.now.seconds)
            supervisor.drain()
            try await running.value
        }
    }

    @Test func aClosedDatabaseIsUnhealthyAndGivesNothingOut() async throws {
        try await TaskFixture.withDatabase(on: .sqlite) { fixture in
            let made = try await fixture.make("a")
            var cursor = CoordinationCursor()
            try await fixture.tasks.coordinate(&cursor)
            try await fixture.database.close()
            #expect(await fixture.tasks.coordinationHealth().status == .unhealthy)
            let agent = fixture.ids.next()
            let error = await fixture.failure { () throws(TaskError) in
                try await fixture.tasks.lease(
                    LeaseRequest(agentID: agent, capabilities: [], concurrency: 1, countMax: 1)
                )
            }
            #expect(error != nil && made.progress.status == .queued)
            #expect(fixture.registry.value(of: "kaskman_coordinator_refusals_total", ["reason": "failed"]) == 1)
            #expect(fixture.registry.value(of: "kaskman_coordinator_queued_tasks") == 1, "the task waits again")
        }
    }
}
