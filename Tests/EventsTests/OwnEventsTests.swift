import Basics
import DatabaseTesting
import Events
import Instruments
import Testing

@Suite("What this server has appended itself")
struct OwnEventsTests {
    /// The wake-ups that a stream has, once it is given something to end with.
    private func woken(_ stream: AsyncStream<Void>, by action: () async throws -> Void) async rethrows -> Bool {
        try await action()
        let woken = Task {
            var iterator = stream.makeAsyncIterator()
            return await iterator.next() != nil
        }
        // A wake-up is in the stream's buffer when the append returns; a cancelled reader without one gets nil.
        for _ in 0..<100 { await Task.yield() }
        woken.cancel()
        return await woken.value
    }

    @Test(
        "It is passed without being read, up to the first event of another or of another kind",
        arguments: TestBackend.allCases
    )
    func passed(_ backend: TestBackend) async throws {
        try await withEventLog(on: backend) { log, database, clock, _ in
            let registry = Registry()
            let other = EventLog(
                database: database,
                clock: clock,
                ids: UUIDv7Generator(clock: clock, random: SeededGenerator(seed: 2)),
                registry: registry
            )
            func append(_ log: EventLog, _ kind: EventKind) async throws -> Int64 {
                try await log.append(projectEvent("p", kind))
            }
            func end(after start: Int64) -> Int64 { log.ownEnd(after: start) { $0 == .projectUpdated } }
            let first = try await append(log, .projectUpdated)
            #expect(end(after: first - 1) == first)
            #expect(end(after: first) == first, "nothing more yet")
            let second = try await append(log, .projectUpdated)
            #expect(end(after: first - 1) == second)
            let foreign = try await append(other, .projectUpdated)
            let third = try await append(log, .projectUpdated)
            #expect(end(after: first - 1) == second, "the next one is another's")
            #expect(end(after: foreign) == third)
            _ = try await append(log, .projectCreated)
            #expect(end(after: foreign) == third, "the next one is of a kind that is wanted")
            #expect([first, second, third].allSatisfy { log.isOwn($0) } && !log.isOwn(foreign))
            #expect(other.isOwn(foreign) && !other.isOwn(first))
        }
    }

    @Test("Who does not want it is not woken by it; what others append wakes all, whoever tells of it")
    func wakeUps() async throws {
        try await withEventLog(on: .sqlite) { log, _, _, _ in
            func f(_ expected: Bool, _ comment: Comment, _ action: () async throws -> Void) async throws {
                let stream = try log.wakeUps { $0 == .projectCreated }
                #expect(try await woken(stream, by: action) == expected, comment)
            }
            try await f(true, "wanted") { try await log.append(projectEvent("p", .projectCreated)) }
            try await f(false, "not wanted") { try await log.append(projectEvent("p", .projectUpdated)) }
            try await f(true, "another server's") { log.wakeFollowers(toldBy: "another") }
            try await f(true, "nobody knows whose") { log.wakeFollowers() }
            try await f(false, "its own, told by the database") { log.wakeFollowers(toldBy: "7") }
        }
    }
}
