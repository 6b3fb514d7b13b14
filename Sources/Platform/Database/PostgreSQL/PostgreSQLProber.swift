import Basics
import Synchronization

/// Writes a few bytes that change nothing, on a connection of its own: all of the pool's may be busy or stuck.
final class PostgreSQLProber: Sendable {
    /// How many probes may wait for the one that runs.
    private static let probesMax = 8
    /// How long the size of the database is believed: to ask for it reads the size of every file.
    private static let sizeInterval = Duration.seconds(60)

    private let settings: PostgreSQLSettings
    private let redaction: PostgreSQLRedaction
    private let clock: any WallClock
    private let deadlines: OperationDeadlines
    private let connection = PooledConnection(id: 0, label: "database.probe")
    private let gate = AccessGate(slots: 1, waitersMax: probesMax)
    private let size = Mutex<(bytes: Double, askAt: Duration)>((.nan, .zero))

    init(
        _ settings: PostgreSQLSettings,
        _ redaction: PostgreSQLRedaction,
        clock: any WallClock,
        deadlines: OperationDeadlines
    ) {
        self.settings = settings
        self.redaction = redaction
        self.clock = clock
        self.deadlines = deadlines
    }

    /// The size that the server told last, in bytes; NaN before.
    var databaseSize: Double { size.withLock { $0.bytes } }

    func probe() async -> DatabaseProbe {
        let start = clock.uptime
        do {
            let slot = try await gate.enter(AccessTicket())
            defer { gate.leave(slot) }
            try await connection.worker.run {
                let isOld = connection.session != nil
                do throws(DatabaseError) { try write() } catch {
                    // A connection that a restart of the server has ended says nothing of how the server is now.
                    guard isOld, error.code == .connection else { throw error }
                    try write()
                }
            }
            return DatabaseProbe(error: nil, duration: clock.uptime - start)
        } catch {
            let fault = error as? DatabaseError ?? DatabaseError(.other, "\(error)")
            return DatabaseProbe(error: fault.during("database.probe"), duration: clock.uptime - start)
        }
    }

    func close() async {
        gate.close()
        await connection.worker.run { connection.close() }
    }

    /// Writes, on the connection's thread.
    ///
    /// A connection that has failed in any way is made anew by the next probe.
    private func write() throws(DatabaseError) {
        let limit = AccessTicket()
        do {
            if connection.session == nil { try connection.open(settings, redaction) }
            guard let session = connection.session else { return }
            let operation = session.interrupter.begin()
            limit.whenAbandoned { [interrupter = session.interrupter] in interrupter.cut(operation) }
            deadlines.add(limit, limit: settings.probeTimeout)
            defer {
                deadlines.remove(limit)
                _ = session.interrupter.end()
            }
            // A message in the write-ahead log that nobody reads: its commit waits for the disk, like every other.
            _ = try session.run(
                "SELECT pg_logical_emit_message(true, 'kaskman', 'probe')",
                begin: PostgreSQLSession.beginWrite
            )
            _ = try session.run("COMMIT")
            try askSize(session)
        } catch {
            connection.close()
            if let abandonment = limit.abandonment { throw abandonment }
            throw (error as? PostgreSQLFault)?.error ?? error as? DatabaseError ?? DatabaseError(.other, "\(error)")
        }
    }

    private func askSize(_ session: PostgreSQLSession) throws {
        let now = clock.uptime
        guard size.withLock({ $0.bytes.isNaN || now >= $0.askAt }) else { return }
        let result = try session.run("SELECT pg_database_size(current_database()) AS bytes")
        let bytes = try result.rows().first?.real("bytes") ?? .nan
        size.withLock { $0 = (bytes, now + Self.sizeInterval) }
    }
}
