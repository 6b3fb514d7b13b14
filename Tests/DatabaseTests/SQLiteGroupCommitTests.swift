import Basics
import Database
import DatabaseTesting
import Dispatch
import Foundation
import Instruments
import Synchronization
import Testing

/// Writes that are committed together, as each of them sees it.
@Suite struct SQLiteGroupCommitTests {
    private struct Refusal: Error, Equatable {}

    /// In which order the closures of writes were run, and their actions came.
    private final class Record: Sendable {
        private let runs = Mutex<[Int]>([])
        private let actions = Mutex<[Int]>([])

        func ran(_ id: Int) { runs.withLock { $0.append(id) } }
        func runs(of id: Int) -> Int { runs.withLock { $0.count { $0 == id } } }
        var ran: [Int] { runs.withLock { $0 } }
        func acted(_ id: Int) { actions.withLock { $0.append(id) } }
        var acted: [Int] { actions.withLock { $0 } }
    }

    /// Has writes wait in line behind one that ends when all of them stand there; returns how each ended.
    private func together(
        _ database: SQLiteDatabase,
        _ registry: Registry,
        _ writes: [@Sendable () async throws -> Void]
    ) async throws -> [Result<Void, any Error>] {
        let gate = DispatchSemaphore(value: 0)
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let holder = Task {
            try await database.write("test.hold") { _ in
                start.yield()
                gate.wait()
            }
        }
        for await _ in started { break }
        var tasks: [Task<Void, any Error>] = []
        for write in writes {
            tasks.append(Task { try await write() })
            while registry.value(of: "kaskman_database_waiters") != Double(tasks.count) { await Task.yield() }
        }
        gate.signal()
        try await holder.value
        var results: [Result<Void, any Error>] = []
        for task in tasks { results.append(await task.result) }
        return results
    }

    private func insertion(_ id: Int, _ database: SQLiteDatabase, _ record: Record) -> @Sendable () async throws -> Void
    {
        {
            try await database.write("test.insert") { connection in
                record.ran(id)
                try connection.execute("INSERT INTO teams VALUES (?1, ?2)", [.int(id), .text("team \(id)")])
                connection.afterCommit { record.acted(id) }
            }
        }
    }

    private func ids(_ database: SQLiteDatabase) async throws -> [Int64] {
        try await database.read("test.ids") { connection in
            try connection.query("SELECT id FROM teams ORDER BY id").map { try $0.integer("id") }
        }
    }

    @Test func thoseThatWaitTogetherAreCommittedTogether() async throws {
        let registry = Registry()
        let path = Mutex("")
        try await withTemporaryDatabase(
            DatabaseConformance.schema,
            registry: registry,
            configure: { settings in path.withLock { $0 = settings.path } }
        ) { database in
            let log = path.withLock { $0 } + "-wal"
            func bytes() throws -> Int { try Data(contentsOf: URL(fileURLWithPath: log)).count }
            let record = Record()
            let before = try bytes()
            let results = try await together(database, registry, (1...40).map { insertion($0, database, record) })
            #expect(results.allSatisfy { if case .success = $0 { true } else { false } })
            #expect(try await ids(database) == Array(1...40))
            #expect(record.ran.sorted() == Array(1...40))
            #expect(record.acted == record.ran, "in the order of the writes")
            // A commit writes each page that it changed: a table's and an index's. Forty would write eighty.
            #expect(try bytes() - before < 40 * 4096)
        }
    }

    @Test func oneThatFailsTakesBackItsOwnAlone() async throws {
        let registry = Registry()
        try await withTemporaryDatabase(DatabaseConformance.schema, registry: registry) { database in
            let record = Record()
            let refused: @Sendable () async throws -> Void = {
                try await database.write("test.refuse") { connection in
                    try connection.execute("INSERT INTO teams VALUES (90, 'ninety')")
                    connection.afterCommit { record.acted(90) }
                    throw Refusal()
                }
            }
            let wrong: @Sendable () async throws -> Void = {
                try await database.write("test.wrong") { connection in
                    try connection.execute("INSERT INTO teams VALUES (91, 'ninety-one')")
                    try connection.execute("INSERT INTO teams VALUES (91, 'again')")
                }
            }
            for order in 0..<3 {
                let (first, second, third) = (order * 3 + 1, order * 3 + 2, order * 3 + 3)
                var writes = [insertion(first, database, record), insertion(second, database, record)]
                writes.insert(refused, at: order)
                writes.insert(wrong, at: order)
                writes.append(insertion(third, database, record))
                // The last one is one that fails, too.
                if order == 2 { writes.append(refused) }
                let results = try await together(database, registry, writes)
                var refusals = 0
                for result in results {
                    guard case .failure(let error) = result else { continue }
                    refusals += 1
                    #expect(error is Refusal || (error as? DatabaseError)?.code == .constraint)
                }
                #expect(refusals == (order == 2 ? 3 : 2))
            }
            #expect(try await ids(database) == Array(1...9))
            #expect(record.acted.sorted() == Array(1...9))
        }
    }

