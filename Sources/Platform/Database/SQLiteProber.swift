internal import Basics
internal import GRDB

/// Takes the write lock and gives it back, on a connection of its own.
///
/// Its own connection, because the pool's writer may be the one that is stuck.
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
        queue = try DatabaseQueue(path: settings.path, configuration: configuration)
        self.clock = clock
    }

    func probe() async -> DatabaseProbe {
        let start = clock.uptime
        do {
            let slot = try await gate.enter(AccessTicket())
            defer { gate.leave(slot) }
            try await queue.writeWithoutTransaction { connection in
                try connection.beginTransaction(.immediate)
                try connection.rollback()
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
