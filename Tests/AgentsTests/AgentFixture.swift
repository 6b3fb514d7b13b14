import Agents
import Basics
import Database
import DatabaseTesting
import Events
import Identity
import Instruments
import JSON
import Records

/// A repository over some database, with a clock and metrics of its own.
struct AgentFixture: Sendable {
    static let migrations = EventLog.migrations + IdentityService.migrations + AgentSchema.migrations
    static let user = ChangeOrigin(.user("ada"), requestID: "r1")

    let database: any Database
    let clock: ManualClock
    let registry: Registry
    let events: EventLog
    let identity: IdentityService
    let agents: AgentRepository

    init(_ database: any Database, clock: ManualClock = Self.clock(), seed: UInt64 = 1) async throws {
        self.database = database
        self.clock = clock
        registry = Registry()
        let ids = UUIDv7Generator(clock: clock, random: SeededGenerator(seed: seed))
        events = EventLog(database: database, clock: clock, ids: ids, registry: registry)
        identity = try await IdentityService.open(
            database: database,
            events: events,
            clock: clock,
            ids: ids,
            registry: registry
        )
        agents = AgentRepository(
            database: database,
            events: events,
            tokens: identity,
            clock: clock,
            ids: ids,
            registry: registry
        )
    }

    static func clock() -> ManualClock { ManualClock(now: Timestamp(milliseconds: 1_700_000_000_000)) }

    /// Registers an agent of a name, with whatever else the closure sets.
    @discardableResult
    func register(_ name: String, _ configure: (inout AgentFields) -> Void = { _ in }) async throws -> Agent {
        var fields = AgentFields(name: name, type: .coder)
        configure(&fields)
        return try await agents.register(fields, by: Self.user).agent
    }

    /// The names of all pages of a list.
    func names(limit: Int = 200, _ configure: (inout AgentListQuery) -> Void = { _ in }) async throws -> [String] {
        var query = AgentListQuery()
        query.limit = limit
        configure(&query)
        var names: [String] = []
        repeat {
            let page = try await agents.list(query)
            names += page.items.map(\.agent.fields.name)
            query.cursor = page.nextCursor
        } while query.cursor != nil
        return names
    }

    /// The events about agents so far, oldest first.
    func agentEvents() async throws -> [Event] {
        var filter = EventFilter()
        filter.subject = .agent
        return try await events.page(.after(0), filter: filter, limit: EventLog.pageEventsMax).events
    }

    /// The changes of status that were said so far, as `name from→to`.
    func said() async throws -> [String] {
        try await agentEvents().filter { $0.kind == .agentStatusChanged }.map { event in
            func text(_ name: String) -> String {
                if case .string(let text)? = event.data[name] { text } else { "?" }
            }
            return "\(text("name")) \(text("from"))→\(text("to"))"
        }
    }

    /// The error that an operation ends with.
    func failure<T>(_ body: () async throws(AgentError) -> T) async -> AgentError? {
        do throws(AgentError) {
            _ = try await body()
            return nil
        } catch {
            return error
        }
    }

    /// Runs a test on an empty database.
    static func withDatabase(
        on backend: TestBackend,
        seed: UInt64 = 1,
        _ body: (AgentFixture) async throws -> Void
    ) async throws {
        try await withTemporaryDatabase(on: backend, migrations) { database in
            try await body(try await AgentFixture(database, seed: seed))
        }
    }
}
