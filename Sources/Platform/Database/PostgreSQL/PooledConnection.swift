/// A connection of the pool, with the thread that its blocking calls run on.
final class PooledConnection: Sendable {
    let id: Int
    let worker: BlockingWorker
    /// SAFETY: only touched by what runs on ``worker``, one piece after the other.
    nonisolated(unsafe) private(set) var session: PostgreSQLSession?

    init(id: Int, label: String = "database.connection") {
        self.id = id
        worker = BlockingWorker(label: "\(label).\(id)")
    }

    /// Opens the connection; on ``worker``.
    func open(_ settings: PostgreSQLSettings, _ redaction: PostgreSQLRedaction) throws {
        close()
        session = try PostgreSQLSession.connect(settings, redaction)
    }

    /// Closes the connection; on ``worker``.
    func close() {
        session?.close()
        session = nil
    }
}
