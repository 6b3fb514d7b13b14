import Basics
import Instruments
import Logging
import MetricModel
import Supervision
import Synchronization
import Testing

/// A component whose runs are scripted: each fails until the script is used up; then it waits for the drain.
private final class Scripted: Component {
    struct Fault: Error {}

    private let context: ComponentContext
    private let failures: Mutex<Int>
    private let fault: any Error
    private let ignoresDrain: Bool
    private let currentHealth: Mutex<Health?>
    let journal: Journal

    init(
        _ context: ComponentContext,
        _ journal: Journal,
        failures: Int = 0,
        fault: any Error = Fault(),
        ignoresDrain: Bool = false,
        health: Health? = .healthy
    ) {
        self.context = context
        self.journal = journal
        self.failures = Mutex(failures)
        self.fault = fault
        self.ignoresDrain = ignoresDrain
        currentHealth = Mutex(health)
    }

    func run() async throws {
        journal.write("\(context.kind.rawValue) runs")
        let fails = failures.withLock { failures in
            failures -= 1
            return failures >= 0
        }
        if fails { throw fault }
        context.ready()
        if ignoresDrain {
            do { try await context.clock.sleep(for: .seconds(1_000_000)) } catch { journal.write("cancelled") }
        } else {
            await context.drained()
        }
        journal.write("\(context.kind.rawValue) ends")
    }

    func setHealth(_ health: Health?) { currentHealth.withLock { $0 = health } }

    /// A health of nil stands for a check that hangs.
    func health() async -> Health {
        if let health = currentHealth.withLock({ $0 }) { return health }
        try? await context.clock.sleep(for: .seconds(1_000_000))
        return .healthy
    }
}

/// What happened, in order; a test awaits a line.
private final class Journal: Sendable {
    private let state = Mutex(
        (lines: [String](), waiters: [(line: String, count: Int, CheckedContinuation<Void, Never>)]())
    )

    var lines: [String] { state.withLock { $0.lines } }

    func write(_ line: String) {
        let due = state.withLock { state in
            state.lines.append(line)
            let lines = state.lines
            func isDue(_ line: String, _ count: Int) -> Bool { lines.count { $0 == line } >= count }
            let due = state.waiters.filter { isDue($0.line, $0.count) }
            state.waiters.removeAll { isDue($0.line, $0.count) }
            return due
        }
        for waiter in due { waiter.2.resume() }
    }

