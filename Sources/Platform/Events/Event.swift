package import Basics
internal import Database
package import JSON

/// Something that is about to be noted in the log.
package struct NewEvent: Sendable {
    package var kind: EventKind
    package var subject: EventSubject
    /// The identifier of what it is about; nil for the platform as a whole.
    package var subjectID: String?
    package var actor: EventActor
    /// The request that caused it, as its log lines name it.
    package var requestID: String?
    /// What else there is to say; at most ``EventLog/dataBytesMax`` bytes as JSON, no secrets.
    package var data: JSONObject
    /// When it happened; nil for when it is appended.
    package var occurredAt: Timestamp?
    /// Its identifier, for what may be appended again when nobody knows whether it was; nil for a new one.
    package var id: UUIDv7?

    package init(
        _ kind: EventKind,
        subject: EventSubject,
        id subjectID: String?,
        by actor: EventActor,
        requestID: String? = nil,
        data: JSONObject = [:],
        occurredAt: Timestamp? = nil
    ) {
        self.kind = kind
        self.subject = subject
        self.subjectID = subjectID
        self.actor = actor
        self.requestID = requestID
        self.data = data
        self.occurredAt = occurredAt
    }
}

/// Something that happened, as the log keeps it.
package struct Event: Hashable, Sendable {
    /// Its place in the log: grows with each commit, never used again.
    package let position: Int64
    package let id: UUIDv7
    package let occurredAt: Timestamp
    /// The stored name of the kind.
    package let kindName: String
    /// The stored name of the kind of subject.
    package let subjectType: String
    package let subjectID: String?
    package let actor: EventActor
    package let requestID: String?
    package let data: JSONObject

    /// The kind; nil when a newer server, sharing the database, wrote one that this program does not know.
    package var kind: EventKind? { EventKind(rawValue: kindName) }

    init(_ row: SQLRow) throws(DatabaseError) {
        position = try row.integer("position")
        id = try row.id("id")
        occurredAt = try row.timestamp("occurred_at")
        kindName = try row.text("kind")
        subjectType = try row.text("subject_type")
        subjectID = try row.optionalText("subject_id")
        requestID = try row.optionalText("request_id")
        guard let actor = EventActor(kind: try row.text("actor_kind"), id: try row.optionalText("actor_id")) else {
            throw DatabaseError(.decoding, "event \(position) has an unknown kind of actor")
        }
        self.actor = actor
        guard let data = EventDataCoding.decode(try row.text("data")) else {
            throw DatabaseError(.decoding, "the data of event \(position) is no JSON object")
        }
        self.data = data
    }
}

/// Which events are asked for; all conditions must hold, an absent one always does.
package struct EventFilter: Hashable, Sendable {
    /// One of these kinds; empty for all.
    package var kinds: Set<EventKind> = []
    package var subject: EventSubject?
    package var subjectID: String?
    package var actorID: String?
    /// Not before this time.
    package var since: Timestamp?
    /// Before this time.
    package var until: Timestamp?
    /// Whose identity's events alone are wanted of all events about users and sessions; nil for everybody's.
    package var identitiesOf: String?

    package init() {}
}

/// Where a page of the log begins, and in which direction it goes.
package enum EventCursor: Hashable, Sendable {
    /// The events after a position, oldest first; 0 begins at the beginning.
    case after(Int64)
    /// The events before a position, newest first; `.max` begins at the end.
    case before(Int64)
}

/// A part of the log.
package struct EventPage: Sendable {
    /// In the direction of the cursor.
    package let events: [Event]
    /// Where the next page begins.
    ///
    /// It passes over events that the filter left out, also when the page is empty.
    package let next: EventCursor
    /// Whether there was more at the time of reading.
    package let hasMore: Bool
    /// The first position that the log still has; those before were removed by age.
    package let earliestPosition: Int64
    /// Whether events between the cursor and this page were removed by age, so that the reader has missed them.
    package let isTruncated: Bool
}
