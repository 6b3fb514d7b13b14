import Basics
import Database
import DatabaseTesting
import Events
import JSON
import Projects
import Records
import Supervision
import Tasks
import Testing

@testable import Schedules

/// What the repository must do on every implementation of ``Database``; each function wants a migrated, empty database.
enum ScheduleConformance {
    static let checks: [(name: String, run: @Sendable (any Database) async throws -> Void)] = [
        ("lifecycle", lifecycle), ("refusals", refusals), ("templates", templates), ("lists", lists),
        ("idempotency", idempotency), ("clocks", clocks), ("pausing", pausing), ("catchingUp", catchingUp),
        ("skipping", skipping), ("uniqueKeys", uniqueKeys), ("projects", projects), ("asking", asking),
        ("previews", previews), ("failures", failures), ("upkeep", upkeep), ("twoServers", twoServers),
        ("crashes", crashes),
    ]

    @Sendable static func lifecycle(_ database: any Database) async throws {
        let fixture = try await ScheduleFixture(database)
        let (schedules, user) = (fixture.schedules, ScheduleFixture.user)
        let made = try await fixture.make("nightly") {
            $0.clock = ScheduleClock("0 3 * * *", in: "Europe/Berlin")
            $0.clock.endAt = ScheduleFixture.start.advanced(by: .seconds(30 * 86_400))
            $0.catchUp = .all
            $0.catchUpMax = 3
            $0.skipsWhileRunning = true
        }
        #expect(made.version == 1 && made.createdBy == "ada" && made.last == nil && !made.isPaused)
        #expect(made.next?.dueAt == time("2026-01-01T02:00:00Z") && made.next?.runAt == made.next?.dueAt)
        #expect(try await schedules.get(made.id) == made)

        #expect(try await fixture.look(after: .seconds(2 * 3600 - 1)).runs == 0)
        let look = try await fixture.look(after: .seconds(1))
        #expect(look.runs == 1 && look.failures == 0 && look.nextAt == time("2026-01-02T02:00:00Z"))
        let task = try #require(try await fixture.made().first)
        #expect(task.fields.name == "of nightly" && task.fields.kind == "shell" && task.createdBy == "system")
        #expect(task.fields.uniqueKey == "schedule:\(made.id)@2026-01-01T02:00:00.000Z")
        #expect(task.progress.status == .queued)
        let ran = try await schedules.get(made.id)
        #expect(ran.version == 1 && ran.updatedAt == made.updatedAt, "a due time is no change by people")
        #expect(ran.last == ScheduleRun(dueAt: time("2026-01-01T02:00:00Z"), taskID: task.id) && ran.tally.runs == 1)
        #expect(try await fixture.look().runs == 0, "once")

        var fields = made.fields
        fields.name = "weekly"
        fields.clock.cron = "0 3 * * MON"
        let replaced = try await schedules.replace(made.id, with: fields, expecting: .exactly(1), by: user)
        #expect(replaced.version == 2 && replaced.fields == fields)
        #expect(replaced.next?.dueAt == time("2026-01-05T02:00:00Z"))
        #expect(try await schedules.get(made.id) == replaced)
        #expect(try await schedules.replace(made.id, with: fields, by: user) == replaced, "nothing to change")
        let stale = await fixture.failure { () throws(ScheduleError) in
            try await schedules.replace(made.id, with: made.fields, expecting: .exactly(1), by: user)
        }
        #expect(stale == .versionMismatch(current: 2))

        try await schedules.delete(made.id, expecting: .exactly(2), by: user)
        #expect(try await fixture.look(after: .seconds(10 * 86_400)).runs == 0)
        let gone = await fixture.failure { () throws(ScheduleError) in try await schedules.get(made.id) }
        #expect(gone == .notFound(made.id))
        #expect(try await fixture.made().count == 1, "its tasks stay")
        let events = try await fixture.said(about: made.id)
        #expect(events.map(\.kind) == [.scheduleCreated, .scheduleRan, .scheduleUpdated, .scheduleDeleted])
        #expect(events[1].actor == .system && events[1].data["task_id"] == .string(task.id.description))
        #expect(events[1].data["due_at"] == "2026-01-01T02:00:00.000Z" && events[1].data["asked"] == false)
        #expect(events[2].data["changes"]?["cron"] == ["before": "0 3 * * *", "after": "0 3 * * MON"])
        #expect(fixture.count("ran") == 1 && fixture.count("missed") == 0)
    }

