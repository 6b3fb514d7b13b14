import Basics
import Database
import DatabaseTesting
import Dispatch
import Instruments
import Synchronization
import Testing

@Suite struct SQLiteDatabaseTests {
    @Test func conforms() async throws {
        try await withTemporaryDatabase { try await DatabaseConformance.check($0) }
    }

    @Test func writesReachTheDiskBeforeTheyReturn() async throws {
        try await withTemporaryDatabase { database in
            let settings = try await database.write("test.pragmas") { connection in
                let synchronous = try connection.queryFirst("PRAGMA synchronous")?.integer("synchronous")
                let journal = try connection.queryFirst("PRAGMA journal_mode")?.text("journal_mode")
                let foreignKeys = try connection.queryFirst("PRAGMA foreign_keys")?.integer("foreign_keys")
                return (synchronous, journal, foreignKeys)
            }
            #expect(settings == (2, "wal", 1))
        }
    }

    @Test func commitActionsRunInOrderAndOnlyAfterACommit() async throws {
        try await withTemporaryDatabase { database in
            let calls = Mutex<[Int]>([])
            struct Refusal: Error {}
            _ = try? await database.write("test.refused") { connection in
                connection.afterCommit { calls.withLock { $0.append(0) } }
                throw Refusal()
            }
            try await database.write("test.committed") { connection in
                connection.afterCommit { calls.withLock { $0.append(1) } }
                connection.afterCommit { calls.withLock { $0.append(2) } }
            }
            #expect(calls.withLock { $0 } == [1, 2])
        }
    }

