internal import Basics
internal import Database

/// Reads one page of the log.
struct EventQuery {
    let cursor: EventCursor
    let filter: EventFilter
    let limit: Int

    func run(_ connection: any SQLConnection) throws -> EventPage {
        var conditions: [String] = []
        var arguments: [SQLValue] = []
        func require(_ condition: String, _ value: SQLValue) {
            arguments.append(value)
            conditions.append("\(condition) ?\(arguments.count)")
        }
        let order: String
        switch cursor {
        case .after(let position):
            require("position >", .integer(position))
            order = "ASC"
        case .before(let position):
            require("position <", .integer(position))
            order = "DESC"
        }
        if let subject = filter.subject { require("subject_type =", .text(subject.rawValue)) }
        if let subjectID = filter.subjectID { require("subject_id =", .text(subjectID)) }
        if let actorID = filter.actorID { require("actor_id =", .text(actorID)) }
        if let since = filter.since { require("occurred_at >=", .timestamp(since)) }
        if let until = filter.until { require("occurred_at <", .timestamp(until)) }
        if let id = filter.identitiesOf {
            let identities = [EventSubject.user, .session].map { "'\($0.rawValue)'" }.joined(separator: ", ")
            require("(subject_type NOT IN (\(identities)) OR subject_id =", .text(id))
            conditions[conditions.count - 1] += ")"
        }
        if !filter.kinds.isEmpty {
            let first = arguments.count + 1
            arguments += filter.kinds.map(\.rawValue).sorted().map { .text($0) }
            conditions.append("kind IN (\((first...arguments.count).map { "?\($0)" }.joined(separator: ", ")))")
        }
        arguments.append(.int(limit + 1))
        let rows = try connection.query(
            """
            SELECT * FROM events WHERE \(conditions.joined(separator: " AND "))
            ORDER BY position \(order) LIMIT ?\(arguments.count)
            """,
            arguments
        )
        let events = try rows.prefix(limit).map { try Event($0) }
        return try page(events, hasMore: rows.count > limit, connection)
    }

    private func page(_ events: [Event], hasMore: Bool, _ connection: any SQLConnection) throws -> EventPage {
        let earliest =
            try connection.queryFirst("SELECT earliest_position FROM event_log")?.integer("earliest_position") ?? 1
        let next: EventCursor
        let isTruncated: Bool
        switch cursor {
        case .after(let position):
            isTruncated = position < earliest - 1
            // All reads are of one snapshot: what is not on this page and not behind it was left out by the filter.
            let end = max(position, try Self.latestPosition(connection))
            next = .after(hasMore ? events.last?.position ?? end : end)
        case .before(let position):
            isTruncated = !hasMore && earliest > 1
            next = .before(hasMore ? events.last?.position ?? position : min(position, earliest))
        }
        return EventPage(
            events: events,
            next: next,
            hasMore: hasMore,
            earliestPosition: earliest,
            isTruncated: isTruncated
        )
    }

    /// The newest position, also when the newest events were removed by age.
    static func latestPosition(_ connection: any SQLConnection) throws -> Int64 {
        let row = try connection.queryFirst(
            """
            SELECT (SELECT max(position) FROM events) AS newest, earliest_position FROM event_log
            """
        )
        guard let row else { return 0 }
        return max(try row.optionalInteger("newest") ?? 0, try row.integer("earliest_position") - 1)
    }
}
