import Basics
import Database
import DatabaseTesting
import Events
import Instruments
import JSON
import Projects
import Records
import Testing

/// What the repository must do on every implementation of ``Database``; each function wants a migrated, empty database.
enum ProjectConformance {
    static let checks: [(name: String, run: @Sendable (any Database) async throws -> Void)] = [
        ("lifecycle", lifecycle), ("replacement", replacement), ("noChange", noChange), ("versions", versions),
        ("idempotency", idempotency), ("refusals", refusals), ("filters", filters), ("sorting", sorting),
        ("cursors", cursors), ("concurrency", concurrency),
    ]

    @Sendable static func lifecycle(_ database: any Database) async throws {
        let fixture = ProjectFixture(database)
        let (projects, user) = (fixture.projects, ProjectFixture.user)
        let made = try await fixture.create("Läser") { fields in
            fields.description = "a *text*"
            fields.objectives = ["measure \"it\""]
            fields.successCriteria = ["done"]
            fields.tags = ["optics", "b"]
            fields.assignees = ["bob"]
            fields.estimatedHours = 2.5
            fields.dueAt = Timestamp(milliseconds: 1_800_000_000_000)
            fields.metadata = .object(["k": .array([.integer(1), .null])])
        }
        #expect(made.version == 1 && made.createdBy == "ada" && made.fields.owner == "ada")
        #expect(try await projects.get(made.id) == made, "what is read is what was made")

        fixture.clock.advance(by: .seconds(10))
        var patch = ProjectPatch()
        patch.status = .set(.active)
        patch.name = .set("Laser")
        let active = try await projects.patch(made.id, patch, expecting: .exactly(1), by: user)
        #expect(active.version == 2 && active.startedAt == fixture.clock.now && active.updatedAt == fixture.clock.now)
        #expect(try await projects.get(made.id) == active)

        try await projects.delete(made.id, expecting: .any, by: user)
        #expect(
            await fixture.failure { () throws(ProjectError) in try await projects.get(made.id) } == .notFound(made.id)
        )
        #expect(
            await fixture.failure { () throws(ProjectError) in try await projects.delete(made.id, by: user) }
                == .notFound(made.id)
        )
        #expect(try await fixture.names() == [])
        #expect(try await fixture.names { $0.text = "laser" } == [])

        let events = try await fixture.allEvents()
        #expect(events.map(\.kind) == [.projectCreated, .projectStatusChanged, .projectDeleted])
        #expect(
            events.allSatisfy { $0.subjectID == made.id.description && $0.actor == user.actor && $0.requestID == "r1" }
        )
        let changed: JSONValue = [
            "name": ["before": "Läser", "after": "Laser"],
            "status": ["before": "pending", "after": "active"],
            "started_at": ["before": .null, "after": .string(fixture.clock.now.rfc3339)],
        ]
        #expect(events[1].data["changes"] == changed)
        #expect(events[1].data["version"] == 2)
    }

    @Sendable static func replacement(_ database: any Database) async throws {
        let fixture = ProjectFixture(database)
        let made = try await fixture.create("one") { $0.tags = ["a", "b"] }
        var fields = ProjectFields(name: "two words", type: .analysis, status: .pending, priority: 9, tags: ["b", "c"])
        fields.description = String(repeating: "long ", count: 1000)
        let replaced = try await fixture.projects.replace(made.id, with: fields, by: ProjectFixture.user)
        #expect(replaced.fields == fields, "an absent owner is none: only creation gives one")
        #expect(try await fixture.projects.get(made.id) == replaced)
        #expect(try await fixture.names { $0.tags = ["a"] } == [])
        #expect(try await fixture.names { $0.tags = ["b", "c"] } == ["two words"])
        #expect(try await fixture.names { $0.text = "one" } == [])
        #expect(try await fixture.names { $0.text = "wor tw" } == ["two words"])
        let event = try #require(try await fixture.allEvents().last)
        #expect(event.kind == .projectUpdated)
        guard case .object(let changes)? = event.data["changes"], case .object(let text)? = changes["description"],
            case .object(let after)? = text["after"]
        else {
            Issue.record("no change of the description: \(event.data)")
            return
        }
        #expect(after["bytes"] == 5002, "a long value stands in the event as its beginning and size")
    }

    @Sendable static func noChange(_ database: any Database) async throws {
        let fixture = ProjectFixture(database)
        let made = try await fixture.create("same")
        fixture.clock.advance(by: .seconds(1))
        #expect(try await fixture.projects.replace(made.id, with: made.fields, by: ProjectFixture.user) == made)
        #expect(try await fixture.projects.patch(made.id, ProjectPatch(), by: ProjectFixture.user) == made)
        #expect(try await fixture.allEvents().count == 1)
    }

    @Sendable static func versions(_ database: any Database) async throws {
        let fixture = ProjectFixture(database)
        let (projects, user) = (fixture.projects, ProjectFixture.user)
        let made = try await fixture.create("versions")
        var patch = ProjectPatch()
        patch.priority = .set(8)
        try await projects.patch(made.id, patch, expecting: .exactly(1), by: user)
        patch.priority = .set(9)
        let late = patch
        let expected = ProjectError.versionMismatch(current: 2)
        #expect(
            await fixture.failure { () throws(ProjectError) in
                try await projects.patch(made.id, late, expecting: .exactly(1), by: user)
            } == expected
        )
        #expect(
            await fixture.failure { () throws(ProjectError) in
                try await projects.replace(made.id, with: made.fields, expecting: .exactly(3), by: user)
            } == expected
        )
        #expect(
            await fixture.failure { () throws(ProjectError) in
                try await projects.delete(made.id, expecting: .exactly(1), by: user)
            } == expected
        )
        #expect(try await projects.get(made.id).fields.priority == 8)
        #expect(try await fixture.allEvents().count == 2)
        #expect(try await projects.patch(made.id, late, expecting: .any, by: user).version == 3)
    }

    @Sendable static func idempotency(_ database: any Database) async throws {
        let fixture = ProjectFixture(database)
        let (projects, user) = (fixture.projects, ProjectFixture.user)
        let fields = ProjectFields(name: "once", type: .research)
        let other = ProjectFields(name: "other", type: .research)
        let first = try await projects.create(fields, idempotencyKey: "k1", by: user)
        var patch = ProjectPatch()
        patch.name = .set("renamed")
        try await projects.patch(first.project.id, patch, by: user)
        fixture.clock.advance(by: .seconds(3600))
        let second = try await projects.create(fields, idempotencyKey: "k1", by: user)
        #expect(second.isReplay && !first.isReplay)
        #expect(second.project == first.project, "the first result, whatever became of it")
        #expect(
            await fixture.failure { () throws(ProjectError) in
                try await projects.create(other, idempotencyKey: "k1", by: user)
            } == .idempotencyConflict(key: "k1")
        )
        let someone = ChangeOrigin(.user("bob"))
        #expect(try await projects.create(fields, idempotencyKey: "k1", by: someone).isReplay == false)
        #expect(try await projects.create(fields, idempotencyKey: "k2", by: user).isReplay == false)
        #expect(try await fixture.allEvents().filter { $0.kind == .projectCreated }.count == 3)

        fixture.clock.advance(by: .seconds(23 * 3600))
        #expect(try await projects.create(other, idempotencyKey: "k1", by: user).isReplay == false, "24 h are over")
        fixture.clock.advance(by: .seconds(24 * 3600))
        #expect(try await projects.removeExpiredKeys() == 3)
        #expect(try await projects.removeExpiredKeys() == 0)
    }

    @Sendable static func refusals(_ database: any Database) async throws {
        let fixture = ProjectFixture(database)
        let (projects, user) = (fixture.projects, ProjectFixture.user)
        let made = try await fixture.create("refused")
        let bad = ProjectFields(name: "", type: .research)
        let noName = ProjectError.invalid([FieldViolation("/name", "must not be empty")])
        #expect(await fixture.failure { () throws(ProjectError) in try await projects.create(bad, by: user) } == noName)
        #expect(
            await fixture.failure { () throws(ProjectError) in try await projects.replace(made.id, with: bad, by: user)
            } == noName
        )
        var patch = ProjectPatch()
        patch.name = .set("")
        let empty = patch
        #expect(
            await fixture.failure { () throws(ProjectError) in try await projects.patch(made.id, empty, by: user) }
                == noName
        )
        var fields = made.fields
        fields.status = .completed
        let completed = fields
        #expect(
            await fixture.failure { () throws(ProjectError) in
                try await projects.replace(made.id, with: completed, by: user)
            }
                == .refused(.statusTransition(from: .pending, to: .completed))
        )
        #expect(
            await fixture.failure { () throws(ProjectError) in try await projects.create(completed, by: user) }?.code
                == .invalid
        )
        for key in ["", "a b", "ü", String(repeating: "k", count: 256)] {
            let error = await fixture.failure { () throws(ProjectError) in
                try await projects.create(made.fields, idempotencyKey: key, by: user)
            }
            #expect(error?.code == .invalidParameter, "key '\(key)'")
        }
        let unknown = UUIDv7Generator(clock: fixture.clock).next()
        #expect(
            await fixture.failure { () throws(ProjectError) in
                try await projects.patch(unknown, ProjectPatch(), by: user)
            } == .notFound(unknown)
        )
        #expect(try await fixture.allEvents().count == 1, "what is refused leaves no event")
        #expect(try await projects.get(made.id) == made)
    }

    @Sendable static func filters(_ database: any Database) async throws {
        let fixture = ProjectFixture(database)
        try await fixture.create("a") { ($0.priority, $0.tags, $0.owner) = (1, ["x"], "ada") }
        try await fixture.create("b") { ($0.priority, $0.tags, $0.status) = (5, ["x", "y"], .active) }
        try await fixture.create("c") { ($0.priority, $0.type, $0.owner) = (9, .analysis, "bob") }
        func f(_ expected: [String], _ configure: (inout ProjectListQuery) -> Void) async throws {
            #expect(try await fixture.names(configure).sorted() == expected)
        }
        try await f(["a", "b", "c"]) { _ in }
        try await f(["b"]) { $0.statuses = [.active] }
        try await f(["a", "b", "c"]) { $0.statuses = [.active, .pending] }
        try await f([]) { $0.statuses = [.cancelled] }
        try await f(["c"]) { $0.type = .analysis }
        try await f(["a", "b"]) { $0.owner = "ada" }
        try await f(["a", "b"]) { $0.tags = ["x"] }
        try await f(["b"]) { $0.tags = ["x", "y"] }
        try await f(["b", "c"]) { $0.priorities = 5...10 }
        try await f(["b"]) { ($0.priorities, $0.owner, $0.tags) = (2...10, "ada", ["x"]) }
        try await f(["a", "b", "c"]) { $0.text = " ?! " }
    }

    @Sendable static func sorting(_ database: any Database) async throws {
        let fixture = ProjectFixture(database)
        for (name, priority, due) in [("beta", 5, 20), ("Älpha", 5, nil), ("gamma", 1, 10), ("alpha", 9, 30)]
            as [(String, Int, Int64?)]
        {
            try await fixture.create(name) {
                $0.priority = priority
                $0.dueAt = due.map { Timestamp(milliseconds: $0) }
            }
            fixture.clock.advance(by: .seconds(1))
        }
        var query = ProjectListQuery()
        query.text = "gamma"
        let gamma = try #require(try await fixture.projects.list(query).items.first)
        var patch = ProjectPatch()
        patch.objectives = .set(["new"])
        try await fixture.projects.patch(gamma.id, patch, by: ProjectFixture.user)
        func f(_ sort: String, _ expected: [String]) async throws {
            let sort = try #require(ProjectSort(sort))
            for limit in 1...5 {
                #expect(
                    try await fixture.names(limit: limit) { $0.sort = sort } == expected,
                    "\(sort.text) by \(limit)"
                )
            }
            let reversed = ProjectSort(sort.key, descending: !sort.isDescending)
            #expect(try await fixture.names(limit: 2) { $0.sort = reversed } == expected.reversed(), "\(reversed.text)")
        }
        try await f("created_at", ["beta", "Älpha", "gamma", "alpha"])
        try await f("name", ["Älpha", "alpha", "beta", "gamma"])
        try await f("priority", ["gamma", "beta", "Älpha", "alpha"])
        try await f("due_at", ["gamma", "beta", "alpha", "Älpha"])
        try await f("updated_at", ["beta", "Älpha", "alpha", "gamma"])
        #expect(try await fixture.names() == ["alpha", "gamma", "Älpha", "beta"], "the newest first")
        for text in ["", "-", "id", "--name", "Name"] { #expect(ProjectSort(text) == nil) }
    }

    @Sendable static func cursors(_ database: any Database) async throws {
        let fixture = ProjectFixture(database)
        for index in 0..<5 { try await fixture.create("p\(index)") }
        var query = ProjectListQuery()
        query.limit = 2
        let first = try await fixture.projects.listRows(query)
        #expect(first.items.count == 2)
        query.cursor = first.nextCursor
        query.limit = 3
        let rest = try await fixture.projects.listRows(query)
        #expect(rest.items.count == 3 && rest.nextCursor == nil, "another limit is the same list")
        let all = try await fixture.projects.list(ProjectListQuery()).items
        let ids = (first.items + rest.items).map(\.id)
        #expect(ids == all.map(\.id.description))

        func f(_ expected: ProjectError.Code, _ configure: (inout ProjectListQuery) -> Void) async {
            var changed = query
            configure(&changed)
            let asked = changed
            let error = await fixture.failure { () throws(ProjectError) in try await fixture.projects.listRows(asked) }
            #expect(error?.code == expected, "\(String(describing: error))")
        }
        await f(.invalidCursor) { $0.sort = ProjectSort(.name) }
        await f(.invalidCursor) { $0.sort = ProjectSort(.createdAt, descending: false) }
        await f(.invalidCursor) { $0.statuses = [.active] }
        await f(.invalidCursor) { $0.text = "p" }
        await f(.invalidCursor) { $0.cursor = "nonsense" }
        await f(.invalidParameter) { $0.limit = 0 }
        await f(.invalidParameter) { $0.limit = ListLimits.pageItemsMax + 1 }
        await f(.invalidParameter) {
            $0.text = (0...ListLimits.searchWordsMax).map { "w\($0)" }.joined(separator: " ")
        }
        await f(.invalidParameter) { $0.text = String(repeating: "x", count: ListLimits.searchLengthMax + 1) }
        await f(.invalidParameter) { $0.tags = Array(repeating: "t", count: ProjectLimits.filterTagsMax + 1) }
        await f(.invalidParameter) { $0.owner = "a\0" }
    }

    @Sendable static func concurrency(_ database: any Database) async throws {
        let fixture = ProjectFixture(database)
        let made = try await fixture.create("counter") { $0.estimatedHours = 0 }
        let conflicts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { try await increment(made.id, fixture) }
            }
            return try await group.reduce(0, +)
        }
        let last = try await fixture.projects.get(made.id)
        #expect(last.fields.estimatedHours == 8 && last.version == 9, "no update is lost")
        #expect(try await fixture.allEvents().count == 9)
        #expect(fixture.registry.value(of: "kaskman_project_version_conflicts_total") == Double(conflicts))
    }

    /// Adds one to the estimate, again and again until nobody was quicker; returns how often somebody was.
    private static func increment(_ id: UUIDv7, _ fixture: ProjectFixture) async throws -> Int {
        var conflicts = 0
        while true {
            let current = try await fixture.projects.get(id)
            var patch = ProjectPatch()
            patch.estimatedHours = .set((current.fields.estimatedHours ?? 0) + 1)
            let asked = patch
            let error = await fixture.failure { () throws(ProjectError) in
                let version = ExpectedVersion.exactly(current.version)
                return try await fixture.projects.patch(id, asked, expecting: version, by: ProjectFixture.user)
            }
            guard let error else { return conflicts }
            guard case .versionMismatch = error else { throw error }
            conflicts += 1
        }
    }
}