    @Sendable static func refusals(_ database: any Database) async throws {
        let fixture = try await ScheduleFixture(database)
        func f(_ pointers: [String], _ configure: @Sendable (inout ScheduleFields) -> Void) async {
            let fields = fixture.fields("x", configure)
            let error = await fixture.failure { () throws(ScheduleError) in
                try await fixture.schedules.create(fields, by: ScheduleFixture.user)
            }
            var found: [String] = []
            if case .invalid(let violations)? = error { found = violations.map(\.pointer) }
            #expect(found == pointers)
        }
        await f(["/name"]) { $0.name = " " }
        await f(["/cron"]) { $0.clock.cron = "0 0 30 2 *" }
        await f(["/time_zone"]) { $0.clock.timeZone = "Europe/Nowhere" }
        await f(["/jitter_seconds"]) { $0.clock.jitterSeconds = 86_401 }
        await f(["/catch_up_max"]) { $0.catchUpMax = 0 }
        await f(["/end_at"]) {
            $0.clock.startAt = Timestamp(milliseconds: 2)
            $0.clock.endAt = Timestamp(milliseconds: 1)
        }
        await f(["/task/kind", "/task/priority", "/task/retry/attempts_max"]) {
            $0.task.kind = "Shell"
            $0.task.priority = 0
            $0.task.rules.retry.attemptsMax = 0
        }
        let nowhere = fixture.ids.next()
        await f(["/project_id"]) { $0.task = TaskFields(projectID: nowhere, kind: "shell") }
        #expect(try await fixture.said().isEmpty)
        #expect(fixture.registry.value(of: "kaskman_schedule_failures_total", ["error_code": "invalid"]) == 8)
    }

    /// What a task may have comes through the template whole.
    @Sendable static func templates(_ database: any Database) async throws {
        let fixture = try await ScheduleFixture(database)
        var deep: JSONValue = 1
        for _ in 0..<15 { deep = ["x": deep] }
        let input = deep
        try await fixture.make("full") { fields in
            fields.task.input = ["deep": input, "list": [1, 2.5, .null, "é"]]
            fields.task.capabilities = ["shell", "gpu"]
            fields.task.labels = ["zone": "a"]
            fields.task.concurrencyKeys = ["set": 2, "disk": 1]
            fields.task.needsApproval = true
            fields.task.priority = 9
            fields.task.rules.retry.attemptsMax = 7
            fields.task.rules.retry.factor = 1.5
            fields.task.rules.retry.jitter = 0.25
            fields.task.rules.retry.nonRetryable = ["oom"]
            fields.task.rules.timeouts.approvalSeconds = 60
            fields.task.rules.timeouts.startToCloseSeconds = 600
            fields.task.rules.timeouts.heartbeatSeconds = 45
            fields.task.rules.budget = TaskBudget(costMax: 12.5, secondsMax: 900)
        }
        try await fixture.look(after: .seconds(3600))
        let schedule = try #require(try await fixture.schedules.list(ScheduleListQuery()).items.first)
        var fields = try #require(try await fixture.made().first).fields
        fields.uniqueKey = nil
        #expect(fields == schedule.fields.task)
        #expect(fields.rules.retry.nonRetryable == ["oom"] && fields.rules.budget.costMax == 12.5)
    }

    @Sendable static func lists(_ database: any Database) async throws {
        let fixture = try await ScheduleFixture(database)
        let other = try await fixture.projects.create(
            ProjectFields(name: "other", type: .research),
            by: ScheduleFixture.user
        ).project.id
        for (index, name) in ["Émile", "anna", "Bert"].enumerated() {
            fixture.clock.advance(by: .seconds(1))
            let made = try await fixture.make(name) { fields in
                if index == 2 { fields.task = TaskFields(projectID: other, kind: "http") }
            }
            if index == 1 { try await fixture.schedules.pause(made.id, by: ScheduleFixture.user) }
        }
        func f(_ expected: [String], _ configure: (inout ScheduleListQuery) -> Void) async throws {
            var query = ScheduleListQuery()
            query.limit = 2
            configure(&query)
            var names: [String] = []
            repeat {
                let page = try await fixture.schedules.list(query)
                names += page.items.map(\.name)
                query.cursor = page.nextCursor
            } while query.cursor != nil
            #expect(names == expected)
        }
        try await f(["Bert", "anna", "Émile"]) { _ in }
        try await f(["anna", "Bert", "Émile"]) { $0.sort = ScheduleSort(.name, descending: false) }
        try await f(["Bert"]) { $0.projectID = other }
        try await f(["anna"]) { $0.isPaused = true }
        try await f(["Bert", "Émile"]) { $0.isPaused = false }
        try await f(["Émile"]) { $0.text = "emi" }
        try await f(["Bert"]) { $0.text = "http" }
        var query = ScheduleListQuery()
        query.limit = 1
        let cursor = try await fixture.schedules.list(query).nextCursor
        query.isPaused = true
        query.cursor = cursor
        let foreign = query
        let error = await fixture.failure { () throws(ScheduleError) in try await fixture.schedules.list(foreign) }
        #expect(error == .invalidCursor(.foreign))
    }

