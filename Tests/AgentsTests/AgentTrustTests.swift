import Agents
import Basics
import Database
import DatabaseTesting
import Events
import Testing

@Suite struct AgentTrustTests {
    private let start = Timestamp(milliseconds: 1_700_000_000_000)

    /// The state after attempts, `+` for a success and `-` for a failure, a second each.
    private func walk(_ outcomes: String) -> (trust: AgentTrust, changes: [AgentTrust.Change]) {
        var (trust, now) = (AgentTrust(), start)
        let changes = outcomes.compactMap { outcome -> AgentTrust.Change? in
            now = now.advanced(by: .seconds(1))
            return trust.attemptEnded(outcome == "+", at: now)
        }
        return (trust, changes)
    }

    @Test func eightOfTenFailuresAreTooMany() {
        func f(_ outcomes: String, _ changes: [AgentTrust.Change], isQuarantined: Bool) {
            let (trust, said) = walk(outcomes)
            #expect(said == changes && (trust.quarantine != nil) == isQuarantined, "\(outcomes)")
        }
        f("", [], isQuarantined: false)
        f("-------", [], isQuarantined: false)
        f("--------", [.quarantined], isQuarantined: true)
        f("++--------", [.quarantined], isQuarantined: true)
        f("-+-+-----", [], isQuarantined: false)
        f("--+--+--+--+--+--", [], isQuarantined: false)
        f("--------+", [.quarantined, .restored], isQuarantined: false)
        f("--------+-------", [.quarantined, .restored], isQuarantined: false)
        f("--------+--------", [.quarantined, .restored, .quarantined], isQuarantined: true)
    }

    @Test func probesComeOneByOneAfterGrowingDelays() {
        var (trust, _) = walk("--------")
        var now = start.advanced(by: .seconds(8))
        for delay in [10, 20, 40, 80, 160, 320, 600, 600] {
            #expect(trust.quarantine?.probeAt == now.advanced(by: .seconds(delay)))
            #expect(trust.concurrency(5, at: now) == 0)
            now = now.advanced(by: .seconds(delay))
            #expect(trust.concurrency(5, at: now) == 1)
            #expect(trust.attemptEnded(false, at: now) == nil)
        }
        #expect(trust.attemptEnded(true, at: now) == .restored)
        #expect(trust.concurrency(5, at: now) == 5)
    }

    @Test func recordsAndQuarantineAreStoredWithOneEventAChange() async throws {
        try await withTemporaryDatabase(AgentFixture.migrations) { database in
            let fixture = try await AgentFixture(database)
            let agent = try await fixture.register("a")
            _ = try await fixture.agents.heartbeat(agent.id, AgentHeartbeat())
            func end(_ isSuccess: Bool, _ kind: String = "shell") async throws {
                try await database.write("test.end") { connection in
                    try fixture.agents.attemptEnded(
                        agentID: agent.id,
                        kind: kind,
                        isSuccess: isSuccess,
                        at: fixture.clock.now,
                        in: connection
                    )
                }
            }
            try await end(true, "http")
            for _ in 0..<8 { try await end(false) }
            let (read, records) = try await fixture.agents.withRecords(agent.id)
            #expect(records.map { "\($0.kind) \($0.successes) \($0.failures)" } == ["shell 0 8", "http 1 0"])
            let probeAt = fixture.clock.now.advanced(by: .seconds(10))
            #expect(read.trust.quarantine == AgentTrust.Quarantine(since: fixture.clock.now, probeAt: probeAt))
            #expect(read.version == agent.version, "its people changed nothing")
            #expect(try await fixture.agents.get(agent.id).status == .quarantined)
            #expect(try await fixture.names { $0.statuses = [.quarantined] } == ["a"])
            #expect(try await fixture.names { $0.statuses = [.online] } == [])
            try await end(true)
            #expect(try await fixture.agents.get(agent.id).status == .online)
            var filter = EventFilter()
            filter.kinds = [.agentQuarantined, .agentRestored]
            let said = try await fixture.events.page(.after(0), filter: filter, limit: 10).events.map(\.kindName)
            #expect(said == ["agent.quarantined", "agent.restored"])
            let name = "kaskman_agent_quarantine_changes_total"
            #expect(fixture.registry.value(of: name, ["change": "quarantined"]) == 1)
        }
    }
}
