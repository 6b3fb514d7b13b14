package import Basics
package import Database
package import Instruments
internal import Synchronization

/// The durable, ordered log of everything that happened: one event in the transaction of each change.
///
/// Readers remember a position and read on from there; a signal after each commit tells them when to look again, so
/// nothing is lost and nothing comes twice, whatever happens to the signal.
package struct EventLog: Sendable {
    /// The longest data of an event, in bytes of JSON.
    package static let dataBytesMax = 64 << 10
    /// How deeply the data of an event may be nested, itself counted.
    package static let dataDepthMax = 64
    /// The most events on a page; a larger limit is cut to it.
    package static let pageEventsMax = 1000
    /// The most events that one transaction of ``prune(before:)`` removes.
    package static let pruneEventsMax = 5000

    let database: any Database
    let signal: EventSignal
    private let clock: any WallClock
    private let ids: UUIDv7Generator
    private let metrics: EventMetrics
    private let announce: @Sendable () -> Void
    /// Names this log among those of other servers on the same database.
    let origin: String
    let own = OwnEvents()

    /// Makes the log over a migrated database.
    ///
    /// There may be `subscribersMax` followers at a time. `origin` tells this log from those of other servers on the database.
    /// The registry takes the metrics `kaskman_events_*`; one log a registry. `announce` tells other servers to
    /// ``wakeFollowers(toldBy:)``; it is called after each commit that appended, and must return at once.
    package init(
        database: any Database,
        clock: any WallClock,
        ids: UUIDv7Generator,
        registry: Registry,
        subscribersMax: Int = 1000,
        origin: UInt64 = .random(in: 0 ... .max),
        announce: @escaping @Sendable () -> Void = {}
    ) {
        self.announce = announce
        self.origin = String(origin)
        self.database = database
        self.clock = clock
        self.ids = ids
        let signal = EventSignal(subscribersMax: subscribersMax)
        self.signal = signal
        metrics = EventMetrics(registry) { signal.subscriberCount }
    }

    /// Notes an event in the caller's transaction; readers see it, and are woken, once that commits.
    ///
    /// An event whose identifier the log has already is not noted again.
    ///
    /// - Throws: ``EventError``, ``DatabaseError``.
    package func append(_ event: NewEvent, in connection: any SQLConnection) throws {
        try append(event, as: event.id ?? ids.next(), in: connection)
    }

    private func append(_ event: NewEvent, as id: UUIDv7, in connection: any SQLConnection) throws {
        let data = try EventDataCoding.encode(event.data)
        let place = EventPlace()
        var values: [SQLValue] = [
            .id(id), .timestamp(event.occurredAt ?? clock.now), .text(event.kind.rawValue),
            .text(event.subject.rawValue), .optional(event.subjectID), .optional(event.actor.id),
            .text(event.actor.kind), .optional(event.requestID), .text(data),
        ]
        if connection.dialect == .postgresql { values.append(.text(origin)) }
        try connection.post(Self.insertion(connection.dialect), values) { rows in
            place.position.withLock { $0 = rows.first.flatMap { try? $0.integer("position") } }
        }
        connection.afterCommit { [signal, metrics, announce, own, kind = event.kind] in
            guard let position = place.position.withLock({ $0 }) else { return }
            metrics.appended(kind, at: position)
            own.note(position, kind)
            signal.send(own: kind)
            announce()
        }
    }

    /// The position of an event, once the database has told it; nil for one that was there before.
    private final class EventPlace: Sendable {
        let position = Mutex<Int64?>(nil)
    }

    /// The statement that notes an event.
    ///
    /// On PostgreSQL, whose transactions run beside each other, each that appends holds a lock from here to its end: positions
    /// follow the order of commits, or readers would skip late ones. Other servers' followers are told with the commit, and by whom.
    private static func insertion(_ dialect: SQLDialect) -> String {
        switch dialect {
        case .sqlite: sqliteInsertion
        case .postgresql: postgresqlInsertion
        }
    }

    private static let columns =
        "id, occurred_at, kind, subject_type, subject_id, actor_id, actor_kind, request_id, data"
    private static let sqliteInsertion = """
        INSERT INTO events (\(columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        ON CONFLICT (id) DO NOTHING RETURNING position
        """
    private static let postgresqlInsertion = """
        INSERT INTO events (\(columns)) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
        FROM (SELECT pg_advisory_xact_lock(\(TransactionLock.events.key))) AS held
        ON CONFLICT (id) DO NOTHING RETURNING position, pg_notify('\(notificationChannel)', ?10) AS told
        """

    /// The channel on which a PostgreSQL server tells all who listen of transactions that appended.
    package static let notificationChannel: StaticString = "kaskman_events"

    /// Notes an event in a transaction of its own: for what has no transaction, such as a file that was loaded.
    /// - Returns: its position.
    /// - Throws: ``EventError``, ``DatabaseError``.
    @discardableResult
    package func append(_ event: NewEvent) async throws -> Int64 {
        try await database.write("events.append") { connection in
            let id = event.id ?? ids.next()
            try append(event, as: id, in: connection)
            let row = try connection.queryFirst("SELECT position FROM events WHERE id = ?1", [.id(id)])
            guard let row else { throw DatabaseError(.other, "the new event has no position") }
            return try row.integer("position")
        }
    }

    /// Notes events in the order given, in one transaction of their own.
    ///
    /// - Parameters:
    ///   - events: what happened, oldest first.
    ///   - timeout: the longest time for waiting and writing together; nil takes the database's own.
    /// - Returns: how many were left out because their data is too long or too deep.
    /// - Throws: ``DatabaseError``; then none was noted, as far as is known.
    package func append(contentsOf events: [NewEvent], timeout: Duration? = nil) async throws -> Int {
        try await database.write("events.append", timeout: timeout) { connection in
            var refused = 0
            for event in events {
                do { try append(event, in: connection) } catch is EventError { refused += 1 }
            }
            return refused
        }
    }

    /// Reads a part of the log; a `limit` beyond ``pageEventsMax`` is cut to it, one below 1 counts as 1.
    /// - Throws: ``DatabaseError``.
    package func page(_ cursor: EventCursor, filter: EventFilter = EventFilter(), limit: Int) async throws -> EventPage
    {
        let limit = min(max(limit, 1), Self.pageEventsMax)
        return try await database.read("events.page") { connection in
            try EventQuery(cursor: cursor, filter: filter, limit: limit).run(connection)
        }
    }

    /// The position of the newest event, 0 when there never was one.
    /// - Throws: ``DatabaseError``.
    package func latestPosition() async throws -> Int64 {
        try await database.read("events.latest") { connection in try EventQuery.latestPosition(connection) }
    }

    /// Removes the events from before a time, oldest first, in transactions of bounded size.
    ///
    /// Only whole beginnings of the log go: an event stays while an older position has a time that is to stay.
    /// - Returns: how many were removed.
    /// - Throws: ``DatabaseError``.
    package func prune(before cutoff: Timestamp) async throws -> Int {
        var removed = 0
        while true {
            let count = try await database.write("events.prune") { connection in
                try Self.pruneOnce(before: cutoff, connection)
            }
            metrics.pruned(count)
            removed += count
            if count < Self.pruneEventsMax { return removed }
        }
    }

    private static func pruneOnce(before cutoff: Timestamp, _ connection: any SQLConnection) throws -> Int {
        let kept = try connection.queryFirst(
            "SELECT min(position) AS first FROM events WHERE occurred_at >= ?1",
            [.timestamp(cutoff)]
        )
        let latest = try EventQuery.latestPosition(connection)
        let end = try kept?.optionalInteger("first") ?? latest + 1
        let last = try connection.queryFirst(
            """
            SELECT max(position) AS last FROM
                (SELECT position FROM events WHERE position < ?1 ORDER BY position LIMIT ?2) AS oldest
            """,
            [.integer(end), .int(pruneEventsMax)]
        )
        guard let last = try last?.optionalInteger("last") else { return 0 }
        let count = try connection.execute("DELETE FROM events WHERE position <= ?1", [.integer(last)])
        try connection.execute("UPDATE event_log SET earliest_position = ?1 WHERE one = 1", [.integer(last + 1)])
        return count
    }
}
