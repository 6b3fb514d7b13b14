import Basics
import Instruments
import Synchronization

/// Hears of other servers' transactions, on a connection of its own that is made again whenever it is lost.
struct PostgreSQLListener: Sendable {
    /// The pause after the first failure; it doubles with each further one.
    private static let pauseMin = Duration.milliseconds(250)
    private static let pauseMax = Duration.seconds(15)

    private let settings: PostgreSQLSettings
    private let redaction: PostgreSQLRedaction
    private let clock: any WallClock
    private let metrics: PostgreSQLMetrics

    init(
        _ settings: PostgreSQLSettings,
        _ redaction: PostgreSQLRedaction,
        clock: any WallClock,
        metrics: PostgreSQLMetrics
    ) {
        self.settings = settings
        self.redaction = redaction
        self.clock = clock
        self.metrics = metrics
    }

    /// Listens until the task is cancelled.
    func run(channel: String, _ onNotification: @escaping @Sendable (_ payload: String?) -> Void) async {
        let connection = PooledConnection(id: 0, label: "database.listener")
        var pause = Self.pauseMin
        while !Task.isCancelled {
            let hasListened = await listen(on: connection, channel, onNotification)
            await connection.worker.run { connection.close() }
            metrics.isListening.set(0)
            pause = hasListened ? Self.pauseMin : min(pause * 2, Self.pauseMax)
            do { try await clock.sleep(for: pause) } catch { return }
        }
    }

    /// Connects and waits until the connection is lost, or the task cancelled; returns whether it had listened.
    private func listen(
        on connection: PooledConnection,
        _ channel: String,
        _ onNotification: @escaping @Sendable (_ payload: String?) -> Void
    ) async -> Bool {
        let stop = AccessTicket()
        return await withTaskCancellationHandler {
            await connection.worker.run { () -> Bool in
                let session: PostgreSQLSession
                do {
                    try connection.open(settings, redaction)
                    guard let opened = connection.session else { return false }
                    session = opened
                    let operation = session.interrupter.begin()
                    stop.whenAbandoned { [interrupter = session.interrupter] in interrupter.cut(operation) }
                    try session.listen(to: channel)
                } catch {
                    metrics.openFailures.increment()
                    return false
                }
                metrics.listenerConnects.increment()
                metrics.isListening.set(1)
                // What was said while nobody listened.
                onNotification(nil)
                while let payloads = try? session.waitForNotifications() { payloads.forEach(onNotification) }
                _ = session.interrupter.end()
                return true
            }
        } onCancel: {
            stop.abandon(DatabaseError(.cancelled, "the task was cancelled"))
        }
    }
}