    @Sendable static func idempotency(_ database: any Database) async throws {
        let fixture = try await ScheduleFixture(database)
        let first = try await fixture.make("a", key: "k")
        let again = try await fixture.schedules.create(
            fixture.fields("a"),
            idempotencyKey: "k",
            by: ScheduleFixture.user
        )
        #expect(again.isReplay && again.schedule == first)
        let other = fixture.fields("a") { $0.clock.cron = "@daily" }
        let error = await fixture.failure { () throws(ScheduleError) in
            try await fixture.schedules.create(other, idempotencyKey: "k", by: ScheduleFixture.user)
        }
        #expect(error == .idempotencyConflict(key: "k"))
        #expect(try await fixture.said().count == 1)
        #expect(fixture.registry.value(of: "kaskman_schedule_idempotent_replays_total") == 1)
    }

    @Sendable static func clocks(_ database: any Database) async throws {
        let fixture = try await ScheduleFixture(database)
        let jittered = try await fixture.make("jittered") { $0.clock.jitterSeconds = 1800 }
        let next = try #require(jittered.next)
        #expect(next.dueAt == time("2026-01-01T01:00:00Z") && next.runAt > next.dueAt)
        #expect(try await fixture.look(after: .seconds(3600)).runs == 0, "due, but its jitter is not over")
        #expect(try await fixture.look(after: next.runAt.since(next.dueAt)).runs == 1)
        #expect(try await fixture.schedules.get(jittered.id).last?.dueAt == next.dueAt)
        // What does not change when it is due leaves the next due time alone.
        var fields = jittered.fields
        fields.name = "renamed"
        fixture.clock.advance(by: .seconds(7200))
        let waiting = try await fixture.schedules.get(jittered.id).next
        let renamed = try await fixture.schedules.replace(jittered.id, with: fields, by: ScheduleFixture.user)
        #expect(renamed.next == waiting && waiting.map { $0.runAt < fixture.clock.now } == true)
        fields.clock.endAt = fixture.clock.now
        let ended = try await fixture.schedules.replace(jittered.id, with: fields, by: ScheduleFixture.user)
        #expect(ended.next == nil)
        let look = try await fixture.look(after: .seconds(86_400))
        #expect(look.runs == 0 && look.nextAt == nil)
    }

    @Sendable static func pausing(_ database: any Database) async throws {
        let fixture = try await ScheduleFixture(database)
        let made = try await fixture.make("a") { $0.catchUp = .all }
        let paused = try await fixture.schedules.pause(made.id, expecting: .exactly(1), by: ScheduleFixture.user)
        #expect(paused.isPaused && paused.version == 2 && paused.next == nil)
        #expect(try await fixture.schedules.pause(made.id, by: ScheduleFixture.user) == paused)
        #expect(try await fixture.look(after: .seconds(5 * 3600)).runs == 0)
        let resumed = try await fixture.schedules.resume(made.id, by: ScheduleFixture.user)
        #expect(resumed.next?.dueAt == time("2026-01-01T06:00:00Z"), "what passed meanwhile is not made up for")
        #expect(try await fixture.look().runs == 0)
        #expect(try await fixture.look(after: .seconds(3600)).runs == 1)
        let kinds = try await fixture.said().compactMap(\.kind)
        #expect(kinds == [.scheduleCreated, .schedulePaused, .scheduleResumed, .scheduleRan])
    }

