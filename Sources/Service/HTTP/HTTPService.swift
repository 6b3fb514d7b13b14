import APIModel
package import Basics
import HTTPTypes
package import Instruments
import KeyValue
package import Logging
import NIOCore
import NIOHTTP1

/// Answers requests: admission, validation, the handler, problems, metrics and the access log; knows nothing of
/// sockets.
package struct HTTPService: Sendable {
    private let admission: Admission
    let settings: HTTPSettings
    let instruments: HTTPInstruments
    private let clock: any WallClock
    private let identifiers: UUIDv7Generator
    private let date: HTTPDate
    private let logger: Logger
    private let unrouted: [String: RouteInstruments]
    /// The envelopes of the other APIs that are spoken here, by what their paths begin with.
    private let envelopes: [String: ProblemEnvelope]

    /// Requests that lead to no route are counted with this label.
    static let unmatchedRoute = "[unmatched]"
    /// Files are counted together, since their names are many.
    static let fileRoute = "[file]"

    /// Makes the service of some routes and files.
    /// - Precondition: no method and path is given twice.
    package init(
        routes: [Route],
        files: StaticFiles = StaticFiles(),
        rules: AdmissionRules,
        settings: HTTPSettings,
        clock: any WallClock,
        registry: Registry,
        logger: Logger
    ) {
        let instruments = HTTPInstruments(registry)
        var router = Router<Endpoint>()
        for route in routes { router.add(route.method, route.path, Self.endpoint(of: route, rules, instruments)) }
        envelopes = Dictionary(
            routes.compactMap { route in route.envelope.map { ($0.pathPrefix, $0) } },
            uniquingKeysWith: { first, _ in first }
        )
        let fileInstruments = RouteInstruments(
            instruments,
            method: "GET",
            route: Self.fileRoute,
            statuses: files.files.isEmpty ? [] : [200, 304]
        )
        for (path, file) in files.files {
            router.add(
                .get,
                PathTemplate(literal: path),
                Endpoint(
                    target: .file(file),
                    access: .everyone,
                    rateClass: nil,
                    rateCounters: nil,
                    instruments: fileInstruments
                )
            )
        }
        let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "OTHER"]
        unrouted = Dictionary(
            uniqueKeysWithValues: methods.map {
                ($0, RouteInstruments(instruments, method: $0, route: Self.unmatchedRoute, statuses: []))
            }
        )
        admission = Admission(rules, router: router, clock: clock, instruments: instruments)
        self.settings = settings
        self.instruments = instruments
        self.clock = clock
        identifiers = UUIDv7Generator(clock: clock)
        date = HTTPDate(clock: clock)
        self.logger = logger
    }

    private static func endpoint(
        of route: Route,
        _ rules: AdmissionRules,
        _ instruments: HTTPInstruments
    ) -> Endpoint {
        Endpoint(
            target: .route(route),
            access: route.access,
            rateClass: rules.effective(route.rateClass),
            rateCounters: instruments.rateCounters(route.rateClass.name),
            instruments: RouteInstruments(
                instruments,
                method: route.method.rawValue,
                route: route.path.description,
                statuses: route.responses.map(\.status)
            )
        )
    }

    // MARK: Requests

    /// What is learnt about a request on its way, for the log and the metrics.
    private struct Exchange {
        let id: String
        let client: IPAddress
        var endpoint: Endpoint?
        var user: String?
        var requestBytes = 0
        var rate: RateLimitDecision?
    }

    /// Answers one request; never fails.
    func answer(_ head: HTTPRequest, peer: IPAddress, body: inout some RequestBodySource) async -> Answer {
        instruments.begun.increment()
        instruments.inFlight.increment()
        let start = clock.uptime
        let forwarded = Self.forwardedFor(head, settings)
        var exchange = Exchange(
            id: RequestID.valid(head.headerFields) ?? identifiers.next().description,
            client: settings.trustedProxies.client(behind: peer, forwardedFor: forwarded)
        )
        let response: RouteResponse
        do {
            response = ContentCoding.applied(to: try await respond(head, &exchange, &body), for: head)
            exchange.user = exchange.user ?? response.user
        } catch {
            response = failure(error, head, exchange)
        }
        let status = body.isCutOff ? ProblemType.handlerTimeout.status : response.status.code
        if body.isCutOff { instruments.count(.handlerTimeout) }
        let bytes = response.stream?.length ?? response.body.readableBytes
        record(head, exchange, status: status, bytes: bytes, since: start)
        return answer(response, head, exchange)
    }

    private func respond(
        _ head: HTTPRequest,
        _ exchange: inout Exchange,
        _ body: inout some RequestBodySource
    ) async throws -> RouteResponse {
        let target = head.path ?? ""
        guard target.utf8.count <= settings.targetBytesMax else {
            throw RejectionError(.addressTooLong, .addressTooLong, "at most \(settings.targetBytesMax) bytes")
        }
        let (path, query) = try Self.split(target)
        let admitted = try await admission.admit(head, path: path, from: exchange.client, endpoint: &exchange.endpoint)
        exchange.user = admitted.principal?.name
        exchange.rate = admitted.rate
        switch admitted.endpoint.target {
        case .file(let file): return file.answer(head)
        case .route(let route):
            let reading = RequestReading(route: route, head: head, settings: settings)
            try reading.checkAccept()
            let parameters = try reading.parameters(captures: admitted.captures, query: query)
            let (bytes, json) = try await reading.body(from: &body)
            exchange.requestBytes = bytes.readableBytes
            var logger = logger
            logger[metadataKey: "request_id"] = .string(exchange.id)
            return try await route.handler(
                RouteRequest(
                    head: head,
                    id: exchange.id,
                    client: exchange.client,
                    principal: admitted.principal,
                    parameters: parameters,
                    body: bytes,
                    json: json,
                    logger: logger,
                    isClientGone: body.isClientGone
                )
            )
        }
    }

    /// The path and the query of a target in origin form.
    private static func split(_ target: String) throws(RejectionError) -> (String, Substring) {
        var path = target
        var query: Substring = ""
        if let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) {
            path = String(target[..<mark])
            query = target[target.utf8.index(after: mark)...]
        }
        if path.utf8.contains(UInt8(ascii: "%")), PercentDecoding.decode(path) == nil {
            throw RejectionError(.malformed, .malformedRequest, "the path has a broken percent-encoding")
        }
        return (path, query)
    }

    private static func forwardedFor(_ head: HTTPRequest, _ settings: HTTPSettings) -> [String] {
        guard !settings.trustedProxies.isEmpty, let name = HTTPField.Name("X-Forwarded-For") else { return [] }
        return head.headerFields[values: name]
    }

    // MARK: Failures

    private func failure(_ error: any Error, _ head: HTTPRequest, _ exchange: Exchange) -> RouteResponse {
        let answer: ProblemError
        switch error {
        case let error as RejectionError:
            if head.method == .options, let options = Self.options(error, head) { return options }
            instruments.count(error.reason)
            answer = error.answer
        case let error as ConnectionFault:
            instruments.count(error.rejection.reason)
            answer = error.rejection.answer
        case let error as ProblemError:
            answer = error
        case is CancellationError:
            answer = ProblemError(.unavailable, "the server is stopping")
        default:
            logger.error(
                "request failed",
                metadata: [
                    "request_id": .string(exchange.id),
                    "route": .string(exchange.endpoint?.instruments.route ?? Self.unmatchedRoute),
                    "error": .string(String(describing: error)),
                ]
            )
            answer = ProblemError(.internalError)
        }
        return problem(answer, instance: exchange.id, envelope(head, exchange.endpoint))
    }

    private func envelope(_ head: HTTPRequest, _ endpoint: Endpoint?) -> ProblemEnvelope? {
        if case .route(let route) = endpoint?.target { return route.envelope }
        let path = head.path ?? ""
        return envelopes.first { path.hasPrefix($0.key) }?.value
    }

    private func problem(_ error: ProblemError, instance: String, _ envelope: ProblemEnvelope?) -> RouteResponse {
        let problem = Problem(
            error.problem.type,
            detail: error.problem.detail,
            instance: error.problem.instance ?? "urn:kaskman:request:" + instance,
            errors: error.problem.errors
        )
        var response = envelope?.answer(problem) ?? .problem(problem)
        response.headers.append(contentsOf: error.headers)
        return response
    }

    /// The answer to OPTIONS: the methods of a path, or of the server as a whole.
    private static func options(_ error: RejectionError, _ head: HTTPRequest) -> RouteResponse? {
        if head.path == "*" { return .noContent }
        guard error.reason == .methodNotAllowed else { return nil }
        return RouteResponse(status: .noContent, headers: error.answer.headers)
    }

    /// The answer to input that is no request; it ends the connection.
    func refuse(_ fault: ConnectionFault, peer: IPAddress) -> Answer {
        let rejection = fault.rejection
        instruments.count(rejection.reason)
        let exchange = Exchange(id: identifiers.next().description, client: peer)
        let response = problem(rejection.answer, instance: exchange.id, nil)
        logger.info(
            "request refused",
            metadata: [
                "request_id": .string(exchange.id), "remote": .stringConvertible(peer),
                "reason": .string(rejection.reason.rawValue), "status": .stringConvertible(response.status.code),
            ]
        )
        var answer = finished(response, exchange, isHead: false)
        answer.closes = true
        return answer
    }

    /// The answer when a handler has not answered in time, or when there are too many connections; it ends the
    /// connection.
    func interruption(_ type: ProblemType) -> Answer {
        let exchange = Exchange(id: identifiers.next().description, client: IPAddress(high: 0, low: 0))
        var error = ProblemError(type)
        if type == .tooManyConnections { error.headers[.retryAfter] = "1" }
        var answer = finished(problem(error, instance: exchange.id, nil), exchange, isHead: false)
        answer.closes = true
        return answer
    }

    // MARK: Connections

    /// The time that the limits of connections go by.
    var uptime: Duration { clock.uptime }

    /// A connection is refused: counts it, and says so in the log if that is its turn.
    func noteRefusal(of peer: IPAddress, by limit: OpenConnections.Limit, isLogged: Bool) {
        instruments.count(limit == .all ? .tooManyConnections : .tooManyConnectionsPerAddress)
        guard isLogged else { return }
        switch limit {
        case .all:
            logger.warning(
                "connections are refused: there are as many as there may be",
                metadata: [
                    "setting": "http.connections_max", "limit": .stringConvertible(settings.connectionsMax),
                ]
            )
        case .address:
            logger.warning(
                "connections are refused: one address has as many as it may",
                metadata: [
                    "setting": "http.connections_per_address_max",
                    "limit": .stringConvertible(settings.connectionsPerAddressMax),
                    "remote": .stringConvertible(peer),
                ]
            )
        }
    }

    // MARK: Answers

    private func answer(_ response: RouteResponse, _ head: HTTPRequest, _ exchange: Exchange) -> Answer {
        var answer = finished(response, exchange, isHead: head.method == .head)
        if head.method != .head { answer.takeover = response.takeover }
        return answer
    }

    /// Adds the fields that every answer has.
    private func finished(_ response: RouteResponse, _ exchange: Exchange, isHead: Bool) -> Answer {
        var fields = HTTPHeaders()
        fields.reserveCapacity(response.headers.count + 12)
        for field in response.headers { fields.add(name: field.name.rawName, value: field.value) }
        if let rate = exchange.rate, let rateClass = exchange.endpoint?.rateClass {
            var extra = HTTPFields()
            RateLimitFields.append(rateClass, rate, to: &extra)
            for field in extra { fields.add(name: field.name.rawName, value: field.value) }
        }
        let mayHaveBody =
            response.status.code >= 200 && response.status != .noContent && response.status != .notModified
        if mayHaveBody, isHead || response.takeover == nil {
            let length = response.stream?.length ?? response.body.readableBytes
            fields.add(name: "Content-Length", value: String(length))
        }
        if !response.headers.contains(.cacheControl) { fields.add(name: "Cache-Control", value: "no-store") }
        fields.add(name: "X-Request-ID", value: exchange.id)
        fields.add(name: "Date", value: date.text)
        fields.add(contentsOf: SecurityFields.all)
        return Answer(
            status: response.status.code,
            fields: fields,
            body: mayHaveBody && !isHead ? response.body : ByteBuffer(),
            stream: mayHaveBody && !isHead ? response.stream : nil
        )
    }

    // MARK: Records

    private func record(
        _ head: HTTPRequest,
        _ exchange: Exchange,
        status: Int,
        bytes: Int,
        since start: Duration
    ) {
        let duration = clock.uptime - start
        let method = head.method.rawValue
        let route = exchange.endpoint?.instruments ?? unrouted[method] ?? unrouted["OTHER"]
        route?.counter(status).increment()
        route?.duration.observe(duration)
        instruments.requestBytes.increment(by: exchange.requestBytes)
        instruments.responseBytes.increment(by: bytes)
        instruments.ended.increment()
        instruments.inFlight.decrement()
        let isRoutine = status < 400 && exchange.endpoint?.rateClass?.isRoutine == true
        logger.log(
            level: isRoutine ? .debug : .info,
            "request",
            metadata: Self.fields(
                of: exchange,
                [
                    "method": .string(method),
                    "route": .string(route?.route ?? Self.unmatchedRoute),
                    "status": .stringConvertible(status),
                    "duration_ms": .stringConvertible((duration.inSeconds * 1e6).rounded() / 1000),
                    "bytes": .stringConvertible(bytes),
                ]
            )
        )
    }

    private static func fields(of exchange: Exchange, _ others: Logger.Metadata) -> Logger.Metadata {
        var fields = others
        fields["request_id"] = .string(exchange.id)
        fields["remote"] = .stringConvertible(exchange.client)
        if let user = exchange.user { fields["user"] = .string(user) }
        return fields
    }
}

/// A whole answer, ready for the wire.
struct Answer: Sendable {
    let status: Int
    let fields: HTTPHeaders
    let body: ByteBuffer
    /// What follows in place of a body.
    var stream: BodyStream?
    /// Whether the connection ends with it.
    var closes = false
    /// What gets the connection once the head is out.
    var takeover: ConnectionTakeover?
}
