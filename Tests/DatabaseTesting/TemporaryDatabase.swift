package import Basics
package import Database
internal import Foundation
package import Instruments

/// A directory of its own for one test, removed when the closure ends.
@discardableResult
package func withTemporaryDirectory<T>(_ body: (_ path: String) async throws -> T) async throws -> T {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("kaskman-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try await body(directory.path)
}

/// A database of its own for one test, migrated, closed and removed when the closure ends.
///
/// - Parameters:
///   - migrations: the schema.
///   - clock: the clock of its time limits; the default stands still, so that nothing ever times out.
///   - registry: takes its metrics.
///   - configure: changes the settings.
@discardableResult
package func withTemporaryDatabase<T>(
    _ migrations: [Migration] = [],
    clock: any WallClock = ManualClock(now: Timestamp(milliseconds: 1_700_000_000_000)),
    registry: Registry = Registry(),
    configure: (inout SQLiteSettings) -> Void = { _ in },
    _ body: (SQLiteDatabase) async throws -> T
) async throws -> T {
    try await withTemporaryDirectory { directory in
        var settings = SQLiteSettings(path: directory + "/test.db")
        configure(&settings)
        let database = try await SQLiteDatabase.open(settings, clock: clock, registry: registry)
        do {
            try await database.migrate(migrations, now: clock.now)
            let result = try await body(database)
            try await database.close()
            return result
        } catch {
            try? await database.close()
            throw error
        }
    }
}