    @Sendable static func catchingUp(_ database: any Database) async throws {
        let fixture = try await ScheduleFixture(database)
        for policy in CatchUpPolicy.allCases {
            try await fixture.make(policy.rawValue) {
                $0.catchUp = policy
                $0.catchUpMax = 2
            }
        }
        let look = try await fixture.look(after: .seconds(4 * 3600 + 1800))
        #expect(look.runs == 3 && look.nextAt == time("2026-01-01T05:00:00Z"))
        let names = try await fixture.made().map(\.fields.name).sorted()
        #expect(names == ["of all", "of all", "of latest"])
        #expect(fixture.count("ran") == 3 && fixture.count("missed") == 9)
        let missed = try await fixture.said().filter { $0.kind == .scheduleMissed }
        #expect(missed.count == 3)
        let spans = missed.map { "\($0.data["name"]?.string ?? "") \($0.data["missed"]?.integer ?? 0)" }.sorted()
        #expect(spans == ["all 2", "latest 3", "skip 4"])
        let all = missed.first { $0.data["name"] == "all" }
        #expect(all?.data["first_due_at"] == "2026-01-01T01:00:00.000Z")
        #expect(all?.data["last_due_at"] == "2026-01-01T02:00:00.000Z")
        let misses = try await fixture.schedules.list(ScheduleListQuery()).items.map(\.tally.misses)
        #expect(misses.sorted() == [2, 3, 4])
    }

    @Sendable static func skipping(_ database: any Database) async throws {
        let fixture = try await ScheduleFixture(database)
        let made = try await fixture.make("a") { $0.skipsWhileRunning = true }
        #expect(try await fixture.look(after: .seconds(3600)).runs == 1)
        #expect(try await fixture.look(after: .seconds(3600)).runs == 0, "the first task is open")
        #expect(try await fixture.look(after: .seconds(3600)).runs == 0)
        let task = try #require(try await fixture.made().first)
        try await fixture.end(task.id)
        #expect(try await fixture.look(after: .seconds(3600)).runs == 1)
        let now = try await fixture.schedules.get(made.id)
        #expect(now.tally.runs == 2 && now.tally.skips == 2 && now.tally.misses == 0)
        let skipped = try await fixture.said().filter { $0.kind == .scheduleSkipped }
        #expect(skipped.map { $0.data["due_at"]?.string } == ["02", "03"].map { "2026-01-01T\($0):00:00.000Z" })
        #expect(skipped.allSatisfy { $0.data["reason"] == "running" })
        #expect(fixture.count("skipped_running") == 2)
        // Without it tasks pile up.
        try await fixture.make("b")
        for _ in 0..<2 { try await fixture.look(after: .seconds(3600)) }
        #expect(try await fixture.made().filter { $0.fields.name == "of b" }.count == 2)
    }

    /// A key of the schedule's own is one of its tasks at a time, also beside tasks that people make.
    @Sendable static func uniqueKeys(_ database: any Database) async throws {
        let fixture = try await ScheduleFixture(database)
        try await fixture.make("a") { $0.task.uniqueKey = "sync" }
        #expect(try await fixture.look(after: .seconds(3600)).runs == 1)
        #expect(try await fixture.look(after: .seconds(3600)).runs == 0)
        #expect(fixture.count("skipped_unique_key") == 1)
        let task = try #require(try await fixture.made().first)
        #expect(task.fields.uniqueKey == "sync")
        try await fixture.end(task.id)
        #expect(try await fixture.look(after: .seconds(3600)).runs == 1)
    }

    @Sendable static func projects(_ database: any Database) async throws {
        let fixture = try await ScheduleFixture(database)
        let made = try await fixture.make("a")
        func move(_ status: ProjectStatus) async throws {
            var patch = ProjectPatch()
            patch.status = .set(status)
            _ = try await fixture.projects.patch(fixture.project, patch, by: ScheduleFixture.user)
        }
        #expect(try await fixture.look(after: .seconds(3600)).runs == 1, "a pending project is worked on")
        for (status, runs) in [(ProjectStatus.active, 1), (.paused, 0), (.completed, 0), (.active, 1)] {
            try await move(status)
            #expect(try await fixture.look(after: .seconds(3600)).runs == runs, "\(status)")
        }
        #expect(try await fixture.schedules.get(made.id).tally.skips == 2)
        #expect(fixture.count("skipped_project") == 2)
        let paused = try await fixture.make("paused")
        _ = try await fixture.schedules.pause(paused.id, by: ScheduleFixture.user)
        try await fixture.projects.delete(fixture.project, by: ScheduleFixture.user)
        let resumed = await fixture.failure { () throws(ScheduleError) in
            try await fixture.schedules.resume(paused.id, by: ScheduleFixture.user)
        }
        #expect(resumed == .invalid([FieldViolation("/project_id", "there is no such project")]))
        let asked = await fixture.failure { () throws(ScheduleError) in
            try await fixture.schedules.run(made.id, by: ScheduleFixture.user)
        }
        #expect(asked == .invalid([FieldViolation("/project_id", "there is no such project")]))
        #expect(try await fixture.look(after: .seconds(3600)).runs == 0)
        for id in [made.id, paused.id] {
            let gone = await fixture.failure { () throws(ScheduleError) in try await fixture.schedules.get(id) }
            #expect(gone == .notFound(id), "it goes with its project, paused or not")
        }
    }

