import Basics
import Database
import DatabaseTesting
import Dispatch
import Instruments
import Synchronization
import Testing

/// How often each of several closures was run.
private final class Runs: Sendable {
    let counts = Mutex<[Int: Int]>([:])
}

@Suite struct PostgreSQLDatabaseTests {
    private func code<T>(_ body: () async throws -> T) async -> DatabaseError.Code? {
        do {
            _ = try await body()
            return nil
        } catch {
            return (error as? DatabaseError)?.code
        }
    }

    @Test func conforms() async throws {
        try await withPostgreSQL { try await DatabaseConformance.check($0) }
    }

    @Test func everyKindOfValueComesBackAsItWent() async throws {
        let schema = Migration(
            id: "values-0001",
            sqlite: "",
            postgresql: "CREATE TABLE kinds (i BIGINT, r DOUBLE PRECISION, t TEXT, b BYTEA)"
        )
        try await withPostgreSQL([schema]) { database in
            let rows: [[SQLValue]] = [
                [.integer(.min), .real(-0.1), .text("ä\"'\\\n?1$1"), .blob([0, 255, 92])],
                [.integer(.max), .real(.infinity), .text(""), .blob([])],
                [.null, .null, .null, .null],
            ]
            for row in rows {
                try await database.write("test.insert") { connection in
                    try connection.execute("INSERT INTO kinds VALUES (?1, ?2, ?3, ?4)", row)
                }
            }
            let found = try await database.read("test.kinds") { try $0.query("SELECT * FROM kinds ORDER BY i") }
            #expect(found.map(\.values) == rows)
            let numbers = try await database.read("test.numbers") { connection in
                try connection.query("SELECT sum(i) AS s, count(*) AS c, avg(i) AS a, i > 0 AS p FROM kinds GROUP BY 4")
            }
            #expect(numbers.count == 3)
            let zero = await code {
                try await database.write("test.zero") { connection in
                    try connection.execute("INSERT INTO kinds (t) VALUES (?1)", [.text("a\0b")])
                }
            }
            #expect(zero == .syntax, "PostgreSQL has no such character, and cutting the text would lose what follows")
        }
    }

    @Test func actionsRunInOrderAfterTheCommitOnly() async throws {
        struct Refusal: Error {}
        try await withPostgreSQL(DatabaseConformance.schema) { database in
            let calls = Mutex<[Int]>([])
            try await database.write("test.actions") { connection in
                connection.afterCommit { calls.withLock { $0.append(1) } }
                try connection.execute("INSERT INTO teams VALUES (1, 'red')")
                connection.afterCommit { calls.withLock { $0.append(2) } }
            }
            _ = try? await database.write("test.refused") { connection in
                connection.afterCommit { calls.withLock { $0.append(3) } }
                throw Refusal()
            }
            #expect(calls.withLock { $0 } == [1, 2])
        }
    }

    @Test func aReadSeesOneStateHoweverLongItTakes() async throws {
        try await withPostgreSQL(DatabaseConformance.schema) { database in
            let (started, start) = AsyncStream.makeStream(of: Void.self)
            let gate = DispatchSemaphore(value: 0)
            let reader = Task {
                try await database.read("test.twice") { connection in
                    let before = try connection.query("SELECT * FROM teams").count
                    start.yield()
                    gate.wait()
                    return (before, try connection.query("SELECT * FROM teams").count)
                }
            }
            for await _ in started { break }
            try await database.write("test.insert") { try $0.execute("INSERT INTO teams VALUES (1, 'red')") }
            gate.signal()
            let seen = try await reader.value
            #expect(seen == (0, 0))
            #expect(try await database.read("test.after") { try $0.query("SELECT * FROM teams").count } == 1)
        }
    }

    @Test func waitersBeyondTheLimitAreRefused() async throws {
        let registry = Registry()
        try await withPostgreSQL(
            registry: registry,
            configure: { ($0.connectionsMax, $0.writersMax, $0.waitersMax) = (1, 1, 1) }
        ) { database in
            let gate = DispatchSemaphore(value: 0)
            let (started, start) = AsyncStream.makeStream(of: Void.self)
            let holder = Task {
                try await database.write("test.hold") { _ in
                    start.yield()
                    gate.wait()
                }
            }
            for await _ in started { break }
            let results = await withTaskGroup(of: DatabaseError.Code?.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        let refusal = await code { try await database.read("test.wait") { _ in } }
                        // The refusal frees the holder, so that the other may go on.
                        if refusal != nil { gate.signal() }
                        return refusal
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.contains(nil) && results.contains(.overloaded))
            try await holder.value
            #expect(registry.value(of: "kaskman_database_errors_total", ["error_code": "overloaded"]) == 1)
            #expect(registry.value(of: "kaskman_database_connections_max") == 1)
        }
    }

