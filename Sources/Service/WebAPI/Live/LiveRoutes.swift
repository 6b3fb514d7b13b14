import APIModel
package import Basics
import Events
package import HTTP
import HTTPTypes
import Identity
import JSON
package import Supervision

/// What is streamed: the event log by WebSocket and as Server-Sent Events, and the tickets to both.
package struct LiveRoutes: Sendable {
    /// What a server needs for its streams.
    package struct Parts: Sendable {
        let hub: LiveHub
        let tickets: LiveTickets
        let authenticator: Authenticator
        let clock: any WallClock
        let report: @Sendable () -> HealthReport
        let build: BuildInformation
        let origins: OriginPolicy
        let limits: StreamLimits
        let permits: StreamPermits
        let instruments: StreamInstruments

        package init(
            hub: LiveHub,
            tickets: LiveTickets,
            authenticator: Authenticator,
            clock: any WallClock,
            report: @escaping @Sendable () -> HealthReport,
            build: BuildInformation,
            origins: OriginPolicy,
            limits: StreamLimits,
            permits: StreamPermits,
            instruments: StreamInstruments
        ) {
            self.hub = hub
            self.tickets = tickets
            self.authenticator = authenticator
            self.clock = clock
            self.report = report
            self.build = build
            self.origins = origins
            self.limits = limits
            self.permits = permits
            self.instruments = instruments
        }
    }

    /// How long rights hold that no token limits, such as those of a name and password.
    static let authorityDuration = Duration.seconds(900)

    /// The paths of the WebSockets, with the topics that each begins with.
    static let sockets: [(path: String, topics: LiveTopics, summary: String)] = [
        ("/ws", [], "Subscribe to topics of what happens, as messages of a WebSocket."),
        ("/ws/dashboard", [.activities, .metrics], "All that happens, and the figures of the moment."),
        ("/ws/projects", [.projects, .tasks], "What happens to projects and their tasks."),
        ("/ws/agents", [.agents, .tasks], "What happens to agents and tasks."),
        ("/ws/monitoring", [.system, .notifications, .metrics], "Alerts, components, and the figures of the moment."),
    ]

    static let eventsPath = "/api/v1/events"

    /// Whether a target is one that a ticket opens.
    static func takesTicket(_ target: String) -> Bool {
        let path = target.prefix { $0 != "?" }
        return path == eventsPath || sockets.contains { $0.path == path }
    }

    private let parts: Parts

    package init(_ parts: Parts) { self.parts = parts }

    package var routes: [Route] {
        ([ticket, events] + Self.sockets.map { socket($0.path, $0.topics, $0.summary) }).map(\.mappingErrors)
    }

    // MARK: Tickets

    private var ticket: Route {
        Route(
            .post,
            "/api/v1/auth/tickets",
            access: .authenticated,
            summary: "Get a ticket that opens one stream in the caller's name, for clients that cannot send a header.",
            tag: "live",
            responses: [ResponseRule(201, "The ticket.", json: TicketBody.schema)]
        ) { request in
            let caller = try await holder(of: request)
            guard let ticket = parts.tickets.issue(to: caller) else {
                throw ProblemError(.unavailable, "too many tickets are open", headers: [.retryAfter: "5"])
            }
            return .json(TicketBody(ticket: ticket), status: .created)
        }
    }

    /// Who sent the request, and until when.
    private func holder(of request: RouteRequest) async throws -> LiveCaller {
        guard let principal = request.principal else { throw ProblemError(.unauthenticated) }
        if let known = principal as? TicketHolder { return known.caller }
        let limit = parts.clock.now.advanced(by: Self.authorityDuration)
        let expires = await parts.authenticator.expiry(request.head)
        return LiveCaller(principal: principal, expires: expires ?? limit)
    }

    // MARK: WebSockets

    private static let ticketParameter = Parameter.query(
        "ticket",
        .string(1...200),
        "A ticket of POST /api/v1/auth/tickets, instead of the field Authorization."
    )

    private func socket(_ path: String, _ topics: LiveTopics, _ summary: String) -> Route {
        let instruments = parts.instruments.endpoint(path)
        return Route(
            .get,
            path,
            access: .requires(.activitiesRead),
            summary: summary,
            tag: "live",
            parameters: [
                .query("after", .integer(0...Int64.max), "Go on behind this position; without it with what comes."),
                Self.ticketParameter,
            ],
            responses: [
                ResponseRule(101, "The connection is a WebSocket (RFC 6455)."),
                ResponseRule.problem(403, "The caller may not read activities, or the page is of another origin."),
                ResponseRule.problem(426, "The request is no handshake of a WebSocket."),
            ],
            rateClass: .live
        ) { request in
            let handshake = try WebSocketHandshake(request.head, origins: parts.origins)
            let caller = try await holder(of: request)
            let driver = LiveSocket(
                LiveSocket.Surroundings(
                    hub: parts.hub,
                    report: parts.report,
                    version: parts.build.version,
                    authenticate: { [authenticator = parts.authenticator, clock = parts.clock] token in
                        try await authenticator.caller(
                            bearer: token,
                            or: clock.now.advanced(by: Self.authorityDuration)
                        )
                    }
                ),
                caller,
                topics: topics,
                after: request.parameters.integer("after")
            )
            return .webSocket(
                handshake,
                driver: driver,
                limits: parts.limits,
                instruments: instruments,
                permit: try parts.permits.take()
            )
        }
    }

    // MARK: Server-Sent Events

    private var events: Route {
        let instruments = parts.instruments.endpoint(Self.eventsPath)
        return Route(
            .get,
            Self.eventsPath,
            access: .requires(.activitiesRead),
            summary: "What happens, as Server-Sent Events; of other people's sign-ins only with users.read.",
            tag: "live",
            parameters: [
                .query("after", .integer(0...Int64.max), "Go on behind this position; without it with what comes."),
                .query(
                    "kind",
                    .array(of: .oneOf(EventKind.self), count: 0...EventKind.allCases.count),
                    "May be repeated."
                ),
                .query("subject_type", .oneOf(EventSubject.self)),
                .query("subject_id", .string(1...200)),
                Self.ticketParameter,
                .header("Last-Event-ID", .integer(0...Int64.max), "The last event that the client got; before after."),
            ],
            responses: [
                ResponseRule(200, "Events, each with its position as id and its kind as event.", .eventStream),
                ResponseRule.problem(403, "The caller may not read activities, or the page is of another origin."),
            ],
            rateClass: .live
        ) { request in
            guard parts.origins.allows(request.head) else {
                throw ProblemError(.forbidden, "pages of this origin may not connect (http.allowed_origins)")
            }
            var wish = LiveFilter.Wish()
            wish.kinds = Set(request.parameters.strings("kind").compactMap { EventKind(rawValue: $0) })
            wish.subject = request.parameters.string("subject_type").flatMap { EventSubject(rawValue: $0) }
            wish.subjectID = request.parameters.string("subject_id")
            let after = request.parameters.integer("Last-Event-ID") ?? request.parameters.integer("after")
            return .eventStream(
                driver: LiveEventStream(parts.hub, try await holder(of: request), wish: wish, after: after),
                limits: parts.limits,
                instruments: instruments,
                permit: try parts.permits.take()
            )
        }
    }
}

extension RateClass {
    /// The opening of streams: a page that has lost its connection tries again and again.
    package static let live = RateClass("live", Quota(600, perSeconds: 60), isRoutine: true)
}

/// A ticket as the API shows it.
private struct TicketBody: JSONWritable {
    static let schema = JSONSchema.named(
        "Ticket",
        .object([
            .required("ticket", .string(), "For the parameter ticket of one request."),
            .required("expires_in", .integer(0...3600), "Seconds for which it is good."),
        ])
    )

    let ticket: String

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("ticket", ticket)
            json.member("expires_in", Int(LiveTickets.lifetime.components.seconds))
        }
    }
}