    @Sendable static func asking(_ database: any Database) async throws {
        let fixture = try await ScheduleFixture(database)
        let (schedules, user) = (fixture.schedules, ScheduleFixture.user)
        let made = try await fixture.make("a") { $0.skipsWhileRunning = true }
        try await schedules.pause(made.id, by: user)
        let first = try await schedules.run(made.id, idempotencyKey: "k", by: user)
        #expect(!first.isReplay && first.task.createdBy == "ada" && first.task.fields.uniqueKey == nil)
        #expect(try await schedules.run(made.id, idempotencyKey: "k", by: user).isReplay)
        let resumed = try await schedules.resume(made.id, by: user)
        #expect(resumed.last?.taskID == first.task.id && resumed.tally.runs == 1)
        #expect(resumed.next?.dueAt == time("2026-01-01T01:00:00Z"), "when it is due does not change")
        #expect(try await fixture.look(after: .seconds(3600)).runs == 0, "the task that was asked for runs")
        let second = try await schedules.run(made.id, by: user)
        #expect(second.task.id != first.task.id, "also while one runs")
        #expect(fixture.count("asked") == 2)
        let ran = try await fixture.said().filter { $0.kind == .scheduleRan }
        #expect(ran.map { $0.data["asked"] } == [true, true] && ran.allSatisfy { $0.actor == user.actor })
        let keyed = try await fixture.make("b") { $0.task.uniqueKey = "sync" }
        let holder = try await schedules.run(keyed.id, by: user).task
        let taken = await fixture.failure { () throws(ScheduleError) in try await schedules.run(keyed.id, by: user) }
        #expect(taken == .refused(.task(.uniqueKeyTaken(by: holder.id))))
    }

