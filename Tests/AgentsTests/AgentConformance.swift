import Agents
import Basics
import Database
import DatabaseTesting
import Events
import Identity
import Instruments
import JSON
import Records
import Testing

/// What the repository must do on every implementation of ``Database``; each function wants a migrated, empty database.
enum AgentConformance {
    static let checks: [(name: String, run: @Sendable (any Database) async throws -> Void)] = [
        ("lifecycle", lifecycle), ("tokens", tokens), ("names", names), ("draining", draining), ("refusals", refusals),
        ("heartbeats", heartbeats), ("goodbyes", goodbyes),
        ("filters", filters), ("pages", pages), ("watching", watching),
        ("twoServers", twoServers),
    ]

    @Sendable static func lifecycle(_ database: any Database) async throws {
        let fixture = try await AgentFixture(database)
        let (agents, user) = (fixture.agents, AgentFixture.user)
        let made = try await fixture.register("Coder-1") { fields in
            fields.description = "writes *code*"
            fields.capabilities = ["swift", "c++"]
            fields.labels = ["gpu": "A100", "zone": ""]
            fields.concurrency = 4
        }
        #expect(made.version == 1 && made.createdBy == "ada" && made.lastHeartbeatAt == nil)
        let read = try await agents.get(made.id)
        #expect(read.agent == made && read.status == .neverSeen)

        fixture.clock.advance(by: .seconds(10))
        var fields = made.fields
        fields.capabilities = ["swift", "sql"]
        fields.labels = [:]
        let replaced = try await agents.replace(made.id, with: fields, expecting: .exactly(1), by: user).agent
        #expect(replaced.version == 2 && replaced.updatedAt == fixture.clock.now && replaced.fields == fields)
        #expect(try await agents.get(made.id).agent == replaced)
        #expect(try await agents.replace(made.id, with: fields, by: user).agent == replaced, "nothing to change")

        try await agents.delete(made.id, expecting: .exactly(2), by: user)
        let gone = AgentError.notFound(made.id)
        #expect(await fixture.failure { () throws(AgentError) in try await agents.get(made.id) } == gone)
        #expect(await fixture.failure { () throws(AgentError) in try await agents.delete(made.id, by: user) } == gone)
        #expect(
            await fixture.failure { () throws(AgentError) in try await agents.heartbeat(made.id, AgentHeartbeat()) }
                == gone
        )
        #expect(try await fixture.names() == [])