    @Test func aRunningStatementStopsAtItsTimeLimit() async throws {
        let clock = ManualClock()
        try await withPostgreSQL(
            clock: clock,
            configure: {
                $0.connectionsMax = 2; $0.writersMax = 1
            }
        ) { database in
            let (started, start) = AsyncStream.makeStream(of: Void.self)
            let task = Task {
                try await database.read("test.endless", timeout: .seconds(5)) { connection in
                    start.yield()
                    _ = try connection.query("SELECT pg_sleep(1000)")
                }
            }
            for await _ in started { break }
            await clock.waitForSleepers(dueWithin: .seconds(5))
            clock.advance(by: .seconds(5))
            let error = await #expect(throws: DatabaseError.self) { try await task.value }
            #expect(error?.code == .timeout)
            for _ in 0..<4 {
                let after = try await database.read("test.after") { try $0.query("SELECT 1 AS one").count }
                #expect(after == 1, "whatever the cancelled statement left behind strikes nobody else")
            }
        }
    }

    @Test func aCancelledTaskEndsItsStatementAndItsWait() async throws {
        try await withPostgreSQL(configure: {
            $0.connectionsMax = 1; $0.writersMax = 1
        }) { database in
            let (started, start) = AsyncStream.makeStream(of: Void.self)
            let running = Task {
                try await database.write("test.running") { connection in
                    start.yield()
                    _ = try connection.query("SELECT pg_sleep(1000)")
                }
            }
            for await _ in started { break }
            let waiting = Task { try await database.write("test.waiting") { _ in } }
            waiting.cancel()
            #expect(await code { try await waiting.value } == .cancelled)
            running.cancel()
            #expect(await code { try await running.value } == .cancelled)
            #expect(await code { try await database.write("test.after") { try $0.query("SELECT 1") } } == nil)
        }
    }

    @Test func resultsAreBounded() async throws {
        try await withPostgreSQL(configure: { $0.resultRowsMax = 3 }) { database in
            let fitting = try await database.read("test.fits") { try $0.query("SELECT generate_series(1, 3)").count }
            #expect(fitting == 3)
            let more = await code {
                _ = try await database.read("test.more") { try $0.query("SELECT generate_series(1, 4)") }
            }
            #expect(more == .tooLarge)
        }
    }