    @Test func waitersBeyondTheLimitAreRefused() async throws {
        try await withTemporaryDatabase(configure: { $0.waitersMax = 1 }) { database in
            let gate = DispatchSemaphore(value: 0)
            let (started, start) = AsyncStream.makeStream(of: Void.self)
            let holder = Task {
                try await database.write("test.hold") { _ in
                    start.yield()
                    gate.wait()
                }
            }
            for await _ in started { break }
            // Of two that come now, one waits and one is refused.
            let results = await withTaskGroup(of: DatabaseError.Code?.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        do {
                            try await database.write("test.wait") { _ in }
                            return nil
                        } catch {
                            // The refusal frees the holder, so that the other may go on.
                            gate.signal()
                            return (error as? DatabaseError)?.code
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.contains(nil))
            #expect(results.contains(.overloaded))
            try await holder.value
        }
    }

    @Test func anOperationThatWaitsTooLongTimesOutAndTheRunningOneIsRolledBack() async throws {
        let clock = ManualClock()
        try await withTemporaryDatabase(DatabaseConformance.schema, clock: clock) { database in
            let (started, start) = AsyncStream.makeStream(of: Void.self)
            let holder = Task {
                try await database.write("test.hold", timeout: .seconds(60)) { connection in
                    try connection.execute("INSERT INTO teams VALUES (1, 'red')")
                    start.yield()
                    // Goes on until the database itself puts an end to it.
                    while true { _ = try connection.query("SELECT 1") }
                }
            }
            for await _ in started { break }
            let waiter = Task { try await database.write("test.wait", timeout: .seconds(10)) { _ in } }
            await clock.waitForSleepers(dueWithin: .seconds(10))
            clock.advance(by: .seconds(10))
            let waited = await #expect(throws: DatabaseError.self) { try await waiter.value }
            #expect(waited?.code == .timeout)
            clock.advance(by: .seconds(50))
            let held = await #expect(throws: DatabaseError.self) { try await holder.value }
            #expect(held?.code == .timeout)
            let count = try await database.read("test.count") { try $0.query("SELECT * FROM teams").count }
            #expect(count == 0)
        }
    }

    @Test func aRunningStatementStopsAtItsTimeLimit() async throws {
        let clock = ManualClock()
        try await withTemporaryDatabase(clock: clock) { database in
            let endless = """
                WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers)
                SELECT count(*) FROM numbers
                """
            let task = Task { try await database.read("test.endless", timeout: .seconds(5)) { try $0.query(endless) } }
            await clock.waitForSleepers(dueWithin: .seconds(5))
            clock.advance(by: .seconds(5))
            let error = await #expect(throws: DatabaseError.self) { try await task.value }
            #expect(error?.code == .timeout)
            let after = try await database.read("test.after") { try $0.query("SELECT 1 AS one").count }
            #expect(after == 1, "the connection goes on")
        }
    }

    @Test func aCancelledTaskGivesItsPlaceUp() async throws {
        try await withTemporaryDatabase { database in
            let gate = DispatchSemaphore(value: 0)
            let (started, start) = AsyncStream.makeStream(of: Void.self)
            let holder = Task {
                try await database.write("test.hold") { _ in
                    start.yield()
                    gate.wait()
                }
            }
            for await _ in started { break }
            let waiter = Task { try await database.write("test.wait") { _ in } }
            waiter.cancel()
            let error = await #expect(throws: DatabaseError.self) { try await waiter.value }
            #expect(error?.code == .cancelled)
            gate.signal()
            try await holder.value
        }
    }

    @Test func everyKindOfValueComesBackAsItWent() async throws {
        let schema = Migration(
            id: "values-0001",
            sqlite: "CREATE TABLE kinds (i INTEGER, r REAL, t TEXT, b BLOB)",
            postgresql: ""
        )
        try await withTemporaryDatabase([schema]) { database in
            let rows: [[SQLValue]] = [
                [.integer(.min), .real(-0.1), .text("ä\"'\\\n?1$1"), .blob([0, 255, 92])],
                [.integer(0), .real(1e300), .text("a\0b"), .blob([0])],
                [.integer(.max), .real(.infinity), .text(""), .blob([])],
                [.null, .null, .null, .null],
            ]
            for row in rows {
                try await database.write("test.insert") { connection in
                    try connection.execute("INSERT INTO kinds VALUES (?1, ?2, ?3, ?4)", row)
                }
            }
            let found = try await database.read("test.kinds") { try $0.query("SELECT * FROM kinds ORDER BY rowid") }
            #expect(found.map(\.values) == rows)
            #expect(found.first?.columnNames == ["i", "r", "t", "b"])
        }
    }

    @Test func aStatementTakesAsManyArgumentsAsItHasParameters() async throws {
        try await withTemporaryDatabase([]) { database in
            for arguments: [SQLValue] in [[], [.integer(1)], [.integer(1), .integer(2), .integer(3)]] {
                await #expect(throws: DatabaseError.self) {
                    try await database.read("test.arguments") { try $0.query("SELECT ?1 + ?2 AS n", arguments) }
                }
            }
            let row = try await database.read("test.arguments") { connection in
                try connection.queryFirst("SELECT ?1 + ?2 AS n", [.integer(1), .integer(2)])
            }
            #expect(try row?.int("n") == 3, "a statement that failed is none the worse for it")
        }
    }

    @Test func resultsAreBounded() async throws {
        try await withTemporaryDatabase(configure: { $0.resultRowsMax = 3 }) { database in
            let values = "SELECT * FROM (VALUES (1), (2), (3), (4)) LIMIT "
            let fitting = try await database.read("test.fits") { try $0.query(values + "3").count }
            #expect(fitting == 3)
            let error = await #expect(throws: DatabaseError.self) {
                try await database.read("test.more") { try $0.query(values + "4") }
            }
            #expect(error?.code == .tooLarge)
        }
    }

    @Test func aClosedDatabaseRefuses() async throws {
        try await withTemporaryDirectory { directory in
            let settings = SQLiteSettings(path: directory + "/test.db")
            let database = try await SQLiteDatabase.open(settings, clock: ManualClock(), registry: Registry())
            try await database.close()
            let error = await #expect(throws: DatabaseError.self) { try await database.read("test.closed") { _ in } }
            #expect(error?.code == .connection)
        }
    }
}