    func wait(for line: String, count: Int = 1) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.lines.count(where: { $0 == line }) >= count { return true }
                state.waiters.append((line, count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}

@Suite("The supervisor")
struct SupervisorTests {
    private let clock = ManualClock()
    private let registry = Registry()
    private let journal = Journal()

    private func supervisor(
        _ change: (inout Supervisor.Options) -> Void = { _ in },
        onChange: @escaping @Sendable (ComponentChange) -> Void = { _ in }
    ) -> Supervisor {
        var options = Supervisor.Options()
        options.restart = .init(delayMin: .seconds(1), delayMax: .seconds(8), failuresMax: 3, window: .seconds(100))
        change(&options)
        return Supervisor(
            registry: registry,
            clock: clock,
            log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            options: options,
            seed: 1,
            onChange: onChange
        )
    }

    private func reading(_ name: String, _ kind: ComponentKind) -> Double? {
        let family = registry.snapshot().families.first { $0.metadata.name == name }
        let index = family?.series.firstIndex { $0.labels["component"] == kind.rawValue }
        return index.flatMap { family?.values[$0] }
    }

    @Test("Components start after those they depend on and end before them")
    func order() async throws {
        let supervisor = supervisor()
        supervisor.add(.http, dependsOn: [.identity, .timeSeries]) { Scripted($0, journal) }
        supervisor.add(.identity, dependsOn: [.database]) { Scripted($0, journal) }
        supervisor.add(.database) { Scripted($0, journal) }
        supervisor.add(.timeSeries) { Scripted($0, journal) }
        let run = Task { try await supervisor.run() }
        await journal.wait(for: "http runs")
        supervisor.drain()
        try await run.value
        func position(_ line: String) -> Int { journal.lines.firstIndex(of: line) ?? -1 }
        #expect(position("database runs") < position("identity runs"))
        #expect(position("identity runs") < position("http runs"))
        #expect(position("http ends") < position("identity ends"))
        #expect(position("identity ends") < position("database ends"))
        #expect(position("http ends") < position("time_series ends"))
    }

    @Test("A component that throws is restarted with growing delays; the others go on")
    func restarts() async throws {
        let supervisor = supervisor()
        supervisor.add(.rules) { Scripted($0, journal, failures: 2) }
        supervisor.add(.sampler) { Scripted($0, journal) }
        let run = Task { try await supervisor.run() }
        await journal.wait(for: "rules runs", count: 1)
        await journal.wait(for: "sampler runs")
        // Asleep: two health loops and the restart delay.
        await clock.waitForSleepers(3)
        #expect(supervisor.report.entries.first { $0.kind == .rules }?.state == .restarting)
        #expect(reading("kaskman_component_up", .rules) == 0)
        clock.advance(by: .seconds(1))
        await journal.wait(for: "rules runs", count: 2)
        await clock.waitForSleepers(3)
        clock.advance(by: .seconds(1))
        #expect(journal.lines.count { $0 == "rules runs" } == 2)
        clock.advance(by: .seconds(1))
        await journal.wait(for: "rules runs", count: 3)
        #expect(reading("kaskman_component_restarts_total", .rules) == 2)
        #expect(journal.lines.count { $0 == "sampler runs" } == 1)
        supervisor.drain()
        try await run.value
    }

    @Test("A component that keeps throwing is quarantined: report, metrics, and no more runs")
    func quarantine() async throws {
        let supervisor = supervisor()
        supervisor.add(.rules) { Scripted($0, journal, failures: 100) }
        supervisor.add(.sampler, isEssential: true) { Scripted($0, journal) }
        let run = Task { try await supervisor.run() }
        for round in 1...4 {
            await journal.wait(for: "rules runs", count: round)
            // Asleep: two health loops and, before the last round, the restart delay.
            await clock.waitForSleepers(round < 4 ? 3 : 2)
            clock.advance(by: .seconds(8))
        }
        while reading("kaskman_component_quarantined", .rules) != 1 { await Task.yield() }
        let entry = try #require(supervisor.report.entries.first { $0.kind == .rules })
        #expect(entry.state == .quarantined)
        #expect(entry.health.status == .unhealthy)
        #expect(entry.lastError.contains("Fault"))
        #expect(supervisor.report.status == .degraded)
        #expect(supervisor.report.isReady)
        #expect(reading("kaskman_component_quarantined", .rules) == 1)
        clock.advance(by: .seconds(1000))
        #expect(journal.lines.count { $0 == "rules runs" } == 4)
        supervisor.drain()
        try await run.value
    }

    @Test("A component that cannot start is not tried again; when it is essential, the platform ends and says why")
    func startFailure() async throws {
        let supervisor = supervisor()
        supervisor.add(.rules) { Scripted($0, journal) }
        supervisor.add(.http, dependsOn: [.rules], isEssential: true) {
            Scripted($0, journal, failures: 1, fault: StartFailure("the port is taken"))
        }
        let error = await #expect(throws: SupervisorError.self) { try await supervisor.run() }
        #expect(error?.description == "the port is taken")
        #expect(journal.lines == ["rules runs", "http runs", "rules ends"])
        #expect(reading("kaskman_component_restarts_total", .http) == 0)
        #expect(reading("kaskman_component_quarantined", .http) == 1)
    }

    @Test("The observer hears of each failure and of what runs again, outside the lock; not of start and drain")
    func observer() async throws {
        let changes = Mutex<[ComponentChange]>([])
        let watched = Mutex<Supervisor?>(nil)
        let supervisor = supervisor(onChange: { change in
            // The report takes the lock: this would hang if the observer were called under it.
            _ = watched.withLock { $0 }?.report
            changes.withLock { $0.append(change) }
        })
        watched.withLock { $0 = supervisor }
        supervisor.add(.rules) { Scripted($0, journal, failures: 1) }
        supervisor.add(.sampler) { Scripted($0, journal) }
        let run = Task { try await supervisor.run() }
        await journal.wait(for: "rules runs")
        await journal.wait(for: "sampler runs")
        await clock.waitForSleepers(3)
        clock.advance(by: .seconds(1))
        await journal.wait(for: "rules runs", count: 2)
        while supervisor.report.entries.contains(where: { $0.state != .running }) { await Task.yield() }
        supervisor.drain()
        try await run.value
        watched.withLock { $0 = nil }
        let told = changes.withLock { $0 }
        #expect(told.map(\.kind) == [.rules, .rules])
        #expect(told.map(\.state) == [.restarting, .running])
        #expect(told.map(\.health.status) == [.unhealthy, .healthy])
        #expect(told.first?.error.contains("Fault") ?? false)
    }

    @Test("An essential component in quarantine ends the platform with its error")
    func essential() async {
        let supervisor = supervisor { $0.restart.failuresMax = 0 }
        supervisor.add(.database, isEssential: true) { Scripted($0, journal, failures: 100) }
        supervisor.add(.sampler) { Scripted($0, journal) }
        await #expect(throws: SupervisorError.self) { try await supervisor.run() }
        #expect(journal.lines.contains("sampler ends") || !journal.lines.contains("sampler runs"))
    }

    @Test("A component that does not end in time is cancelled, and that is counted")
    func overrun() async throws {
        let supervisor = supervisor { $0.drainTimeoutMax = .seconds(3) }
        supervisor.add(.http) { Scripted($0, journal, ignoresDrain: true) }
        let run = Task { try await supervisor.run() }
        await journal.wait(for: "http runs")
        // The component's own sleep and the health loop.
        await clock.waitForSleepers(2)
        supervisor.drain()
        await clock.waitForSleepers(3)
        clock.advance(by: .seconds(3))
        try await run.value
        #expect(journal.lines.contains("cancelled"))
        #expect(reading("kaskman_component_drain_overruns_total", .http) == 1)
    }

    /// A component that hears neither the drain nor its cancellation, until the journal says "let go".
    private struct Deaf: Component {
        let context: ComponentContext
        let journal: Journal

        func run() async throws {
            journal.write("\(context.kind.rawValue) runs")
            context.ready()
            await journal.wait(for: "let go")
        }

        func health() async -> Health { .healthy }
    }

    @Test("A component that ignores its cancellation keeps no other from ending, and the owner is told of it")
    func stuck() async throws {
        let supervisor = supervisor {
            $0.drainTimeoutMax = .seconds(3)
            $0.cancellationTimeoutMax = .seconds(1)
        }
        supervisor.add(.database) { Scripted($0, journal) }
        supervisor.add(.http, dependsOn: [.database]) { Deaf(context: $0, journal: journal) }
        let run = Task {
            try await supervisor.run { stuck in journal.write("stuck: \(stuck.map(\.rawValue))") }
        }
        await journal.wait(for: "http runs")
        // The two health loops, and then the drain.
        await clock.waitForSleepers(2)
        supervisor.drain()
        await clock.waitForSleepers(3)
        clock.advance(by: .seconds(3))
        await clock.waitForSleepers(3)
        clock.advance(by: .seconds(1))
        await journal.wait(for: #"stuck: ["http"]"#)
        #expect(journal.lines.contains("database ends"))
        journal.write("let go")
        try await run.value
    }

    @Test("Readiness ends first when a drain begins")
    func readiness() async throws {
        let supervisor = supervisor { $0.readinessDelay = .seconds(5) }
        supervisor.add(.http, isEssential: true) { Scripted($0, journal) }
        #expect(!supervisor.report.isReady)
        let run = Task { try await supervisor.run() }
        await journal.wait(for: "http runs")
        while !supervisor.report.isReady { await Task.yield() }
        supervisor.drain()
        #expect(!supervisor.report.isReady)
        await clock.waitForSleepers(2)
        #expect(!journal.lines.contains("http ends"))
        clock.advance(by: .seconds(5))
        try await run.value
        #expect(journal.lines.contains("http ends"))
    }

    @Test("Health is checked on its interval; a check that hangs counts as unhealthy")
    func health() async throws {
        let supervisor = supervisor()
        let component = supervisor.add(.database, isEssential: true) { Scripted($0, journal) }
        let run = Task { try await supervisor.run() }
        await journal.wait(for: "database runs")
        await clock.waitForSleepers(1)
        component.setHealth(.degraded("slow disk"))
        clock.advance(by: .seconds(5))
        while supervisor.report.status != .degraded { await Task.yield() }
        #expect(reading("kaskman_component_health", .database) == 0.5)
        await clock.waitForSleepers(1)
        component.setHealth(nil)
        clock.advance(by: .seconds(5))
        // The hanging check and its time limit.
        await clock.waitForSleepers(2)
        clock.advance(by: .seconds(2))
        while supervisor.report.status != .unhealthy { await Task.yield() }
        #expect(supervisor.report.entries.first?.health.reason.contains("within 2.0 s") ?? false)
        supervisor.drain()
        try await run.value
    }
}