    @Test func twoThatWaitForEachOtherBothSucceed() async throws {
        let registry = Registry()
        try await withPostgreSQL(DatabaseConformance.schema, registry: registry) { database in
            try await database.write("test.rows") { connection in
                try connection.execute("INSERT INTO teams VALUES (1, 'a'), (2, 'b')")
            }
            // Both hold their first row before either asks for its second, on the first run.
            let arrived = DispatchGroup()
            for _ in 0..<2 { arrived.enter() }
            let runs = Runs()
            @Sendable func change(_ first: Int, then second: Int) async throws {
                try await database.write("test.deadlock") { connection in
                    let sql = "UPDATE teams SET name = name || '!' WHERE id = ?1"
                    try connection.execute(sql, [.int(first)])
                    let run = runs.counts.withLock { runs in
                        runs[first, default: 0] += 1
                        return runs[first] ?? 0
                    }
                    if run == 1 {
                        arrived.leave()
                        arrived.wait()
                    }
                    try connection.execute(sql, [.int(second)])
                }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await change(1, then: 2) }
                group.addTask { try await change(2, then: 1) }
                try await group.waitForAll()
            }
            let names = try await database.read("test.names") { connection in
                try connection.query("SELECT name FROM teams ORDER BY id").map { try $0.text("name") }
            }
            #expect(names == ["a!!", "b!!"])
            // More than once, when it gets its first row back before the other is awake.
            let again = runs.counts.withLock { $0.values.reduce(0, +) } - 2
            #expect(again >= 1, "one of the two was run again")
            #expect(registry.value(of: "kaskman_database_retries_total") == Double(again))
        }
    }

    @Test func whoWaitsTooLongForALockIsTold() async throws {
        try await withPostgreSQL(
            DatabaseConformance.schema,
            configure: { $0.lockTimeout = .milliseconds(50) }
        ) { database in
            try await database.write("test.row") { try $0.execute("INSERT INTO teams VALUES (1, 'a')") }
            let gate = DispatchSemaphore(value: 0)
            let (started, start) = AsyncStream.makeStream(of: Void.self)
            let holder = Task {
                try await database.write("test.hold") { connection in
                    try connection.execute("UPDATE teams SET name = 'b' WHERE id = 1")
                    start.yield()
                    gate.wait()
                }
            }
            for await _ in started { break }
            let waiter = await code {
                try await database.write("test.wait") { try $0.execute("UPDATE teams SET name = 'c' WHERE id = 1") }
            }
            #expect(waiter == .busy)
            gate.signal()
            try await holder.value
        }
    }

    @Test func aFrozenProcessDoesNotKeepItsLocks() async throws {
        let registry = Registry()
        try await withPostgreSQL(
            DatabaseConformance.schema,
            registry: registry,
            configure: { $0.idleInTransactionTimeout = .milliseconds(500) }
        ) { database in
            let gate = DispatchSemaphore(value: 0)
            let (started, start) = AsyncStream.makeStream(of: Void.self)
            let runs = Atomic(0)
            let frozen = Task {
                try await database.write("test.frozen") { connection in
                    try connection.lock(.events)
                    try connection.execute("INSERT INTO teams VALUES (1, 'frozen')")
                    if runs.wrappingAdd(1, ordering: .relaxed).oldValue == 0 {
                        start.yield()
                        gate.wait()
                    }
                    try connection.execute("INSERT INTO teams VALUES (2, 'thawed')")
                }
            }
            for await _ in started { break }
            // Waits for the lock until the server has ended the other's session.
            try await database.write("test.other") { connection in
                try connection.lock(.events)
                #expect(try connection.query("SELECT * FROM teams").isEmpty)
            }
            gate.signal()
            try await frozen.value
            #expect(runs.load(ordering: .relaxed) == 2, "it was run again, on another connection")
            let count = try await database.read("test.count") { try $0.query("SELECT * FROM teams").count }
            #expect(count == 2)
            #expect(registry.value(of: "kaskman_database_connections_lost_total") == 1)
        }
    }

    @Test func aConnectionKeepsFewStatements() async throws {
        try await withPostgreSQL(
            configure: { ($0.connectionsMax, $0.writersMax, $0.preparedStatementsMax) = (1, 1, 4) }
        ) { database in
            for round in 0..<3 {
                for number in 0..<10 {
                    let row = try await database.read("test.many") { connection in
                        try connection.queryFirst("SELECT ?1::bigint + \(number) AS n", [.int(round)])
                    }
                    #expect(try row?.int("n") == round + number)
                }
            }
            let kept = try await database.read("test.kept") { connection in
                try connection.queryFirst("SELECT count(*) AS n FROM pg_prepared_statements")?.int("n") ?? 0
            }
            #expect((1...6).contains(kept), "the limit, and two that are on their way out")
        }
    }

    @Test func plansMadeForAnEmptyTableAreNotKept() async throws {
        let wide = (0..<30).map { "c\($0) TEXT" }.joined(separator: ", ")
        let schema = Migration(
            id: "wide-0001",
            sqlite: "",
            postgresql: "CREATE TABLE wide (id TEXT PRIMARY KEY, \(wide)) WITH (autovacuum_enabled = false)"
        )
        try await withPostgreSQL(
            [schema],
            configure: { ($0.connectionsMax, $0.writersMax) = (1, 1) }
        ) { database in
            /// How often the table was read whole by one statement.
            @Sendable func wholeReads() async throws -> Int {
                try await database.read("test.wide") { connection in
                    func reads() throws -> Int {
                        let sql = "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'wide'"
                        return try connection.queryFirst(sql)?.int("seq_scan") ?? 0
                    }
                    let places = (1...10).map { "?\($0)" }.joined(separator: ", ")
                    let ids = (0..<10).map { SQLValue.text("row \($0 * 7)") }
                    let before = try reads()
                    _ = try connection.query("SELECT * FROM wide WHERE id IN (\(places))", ids)
                    return try reads() - before
                }
            }
            // After so many the server has settled for one plan.
            for _ in 0..<10 { #expect(try await wholeReads() == 1, "an empty table is read whole, and rightly so") }
            try await database.write("test.fill") { connection in
                _ = try connection.execute(
                    "INSERT INTO wide (id) SELECT 'row ' || n FROM generate_series(1, 20000) AS n"
                )
            }
            var reads: [Int] = []
            // More than a connection ever does by the same plans.
            for _ in 0..<600 { reads.append(try await wholeReads()) }
            #expect(reads.last == 0)
        }
    }

    @Test func aStatementPreparedBeforeAMigrationIsPreparedAnew() async throws {
        try await withPostgreSQL(
            DatabaseConformance.schema,
            configure: { ($0.connectionsMax, $0.writersMax) = (2, 2) }
        ) { database in
            let sql = "SELECT * FROM teams"
            for _ in 0..<3 { _ = try await database.read("test.before") { try $0.query(sql) } }
            try await database.write("test.migrate") { try $0.runScript("ALTER TABLE teams ADD COLUMN size BIGINT") }
            for _ in 0..<4 {
                #expect(await code { _ = try await database.read("test.after") { try $0.query(sql) } } == nil)
            }
        }
    }

    @Test func twoServersMigrateOnce() async throws {
        try await withPostgreSQLURL { url in
            let migrations = (1...5).map { number in
                Migration(id: "race-000\(number)", sql: "CREATE TABLE race_\(number) (id BIGINT NOT NULL PRIMARY KEY)")
            }
            let ran: [String] = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        let settings = PostgreSQLSettings(url: url)
                        let database = try await PostgreSQLDatabase.open(
                            settings,
                            clock: SystemClock(),
                            registry: Registry()
                        )
                        let ran = try await database.migrate(migrations, now: Timestamp(milliseconds: 0))
                        try await database.close()
                        return ran
                    }
                }
                return try await group.reduce(into: []) { $0.append(contentsOf: $1) }
            }
            #expect(ran.sorted() == migrations.map(\.id))
        }
    }

    @Test func othersAreHeardOf() async throws {
        try await withPostgreSQLURL { url in
            let registry = Registry()
            var settings = PostgreSQLSettings(url: url)
            settings.connectionsMin = 0
            let listener = try await PostgreSQLDatabase.open(settings, clock: SystemClock(), registry: registry)
            let speaker = try await PostgreSQLDatabase.open(settings, clock: SystemClock(), registry: Registry())
            let (heard, hear) = AsyncStream.makeStream(of: String?.self)
            let task = Task { await listener.listen(to: "test_channel") { hear.yield($0) } }
            var ears = heard.makeAsyncIterator()
            #expect(await ears.next() == .some(nil))
            #expect(registry.value(of: "kaskman_database_listening") == 1, "once for what was missed before")
            for payload in ["", "ä b"] {
                try await speaker.write("test.speak") {
                    _ = try $0.query("SELECT pg_notify('test_channel', ?1)", [.text(payload)])
                }
                #expect(await ears.next() == payload)
            }
            task.cancel()
            await task.value
            #expect(registry.value(of: "kaskman_database_listening") == 0)
            try await listener.close()
            try await speaker.close()
        }
    }

    @Test func aServerThatCannotBeUsedIsRefusedWithoutItsPassword() async throws {
        let server = try await PostgreSQLServer.shared()
        for url in [
            "postgresql://ada:s3cret@127.0.0.1:1/kask",
            "postgresql:///missing?host=\(server.folder)&user=ada&password=s3cret",
            "postgresql://ada:s3cret@[oops/kask",
        ] {
            let error = await #expect(throws: DatabaseError.self) {
                _ = try await PostgreSQLDatabase.open(
                    PostgreSQLSettings(url: url),
                    clock: SystemClock(),
                    registry: Registry()
                )
            }
            #expect(error?.code == .connection)
            #expect(error?.description.contains("s3cret") == false, "\(String(describing: error))")
        }
    }

    @Test func aClosedDatabaseRefuses() async throws {
        try await withPostgreSQL { database in
            _ = try await database.read("test.open") { try $0.query("SELECT 1") }
            try await database.close()
            #expect(await code { try await database.read("test.closed") { _ in } } == .connection)
            #expect(await database.probe().error?.code == .connection)
        }
    }
}
