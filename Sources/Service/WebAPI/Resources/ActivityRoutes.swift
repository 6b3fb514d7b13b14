import APIModel
import Basics
package import Events
package import HTTP
import HTTPTypes
import JSON
import Records

/// What happened on the platform: the event log, newest first.
///
/// Who may not read users sees of sign-ins and accounts only their own, and no texts of errors: they tell of addresses, names
/// and paths.
package struct ActivityRoutes: Sendable {
    private let events: EventLog

    package init(events: EventLog) { self.events = events }

    package var routes: [Route] { [list].map(\.mappingErrors) }

    private static let pageMax = 200

    private var list: Route {
        Route(
            .get,
            "/api/v1/activities",
            access: .requires(.activitiesRead),
            summary: "What happened, newest first; of other people's sign-ins and accounts only with users.read.",
            tag: "activities",
            parameters: [
                .query(
                    "kind",
                    .array(of: .oneOf(EventKind.self), count: 0...EventKind.allCases.count),
                    "May be repeated."
                ),
                .query("subject_type", .oneOf(EventSubject.self)),
                .query("subject_id", .string(1...200)),
                .query("actor", .string(1...200), "The identifier of a user or an agent."),
                .query("since", .string(format: .dateTime), "Not before this time."),
                .query("until", .string(format: .dateTime), "Before this time."),
                PageParameters.limit(max: Self.pageMax), PageParameters.cursor,
            ],
            responses: [ResponseRule(200, "A page of activities.", json: .page(of: ActivityBody.schema))]
        ) { request in
            let cursor = try request.parameters.string("cursor").map { try Self.position($0) }
            var filter = try Self.filter(request.parameters)
            let seesIdentities = request.principal?.allows(.usersRead) == true
            if !seesIdentities { filter.identitiesOf = request.principal?.id ?? "" }
            let page = try await events.page(
                .before(cursor ?? .max),
                filter: filter,
                limit: PageParameters.limit(request)
            )
            let items = page.events.map { ActivityBody(event: $0, hidesErrors: !seesIdentities) }
            return .json(Page(items: items, nextCursor: Self.cursor(page)))
        }
    }

    private static func filter(_ parameters: ParameterValues) throws(ProblemError) -> EventFilter {
        var filter = EventFilter()
        filter.kinds = Set(parameters.strings("kind").compactMap { EventKind(rawValue: $0) })
        filter.subject = parameters.string("subject_type").flatMap { EventSubject(rawValue: $0) }
        filter.subjectID = parameters.string("subject_id")
        filter.actorID = parameters.string("actor")
        filter.since = try time("since", parameters)
        filter.until = try time("until", parameters)
        return filter
    }

    private static func time(_ name: String, _ parameters: ParameterValues) throws(ProblemError) -> Timestamp? {
        guard let text = parameters.string(name) else { return nil }
        // The schema lets leap seconds pass, which a timestamp cannot hold.
        guard let time = Timestamp(rfc3339: text) else {
            throw ProblemMapping.invalidParameter(name, "must be an RFC 3339 time with a zone and no leap second")
        }
        return time
    }

    // MARK: Cursors

    /// The position in base 36 behind a letter that tells it from other numbers.
    private static func cursor(_ page: EventPage) -> String? {
        guard page.hasMore, case .before(let position) = page.next else { return nil }
        return "a" + String(position, radix: 36)
    }

    private static func position(_ text: String) throws(ProblemError) -> Int64 {
        guard text.hasPrefix("a"), let position = Int64(text.dropFirst(), radix: 36), position > 0 else {
            throw ProblemMapping.invalidParameter("cursor", "is not a cursor of this list")
        }
        return position
    }
}

/// An event as the API shows it.
struct ActivityBody: JSONWritable {
    static let schema = JSONSchema.named(
        "Activity",
        .object([
            .required("id", .string(format: .uuid)),
            .required("position", .integer(), "Its place in the log, which grows with each event."),
            .required("occurred_at", .string(format: .dateTime)),
            .required("kind", .string()),
            .required("subject_type", .string()),
            .required("subject_id", .string().orNull),
            .required(
                "actor",
                .object([
                    .required("kind", .oneOf(["user", "agent", "system", "anonymous"])),
                    .required("id", .string().orNull),
                ])
            ),
            .required("request_id", .string().orNull),
            .required("data", .dictionary(.anything, countMax: 1000), "What else there is to say, by kind."),
        ])
    )

    let event: Event
    let hidesErrors: Bool

    private var data: JSONObject {
        var data = event.data
        if hidesErrors { data["error"] = nil }
        return data
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", event.id.description)
            json.member("position", Int(event.position))
            json.member("occurred_at", event.occurredAt.rfc3339)
            json.member("kind", event.kindName)
            json.member("subject_type", event.subjectType)
            json.member("subject_id", orNull: event.subjectID)
            json.key("actor")
            json.object { json in
                json.member("kind", event.actor.kind)
                json.member("id", orNull: event.actor.id)
            }
            json.member("request_id", orNull: event.requestID)
            json.member("data", data)
        }
    }
}