        let events = try await fixture.agentEvents()
        #expect(events.map(\.kind) == [.agentRegistered, .agentUpdated, .agentRemoved])
        #expect(events.allSatisfy { $0.subjectID == made.id.description && $0.actor == user.actor })
        let changed: JSONValue = [
            "capabilities": ["before": ["swift", "c++"], "after": ["swift", "sql"]],
            "labels": ["before": ["gpu": "A100", "zone": ""], "after": [:]],
        ]
        #expect(events[1].data["changes"] == changed)
    }

    @Sendable static func tokens(_ database: any Database) async throws {
        let fixture = try await AgentFixture(database)
        let (agents, user) = (fixture.agents, AgentFixture.user)
        func valid(_ id: UUIDv7) async throws -> Int {
            try await fixture.identity.agentTokens(agentID: id).filter { $0.revokedAt == nil }.count
        }
        let made = try await agents.register(AgentFields(name: "a", type: .tester), by: user)
        #expect(!made.token.isEmpty)
        #expect(try await valid(made.agent.id) == 1)
        let stored = try await database.read("test.token") { connection in
            try connection.query("SELECT * FROM agent_tokens").flatMap(\.values)
        }
        #expect(!stored.contains(.text(made.token)), "only a hash is stored")
        let rotated = try await agents.rotateToken(made.agent.id, by: user)
        #expect(rotated.token != made.token && rotated.agent == made.agent)
        #expect(try await valid(made.agent.id) == 1)
        #expect(try await fixture.agentEvents().last?.kind == .agentTokenRotated)
        let texts = try await fixture.agentEvents().map { "\($0.data)" }
        #expect(!texts.contains { $0.contains(made.token) || $0.contains(rotated.token) }, "no token in the log")
        try await agents.delete(made.agent.id, by: user)
        #expect(try await valid(made.agent.id) == 0)
    }

    @Sendable static func names(_ database: any Database) async throws {
        let fixture = try await AgentFixture(database)
        let (agents, user) = (fixture.agents, AgentFixture.user)
        let one = try await fixture.register("One")
        let two = try await fixture.register("two")
        let again = AgentFields(name: "ONE", type: .coder)
        #expect(
            await fixture.failure { () throws(AgentError) in try await agents.register(again, by: user) }
                == .refused(.nameTaken("ONE"))
        )
        #expect(
            await fixture.failure { () throws(AgentError) in try await agents.replace(two.id, with: again, by: user) }
                == .refused(.nameTaken("ONE"))
        )
        #expect(try await agents.replace(one.id, with: again, by: user).agent.fields.name == "ONE", "its own name")
        try await agents.delete(one.id, by: user)
        #expect(try await agents.register(again, by: user).agent.version == 1, "the name is free again")
        #expect(try await fixture.agentEvents().map(\.kind).filter { $0 == .agentRegistered }.count == 3)
    }

    @Sendable static func draining(_ database: any Database) async throws {
        let fixture = try await AgentFixture(database)
        let (agents, user) = (fixture.agents, AgentFixture.user)
        let made = try await fixture.register("a")
        #expect(try await agents.heartbeat(made.id, AgentHeartbeat()) == .init(isDraining: false, version: 1))
        let draining = try await agents.setDraining(true, made.id, expecting: .exactly(1), by: user)
        #expect(draining.status == .draining && draining.agent.version == 2)
        #expect(try await agents.heartbeat(made.id, AgentHeartbeat()) == .init(isDraining: true, version: 2))
        #expect(try await agents.setDraining(true, made.id, by: user).agent.version == 2)
        #expect(
            await fixture.failure { () throws(AgentError) in
                try await agents.setDraining(false, made.id, expecting: .exactly(1), by: user)
            } == .versionMismatch(current: 2)
        )
        #expect(try await agents.setDraining(false, made.id, by: user).status == .online)
        let changes = try await fixture.agentEvents().map { $0.data["changes"] }
        #expect(changes[1] == ["is_draining": ["before": false, "after": true]])
        #expect(changes[2] == ["is_draining": ["before": true, "after": false]])
        #expect(changes.count == 3)
        let stopping = try await agents.stop(made.id, expecting: .exactly(3), by: user)
        #expect(stopping.status == .draining && stopping.agent.isStopping && stopping.agent.version == 4)
        #expect(try await agents.get(made.id).agent == stopping.agent)
        #expect(try await agents.stop(made.id, by: user).agent.version == 4, "it is so already")
        let told = AgentRepository.HeartbeatAnswer(isDraining: true, isStopping: true, version: 4)
        #expect(try await agents.heartbeat(made.id, AgentHeartbeat()) == told)
        #expect(try await agents.setDraining(true, made.id, by: user).agent.isStopping, "a drain takes nothing back")
        let back = try await agents.setDraining(false, made.id, by: user).agent
        #expect(!back.isDraining && !back.isStopping)
    }

    @Sendable static func refusals(_ database: any Database) async throws {
        let fixture = try await AgentFixture(database)
        let (agents, user) = (fixture.agents, AgentFixture.user)
        let made = try await fixture.register("fine")
        let bad = AgentFields(name: "no spaces", type: .coder, concurrency: 0)
        let expected = ["/name", "/concurrency"]
        func pointers(_ error: AgentError?) -> [String] {
            if case .invalid(let violations)? = error { violations.map(\.pointer) } else { [] }
        }
        let created = await fixture.failure { () throws(AgentError) in try await agents.register(bad, by: user) }
        #expect(pointers(created) == expected)
        let replaced = await fixture.failure { () throws(AgentError) in
            try await agents.replace(made.id, with: bad, by: user)
        }
        #expect(pointers(replaced) == expected)
        for beat in [AgentHeartbeat(load: -1), AgentHeartbeat(load: .nan), AgentHeartbeat(message: "a\nb")] {
            let error = await fixture.failure { () throws(AgentError) in try await agents.heartbeat(made.id, beat) }
            #expect(error?.code == .invalid)
        }
        var query = AgentListQuery()
        query.limit = 0
        let none = query
        #expect(
            await fixture.failure { () throws(AgentError) in try await agents.list(none) }?.code == .invalidParameter
        )
        query.limit = 1
        query.cursor = "x"
        let malformed = query
        #expect(
            await fixture.failure { () throws(AgentError) in try await agents.list(malformed) }
                == .invalidCursor(.malformed)
        )
        #expect(try await fixture.agentEvents().count == 1)
        #expect(fixture.registry.value(of: "kaskman_agent_failures_total", ["error_code": "invalid"]) == 5)
    }

    @Sendable static func heartbeats(_ database: any Database) async throws {
        let fixture = try await AgentFixture(database)
        let made = try await fixture.register("a")
        fixture.clock.advance(by: .seconds(100))
        _ = try await fixture.agents.heartbeat(made.id, AgentHeartbeat(load: 0.5, message: "working"))
        let heard = try await fixture.agents.get(made.id)
        #expect(heard.status == .online && heard.agent.load == 0.5 && heard.agent.message == "working")
        #expect(heard.agent.lastHeartbeatAt == fixture.clock.now)
        #expect(heard.agent.version == 1 && heard.agent.updatedAt == made.updatedAt, "a heartbeat is no change")
        fixture.clock.set(fixture.clock.now.advanced(by: .seconds(-50)))
        _ = try await fixture.agents.heartbeat(made.id, AgentHeartbeat())
        let later = try await fixture.agents.get(made.id).agent
        #expect(later.lastHeartbeatAt == heard.agent.lastHeartbeatAt, "the time never goes back")
        #expect(later.load == nil && later.message == nil)
        #expect(try await fixture.agentEvents().count == 1)
        #expect(fixture.registry.value(of: "kaskman_agent_heartbeats_total") == 2)
    }

    @Sendable static func goodbyes(_ database: any Database) async throws {
        let fixture = try await AgentFixture(database)
        let agents = fixture.agents
        let made = try await fixture.register("a")
        let goodbye = AgentHeartbeat(load: 0, isEnding: true)
        for _ in 0..<2 {
            _ = try await agents.heartbeat(made.id, goodbye)
            #expect(try await agents.get(made.id).status == .stopped)
            fixture.clock.advance(by: .seconds(1000))
            #expect(try await agents.get(made.id).status == .stopped)
            #expect(try await fixture.names { $0.statuses = [.stopped] } == ["a"])
            #expect(try await fixture.names { $0.statuses = [.online, .late, .offline, .draining] } == [])
            _ = try await agents.heartbeat(made.id, AgentHeartbeat(load: 0.5, message: "back"))
            #expect(try await agents.get(made.id).status == .online)
        }
        // An agent that asks for work has not ended, and what it said of itself still holds.
        _ = try await agents.heartbeat(made.id, AgentHeartbeat(load: 0.5, message: "last", isEnding: true))
        try await agents.sighted(made.id, try await agents.get(made.id).agent.presence)
        let sighted = try await agents.get(made.id)
        #expect(sighted.status == .online && sighted.agent.message == "last" && sighted.agent.load == 0.5)
        fixture.clock.advance(by: .seconds(AgentLimits.heartbeatTimeoutSecondsDefault / 2))
        try await agents.sighted(made.id, sighted.agent.presence)
        #expect(try await agents.get(made.id).agent == sighted.agent, "it was heard of not long ago")
        fixture.clock.advance(by: .seconds(1))
        try await agents.sighted(made.id, sighted.agent.presence)
        #expect(try await agents.get(made.id).agent.lastHeartbeatAt == fixture.clock.now)
        let newcomer = try await fixture.register("b")
        try await agents.sighted(newcomer.id, newcomer.presence)
        #expect(try await agents.get(newcomer.id).status == .online)
        try await agents.delete(newcomer.id, by: AgentFixture.user)
        try await agents.sighted(newcomer.id, newcomer.presence)
    }

    @Sendable static func filters(_ database: any Database) async throws {
        let fixture = try await AgentFixture(database)
        for (name, silence) in [("offline", 91), ("late", 31), ("online", 30), ("draining", 0), ("stopped", 31)] {
            let id = try await fixture.register(name).id
            fixture.clock.set(Timestamp(milliseconds: 1_700_000_000_000 - Int64(silence) * 1000))
            _ = try await fixture.agents.heartbeat(id, AgentHeartbeat())
            if ["draining", "stopped"].contains(name) {
                try await fixture.agents.setDraining(true, id, by: AgentFixture.user)
            }
        }
        fixture.clock.set(Timestamp(milliseconds: 1_700_000_000_000))
        try await fixture.register("never_seen") {
            ($0.type, $0.capabilities, $0.description) = (.analyst, ["statistics", "r"], "Évalue les données")
        }
        // Who is quarantined follows from attempts, not from heartbeats: see AgentTrustTests.
        for status in AgentStatus.allCases where status != .quarantined {
            let names = try await fixture.names { $0.statuses = [status] }
            #expect(names == [status.rawValue], "the SQL agrees with the pure function")
            var query = AgentListQuery()
            query.statuses = [status]
            #expect(try await fixture.agents.list(query).items.map(\.status) == [status])
        }
        func f(_ expected: [String], _ configure: (inout AgentListQuery) -> Void) async throws {
            let names = try await fixture.names { query in
                query.sort = AgentSort(.name, descending: false)
                configure(&query)
            }
            #expect(names == expected)
        }
        try await f(["draining", "late", "never_seen", "offline", "online", "stopped"]) { _ in }
        try await f(["late", "offline"]) { $0.statuses = [.late, .offline] }
        try await f(["never_seen"]) { $0.type = .analyst }
        try await f(["never_seen"]) { $0.capability = "r" }
        try await f([]) { $0.capability = "stat" }
        try await f(["never_seen"]) { $0.text = "evalu donn" }
        try await f(["never_seen"]) { $0.text = "stat" }
        try await f(["draining", "late", "offline", "online", "stopped"]) { $0.text = "coder" }
    }

    @Sendable static func pages(_ database: any Database) async throws {
        let fixture = try await AgentFixture(database)
        let names = (0..<9).map { "agent-\($0)" }
        var random = SeededGenerator(seed: 5)
        for name in names.shuffled(using: &random) { try await fixture.register(name) }
        for limit in 1...10 {
            let ascending = try await fixture.names(limit: limit) { $0.sort = AgentSort(.name, descending: false) }
            #expect(ascending == names)
            let descending = try await fixture.names(limit: limit) { $0.sort = AgentSort(.name) }
            #expect(descending == names.reversed())
            let newest = try await fixture.names(limit: limit)
            #expect(Set(newest) == Set(names) && newest.count == names.count)
        }
        var query = AgentListQuery()
        query.limit = 2
        query.cursor = try await fixture.agents.list(query).nextCursor
        query.type = .coder
        let foreign = query
        #expect(
            await fixture.failure { () throws(AgentError) in try await fixture.agents.list(foreign) }
                == .invalidCursor(.foreign)
        )
    }

    @Sendable static func watching(_ database: any Database) async throws {
        let fixture = try await AgentFixture(database)
        let id = try await fixture.register("a") { $0.heartbeatTimeoutSeconds = 10 }.id
        try await fixture.register("silent")
        var watch = AgentWatch(gapMax: .seconds(60))
        func round(after seconds: Int, _ said: [String]) async throws {
            fixture.clock.advance(by: .seconds(seconds))
            try await fixture.agents.watch(&watch)
            #expect(try await fixture.said() == said)
        }
        try await round(after: 0, [])
        _ = try await fixture.agents.heartbeat(id, AgentHeartbeat())
        try await round(after: 5, ["a never_seen→online"])
        try await round(after: 5, ["a never_seen→online"])
        try await round(after: 1, ["a never_seen→online", "a online→late"])
        try await round(after: 20, ["a never_seen→online", "a online→late", "a late→offline"])
        func gauge(_ status: String) -> Double? { fixture.registry.value(of: "kaskman_agents", ["status": status]) }
        #expect(gauge("offline") == 1 && gauge("never_seen") == 1 && gauge("online") == 0)
        let changed = fixture.registry.value(of: "kaskman_agent_status_changes_total", ["to": "late"])
        #expect(changed == 1)
        let last = try #require(try await fixture.agentEvents().last)
        #expect(last.kind == .agentStatusChanged && last.actor == .system && last.subjectID == id.description)
        #expect(try await fixture.agents.get(id).agent.version == 1)
    }

    @Sendable static func twoServers(_ database: any Database) async throws {
        let one = try await AgentFixture(database)
        let two = try await AgentFixture(database, clock: one.clock, seed: 2)
        for index in 0..<120 {
            let id = try await one.register("a\(index)").id
            _ = try await one.agents.heartbeat(id, AgentHeartbeat())
        }
        var watches = (AgentWatch(gapMax: .seconds(60)), AgentWatch(gapMax: .seconds(60)))
        try await one.agents.watch(&watches.0)
        try await two.agents.watch(&watches.1)
        one.clock.advance(by: .seconds(31))
        try await two.agents.watch(&watches.1)
        try await one.agents.watch(&watches.0)
        let said = try await one.said()
        #expect(said.count == 240 && Set(said).count == 240, "each change is said once, by whoever is first")
        #expect(two.registry.value(of: "kaskman_agents", ["status": "late"]) == 120)
        #expect(one.registry.value(of: "kaskman_agents", ["status": "late"]) == 120)
        #expect(one.registry.value(of: "kaskman_agent_status_changes_total", ["to": "late"]) == 0)
    }
}