    @Test func aTransactionThatSQLiteRollsBackIsRunAgainWithoutTheOneAtFault() async throws {
        let clock = ManualClock()
        let registry = Registry()
        try await withTemporaryDatabase(DatabaseConformance.schema, clock: clock, registry: registry) { database in
            let record = Record()
            let (started, start) = AsyncStream.makeStream(of: Void.self)
            // SQLite rolls the whole transaction back when a statement that writes is interrupted.
            let endless: @Sendable () async throws -> Void = {
                try await database.write("test.endless", timeout: .seconds(5)) { connection in
                    start.yield()
                    try connection.execute(
                        """
                        INSERT INTO teams WITH RECURSIVE numbers(n) AS (SELECT 1000 UNION ALL SELECT n + 1 FROM numbers)
                        SELECT n, 'team ' || n FROM numbers
                        """
                    )
                }
            }
            let advance = Task {
                for await _ in started { break }
                clock.advance(by: .seconds(5))
            }
            let writes = [
                insertion(1, database, record), insertion(2, database, record), endless, insertion(3, database, record),
            ]
            let results = try await together(database, registry, writes)
            await advance.value
            for (number, result) in results.enumerated() {
                switch result {
                case .success: #expect(number != 2)
                case .failure(let error): #expect(number == 2 && (error as? DatabaseError)?.code == .timeout)
                }
            }
            #expect(try await ids(database) == [1, 2, 3])
            #expect(
                record.runs(of: 1) == 2 && record.runs(of: 2) == 2,
                "they had worked, and were lost through no fault of theirs"
            )
            #expect(record.acted.sorted() == [1, 2, 3], "once each")
        }
    }

    @Test func aCommitThatFailsIsNobodysButTheOnesAtFault() async throws {
        let schema = [
            Migration(
                id: "group-0001",
                sql: """
                    CREATE TABLE teams (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE);
                    CREATE TABLE members (team BIGINT NOT NULL REFERENCES teams(id) DEFERRABLE INITIALLY DEFERRED);
                    """
            )
        ]
        let registry = Registry()
        try await withTemporaryDatabase(schema, registry: registry) { database in
            let record = Record()
            // What a deferred constraint refuses is found out by the commit.
            let orphan: @Sendable () async throws -> Void = {
                _ = try await database.write("test.orphan") { try $0.execute("INSERT INTO members VALUES (77)") }
            }
            for (round, place) in [0, 1, 2].enumerated() {
                let own = round * 2
                var writes = [insertion(own + 1, database, record), insertion(own + 2, database, record)]
                writes.insert(orphan, at: place)
                let results = try await together(database, registry, writes)
                for (number, result) in results.enumerated() {
                    switch result {
                    case .success: #expect(number != place)
                    case .failure(let error): #expect(number == place && error.violation(.foreignKey) != nil)
                    }
                }
            }
            #expect(try await ids(database) == Array(1...6))
            #expect(record.acted.sorted() == Array(1...6))
        }
    }

    @Test func aCloseLetsAGroupFinish() async throws {
        let registry = Registry()
        try await withTemporaryDirectory { directory in
            let settings = SQLiteSettings(path: directory + "/test.db")
            let database = try await SQLiteDatabase.open(settings, clock: ManualClock(), registry: registry)
            try await database.migrate(DatabaseConformance.schema, now: Timestamp(milliseconds: 0))
            let record = Record()
            let (started, start) = AsyncStream.makeStream(of: Void.self)
            let gate = DispatchSemaphore(value: 0)
            let slow: @Sendable () async throws -> Void = {
                try await database.write("test.slow") { connection in
                    start.yield()
                    gate.wait()
                    try connection.execute("INSERT INTO teams VALUES (9, 'nine')")
                }
            }
            let closing = Task {
                for await _ in started { break }
                async let closed: Void = database.close()
                gate.signal()
                try await closed
            }
            let writes = [insertion(1, database, record), slow, insertion(2, database, record)]
            let results = try await together(database, registry, writes)
            try await closing.value
            #expect(results.allSatisfy { if case .success = $0 { true } else { false } })
            let again = try await SQLiteDatabase.open(settings, clock: ManualClock(), registry: Registry())
            #expect(try await ids(again) == [1, 2, 9])
            try await again.close()
        }
    }
}
