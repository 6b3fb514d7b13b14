import APIModel
import Basics
import HTTPTypes
import Instruments
import JSON
import KeyValue
import Logging
import MetricModel
import NIOCore
import NIOHTTP1
import Synchronization

@testable import HTTP

/// A caller for tests: may do what its list says.
struct TestPrincipal: Principal {
    let id: String
    var name: String { id }
    var permissions: Set<String>

    func allows(_ permission: Permission) -> Bool { permissions.contains(permission.rawValue) }
}

/// A body in memory, in parts.
struct TestBody: RequestBodySource {
    var parts: [ByteBuffer]
    var fault: ConnectionFault?
    private(set) var proceeded = 0
    let isCutOff = false

    init(_ parts: [String] = [], fault: ConnectionFault? = nil) {
        self.parts = parts.map { ByteBuffer(string: $0) }
        self.fault = fault
    }

    mutating func next() async throws -> ByteBuffer? {
        if !parts.isEmpty { return parts.removeFirst() }
        if let fault { throw fault }
        return nil
    }

    mutating func proceed() async throws { proceeded += 1 }
}

/// Keeps log lines for assertions.
final class LogLines: Sendable {
    typealias Line = (level: Logger.Level, message: String, metadata: Logger.Metadata)

    private let lines = Mutex<[Line]>([])

    var all: [Line] { lines.withLock { $0 } }

    func append(_ line: Line) { lines.withLock { $0.append(line) } }

    var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .debug

        init(lines: LogLines) { self.lines = lines }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.append((event.level, event.message.description, metadata.merging(event.metadata ?? [:]) { $1 }))
        }
    }
}

/// A service with what surrounds it in tests.
struct ServiceHarness {
    struct Broken: Error {}

    let clock: ManualClock
    let registry = Registry()
    let log = LogLines()
    let service: HTTPService

    /// Tokens are the words `viewer`, `editor` and `expired`.
    static let authenticate: AdmissionRules.Authenticate = { head, _ in
        switch head.headerFields[.authorization] {
        case nil: return nil
        case "Bearer viewer": return TestPrincipal(id: "viewer", permissions: ["read"])
        case "Bearer editor": return TestPrincipal(id: "editor", permissions: ["read", "write"])
        case "Bearer broken": throw Broken()
        default: throw ProblemError(.unauthenticated, "the token has expired")
        }
    }

    init(
        _ routes: [Route],
        files: StaticFiles = StaticFiles(),
        addressQuota: Quota? = nil,
        limiter: (any RateLimitStore)? = nil,
        clock: ManualClock = ManualClock(),
        settings: HTTPSettings = HTTPSettings()
    ) {
        self.clock = clock
        service = HTTPService(
            routes: routes,
            files: files,
            rules: AdmissionRules(
                addressQuota: addressQuota,
                limiter: limiter ?? InProcessRateLimitStore(seed: 1),
                authenticate: Self.authenticate
            ),
            settings: settings,
            clock: clock,
            registry: registry,
            logger: log.logger
        )
    }

    /// Sends a request and gives its answer.
    func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ fields: HTTPFields = [:],
        body: String? = nil,
        from peer: String = "9.9.9.9"
    ) async throws -> Reply {
        var fields = fields
        if let body {
            fields[.contentLength] = String(body.utf8.count)
            if !fields.contains(.contentType) { fields[.contentType] = "application/json" }
        }
        let head = HTTPRequest(method: method, scheme: "http", authority: "h", path: path, headerFields: fields)
        var source = TestBody(body.map { [$0] } ?? [])
        guard let address = IPAddress(peer) else { throw Broken() }
        return Reply(await service.answer(head, peer: address, body: &source))
    }

    /// What a counter or gauge reads: `name{a="b"}`; nil when there is no such series.
    func metric(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        for family in registry.snapshot().families where family.metadata.name == name {
            for (series, value) in zip(family.series, family.values) where series.role == .value {
                if labels.allSatisfy({ series.labels[$0.key] == $0.value }) { return value }
            }
        }
        return nil
    }
}

/// An answer with its body as text.
struct Reply {
    let status: Int
    let answer: Answer
    let text: String

    init(_ answer: Answer) {
        self.answer = answer
        status = answer.status
        text = String(buffer: answer.body)
    }

    subscript(_ name: String) -> String? { answer.fields.first(name: name) }

    /// The problem's code, with its violations.
    var problem: String? {
        guard let json = try? JSONValue(parsing: text), let type = json["type"]?.string else { return nil }
        let errors = json["errors"]?.array ?? []
        let words = errors.map { error in
            let place = error["pointer"]?.string ?? error["parameter"]?.string ?? "?"
            return "\(place) \(error["detail"]?.string ?? "?")"
        }
        return ([String(type.dropFirst(ProblemType.uriPrefix.count))] + words).joined(separator: "; ")
    }
}

/// A route that answers a word.
func wordRoute(
    _ method: HTTPRequest.Method,
    _ path: String,
    access: Access = .everyone,
    parameters: [Parameter] = [],
    unknownQuery: UnknownQuery = .refused,
    body: BodyRule = .none,
    rateClass: RateClass = .standard,
    responses: [ResponseRule] = [ResponseRule(200, "A word.", .text)],
    handler: @escaping Route.Handler = { _ in RouteResponse("text/plain", ByteBuffer(string: "word")) }
) -> Route {
    Route(
        method,
        path,
        access: access,
        summary: "A word.",
        tag: "words",
        parameters: parameters,
        unknownQuery: unknownQuery,
        body: body,
        responses: responses,
        rateClass: rateClass,
        handler: handler
    )
}
