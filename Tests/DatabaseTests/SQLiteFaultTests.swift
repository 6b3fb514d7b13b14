import Basics
import Database
import DatabaseTesting
import Foundation
import Instruments
import Testing

import struct GRDB.Configuration
import class GRDB.DatabaseQueue
import class GRDB.Row

/// Faults made for real: a second connection, file permissions, a full disk, a damaged file.
@Suite struct SQLiteFaultTests {
    private func code(_ body: () async throws -> Void) async -> DatabaseError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? DatabaseError)?.code
        }
    }

    @Test func aForeignLockIsBusyAndTheProbeSeesIt() async throws {
        try await withTemporaryDirectory { directory in
            var settings = SQLiteSettings(path: directory + "/test.db")
            settings.busyTimeout = .milliseconds(1)
            settings.probeTimeout = .milliseconds(1)
            let registry = Registry()
            let database = try await SQLiteDatabase.open(settings, clock: ManualClock(), registry: registry)
            try await database.migrate(DatabaseConformance.schema, now: Timestamp(milliseconds: 0))
            #expect(await database.probe().isHealthy)

            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let foreign = try DatabaseQueue(path: settings.path, configuration: configuration)
            try await foreign.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE") }
            #expect(await code { try await database.write("test.busy") { _ in } } == .busy)
            #expect(await database.probe().error?.code == .busy)
            let errors = registry.value(of: "kaskman_database_errors_total", ["error_code": "busy"])
            #expect(errors == 2, "the write and the probe")
            let count = try await database.read("test.read") { try $0.query("SELECT * FROM teams").count }
            #expect(count == 0, "readers go on beside a foreign writer")

            try await foreign.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
            #expect(await code { try await database.write("test.free") { _ in } } == nil)
            #expect(await database.probe().isHealthy)
            try foreign.close()
            try await database.close()
        }
    }

    @Test func aFullDatabaseIsFullAndKeepsWhatItHad() async throws {
        try await withTemporaryDatabase(DatabaseConformance.schema) { database in
            try await database.write("test.first") { try $0.execute("INSERT INTO teams VALUES (1, 'red')") }
            try await database.write("test.limit") { _ = try $0.query("PRAGMA max_page_count = 12") }
            let error = await code {
                try await database.write("test.fill") { connection in
                    for id in 2..<100 {
                        let name = String(repeating: "x", count: 4000) + "\(id)"
                        try connection.execute("INSERT INTO teams VALUES (?1, ?2)", [.int(id), .text(name)])
                    }
                }
            }
            #expect(error == .full)
            let count = try await database.read("test.count") { try $0.query("SELECT * FROM teams").count }
            #expect(count == 1)
        }
    }

    @Test func aFileThatIsNoDatabaseIsCorrupted() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/test.db"
            try Data(repeating: 0x41, count: 8192).write(to: URL(fileURLWithPath: path))
            let error = await code {
                _ = try await SQLiteDatabase.open(
                    SQLiteSettings(path: path),
                    clock: ManualClock(),
                    registry: Registry()
                )
            }
            #expect(error == .corrupted)
        }
    }

    @Test func aMissingDirectoryIsNoConnection() async throws {
        try await withTemporaryDirectory { directory in
            let settings = SQLiteSettings(path: directory + "/missing/test.db")
            let error = await code {
                _ = try await SQLiteDatabase.open(settings, clock: ManualClock(), registry: Registry())
            }
            #expect(error == .connection)
        }
    }

    @Test func aDatabaseThatMayOnlyBeReadIsReadOnly() async throws {
        try await withTemporaryDatabase(DatabaseConformance.schema) { database in
            // The permission bits do not stop root, who may run these tests; SQLite's own switch stops everyone.
            let error = await code {
                try await database.write("test.readOnly") { connection in
                    _ = try connection.query("PRAGMA query_only = 1")
                    try connection.execute("INSERT INTO teams VALUES (1, 'red')")
                }
            }
            #expect(error == .readOnly)
        }
    }

    @Test func aFileThatMayOnlyBeReadIsRefusedWithItsPath() async throws {
        try await withTemporaryDirectory { directory in
            let settings = SQLiteSettings(path: directory + "/test.db")
            let database = try await SQLiteDatabase.open(settings, clock: ManualClock(), registry: Registry())
            try await database.close()
            // Root writes whatever its bits say; a file marked immutable is beyond root, where the disk knows that.
            chmod(settings.path, 0o400)
            guard geteuid() != 0 || run("chattr", "+i", settings.path) else { return }
            defer { _ = geteuid() == 0 && run("chattr", "-i", settings.path) }
            do {
                let other = try await SQLiteDatabase.open(settings, clock: ManualClock(), registry: Registry())
                try await other.close()
                Issue.record("a database that can only be read was opened")
            } catch let error as DatabaseError {
                #expect(error.code == .readOnly)
                #expect(error.message.contains(settings.path))
            }
        }
    }

    @Test func theProbeWrites() async throws {
        try await withTemporaryDirectory { directory in
            let settings = SQLiteSettings(path: directory + "/test.db")
            let database = try await SQLiteDatabase.open(settings, clock: ManualClock(), registry: Registry())
            let walPath = settings.path + "-wal"
            let before = try Data(contentsOf: URL(fileURLWithPath: walPath)).count
            #expect(await database.probe().isHealthy)
            let after = try Data(contentsOf: URL(fileURLWithPath: walPath)).count
            #expect(after > before, "a probe that never meets the disk does not see that it cannot be written")
            try await database.close()
        }
    }

    @Test func afterACloseTheFileAloneHasEverything() async throws {
        try await withTemporaryDirectory { directory in
            let settings = SQLiteSettings(path: directory + "/test.db")
            let database = try await SQLiteDatabase.open(settings, clock: ManualClock(), registry: Registry())
            try await database.migrate(DatabaseConformance.schema, now: Timestamp(milliseconds: 0))
            try await database.write("test.first") { try $0.execute("INSERT INTO teams VALUES (1, 'red')") }
            _ = try await database.read("test.read") { try $0.query("SELECT * FROM teams").count }
            try await database.close()
            let copy = directory + "/copy.db"
            try FileManager.default.copyItem(atPath: settings.path, toPath: copy)
            let other = try DatabaseQueue(path: copy)
            #expect(try await other.read { try Row.fetchAll($0, sql: "SELECT * FROM teams").count } == 1)
            try other.close()
        }
    }

    @Test func theProbeSeesThatTheFileIsGone() async throws {
        try await withTemporaryDirectory { directory in
            let settings = SQLiteSettings(path: directory + "/test.db")
            let database = try await SQLiteDatabase.open(settings, clock: ManualClock(), registry: Registry())
            #expect(await database.probe().isHealthy)
            try FileManager.default.moveItem(atPath: settings.path, toPath: settings.path + ".away")
            #expect(await database.probe().error?.code == .moved)
            #expect(await code { try await database.write("test.moved") { _ in } } == .moved, "or it would be lost")
            try FileManager.default.moveItem(atPath: settings.path + ".away", toPath: settings.path)
            #expect(await database.probe().isHealthy)
            #expect(await code { try await database.write("test.back") { _ in } } == nil)
            try await database.close()
        }
    }

    private func run(_ tool: String, _ arguments: String...) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [tool] + arguments
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    @Test func retryableErrorsAreThoseThatPass() {
        let retryable = DatabaseError.Code.allCases.filter { DatabaseError($0, "").isRetryable }
        #expect(retryable == [.busy, .connection, .timeout, .overloaded])
    }
}
