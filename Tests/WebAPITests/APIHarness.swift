import APIModel
import Agents
import Basics
import Database
import DatabaseTesting
import Events
import HTTPTypes
import Identity
import Instruments
import JSON
import KeyValue
import Logging
import NIOCore
import Projects
import PromQL
import Queries
import Records
import Rules
import Schedules
import Supervision
import Tasks
import Testing
import TimeSeries

@testable import HTTP
@testable import WebAPI

/// Who sends a request in a test.
enum Who: Hashable, CaseIterable, Sendable {
    case nobody, administrator, `operator`, researcher, viewer, agent

    /// The role of the user or agent; nil for nobody.
    var role: Role? {
        switch self {
        case .nobody: nil
        case .administrator: .administrator
        case .operator: .operator
        case .researcher: .researcher
        case .viewer: .viewer
        case .agent: .agent
        }
    }
}

/// The whole API in process, over a database of its own on ``TestBackend/chosen``, with a user of each role and an agent.
struct APIHarness: Sendable {
    static let start = Timestamp(milliseconds: 1_700_000_000_000)
    static let password = "correct horse battery"

    let clock: ManualClock
    let registry: Registry
    let database: any Database
    let events: EventLog
    let identity: IdentityService
    let projects: ProjectRepository
    let agents: AgentRepository
    let tasks: TaskRepository
    let schedules: ScheduleRepository
    let artefacts: ArtefactRepository
    /// Where the contents of artefacts are.
    let files: FaultyFileSystem
    /// What queries read; empty unless a test fills it.
    let head: Head
    let hub: LiveHub
    let routes: [Route]
    private let service: HTTPService
    private let tokens: [Who: String]
    /// The agent whose token ``Who/agent`` has.
    let agentID: UUIDv7

    /// Runs a test with a harness of its own.
    ///
    /// - Parameters:
    ///   - quotas: by class of routes; the default lets everything pass but what a test is about.
    ///   - isSecure: whether people come by https.
    ///   - samplesMax: the samples that a query may hold at once.
    ///   - ruleGroups: what the rules' evaluator would show.
    static func run(
        quotas: [String: Quota] = Self.generous,
        isSecure: Bool = false,
        samplesMax: Int = 1000,
        ruleGroups: [RuleGroupSnapshot] = [],
        seriesMax: Int = 5,
        reportLimits: TaskReportLimits = TaskReportLimits(),
        _ body: (APIHarness) async throws -> Void
    ) async throws {
        let clock = ManualClock(now: start)
        let registry = Registry()
        let migrations =
            EventLog.migrations + IdentityService.migrations + ProjectSchema.migrations + TaskSchema.migrations
            + ScheduleSchema.migrations + AgentSchema.migrations
        // A pool of connections sleeps on its clock, and tests count who sleeps on theirs.
        let databaseClock: any WallClock = TestBackend.chosen == .sqlite ? clock : SystemClock()
        try await withTemporaryDatabase(on: .chosen, migrations, clock: databaseClock, registry: registry) { database in
            try await withLimits(on: .chosen) { limiter in
                let parts = (clock, registry, Head(clock: clock))
                try await body(
                    try await APIHarness(
                        database,
                        parts,
                        limiter: limiter,
                        quotas: quotas,
                        isSecure: isSecure,
                        samplesMax: samplesMax,
                        ruleGroups: ruleGroups,
                        seriesMax: seriesMax,
                        reportLimits: reportLimits
                    )
                )
            }
        }
    }

    static let generous = Dictionary(
        uniqueKeysWithValues: ["standard", "auth", "sessions", "heartbeat", "work", "live", "monitoring", "queries"].map
        {
            ($0, Quota(1_000_000, perSeconds: 60))
        }
    )

