import Basics
import DatabaseTesting
import Synchronization
import Testing

@testable import Tasks

@Suite("The scheduler's image of the open tasks")
struct TaskBoardTests {
    @Test("A version that is heard of late does not bring back a task that has ended; a newer one does")
    func late() async throws {
        try await TaskFixture.withDatabase(on: .sqlite) { fixture in
            let (tasks, agent) = (fixture.tasks, fixture.ids.next())
            func isKnown(_ task: ProjectTask) -> Bool { tasks.board.state.withLock { $0.known[task.id] != nil } }
            let made = try await fixture.make("a")
            #expect(isKnown(made))
            let request = LeaseRequest(agentID: agent, capabilities: [], labels: [:], concurrency: 1, countMax: 1)
            let running = try #require(try await tasks.lease(request).first)
            let ended = try await tasks.cancel(made.id, by: TaskFixture.user)
            #expect(!isKnown(made))
            for old in [made, running] {
                tasks.board.note(old)
                #expect(!isKnown(made), "version \(old.version) of \(ended.version)")
            }
            _ = try await tasks.retry(made.id, by: TaskFixture.user)
            #expect(isKnown(made), "it is open again")
            let cancelled = try await tasks.cancel(made.id, by: TaskFixture.user)
            try await tasks.delete(made.id, by: TaskFixture.user)
            tasks.board.note(running)
            tasks.board.note(cancelled)
            #expect(!isKnown(made), "a deleted one never comes back")
        }
    }

    @Test("The newest tasks that have left are remembered")
    func memory() {
        let ids = UUIDv7Generator(clock: ManualClock(), random: SeededGenerator(seed: 1))
        var left = LeftTasks()
        let first = ids.next()
        left.note(first, in: 5)
        left.note(first, in: 3)
        #expect(left.version(of: first) == 5, "the newest version counts")
        for _ in 0..<LeftTasks.halfMax { left.note(ids.next(), in: 1) }
        #expect(left.version(of: first) == 5)
        for _ in 0..<LeftTasks.halfMax * 2 { left.note(ids.next(), in: 1) }
        #expect(left.version(of: first) == nil)
    }
}
