import Basics
import Database
import DatabaseTesting
import Events
import Instruments
import Logging
import Supervision
import Synchronization
import Testing

@testable import Composition

/// A database that refuses to write while it is told to, or writes and then says that it did not.
private final class MoodyDatabase: Database {
    enum Mood { case willing, refusing, losingAnswers }

    private let inner: any Database
    private let mood = Mutex(Mood.willing)
    let writes = Mutex(0)

    init(_ inner: any Database) { self.inner = inner }

    var dialect: SQLDialect { inner.dialect }

    func setMood(_ mood: Mood) { self.mood.withLock { $0 = mood } }

    func read<T: Sendable>(
        _ operation: OperationName,
        timeout: Duration?,
        _ body: @Sendable (any SQLConnection) throws -> T
    ) async throws -> T { try await inner.read(operation, timeout: timeout, body) }

    func write<T: Sendable>(
        _ operation: OperationName,
        timeout: Duration?,
        _ body: @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        writes.withLock { $0 += 1 }
        let mood = mood.withLock { $0 }
        if mood == .refusing { throw DatabaseError(.full, "no room") }
        let result = try await inner.write(operation, timeout: timeout, body)
        if mood == .losingAnswers { throw DatabaseError(.timeout, "too late") }
        return result
    }

    func probe() async -> DatabaseProbe { await inner.probe() }

    func close() async throws(DatabaseError) { try await inner.close() }
}

@Suite("The events component")
struct EventsComponentTests {
    private struct Fixture {
        let database: MoodyDatabase
        let log: EventLog
        let outbox: EventOutbox
        let clock: ManualClock
        let registry: Registry
        let errors: LineCount
        let supervisor: Supervisor

        /// Lets time pass until the database was written to once more.
        func letWrite(after delay: Duration = .seconds(1)) async {
            let before = database.writes.withLock { $0 }
            while database.writes.withLock({ $0 }) == before {
                await clock.waitForSleepers(1, dueWithin: delay)
                clock.advance(by: delay)
            }
        }

        func subjects() async throws -> [String] {
            try await log.page(.after(0), limit: 1000).events.map { $0.subjectID ?? $0.kindName }
        }
    }

    private func run(eventsMax: Int = 1000, _ body: (Fixture) async throws -> Void) async throws {
        let clock = ManualClock(now: Timestamp(milliseconds: 1_700_000_000_000))
        let registry = Registry()
        try await withTemporaryDatabase(EventLog.migrations, registry: registry) { sqlite in
            let database = MoodyDatabase(sqlite)
            let ids = UUIDv7Generator(clock: clock, random: SeededGenerator(seed: 1))
            let log = EventLog(database: database, clock: clock, ids: ids, registry: registry)
            let outbox = EventOutbox(
                clock: clock,
                ids: ids,
                registry: registry,
                eventsMax: eventsMax,
                batchEventsMax: 2
            )
            let errors = LineCount()
            var options = Supervisor.Options()
            options.healthInterval = .seconds(86400)
            let supervisor = Supervisor(
                registry: registry,
                clock: clock,
                log: Logger(label: "test") { _ in ErrorCounter(lines: errors) },
                options: options,
                seed: 1
            )
            supervisor.add(.events, isEssential: true) { context in
                EventsComponent(context: context, log: log, outbox: outbox, retention: .seconds(86400), version: "1")
            }
            let fixture = Fixture(
                database: database,
                log: log,
                outbox: outbox,
                clock: clock,
                registry: registry,
                errors: errors,
                supervisor: supervisor
            )
            let running = Task { try await supervisor.run() }
            while !supervisor.report.isReady { await Task.yield() }
            try await body(fixture)
            supervisor.drain()
            try await running.value
            let last = try await log.page(.before(.max), limit: 1).events.first
            #expect(last?.kind == .systemStopped)
        }
    }

    private func event(_ id: String) -> NewEvent { NewEvent(.alertFired, subject: .alert, id: id, by: .system) }

    @Test("While the database refuses events wait, with their times; then each is written once, in order")
    func outage() async throws {
        try await run { fixture in
            fixture.database.setMood(.refusing)
            let names = (1...7).map { "a\($0)" }
            var times: [Timestamp] = []
            for name in names {
                fixture.outbox.offer(event(name))
                times.append(fixture.clock.now)
                await fixture.letWrite(after: .seconds(64))
            }
            #expect(fixture.errors.value == 1, "an outage is one line")
            fixture.database.setMood(.losingAnswers)
            await fixture.letWrite(after: .seconds(64))
            fixture.database.setMood(.willing)
            while fixture.outbox.waitingCount > 0 { await fixture.letWrite(after: .seconds(64)) }
            let subjects = try await fixture.subjects()
            #expect(subjects == ["system.started"] + names)
            let events = try await fixture.log.page(.after(1), limit: 10).events
            #expect(events.map(\.occurredAt) == times)
            #expect(fixture.registry.value(of: "kaskman_events_own_dropped_total") == 0)
        }
    }

    @Test("What does not fit is counted; what waited is written")
    func overflow() async throws {
        try await run(eventsMax: 3) { fixture in
            while fixture.outbox.waitingCount > 0 { await fixture.letWrite() }
            fixture.database.setMood(.refusing)
            for name in ["a", "b", "c", "d", "e"] { fixture.outbox.offer(event(name)) }
            #expect(fixture.registry.value(of: "kaskman_events_own_dropped_total") == 2)
            fixture.database.setMood(.willing)
            while fixture.outbox.waitingCount > 0 { await fixture.letWrite() }
            let subjects = try await fixture.subjects()
            #expect(subjects == ["system.started", "a", "b", "c"])
        }
    }
}

private final class LineCount: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func increment() { count.withLock { $0 += 1 } }
}

/// Counts the lines of the level error and above.
private struct ErrorCounter: LogHandler {
    let lines: LineCount
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.error

    init(lines: LineCount) { self.lines = lines }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.increment() }
}