    private init(
        _ database: any Database,
        _ parts: (clock: ManualClock, registry: Registry, head: Head),
        limiter: any RateLimitStore,
        quotas: [String: Quota],
        isSecure: Bool,
        samplesMax: Int,
        ruleGroups: [RuleGroupSnapshot],
        seriesMax: Int,
        reportLimits: TaskReportLimits
    ) async throws {
        (clock, registry, head) = parts
        self.database = database
        let ids = UUIDv7Generator(clock: clock, random: SeededGenerator(seed: 1))
        events = EventLog(database: database, clock: clock, ids: ids, registry: registry)
        var settings = IdentitySettings()
        settings.bcryptCost = 4
        identity = try await IdentityService.open(
            database: database,
            events: events,
            clock: clock,
            ids: ids,
            registry: registry,
            settings: settings
        )
        agents = AgentRepository(
            database: database,
            events: events,
            tokens: identity,
            clock: clock,
            ids: ids,
            registry: registry
        )
        projects = ProjectRepository(
            database: database,
            events: events,
            people: KnownPeople(identity: identity, agents: agents),
            clock: clock,
            ids: ids,
            registry: registry
        )
        let samples = TaskSamples(store: head, clock: clock, registry: registry, seriesMax: seriesMax)
        tasks = TaskRepository(
            database: database,
            events: events,
            clock: clock,
            ids: ids,
            registry: registry,
            seed: 1,
            reportLimits: reportLimits,
            attemptEnded: AttemptRecords.handler(agents) { samples.end($0) }
        )
        schedules = ScheduleRepository(
            database: database,
            events: events,
            tasks: tasks,
            clock: clock,
            ids: ids,
            registry: registry
        )
        files = FaultyFileSystem(clock: clock)
        artefacts = ArtefactRepository(tasks: tasks, fileSystem: files, folder: "/data/artefacts", registry: registry)
        let tickets = LiveTickets(clock: clock)
        let authenticator = Authenticator(identity: identity, tickets: tickets)
        hub = LiveHub(log: events, clock: clock, registry: registry)
        let build = BuildInformation(version: "0.0.1")
        routes = OpenAPIRoute.adding(
            to: MonitoringRoutes(
                report: { HealthReport(entries: [], isDraining: false) },
                registry: registry,
                clock: clock,
                build: build
            ).routes
                + Self.queryRoutes(parts, build, samplesMax: samplesMax)
                + RuleRoutes(snapshot: { ruleGroups }).routes
                + GraphRoutes().routes
                + AuthRoutes(identity: identity, authenticator: authenticator, clock: clock, isSecure: isSecure).routes
                + UserRoutes(identity: identity).routes
                + PeopleRoutes(identity: identity, agents: agents).routes
                + ActivityRoutes(events: events).routes
                + ProjectRoutes(projects: projects).routes
                + TaskRoutes(tasks: tasks, agents: agents).routes
                + PlanRoutes(tasks: tasks).routes
                + WorkRoutes(tasks: tasks, agents: agents).routes
                + LeaseRoutes(tasks: tasks, agents: agents, clock: clock, isDraining: { false }).routes
                + TaskLogRoutes(tasks: tasks, isDraining: { false }).routes
                + TaskMetricRoutes(tasks: tasks, samples: samples).routes
                + ArtefactRoutes(artefacts: artefacts).routes
                + ScheduleRoutes(schedules: schedules).routes
                + AgentRoutes(agents: agents, clock: clock).routes
                + LiveRoutes(
                    LiveRoutes.Parts(
                        hub: hub,
                        tickets: tickets,
                        authenticator: authenticator,
                        clock: clock,
                        report: { HealthReport(entries: [], isDraining: false) },
                        build: build,
                        origins: OriginPolicy(),
                        limits: StreamLimits(),
                        permits: StreamPermits(max: 10, registry: registry),
                        instruments: StreamInstruments(registry)
                    )
                ).routes,
            version: build.version
        )
        service = HTTPService(
            routes: routes,
            rules: AdmissionRules(
                addressQuota: nil,
                limiter: limiter,
                quotas: quotas,
                challenges: Authenticator.challenges,
                authenticate: { try await authenticator.authenticate($0, $1) }
            ),
            settings: HTTPSettings(),
            clock: clock,
            registry: registry,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        (tokens, agentID) = try await Self.people(identity, agents)
    }

    private static func queryRoutes(
        _ parts: (clock: ManualClock, registry: Registry, head: Head),
        _ build: BuildInformation,
        samplesMax: Int
    ) -> [Route] {
        let (clock, registry, head) = parts
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let supervisor = Supervisor(registry: registry, clock: clock, log: log, options: Supervisor.Options())
        let queries = supervisor.add(.queries) { context in
            QueryService(
                context: context,
                engine: QueryEngine(options: EngineOptions(samplesMax: samplesMax)),
                reader: head,
                concurrencyMax: 1,
                timeout: .seconds(10)
            )
        }
        return PrometheusRoutes(queries: queries, reader: head, registry: registry, clock: clock, build: build).routes
    }

    private static func people(
        _ identity: IdentityService,
        _ agents: AgentRepository
    ) async throws -> ([Who: String], UUIDv7) {
        let admin = try #require(try await identity.createFirstAdministrator(password: password)).user
        let principal = Identity.Principal(kind: .user, userID: admin.id, username: admin.username, roles: admin.roles)
        for role in [Role.operator, .researcher, .viewer] {
            let new = NewUser(username: role.rawValue, roles: [role], password: password)
            _ = try await identity.createUser(new, by: principal)
        }
        var tokens: [Who: String] = [:]
        for (who, name) in [
            (Who.administrator, "admin"), (.operator, "operator"), (.researcher, "researcher"), (.viewer, "viewer"),
        ] {
            tokens[who] = try await identity.login(username: name, password: password, ip: "10.0.0.1").accessToken
        }
        let fields = AgentFields(name: "harness", type: .coder)
        let registration = try await agents.register(fields, by: ChangeOrigin(principal.actor))
        tokens[.agent] = registration.token
        return (tokens, registration.agent.id)
    }

    /// The field `Authorization` of someone.
    func authorization(_ who: Who) -> HTTPFields {
        guard let token = tokens[who] else { return [:] }
        return [.authorization: "Bearer \(token)"]
    }

    /// Sends a request; an answer that the route's declaration does not describe is a failure.
    @discardableResult
    func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        as who: Who = .administrator,
        _ body: String? = nil,
        _ fields: HTTPFields = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Reply {
        try await send(method, path, as: who, bytes: body.map { Array($0.utf8) }, fields, sourceLocation)
    }

    /// Sends a request whose body is bytes, from an address of the test's choice.
    func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        as who: Who,
        bytes body: [UInt8]?,
        _ fields: HTTPFields = [:],
        from source: String = "10.0.0.9",
        _ sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Reply {
        var all = authorization(who)
        for field in fields { all[values: field.name] = [field.value] }
        if let body {
            all[.contentLength] = String(body.count)
            if !all.contains(.contentType) { all[.contentType] = "application/json" }
        }
        let target = path.hasPrefix("/") ? path : "/api/v1/" + path
        let head = HTTPRequest(method: method, scheme: "http", authority: "h", path: target, headerFields: all)
        var whole = WholeBody(body)
        let address = try #require(IPAddress(source))
        let answer = await service.answer(head, peer: address, body: &whole)
        var body = answer.body
        if let stream = answer.stream {
            while body.readableBytes < stream.length {
                var part = try await stream.part(body.readableBytes)
                #expect(part.readableBytes > 0 && part.readableBytes <= stream.length - body.readableBytes)
                body.writeBuffer(&part)
            }
        }
        let reply = Reply(answer, body)
        checkDeclared(reply, method, target, sourceLocation)
        return reply
    }

    /// The statuses of requests that are refused before their route is known.
    private static let routeless = [ProblemType.addressTooLong, .requestTimeout, .headersTooLarge].map(\.status)

    private func checkDeclared(_ reply: Reply, _ method: HTTPRequest.Method, _ target: String, _ place: SourceLocation)
    {
        let name = "\(method) \(target) answers \(reply.status)"
        #expect(reply.status != 500, "\(name)", sourceLocation: place)
        guard let route = route(method, target), !Self.routeless.contains(reply.status) else {
            if reply.status >= 400, reply["Content-Type"] == MediaType.problem.rawValue, let json = reply.json {
                let faults = JSONSchema.problem.violations(in: json)
                #expect(faults.isEmpty, "\(name): \(faults)", sourceLocation: place)
            }
            return
        }
        let type = reply["Content-Type"].map { $0.prefix { $0 != ";" } }.map { MediaType(rawValue: String($0)) }
        let rules = route.answers.filter { $0.status == reply.status }
        let rule = rules.first { $0.mediaType == type }
        #expect(rule != nil, "\(name) as \(reply["Content-Type"] ?? "nothing"), undeclared", sourceLocation: place)
        guard let schema = rule?.schema, let json = reply.json else { return }
        let faults = schema.violations(in: json)
        #expect(faults.isEmpty, "\(name): \(faults)", sourceLocation: place)
    }

    /// The route of a path without query; literal paths win.
    private func route(_ method: HTTPRequest.Method, _ target: String) -> Route? {
        let method = method == .head ? .get : method
        let path = target.prefix { $0 != "?" }
        let parts = path.split(separator: "/")
        let matching = routes.filter { route in
            let names = route.path.description.split(separator: "/")
            return route.method == method && names.count == parts.count
                && zip(names, parts).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
        }
        return matching.min { $0.path.captureNames.count < $1.path.captureNames.count }
    }
}

/// A body that arrives whole.
private struct WholeBody: RequestBodySource {
    private var part: ByteBuffer?
    let isCutOff = false

