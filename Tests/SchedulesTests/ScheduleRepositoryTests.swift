import Basics
import Database
import DatabaseTesting
import Events
import Logging
import Records
import Supervision
import Testing

@testable import Schedules

@Suite struct ScheduleRepositoryTests {
    @Test(arguments: TestBackend.allCases, ScheduleConformance.checks.map(\.name))
    func conforms(_ backend: TestBackend, _ name: String) async throws {
        let check = try #require(ScheduleConformance.checks.first { $0.name == name })
        try await withTemporaryDatabase(on: backend, ScheduleFixture.migrations) { try await check.run($0) }
    }

    @Test func aClosedDatabaseIsUnhealthy() async throws {
        try await ScheduleFixture.withDatabase(on: .sqlite) { fixture in
            #expect(await fixture.schedules.health() == .healthy)
            try await fixture.database.close()
            #expect(await fixture.schedules.health() == .unhealthy("schedules cannot be read: connection"))
            let error = await fixture.failure { () throws(ScheduleError) in try await fixture.schedules.look() }
            #expect(error?.code == .database)
        }
    }

    @Test func theLoopSleepsUntilTheNextDueTimeWithinItsBounds() {
        let now = ScheduleFixture.start
        func f(_ look: ScheduleLook, _ expected: Duration) {
            #expect(SchedulesComponent.pause(after: look, at: now) == expected)
        }
        f(ScheduleLook(), SchedulesComponent.interval)
        f(ScheduleLook(nextAt: now.advanced(by: .seconds(3))), .seconds(3))
        f(ScheduleLook(nextAt: now.advanced(by: .seconds(300))), SchedulesComponent.interval)
        f(ScheduleLook(nextAt: now.advanced(by: .seconds(-3))), .milliseconds(1))
        f(ScheduleLook(failures: 1), SchedulesComponent.retryInterval)
        f(ScheduleLook(failures: 1, nextAt: now.advanced(by: .seconds(1))), .seconds(1))
    }

    /// The component wakes at due times and for what is written, and for nothing else.
    @Test(arguments: TestBackend.allCases) func theComponentMakesTasksOnTime(_ backend: TestBackend) async throws {
        try await ScheduleFixture.withDatabase(on: backend) { fixture in
            let supervisor = Supervisor(
                registry: fixture.registry,
                clock: fixture.clock,
                log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
                seed: 1
            )
            supervisor.add(.schedules) { SchedulesComponent($0, repository: fixture.schedules) }
            let running = Task { try await supervisor.run() }
            // One sleeper of the supervisor's health watch, one of the component's loop.
            await fixture.clock.waitForSleepers(2)
            fixture.clock.set(ScheduleFixture.start.advanced(by: .seconds(3590)))
            // It would sleep on for longer; the new schedule wakes it.
            let made = try await fixture.make("a")
            await fixture.clock.waitForSleepers(1, dueWithin: .seconds(10))
            var followed = try fixture.events.follow(after: 0, filter: EventFilter()).makeAsyncIterator()
            fixture.clock.advance(by: .seconds(10))
            var kinds: [String] = []
            while !kinds.contains("schedule.ran"), let page = try await followed.next() {
                kinds += page.events.map(\.kindName)
            }
            #expect(kinds.contains("task.created"))
            #expect(try await fixture.schedules.get(made.id).last?.dueAt == time("2026-01-01T01:00:00Z"))
            supervisor.drain()
            try await running.value
        }
    }
}
