import Basics
import Events
import Logging
import Supervision

/// Keeps the event log within its retention.
final class EventsComponent: Component {
    /// How often events past their retention are removed.
    static let pruneInterval = Duration.seconds(600)

    let log: EventLog
    private let context: ComponentContext
    private let retention: Duration

    init(context: ComponentContext, log: EventLog, retention: Duration) {
        self.context = context
        self.log = log
        self.retention = retention
    }

    func run() async throws {
        context.ready()
        while await context.pause(for: Self.pruneInterval) {
            do {
                let cutoff = context.clock.now.advanced(by: .zero - retention)
                while try await log.prune(before: cutoff) == EventLog.pruneEventsMax && !context.isDraining {}
            } catch {
                // The database's own metrics and alert tell of it; what is not removed now is removed next time.
                context.log.warning("events past their retention could not be removed", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Reads the log's end.
    func health() async -> Health {
        do {
            _ = try await log.latestPosition()
            return .healthy
        } catch {
            return .unhealthy("the event log cannot be read")
        }
    }
}
