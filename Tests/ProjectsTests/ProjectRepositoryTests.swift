import Basics
import Database
import DatabaseTesting
import Events
import Instruments
import JSON
import Logging
import Projects
import Records
import Supervision
import Testing

import struct GRDB.Configuration
import class GRDB.DatabaseQueue

@Suite struct ProjectRepositoryTests {
    @Test(arguments: TestBackend.allCases, ProjectConformance.checks.map(\.name))
    func conforms(_ backend: TestBackend, _ name: String) async throws {
        let check = try #require(ProjectConformance.checks.first { $0.name == name })
        try await withTemporaryDatabase(on: backend, ProjectFixture.migrations) { try await check.run($0) }
    }

    @Test(arguments: TestBackend.allCases) func theMetricsFollowTheChanges(_ backend: TestBackend) async throws {
        try await ProjectFixture.withDatabase(on: backend) { fixture in
            let user = ProjectFixture.user
            func gauge(_ status: String) -> Double? {
                fixture.registry.value(of: "kaskman_projects", ["status": status])
            }
            func changes(_ change: String) -> Double? {
                fixture.registry.value(of: "kaskman_project_changes_total", ["change": change])
            }
            let one = try await fixture.create("one")
            try await fixture.create("two") { $0.status = .active }
            var patch = ProjectPatch()
            patch.status = .set(.active)
            try await fixture.projects.patch(one.id, patch, by: user)
            patch.status = .keep
            patch.priority = .set(1)
            try await fixture.projects.patch(one.id, patch, by: user)
            #expect(gauge("pending") == 0 && gauge("active") == 2)
            try await fixture.projects.delete(one.id, by: user)
            #expect(gauge("active") == 1)
            #expect(changes("created") == 2 && changes("status_changed") == 1)
            #expect(changes("updated") == 1 && changes("deleted") == 1)
            let gone = one.id
            _ = await fixture.failure { () throws(ProjectError) in try await fixture.projects.get(gone) }
            #expect(fixture.registry.value(of: "kaskman_project_failures_total", ["error_code": "not_found"]) == 1)
            _ = try await fixture.projects.create(one.fields, idempotencyKey: "k", by: user)
            _ = try await fixture.projects.create(one.fields, idempotencyKey: "k", by: user)
            #expect(fixture.registry.value(of: "kaskman_project_idempotent_replays_total") == 1)
            let count = fixture.registry.value(
                of: "kaskman_project_operation_duration_seconds_count",
                ["operation": "create"]
            )
            #expect(count == 4)

            let another = ProjectFixture(fixture.database, seed: 2)
            #expect(another.registry.value(of: "kaskman_projects", ["status": "active"]) == 0)
            try await another.projects.refreshCounts()
            #expect(another.registry.value(of: "kaskman_projects", ["status": "active"]) == 1)
            #expect(another.registry.value(of: "kaskman_projects", ["status": "pending"]) == 1)
        }
    }

    @Test func theListIsOneIndexedStatementWithoutSorting() async throws {
        // SQLite's plans do not depend on how many rows there are.
        try await ProjectFixture.withDatabase(on: .sqlite) { fixture in
            for sort in ProjectSort.Key.allCases {
                let column =
                    ["created_at": "created", "updated_at": "updated", "due_at": "due"][sort.rawValue] ?? sort.rawValue
                let order = ["name": "name_key", "due_at": "due_key"][sort.rawValue] ?? sort.rawValue
                let plan = try await fixture.database.read("test.plan") { connection in
                    try connection.query(
                        """
                        EXPLAIN QUERY PLAN SELECT * FROM projects p WHERE p.deleted_at IS NULL
                        AND (p.\(order), p.id) < (?1, ?2) ORDER BY p.\(order) DESC, p.id DESC LIMIT 21
                        """,
                        [1, "x"]
                    ).map { try $0.text("detail") }.joined(separator: "; ")
                }
                #expect(plan.contains("USING INDEX projects_by_\(column) ("), "\(sort): \(plan)")
                #expect(!plan.contains("TEMP B-TREE"), "\(sort): \(plan)")
            }
        }
    }

