import Basics
import DatabaseTesting
import Events
import Instruments
import Testing

@Suite struct EventFollowerTests {
    private func collect(_ follower: EventFollower, count: Int) async throws -> [Int64] {
        var positions: [Int64] = []
        for try await page in follower {
            positions += page.events.map(\.position)
            if positions.count >= count { break }
        }
        return positions
    }

    @Test(arguments: TestBackend.allCases) func firstWhatThereIsThenWhatComes(_ backend: TestBackend) async throws {
        try await withEventLog(on: backend) { log, _, _, _ in
            for number in 1...3 { try await log.append(projectEvent("p\(number)")) }
            let follower = try log.follow(after: 1, limit: 1)
            let task = Task { try await collect(follower, count: 4) }
            for number in 4...5 { try await log.append(projectEvent("p\(number)")) }
            let positions = try await task.value
            #expect(positions == [2, 3, 4, 5])
        }
    }

    @Test(arguments: TestBackend.allCases) func manyWritersAndSlowReadersLoseNothingAndDoubleNothing(
        _ backend: TestBackend
    ) async throws {
        try await withEventLog(on: backend) { log, _, _, _ in
            let total = 60
            var readers: [Task<[Int64], any Error>] = []
            for limit in [1, 7, 100] {
                let follower = try log.follow(after: 0, limit: limit)
                readers.append(Task { try await collect(follower, count: total) })
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<6 {
                    group.addTask {
                        for number in 0..<(total / 6) { try await log.append(projectEvent("p\(writer)-\(number)")) }
                    }
                }
                try await group.waitForAll()
            }
            for reader in readers {
                let positions = try await reader.value
                #expect(positions == Array(1...Int64(total)))
            }
        }
    }

    @Test(arguments: TestBackend.allCases) func aFilteredReaderIsNotHeldUpByWhatIsLeftOut(_ backend: TestBackend)
        async throws
    {
        try await withEventLog(on: backend) { log, _, _, _ in
            var filter = EventFilter()
            filter.kinds = [.projectUpdated]
            let follower = try log.follow(after: 0, filter: filter)
            let task = Task { try await collect(follower, count: 1) }
            try await log.append(projectEvent("p1"))
            try await log.append(projectEvent("p1", .projectUpdated))
            let positions = try await task.value
            #expect(positions == [2])
        }
    }

    @Test(arguments: TestBackend.allCases) func aFollowerIsWokenByWhatAnotherServerAnnounces(_ backend: TestBackend)
        async throws
    {
        try await withEventLog(on: backend) { log, database, clock, _ in
            // A second server on the same database: its commits wake its own followers, and by the announcement those of the first.
            let other = EventLog(
                database: database,
                clock: clock,
                ids: UUIDv7Generator(clock: clock),
                registry: Registry(),
                announce: { log.wakeFollowers() }
            )
            let follower = try log.follow(after: 0)
            let task = Task { try await collect(follower, count: 3) }
            for number in 1...3 { try await other.append(projectEvent("p\(number)")) }
            let positions = try await task.value
            #expect(positions == [1, 2, 3])
        }
    }

    @Test(arguments: TestBackend.allCases) func theNumberOfFollowersIsBoundedAndAPlaceComesFree(_ backend: TestBackend)
        async throws
    {
        try await withEventLog(on: backend, subscribersMax: 1) { log, _, _, registry in
            do {
                let follower = try log.follow(after: 0)
                #expect(throws: EventError.tooManySubscribers(subscribersMax: 1)) { try log.follow(after: 0) }
                #expect(registry.value(of: "kaskman_events_followers") == 1)
                let task = Task { try await collect(follower, count: 1) }
                task.cancel()
                _ = try await task.value
            }
            #expect(registry.value(of: "kaskman_events_followers") == 0)
            _ = try log.follow(after: 0)
        }
    }
}
