import Basics
import Database
import DatabaseTesting
import Events
import Instruments
import JSON
import Testing

/// A log over a database of its own.
func withEventLog<T>(
    on backend: TestBackend,
    subscribersMax: Int = 10,
    _ body: (EventLog, any Database, ManualClock, Registry) async throws -> T
) async throws -> T {
    let clock = ManualClock(now: Timestamp(milliseconds: 1_700_000_000_000))
    let registry = Registry()
    return try await withTemporaryDatabase(on: backend, EventLog.migrations, clock: clock, registry: registry) {
        database in
        let ids = UUIDv7Generator(clock: clock, random: SeededGenerator(seed: 1))
        let log = EventLog(
            database: database,
            clock: clock,
            ids: ids,
            registry: registry,
            subscribersMax: subscribersMax,
            origin: 7
        )
        return try await body(log, database, clock, registry)
    }
}

func projectEvent(_ id: String, _ kind: EventKind = .projectCreated) -> NewEvent {
    NewEvent(kind, subject: .project, id: id, by: .user("ada"), requestID: "r-\(id)", data: ["name": .string(id)])
}

@Suite struct EventLogTests {
    @Test(arguments: TestBackend.allCases) func keepsWhatWasAppended(_ backend: TestBackend) async throws {
        try await withEventLog(on: backend) { log, _, clock, registry in
            let data: JSONObject = [
                "text": "ä\"\n", "whole": 9_007_199_254_740_993, "number": 0.5, "yes": true, "none": .null,
                "list": [1, "two"], "object": ["a": false],
            ]
            var event = projectEvent("p1")
            event.data = data
            let position = try await log.append(event)
            let page = try await log.page(.after(0), limit: 10)
            let read = try #require(page.events.first)
            #expect(page.events.count == 1)
            #expect(read.position == position)
            #expect(read.kind == .projectCreated)
            #expect(read.subjectType == "project")
            #expect(read.subjectID == "p1")
            #expect(read.actor == .user("ada"))
            #expect(read.requestID == "r-p1")
            #expect(read.occurredAt == clock.now)
            #expect(read.data == data)
            let count = registry.value(of: "kaskman_events_appended_total", ["kind": "project.created"])
            #expect(count == 1)
        }
    }

    @Test(arguments: TestBackend.allCases) func whatIsRolledBackNeverHappened(_ backend: TestBackend) async throws {
        struct Refusal: Error {}
        try await withEventLog(on: backend) { log, database, _, registry in
            _ = try? await database.write("test.refused") { connection in
                try log.append(projectEvent("p1"), in: connection)
                throw Refusal()
            }
            let page = try await log.page(.after(0), limit: 10)
            #expect(page.events.isEmpty)
            #expect(registry.value(of: "kaskman_events_appended_total", ["kind": "project.created"]) == 0)
        }
    }

    @Test(arguments: TestBackend.allCases) func pagesGoBothWaysWithoutGapOrRepetition(_ backend: TestBackend)
        async throws
    {
        try await withEventLog(on: backend) { log, _, _, _ in
            for number in 1...10 { try await log.append(projectEvent("p\(number)")) }
            func walk(_ start: EventCursor) async throws -> [Int64] {
                var positions: [Int64] = []
                var cursor = start
                while true {
                    let page = try await log.page(cursor, limit: 3)
                    positions += page.events.map(\.position)
                    cursor = page.next
                    if !page.hasMore { return positions }
                }
            }
            let forward = try await walk(.after(0))
            #expect(forward == Array(1...10))
            let backward = try await walk(.before(.max))
            #expect(backward == (1...10).reversed())
            let latest = try await log.latestPosition()
            #expect(latest == 10)
        }
    }