    @Test(arguments: TestBackend.allCases) func aClosedDatabaseIsATypedError(_ backend: TestBackend) async throws {
        try await ProjectFixture.withDatabase(on: backend) { fixture in
            let made = try await fixture.create("one")
            #expect(await fixture.projects.health() == .healthy)
            try await fixture.database.close()
            func code(_ error: ProjectError?) -> DatabaseError.Code? {
                if case .database(let error)? = error { error.code } else { nil }
            }
            let projects = fixture.projects
            let user = ProjectFixture.user
            #expect(
                code(await fixture.failure { () throws(ProjectError) in try await projects.get(made.id) })
                    == .connection
            )
            #expect(
                code(
                    await fixture.failure { () throws(ProjectError) in try await projects.create(made.fields, by: user)
                    }
                ) == .connection
            )
            #expect(
                code(await fixture.failure { () throws(ProjectError) in try await projects.list(ProjectListQuery()) })
                    == .connection
            )
            #expect(
                code(await fixture.failure { () throws(ProjectError) in try await projects.refreshCounts() })
                    == .connection
            )
            #expect(await projects.health() == .unhealthy("projects cannot be read: connection"))
            #expect(fixture.registry.value(of: "kaskman_project_failures_total", ["error_code": "database"]) == 5)
            #expect(fixture.registry.value(of: "kaskman_projects", ["status": "pending"]) == 1)
        }
    }

    @Test func aBusyDatabaseChangesNothing() async throws {
        try await withTemporaryDirectory { directory in
            var settings = SQLiteSettings(path: directory + "/test.db")
            settings.busyTimeout = .milliseconds(1)
            let database = try await SQLiteDatabase.open(settings, clock: ManualClock(), registry: Registry())
            try await database.migrate(ProjectFixture.migrations, now: Timestamp(milliseconds: 0))
            let fixture = ProjectFixture(database)
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let foreign = try DatabaseQueue(path: settings.path, configuration: configuration)
            try await foreign.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE") }
            let fields = ProjectFields(name: "busy", type: .research)
            let error = await fixture.failure { () throws(ProjectError) in
                try await fixture.projects.create(fields, idempotencyKey: "k", by: ProjectFixture.user)
            }
            guard case .database(let cause)? = error else {
                Issue.record("unexpected: \(String(describing: error))")
                return
            }
            #expect(cause.code == .busy && cause.isRetryable)
            #expect(fixture.registry.value(of: "kaskman_projects", ["status": "pending"]) == 0)
            try await foreign.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
            let creation = try await fixture.projects.create(fields, idempotencyKey: "k", by: ProjectFixture.user)
            #expect(!creation.isReplay, "the failed creation has not taken the key")
            try foreign.close()
            try await database.close()
        }
    }

    @Test(arguments: TestBackend.allCases) func theLargestChangeStillFitsIntoAnEvent(_ backend: TestBackend)
        async throws
    {
        func largest(_ seed: String) -> ProjectFields {
            func items(_ count: Int, _ length: Int) -> [String] {
                (0..<count).map { "\($0)" + String(repeating: seed, count: length - 2) }
            }
            var fields = ProjectFields(name: String(repeating: seed, count: 200), type: .research)
            fields.description = String(repeating: "\u{1}", count: ProjectLimits.descriptionBytesMax - 1) + seed
            fields.objectives = items(ProjectLimits.objectivesMax, ProjectLimits.objectiveLengthMax)
            fields.successCriteria = items(ProjectLimits.successCriteriaMax, ProjectLimits.successCriterionLengthMax)
            fields.owner = String(repeating: seed, count: ProjectLimits.principalLengthMax)
            fields.assignees = items(ProjectLimits.assigneesMax, ProjectLimits.principalLengthMax)
            let value = JSONValue.object(["k": .string(String(repeating: seed, count: 2000))])
            (fields.resources, fields.metadata) = (value, value)
            return fields
        }
        try await ProjectFixture.withDatabase(on: backend) { fixture in
            let quotes = try await fixture.projects.create(largest("\""), by: ProjectFixture.user).project
            let changed = try await fixture.projects.replace(
                quotes.id,
                with: largest("\\"),
                by: ProjectFixture.user
            )
            #expect(changed.version == 2)
            #expect(try await fixture.projects.get(quotes.id) == changed)
        }
    }

    @Test(arguments: TestBackend.allCases) func aBrokenRowIsADecodingError(_ backend: TestBackend) async throws {
        try await ProjectFixture.withDatabase(on: backend) { fixture in
            let made = try await fixture.create("one")
            for (column, value) in [("status", "gone"), ("tags", "{"), ("metadata", "[]"), ("type", "")] {
                let before = try await fixture.database.write("test.break") { connection in
                    let before = try connection.queryFirst("SELECT \(column) AS value FROM projects")
                    try connection.execute("UPDATE projects SET \(column) = ?1", [.text(value)])
                    return try before?.text("value")
                }
                let error = await fixture.failure { () throws(ProjectError) in try await fixture.projects.get(made.id) }
                guard case .database(let cause)? = error else {
                    Issue.record("\(column): \(String(describing: error))")
                    continue
                }
                #expect(cause.code == .decoding)
                try await fixture.database.write("test.mend") { connection in
                    try connection.execute("UPDATE projects SET \(column) = ?1", [.optional(before)])
                }
                #expect(try await fixture.projects.get(made.id) == made)
            }
        }
    }

    @Test(arguments: TestBackend.allCases) func theComponentKeepsTheGaugeAndTheKeysInOrder(_ backend: TestBackend)
        async throws
    {
        try await ProjectFixture.withDatabase(on: backend) { fixture in
            let other = ProjectFixture(fixture.database, seed: 2)
            let fields = ProjectFields(name: "elsewhere", type: .research)
            _ = try await other.projects.create(fields, idempotencyKey: "k", by: ProjectFixture.user)
            let supervisor = Supervisor(
                registry: fixture.registry,
                clock: fixture.clock,
                log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
                seed: 1
            )
            supervisor.add(.projects) { ProjectsComponent($0, repository: fixture.projects) }
            let running = Task { try await supervisor.run() }
            // One sleeper of the supervisor's health watch, one of the component's rounds.
            await fixture.clock.waitForSleepers(2)
            #expect(fixture.registry.value(of: "kaskman_projects", ["status": "pending"]) == 1, "another server's too")
            fixture.clock.advance(by: .seconds(24 * 3600))
            await fixture.clock.waitForSleepers(2)
            #expect(fixture.registry.value(of: "kaskman_project_idempotency_keys_expired_total") == 1)
            supervisor.drain()
            try await running.value
        }
    }
}
