import Basics
import Database
import DatabaseTesting
import Events
import Instruments
import JSON
import Projects
import Records
import Schedules
import Tasks

/// One server over some database: repositories with a clock and metrics of their own.
struct ScheduleFixture: Sendable {
    static let migrations =
        EventLog.migrations + ProjectSchema.migrations + TaskSchema.migrations + ScheduleSchema.migrations
    static let user = ChangeOrigin(.user("ada"), requestID: "r1")
    /// A Thursday, at midnight in UTC.
    static let start = Timestamp(milliseconds: 1_767_225_600_000)

    let database: any Database
    let clock: ManualClock
    let registry: Registry
    let ids: UUIDv7Generator
    let events: EventLog
    let tasks: TaskRepository
    let projects: ProjectRepository
    let schedules: ScheduleRepository
    let project: UUIDv7

    /// Makes a server; a second one on the same database shares the first one's project.
    init(_ database: any Database, seed: UInt64 = 1, sharing first: ScheduleFixture? = nil) async throws {
        self.database = database
        clock = first?.clock ?? ManualClock(now: Self.start)
        registry = Registry()
        ids = UUIDv7Generator(clock: clock, random: SeededGenerator(seed: seed))
        events = EventLog(database: database, clock: clock, ids: ids, registry: registry)
        projects = ProjectRepository(
            database: database,
            events: events,
            people: Anyone(),
            clock: clock,
            ids: ids,
            registry: registry
        )
        tasks = TaskRepository(
            database: database,
            events: events,
            clock: clock,
            ids: ids,
            registry: registry,
            seed: seed
        )
        schedules = ScheduleRepository(
            database: database,
            events: events,
            tasks: tasks,
            clock: clock,
            ids: ids,
            registry: registry
        )
        if let first {
            project = first.project
        } else {
            project = try await projects.create(ProjectFields(name: "p", type: .research), by: Self.user).project.id
        }
    }

    /// The fields of a schedule that runs each hour, with whatever else the closure sets.
    func fields(_ name: String, _ configure: (inout ScheduleFields) -> Void = { _ in }) -> ScheduleFields {
        let task = TaskFields(projectID: project, kind: "shell", name: "of \(name)")
        var fields = ScheduleFields(name: name, clock: ScheduleClock("0 * * * *"), task: task)
        configure(&fields)
        return fields
    }

    @discardableResult
    func make(
        _ name: String,
        key: String? = nil,
        _ configure: (inout ScheduleFields) -> Void = { _ in }
    ) async throws -> Schedule {
        try await schedules.create(fields(name, configure), idempotencyKey: key, by: Self.user).schedule
    }

    /// Moves the time on, and looks.
    @discardableResult
    func look(after duration: Duration = .zero) async throws -> ScheduleLook {
        clock.advance(by: duration)
        return try await schedules.look()
    }

    /// Every task, oldest first.
    func made() async throws -> [ProjectTask] {
        var query = TaskListQuery()
        query.limit = ListLimits.pageItemsMax
        query.sort = TaskSort(.createdAt, descending: false)
        return try await tasks.list(query).items
    }

    /// Ends a task as a person does.
    func end(_ task: UUIDv7) async throws { _ = try await tasks.cancel(task, by: Self.user) }

    /// The events about schedules so far, oldest first.
    func said(about id: UUIDv7? = nil) async throws -> [Event] {
        var filter = EventFilter()
        filter.subject = .schedule
        filter.subjectID = id?.description
        return try await events.page(.after(0), filter: filter, limit: EventLog.pageEventsMax).events
    }

    func count(_ outcome: String) -> Double? {
        registry.value(of: "kaskman_schedule_runs_total", ["outcome": outcome])
    }

    /// The error that an operation ends with.
    func failure<T>(_ body: () async throws(ScheduleError) -> T) async -> ScheduleError? {
        do throws(ScheduleError) {
            _ = try await body()
            return nil
        } catch {
            return error
        }
    }

    /// Runs a test on an empty database.
    static func withDatabase(
        on backend: TestBackend,
        _ body: (ScheduleFixture) async throws -> Void
    ) async throws {
        try await withTemporaryDatabase(on: backend, migrations) { database in
            try await body(try await ScheduleFixture(database))
        }
    }
}

/// People for tests that are about something else.
private struct Anyone: ProjectPeople {
    func user(_ text: String, _ connection: any SQLConnection) -> String? { text }
    func agent(_ text: String, _ connection: any SQLConnection) -> String? { nil }
}