    @Test(arguments: TestBackend.allCases) func filters(_ backend: TestBackend) async throws {
        try await withEventLog(on: backend) { log, _, clock, _ in
            try await log.append(projectEvent("p1"))
            try await log.append(projectEvent("p1", .projectUpdated))
            clock.advance(by: .seconds(60))
            try await log.append(projectEvent("p2"))
            try await log.append(NewEvent(.agentRegistered, subject: .agent, id: "p1", by: .system))
            func f(_ expected: [Int64], _ configure: (inout EventFilter) -> Void) async throws {
                var filter = EventFilter()
                configure(&filter)
                let page = try await log.page(.after(0), filter: filter, limit: 10)
                #expect(page.events.map(\.position) == expected, "\(filter)")
                #expect(page.next == .after(4), "the cursor passes over what was left out")
            }
            try await f([1, 2, 3, 4]) { _ in }
            try await f([1, 3]) { $0.kinds = [.projectCreated] }
            try await f([1, 3, 4]) { $0.kinds = [.projectCreated, .agentRegistered] }
            try await f([1, 2, 3]) { $0.subject = .project }
            try await f([1, 2, 4]) { $0.subjectID = "p1" }
            try await f([1, 2, 3]) { $0.actorID = "ada" }
            try await f([3, 4]) { $0.since = clock.now }
            try await f([1, 2]) { $0.until = clock.now }
            try await f([]) { $0.kinds = [.alertFired] }
            try await f([1, 2, 3, 4]) { $0.identitiesOf = "ada" }
            try await f([2]) {
                $0.subject = .project
                $0.subjectID = "p1"
                $0.kinds = [.projectUpdated, .agentRegistered]
            }
        }
    }

    @Test(arguments: TestBackend.allCases) func othersIdentitiesAreLeftOut(_ backend: TestBackend) async throws {
        try await withEventLog(on: backend) { log, _, _, _ in
            try await log.append(projectEvent("p1"))
            try await log.append(NewEvent(.userLoginFailed, subject: .user, id: "ada", by: .anonymous))
            try await log.append(NewEvent(.userLoginFailed, subject: .user, id: "bob", by: .anonymous))
            try await log.append(NewEvent(.userLoginFailed, subject: .user, id: nil, by: .anonymous))
            try await log.append(NewEvent(.sessionReuseDetected, subject: .session, id: "s", by: .anonymous))
            var filter = EventFilter()
            filter.identitiesOf = "ada"
            let page = try await log.page(.after(0), filter: filter, limit: 10)
            #expect(page.events.map(\.position) == [1, 2])
        }
    }

    @Test(arguments: TestBackend.allCases) func refusesDataThatIsTooLongOrTooDeep(_ backend: TestBackend) async throws {
        try await withEventLog(on: backend) { log, _, _, _ in
            var event = projectEvent("p1")
            event.data = ["text": .string(String(repeating: "x", count: EventLog.dataBytesMax))]
            let long = await #expect(throws: EventError.self) { try await log.append(event) }
            #expect(long == .dataTooLarge(bytes: EventLog.dataBytesMax + 11, bytesMax: EventLog.dataBytesMax))
            event.data = [:]
            for _ in 1..<EventLog.dataDepthMax { event.data = ["deep": .object(event.data)] }
            try await log.append(event)
            event.data = ["deep": .object(event.data)]
            await #expect(throws: EventError.dataTooDeep(depthMax: EventLog.dataDepthMax)) {
                try await log.append(event)
            }
            let page = try await log.page(.after(0), limit: 10)
            #expect(page.events.count == 1)
        }
    }

    @Test(arguments: TestBackend.allCases) func ageRemovesWholeBeginningsAndReadersLearnOfIt(_ backend: TestBackend)
        async throws
    {
        try await withEventLog(on: backend) { log, _, clock, registry in
            for number in 1...4 {
                try await log.append(projectEvent("p\(number)"))
                clock.advance(by: .seconds(60))
            }
            let cutoff = Timestamp(milliseconds: clock.now.milliseconds - 150_000)
            let removed = try await log.prune(before: cutoff)
            #expect(removed == 2)
            let page = try await log.page(.after(1), limit: 10)
            #expect(page.events.map(\.position) == [3, 4])
            #expect(page.earliestPosition == 3)
            #expect(page.isTruncated, "event 2 was missed")
            let whole = try await log.page(.after(2), limit: 10)
            #expect(!whole.isTruncated)
            #expect(registry.value(of: "kaskman_events_pruned_total") == 2)

            let rest = try await log.prune(before: clock.now)
            #expect(rest == 2)
            let latest = try await log.latestPosition()
            #expect(latest == 4, "positions go on where they were")
            let next = try await log.append(projectEvent("p5"))
            #expect(next == 5)
        }
    }

    @Test func storedNamesAreUniqueAndWellFormed() {
        #expect(Set(EventKind.allCases.map(\.rawValue)).count == EventKind.allCases.count)
        for kind in EventKind.allCases {
            #expect(kind.rawValue.wholeMatch(of: /[a-z]+\.[a-z_]+/) != nil, "\(kind.rawValue)")
        }
    }
}
