import Agents
import Basics
import Database
import DatabaseTesting
import Events
import Instruments
import Logging
import Records
import Supervision
import Testing

/// An issuer that has no tokens left.
private struct NoTokens: AgentTokenIssuer {
    func issueAgentToken(agentID: UUIDv7, agentName: String, in connection: any SQLConnection) throws -> String {
        throw DatabaseError(.full, "no room")
    }

    func revokeAgentTokens(agentID: UUIDv7, in connection: any SQLConnection) throws -> Int { 0 }
}

@Suite struct AgentRepositoryTests {
    @Test(arguments: TestBackend.allCases, AgentConformance.checks.map(\.name))
    func conforms(_ backend: TestBackend, _ name: String) async throws {
        let check = try #require(AgentConformance.checks.first { $0.name == name })
        try await withTemporaryDatabase(on: backend, AgentFixture.migrations) { try await check.run($0) }
    }

    @Test func eachLimitHasItsViolation() {
        func f(_ pointers: [String], _ configure: (inout AgentFields) -> Void) {
            var fields = AgentFields(name: "agent", type: .coder)
            configure(&fields)
            #expect(fields.violations.map(\.pointer) == pointers)
        }
        f([]) { $0.name = "A-b_c.9" }
        f(["/name"]) { $0.name = "" }
        f(["/name"]) { $0.name = "a b" }
        f(["/name"]) { $0.name = String(repeating: "a", count: AgentLimits.nameLengthMax + 1) }
        f(["/description"]) { $0.description = String(repeating: "a", count: AgentLimits.descriptionBytesMax + 1) }
        f(["/capabilities/0", "/capabilities/1"]) { $0.capabilities = ["", "Swift"] }
        f([]) { $0.capabilities = ["c++", "c#", "lang/swift:6.3"] }
        f(["/capabilities"]) { $0.capabilities = (0...AgentLimits.capabilitiesMax).map { "c\($0)" } }
        f(["/labels/a~1B", "/labels/x"]) { $0.labels = ["a/B": "", "x": "line\nbreak", "ok": "Any text"] }
        f(["/labels"]) {
            $0.labels = Dictionary(uniqueKeysWithValues: (0...AgentLimits.labelsMax).map { ("l\($0)", "") })
        }
        f(["/concurrency"]) { $0.concurrency = 1001 }
        f(["/heartbeat_timeout_seconds"]) { $0.heartbeatTimeoutSeconds = 4 }
        f([]) { $0.heartbeatTimeoutSeconds = 3600 }
    }

    @Test(arguments: TestBackend.allCases) func aRegistrationWithoutATokenIsUndone(_ backend: TestBackend) async throws
    {
        try await AgentFixture.withDatabase(on: backend) { fixture in
            let agents = AgentRepository(
                database: fixture.database,
                events: fixture.events,
                tokens: NoTokens(),
                clock: fixture.clock,
                ids: UUIDv7Generator(clock: fixture.clock),
                registry: Registry()
            )
            let error = await fixture.failure { () throws(AgentError) in
                try await agents.register(AgentFields(name: "a", type: .coder), by: AgentFixture.user)
            }
            guard case .database(let cause)? = error else {
                Issue.record("unexpected: \(String(describing: error))")
                return
            }
            #expect(cause.code == .full)
            let names = try await fixture.names()
            let events = try await fixture.agentEvents()
            #expect(names.isEmpty && events.isEmpty)
        }
    }

    @Test(arguments: TestBackend.allCases) func aClosedDatabaseIsATypedError(_ backend: TestBackend) async throws {
        try await AgentFixture.withDatabase(on: backend) { fixture in
            let made = try await fixture.register("a")
            #expect(await fixture.agents.health() == .healthy)
            try await fixture.database.close()
            let agents = fixture.agents
            var watch = AgentWatch(gapMax: .seconds(1))
            do throws(AgentError) {
                try await agents.watch(&watch)
                Issue.record("not refused")
            } catch {
                #expect(error.code == .database)
            }
            let error = await fixture.failure { () throws(AgentError) in
                try await agents.heartbeat(made.id, AgentHeartbeat())
            }
            #expect(error?.code == .database)
            #expect(await agents.health() == .unhealthy("agents cannot be read: connection"))
            #expect(fixture.registry.value(of: "kaskman_agent_heartbeats_total") == 0)
        }
    }

    @Test(arguments: TestBackend.allCases) func theComponentSaysChangesUntilTheDrain(_ backend: TestBackend)
        async throws
    {
        try await AgentFixture.withDatabase(on: backend) { fixture in
            let supervisor = Supervisor(
                registry: fixture.registry,
                clock: fixture.clock,
                log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
                seed: 1
            )
            supervisor.add(.agents) { AgentsComponent($0, repository: fixture.agents) }
            let running = Task { try await supervisor.run() }
            // One sleeper of the supervisor's health watch, one of the component's rounds.
            await fixture.clock.waitForSleepers(2)
            let id = try await fixture.register("a") { $0.heartbeatTimeoutSeconds = 5 }.id
            _ = try await fixture.agents.heartbeat(id, AgentHeartbeat())
            var filter = EventFilter()
            filter.kinds = [.agentStatusChanged]
            var followed = try fixture.events.follow(after: 0, filter: filter).makeAsyncIterator()
            fixture.clock.advance(by: AgentsComponent.interval)
            while let page = try await followed.next(), page.events.isEmpty {}
            #expect(try await fixture.said() == ["a never_seen→online"])
            supervisor.drain()
            try await running.value
        }
    }
}
