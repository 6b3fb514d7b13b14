import Basics

/// Look-ups of many callers on a few connections of their own.
///
/// The second connection is used while the first has enough to do: with few callers one round trip that several share
/// is worth more than several round trips.
///
/// Concurrency: any thread.
final class PostgreSQLLookUps: Sendable {
    private let lanes: [PostgreSQLLookUpLane]
    /// From how many look-ups that wait on a connection the next one is used too.
    private static let enough = 8

    init(
        _ settings: PostgreSQLSettings,
        _ redaction: PostgreSQLRedaction,
        clock: any WallClock,
        metrics: PostgreSQLMetrics,
        deadlines: OperationDeadlines
    ) {
        lanes = (0..<settings.lookUpConnectionsMax).map { number in
            PostgreSQLLookUpLane(
                number,
                settings,
                redaction,
                clock: clock,
                metrics: metrics,
                deadlines: deadlines
            )
        }
    }

    /// The rows that a statement finds; nil when this is no way to find out.
    func rows(_ sql: String, _ arguments: [SQLValue]) async -> [SQLRow]? {
        guard let lane = lanes.first(where: { $0.waiters < Self.enough }) ?? lanes.min(by: { $0.waiters < $1.waiters })
        else { return nil }
        return await lane.rows(sql, arguments)
    }

    func close() async {
        for lane in lanes { await lane.close() }
    }
}
