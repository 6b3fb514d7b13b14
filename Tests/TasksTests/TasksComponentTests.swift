import Basics
import Database
import DatabaseTesting
import Events
import Logging
import Supervision
import Tasks
import Testing

@Suite struct TasksComponentTests {
    @Test(arguments: TestBackend.allCases) func theComponentEndsSilentLeasesUntilTheDrain(_ backend: TestBackend)
        async throws
    {
        try await TaskFixture.withDatabase(on: backend) { fixture in
            let supervisor = Supervisor(
                registry: fixture.registry,
                clock: fixture.clock,
                log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
                seed: 1
            )
            supervisor.add(.tasks) { TasksComponent($0, repository: fixture.tasks) }
            let running = Task { try await supervisor.run() }
            // One sleeper of the supervisor's health watch, one of the component's rounds.
            await fixture.clock.waitForSleepers(2)
            let made = try await fixture.make("a") { $0.fields.rules.timeouts.heartbeatSeconds = 5 }
            let agent = fixture.ids.next()
            _ = try await fixture.tasks.lease(
                LeaseRequest(agentID: agent, capabilities: [], concurrency: 1, countMax: 1)
            )
            var filter = EventFilter()
            filter.kinds = [.taskAttemptFailed]
            var followed = try fixture.events.follow(after: 0, filter: filter).makeAsyncIterator()
            // A second at a time: over a long gap nobody could have been heard.
            for _ in 0..<6 {
                await fixture.clock.waitForSleepers(2)
                fixture.clock.advance(by: .seconds(1))
            }
            while let page = try await followed.next(), page.events.isEmpty {}
            #expect(try await fixture.tasks.get(made.id).progress.status == .queued)
            supervisor.drain()
            try await running.value
        }
    }

    @Test(arguments: TestBackend.allCases) func aClosedDatabaseIsUnhealthy(_ backend: TestBackend) async throws {
        try await TaskFixture.withDatabase(on: backend) { fixture in
            #expect(await fixture.tasks.health() == .healthy)
            try await fixture.database.close()
            #expect(await fixture.tasks.health() == .unhealthy("tasks cannot be read: connection"))
        }
    }
}