    init(_ bytes: [UInt8]?) { part = bytes.map { ByteBuffer(bytes: $0) } }

    mutating func next() async throws -> ByteBuffer? {
        defer { part = nil }
        return part
    }

    mutating func proceed() async throws {}
}

/// An answer, read.
struct Reply: Sendable {
    let status: Int
    let text: String
    let json: JSONValue?
    private let fields: [(name: String, value: String)]

    init(_ answer: Answer, _ body: ByteBuffer) {
        status = answer.status
        text = String(buffer: body)
        json = try? JSONValue(parsing: text)
        fields = answer.fields.map { ($0.name.lowercased(), $0.value) }
    }

    /// The first field of a name.
    subscript(_ name: String) -> String? { fields.first { $0.name == name.lowercased() }?.value }

    /// All fields of a name.
    func all(_ name: String) -> [String] { fields.filter { $0.name == name.lowercased() }.map(\.value) }

    /// The text of a member.
    func string(_ name: String) -> String? { json?[name]?.string }

    /// The members of that name of all items of a page.
    func items(_ name: String) -> [String] { json?["items"]?.array?.compactMap { $0[name]?.string } ?? [] }

    /// The problem's code and the places of what is wrong: `validation_failed /name /type`.
    var problem: String? {
        guard let type = string("type"), type.hasPrefix(ProblemType.uriPrefix) else { return nil }
        let places = json?["errors"]?.array?.map { $0["pointer"]?.string ?? $0["parameter"]?.string ?? "?" } ?? []
        return ([String(type.dropFirst(ProblemType.uriPrefix.count))] + places).joined(separator: " ")
    }

    /// Status and problem in one word, for tables: `201` or `422 validation_failed /name`.
    var summary: String { [String(status), problem].compactMap { $0 }.joined(separator: " ") }
}
