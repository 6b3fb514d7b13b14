import Basics
import DatabaseTesting
import Events
import JSON
import Testing

@Suite("Events that wait for the database")
struct EventBacklogTests {
    private func ids(_ events: [NewEvent]) -> [String] { events.compactMap(\.subjectID) }

    @Test("Batches hold the oldest, each until it is written; what does not fit is refused")
    func order() {
        var backlog = EventBacklog(eventsMax: 3, batchEventsMax: 2)
        #expect(backlog.batch.isEmpty)
        let taken = ["a", "b", "c", "d"].map { backlog.add(projectEvent($0)) }
        #expect(taken == [true, true, true, false])
        #expect(ids(backlog.batch) == ["a", "b"])
        #expect(ids(backlog.batch) == ["a", "b"], "nothing is forgotten before it is written")
        var endsOutage = backlog.written(2)
        #expect(!endsOutage)
        let isTaken = backlog.add(projectEvent("e"))
        #expect(isTaken)
        #expect(ids(backlog.batch) == ["c", "e"])
        endsOutage = backlog.written(2)
        #expect(!endsOutage)
        #expect(backlog.count == 0)
    }

    @Test("Each failure keeps everything and doubles the delay, up to the longest; a success begins anew")
    func retries() {
        var backlog = EventBacklog(eventsMax: 3, batchEventsMax: 2)
        _ = backlog.add(projectEvent("a"))
        for round in 1...2 {
            let retries = (1...7).map { _ in backlog.failed() }
            #expect(retries.map(\.delay) == [1, 2, 4, 8, 16, 30, 30].map { .seconds($0) }, "round \(round)")
            #expect(retries.map(\.isFirst) == [true, false, false, false, false, false, false])
            #expect(ids(backlog.batch) == ["a"])
            let told = [backlog.written(0), backlog.written(0)]
            #expect(told == [true, false], "the end of an outage is told once")
        }
        let lost = backlog.abandon()
        #expect(lost == 1)
        #expect(backlog.batch.isEmpty)
    }
}

@Suite("The outbox")
struct EventOutboxTests {
    @Test("An event keeps the time at which it was offered, or the one it says", arguments: TestBackend.allCases)
    func times(_ backend: TestBackend) async throws {
        try await withEventLog(on: backend) { log, _, clock, registry in
            let ids = UUIDv7Generator(clock: clock, random: SeededGenerator(seed: 2))
            let outbox = EventOutbox(clock: clock, ids: ids, registry: registry)
            let begin = clock.now
            outbox.offer(projectEvent("a"))
            var earlier = projectEvent("b")
            earlier.occurredAt = begin.advanced(by: .seconds(-5))
            outbox.offer(earlier)
            clock.advance(by: .seconds(60))
            #expect(registry.value(of: "kaskman_events_own_waiting") == 2)
            guard case .written(endsOutage: false) = await outbox.writeBatch(to: log),
                case .nothing = await outbox.writeBatch(to: log)
            else {
                Issue.record("one batch, and no more")
                return
            }
            let events = try await log.page(.after(0), limit: 10).events
            #expect(events.map(\.subjectID) == ["a", "b"])
            #expect(events.map(\.occurredAt) == [begin, begin.advanced(by: .seconds(-5))])
            #expect(registry.value(of: "kaskman_events_own_waiting") == 0)
        }
    }

    @Test(
        "What does not fit and what is too long is dropped and counted; the rest of the batch is written",
        arguments: TestBackend.allCases
    )
    func drops(_ backend: TestBackend) async throws {
        try await withEventLog(on: backend) { log, _, clock, registry in
            let ids = UUIDv7Generator(clock: clock, random: SeededGenerator(seed: 2))
            let outbox = EventOutbox(clock: clock, ids: ids, registry: registry, eventsMax: 3)
            var long = projectEvent("long")
            long.data = ["text": .string(String(repeating: "x", count: EventLog.dataBytesMax))]
            for event in [projectEvent("a"), long, projectEvent("b"), projectEvent("c")] { outbox.offer(event) }
            #expect(registry.value(of: "kaskman_events_own_dropped_total") == 1)
            _ = await outbox.writeBatch(to: log)
            let events = try await log.page(.after(0), limit: 10).events
            #expect(events.map(\.subjectID) == ["a", "b"])
            #expect(registry.value(of: "kaskman_events_own_dropped_total") == 2)
        }
    }

    @Test("An event whose identifier the log has already is not noted again", arguments: TestBackend.allCases)
    func twice(_ backend: TestBackend) async throws {
        try await withEventLog(on: backend) { log, _, clock, _ in
            var event = projectEvent("a")
            event.id = UUIDv7Generator(clock: clock, random: SeededGenerator(seed: 2)).next()
            let first = try await log.append(event)
            let second = try await log.append(event)
            #expect(first == second)
            let events = try await log.page(.after(0), limit: 10).events
            #expect(events.count == 1)
        }
    }
}