    @Sendable static func previews(_ database: any Database) async throws {
        let fixture = try await ScheduleFixture(database)
        let made = try await fixture.make("a") {
            $0.clock = ScheduleClock("30 2 * * *", in: "Europe/Berlin")
            $0.clock.jitterSeconds = 600
        }
        fixture.clock.set(time("2026-03-28T12:00:00Z"))
        _ = try await fixture.look()
        let preview = try await fixture.schedules.preview(made.id, countMax: 2)
        #expect(
            preview.dues.map { preview.timing.localText($0.dueAt) } == [
                "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00",
            ]
        )
        let next = try await fixture.schedules.get(made.id).next
        #expect(preview.dues.first == next, "what is shown is what comes")
        try await fixture.schedules.pause(made.id, by: ScheduleFixture.user)
        #expect(try await fixture.schedules.preview(made.id, countMax: 2).dues == preview.dues)
        let unsaved = try await fixture.schedules.preview(ScheduleClock("@hourly"), countMax: 3)
        #expect(unsaved.dues.map(\.dueAt) == ["13", "14", "15"].map { time("2026-03-28T\($0):00:00Z") })
        let error = await fixture.failure { () throws(ScheduleError) in
            try await fixture.schedules.preview(ScheduleClock("* * *", in: "X"), countMax: 3)
        }
        #expect(error?.code == .invalid)
    }

    /// One schedule that cannot be read keeps none of the others waiting.
    @Sendable static func failures(_ database: any Database) async throws {
        let fixture = try await ScheduleFixture(database)
        let bad = try await fixture.make("bad")
        try await fixture.make("good")
        try await database.write("test.break") { connection in
            try connection.execute("UPDATE schedules SET time_zone = 'Europe/Nowhere' WHERE id = ?1", [.id(bad.id)])
        }
        let look = try await fixture.look(after: .seconds(3600))
        #expect(look.runs == 1 && look.failures == 1 && look.firstFailure?.code == .unreadable)
        #expect(fixture.registry.value(of: "kaskman_schedule_run_failures_total") == 1)
        #expect(SchedulesComponent.pause(after: look, at: fixture.clock.now) == SchedulesComponent.retryInterval)
        var fields = bad.fields
        fields.clock.timeZone = "UTC"
        fields.name = "mended"
        try await fixture.schedules.replace(bad.id, with: fields, by: ScheduleFixture.user)
        #expect(try await fixture.look(after: .seconds(3600)).runs == 2)
    }

    @Sendable static func upkeep(_ database: any Database) async throws {
        let fixture = try await ScheduleFixture(database)
        func gauge(_ state: String) -> Double? { fixture.registry.value(of: "kaskman_schedules", ["state": state]) }
        let paused = try await fixture.make("paused", key: "k")
        try await fixture.schedules.pause(paused.id, by: ScheduleFixture.user)
        try await fixture.make("ended") { $0.clock.endAt = ScheduleFixture.start }
        try await fixture.make("active")
        try await fixture.look(after: .seconds(3600))
        try await fixture.schedules.lookAfter()
        #expect(gauge("active") == 1 && gauge("paused") == 1 && gauge("ended") == 1)
        #expect(fixture.registry.value(of: "kaskman_schedule_runs_pruned_total") == 0)
        fixture.clock.advance(by: ScheduleRepository.runRetention + .seconds(3600))
        try await fixture.schedules.lookAfter()
        #expect(fixture.registry.value(of: "kaskman_schedule_runs_pruned_total") == 1)
        #expect(fixture.registry.value(of: "kaskman_schedule_idempotency_keys_expired_total") == 1)
        #expect(await fixture.schedules.health() == .healthy)
    }

    /// Two servers look at once, again and again: each due time makes one task.
    @Sendable static func twoServers(_ database: any Database) async throws {
        let one = try await ScheduleFixture(database)
        let two = try await ScheduleFixture(database, seed: 2, sharing: one)
        for index in 0..<4 {
            try await one.make("\(index)") { fields in
                fields.clock.cron = "*/10 * * * *"
                fields.catchUp = .all
                fields.catchUpMax = 5
                // The same key for two of them, so that they are in each other's way.
                if index > 1 { fields.task.uniqueKey = "shared" }
            }
        }
        var runs = 0
        for step in 0..<6 {
            one.clock.advance(by: .seconds(step.isMultiple(of: 2) ? 600 : 1800))
            async let first = one.schedules.look()
            async let second = two.schedules.look()
            let (left, right) = try await (first, second)
            #expect(left.failures == 0 && right.failures == 0)
            runs += left.runs + right.runs
        }
        // 3 steps of one due time and 3 of three.
        let made = try await one.made()
        #expect(runs == made.count)
        for name in ["of 0", "of 1"] {
            let keys = made.filter { $0.fields.name == name }.compactMap(\.fields.uniqueKey)
            #expect(keys.count == 12 && Set(keys).count == 12, "\(name)")
        }
        #expect(made.filter { $0.fields.uniqueKey == "shared" }.count == 1, "it is open still")
        let tallies = try await one.schedules.list(ScheduleListQuery()).items.map(\.tally)
        #expect(tallies.map { $0.runs + $0.skips }.reduce(0, +) == 48 && tallies.allSatisfy { $0.misses == 0 })
        let ran = try await one.said().filter { $0.kind == .scheduleRan }
        #expect(ran.count == made.count && Set(ran.map { $0.data["task_id"]?.string }).count == made.count)
    }

    /// Whatever part of the work fails takes all of it back; the next look does it all, once.
    @Sendable static func crashes(_ database: any Database) async throws {
        let fixture = try await ScheduleFixture(database)
        try await fixture.make("a")
        fixture.clock.advance(by: .seconds(3600))
        for table in ["schedule_runs", "task_words", "events"] {
            try await database.write("test.hide") { try $0.execute("ALTER TABLE \(table) RENAME TO hidden") }
            let look = try? await fixture.schedules.look()
            #expect(look.map { $0.runs == 0 && $0.failures == 1 } ?? true, "\(table)")
            try await database.write("test.show") { try $0.execute("ALTER TABLE hidden RENAME TO \(table)") }
            #expect(try await fixture.made().isEmpty, "\(table)")
        }
        #expect(try await fixture.schedules.look().runs == 1)
        #expect(try await fixture.schedules.look().runs == 0)
        #expect(try await fixture.made().count == 1)
        // A due time that comes again, as from a backup or by hand, makes no second task.
        try await database.write("test.again") { connection in
            try connection.execute(
                "UPDATE schedules SET next_due_at = next_due_at - 3600000, next_at = next_at - 3600000"
            )
        }
        #expect(try await fixture.schedules.look().runs == 0)
        #expect(try await fixture.made().count == 1)
        #expect(try await fixture.look(after: .seconds(3600)).runs == 1, "and it goes on")
    }
}
