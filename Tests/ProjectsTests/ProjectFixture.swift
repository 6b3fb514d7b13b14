import Basics
import Database
import DatabaseTesting
import Events
import Instruments
import Projects
import Records

/// People for tests that are about something else.
struct EverybodyIsKnown: ProjectPeople {
    func user(_ text: String, _ connection: any SQLConnection) -> String? { text }
    func agent(_ text: String, _ connection: any SQLConnection) -> String? { nil }
}

/// A repository over some database, with a clock and metrics of its own.
struct ProjectFixture: Sendable {
    static let migrations = EventLog.migrations + ProjectSchema.migrations
    static let user = ChangeOrigin(.user("ada"), requestID: "r1")

    let database: any Database
    let clock: ManualClock
    let registry: Registry
    let events: EventLog
    let projects: ProjectRepository

    init(_ database: any Database, seed: UInt64 = 1) {
        self.database = database
        clock = ManualClock(now: Timestamp(milliseconds: 1_700_000_000_000))
        registry = Registry()
        let ids = UUIDv7Generator(clock: clock, random: SeededGenerator(seed: seed))
        events = EventLog(database: database, clock: clock, ids: ids, registry: registry)
        projects = ProjectRepository(
            database: database,
            events: events,
            people: EverybodyIsKnown(),
            clock: clock,
            ids: ids,
            registry: registry
        )
    }

    /// Makes a project of a name, with whatever else the closure sets.
    @discardableResult
    func create(_ name: String, _ configure: (inout ProjectFields) -> Void = { _ in }) async throws -> Project {
        var fields = ProjectFields(name: name, type: .research)
        configure(&fields)
        return try await projects.create(fields, by: Self.user).project
    }

    /// The names of all pages of a list.
    func names(limit: Int = 200, _ configure: (inout ProjectListQuery) -> Void = { _ in }) async throws -> [String] {
        var query = ProjectListQuery()
        query.limit = limit
        configure(&query)
        var names: [String] = []
        repeat {
            let page = try await projects.list(query)
            names += page.items.map(\.fields.name)
            query.cursor = page.nextCursor
        } while query.cursor != nil
        return names
    }

    /// All events so far, oldest first.
    func allEvents() async throws -> [Event] {
        try await events.page(.after(0), limit: EventLog.pageEventsMax).events
    }

    /// The error that an operation ends with.
    func failure<T>(_ body: () async throws(ProjectError) -> T) async -> ProjectError? {
        do throws(ProjectError) {
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
        _ body: (ProjectFixture) async throws -> Void
    ) async throws {
        try await withTemporaryDatabase(on: backend, migrations) { database in
            try await body(ProjectFixture(database, seed: seed))
        }
    }
}
