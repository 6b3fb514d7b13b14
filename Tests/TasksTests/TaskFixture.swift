import Basics
import Database
import DatabaseTesting
import Events
import Instruments
import Projects
import Records
import Tasks

/// A repository over some database, with a project, a clock and metrics of its own.
struct TaskFixture: Sendable {
    static let migrations = EventLog.migrations + ProjectSchema.migrations + TaskSchema.migrations
    static let user = ChangeOrigin(.user("ada"), requestID: "r1")

    let database: any Database
    let clock: ManualClock
    let registry: Registry
    let ids: UUIDv7Generator
    let events: EventLog
    let tasks: TaskRepository
    let projects: ProjectRepository
    let project: UUIDv7

    init(
        _ database: any Database,
        seed: UInt64 = 1,
        attemptEnded: @escaping @Sendable (_ task: UUIDv7, _ attempt: Int64) -> Void = { _, _ in }
    ) async throws {
        self.database = database
        clock = ManualClock(now: Timestamp(milliseconds: 1_700_000_000_000))
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
            seed: seed,
            attemptEnded: { end, connection in connection.afterCommit { attemptEnded(end.taskID, end.attempt) } }
        )
        project = try await projects.create(ProjectFields(name: "p", type: .research), by: Self.user).project.id
    }

    /// Makes a task of a name, with whatever else the closure sets.
    @discardableResult
    func make(
        _ name: String,
        after dependencies: [TaskDependency] = [],
        key: String? = nil,
        _ configure: (inout NewTask) -> Void = { _ in }
    ) async throws -> ProjectTask {
        var new = NewTask(TaskFields(projectID: project, kind: "shell", name: name), dependencies: dependencies)
        configure(&new)
        return try await tasks.create(new, idempotencyKey: key, by: Self.user).task
    }

    /// The statuses of some tasks now, in a line.
    func statuses(_ made: [ProjectTask]) async throws -> String {
        var words: [String] = []
        for task in made { words.append(try await tasks.get(task.id).progress.status.rawValue) }
        return words.joined(separator: " ")
    }

    /// The names of all pages of a list.
    func names(limit: Int = 200, _ configure: (inout TaskListQuery) -> Void = { _ in }) async throws -> [String] {
        var query = TaskListQuery()
        query.limit = limit
        configure(&query)
        var names: [String] = []
        repeat {
            let page = try await tasks.list(query)
            names += page.items.map(\.fields.name)
            query.cursor = page.nextCursor
        } while query.cursor != nil
        return names
    }

    /// The kinds of the events about tasks so far, oldest first, without `task.`.
    func said(about id: UUIDv7? = nil) async throws -> [String] {
        var filter = EventFilter()
        filter.subject = .task
        filter.subjectID = id?.description
        return try await events.page(.after(0), filter: filter, limit: EventLog.pageEventsMax).events.map {
            String($0.kindName.dropFirst("task.".count))
        }
    }

    /// The error that an operation ends with.
    func failure<T>(_ body: () async throws(TaskError) -> T) async -> TaskError? {
        do throws(TaskError) {
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
        _ body: (TaskFixture) async throws -> Void
    ) async throws {
        try await withTemporaryDatabase(on: backend, migrations) { database in
            try await body(try await TaskFixture(database, seed: seed))
        }
    }
}

/// People for tests that are about something else.
private struct Anyone: ProjectPeople {
    func user(_ text: String, _ connection: any SQLConnection) -> String? { text }
    func agent(_ text: String, _ connection: any SQLConnection) -> String? { nil }
}
