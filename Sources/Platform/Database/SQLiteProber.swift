internal import Basics
internal import GRDB

/// Writes a few bytes that change nothing, on a connection of its own.
///
/// Its own connection, because the pool's writer may be the one that is stuck. The write is committed: a write lock can be
/// had on a file that can only be read, and a write that is rolled back never meets the disk.
final class SQLiteProber: Sendable {
    /// How many probes may wait for the one that runs.
    private static let probesMax = 8

    private let queue: DatabaseQueue
    private let gate = AccessGate(slots: 1, waitersMax: probesMax)
    private let clock: any WallClock

    init(_ settings: SQLiteSettings, clock: any WallClock) throws {
        var configuration = Configuration()
        configuration.label = "database.probe"
        configuration.busyMode = .timeout(settings.probeTimeout.inSeconds)
        // No wait for the disk: the probe's bytes need not outlive a crash.
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = OFF") }
        queue = try DatabaseQueue(path: settings.path, configuration: configuration)
        self.clock = clock
    }

    func probe() async -> DatabaseProbe {
        let start = clock.uptime
        do {
            let slot = try await gate.enter(AccessTicket())
            defer { gate.leave(slot) }
            try await queue.writeWithoutTransaction { connection in
                try SQLiteFile.refuseMoved(connection)
                try connection.inTransaction(.immediate) {
                    try connection.execute(sql: "PRAGMA application_id = \(SQLiteDatabase.applicationID)")
                    return .commit
                }
            }
            return DatabaseProbe(error: nil, duration: clock.uptime - start)
        } catch {
            let fault = error as? DatabaseError ?? DatabaseError(grdb: error) ?? DatabaseError(.other, "\(error)")
            return DatabaseProbe(error: fault.during("database.probe"), duration: clock.uptime - start)
        }
    }

    func close() throws {
        gate.close()
        try queue.close()
    }
}
