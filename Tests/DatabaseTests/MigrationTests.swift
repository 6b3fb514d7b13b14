import Basics
import Database
import DatabaseTesting
import Testing

@Suite struct MigrationTests {
    private let now = Timestamp(milliseconds: 1_700_000_000_000)
    private let first = Migration(id: "things-0001", sql: "CREATE TABLE things (id BIGINT NOT NULL PRIMARY KEY)")
    private let second = Migration(
        id: "things-0002",
        sql: "ALTER TABLE things ADD COLUMN name TEXT; CREATE INDEX things_by_name ON things (name)"
    )
    private let other = Migration(id: "others-0001", sql: "CREATE TABLE others (id BIGINT NOT NULL PRIMARY KEY)")

    @Test(arguments: TestBackend.allCases) func runsEachOnceInOrder(_ backend: TestBackend) async throws {
        try await withTemporaryDatabase(on: backend) { database in
            #expect(try await database.migrate([first], now: now) == ["things-0001"])
            #expect(try await database.migrate([first, second, other], now: now) == ["things-0002", "others-0001"])
            #expect(try await database.migrate([first, second, other], now: now) == [])
            let rows = try await database.read("test.rows") { connection in
                try connection.query("SELECT applied_at FROM schema_migrations ORDER BY id")
            }
            #expect(try rows.map { try $0.timestamp("applied_at") } == [now, now, now])
        }
    }

    @Test(arguments: TestBackend.allCases) func refusesAChangedMigration(_ backend: TestBackend) async throws {
        try await withTemporaryDatabase(on: backend, [first]) { database in
            let changed = Migration(id: "things-0001", sql: "CREATE TABLE things (id BIGINT NOT NULL)")
            await #expect(
                throws: MigrationError.changed(
                    id: "things-0001",
                    applied: first.checksum(for: backend.dialect),
                    program: changed.checksum(for: backend.dialect)
                )
            ) { try await database.migrate([changed, second], now: now) }
            let run = try await database.migrate([first], now: now)
            #expect(run == [], "nothing was changed")
        }
    }

    @Test(arguments: TestBackend.allCases) func refusesADatabaseOfANewerProgram(_ backend: TestBackend) async throws {
        try await withTemporaryDatabase(on: backend, [first, second, other]) { database in
            await #expect(throws: MigrationError.databaseIsNewer(unknown: ["others-0001", "things-0002"])) {
                try await database.migrate([first], now: now)
            }
        }
    }

    @Test(arguments: TestBackend.allCases) func refusesAMigrationBeforeAnAppliedOne(_ backend: TestBackend) async throws
    {
        try await withTemporaryDatabase(on: backend) { database in
            let late = Migration(id: "things-0002", sql: "CREATE TABLE late (id BIGINT)")
            try await database.migrate([late], now: now)
            await #expect(throws: MigrationError.outOfOrder(id: "things-0001", after: "things-0002")) {
                try await database.migrate([first, late], now: now)
            }
        }
    }

    @Test(arguments: TestBackend.allCases) func aFailingMigrationUndoesAllOfThatRun(_ backend: TestBackend) async throws
    {
        try await withTemporaryDatabase(on: backend) { database in
            let broken = Migration(
                id: "things-0002",
                sql: "CREATE TABLE fine (id BIGINT); CREATE TABLE things (id BIGINT)"
            )
            let error = await #expect(throws: MigrationError.self) {
                try await database.migrate([first, broken], now: now)
            }
            guard case .failed("things-0002", let cause) = error else {
                Issue.record("unexpected: \(String(describing: error))")
                return
            }
            #expect(cause.code == .syntax)
            let run = try await database.migrate([first], now: now)
            #expect(run == ["things-0001"])
        }
    }

    @Test func theErrorsSayWhatToDo() {
        #expect("\(MigrationError.databaseIsNewer(unknown: ["a-0002"]))".contains("upgrade the program"))
        #expect("\(MigrationError.changed(id: "a-0001", applied: "ab", program: "cd"))".contains("restore a backup"))
    }

    @Test func checksumsAreThoseOfTheText() {
        // SHA-256 of the empty text.
        let migration = Migration(id: "a-0001", sql: "")
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        #expect(migration.checksum(for: .sqlite) == empty)
        #expect(Migration(id: "a-0001", sqlite: "", postgresql: "x").checksum(for: .postgresql) != empty)
    }
}
