package import Basics
package import Client
import Instruments
import JSON
package import Logging
import Synchronization

/// An agent that does tasks: asks for work, runs it, keeps its leases alive, and hands in what came of it.
///
/// What is held and what is due is ``HeldLeases``' decision; here it is done.
///
/// Concurrency: ``run()`` once; ``drain()`` from any thread.
package final class Worker: Sendable {
    /// Why a worker cannot begin.
    package enum StartError: Error, Hashable, Sendable, CustomStringConvertible {
        /// The server does not take the token, or it is no agent's.
        case refused(String)
        /// The agent cannot do what an executor needs, so no task would ever come.
        case missingCapabilities(agent: String, [String])
        case files(String)

        package var description: String {
            switch self {
            case .refused(let reason): "the server refuses this worker: \(reason)"
            case .missingCapabilities(let agent, let names):
                "the agent \(agent) lacks the capability \(names.joined(separator: ", ")): "
                    + "register one with --capability, or choose other --executors"
            case .files(let reason): "the work folder cannot be used: \(reason)"
            }
        }
    }

    struct State {
        var held: HeldLeases
        var stops: [LeaseKey: Latch<StopReason>] = [:]
        /// Attempts that run, or whose last reports are on their way.
        var attempts = 0
        /// Results that the server has not taken.
        var undelivered = 0
        var isNotTakenTold: Set<WorkerMetrics.Report> = []
        /// Whether the server wants this worker to end once nothing runs.
        var isStopAsked = false
    }

    let settings: WorkerSettings
    /// For leases and results.
    let client: AgentClient
    /// For what may be long: an upload must not keep a renewal waiting for a connection.
    let reports: AgentClient
    let outbox: Outbox
    let metrics: WorkerMetrics
    let fileSystem: any FileSystem
    let clock: any WallClock
    let log: Logger
    let state: Mutex<State>
    /// Something about leases changed: the next renewal may be due earlier.
    let renewal = WakeSignal()
    /// An attempt or a delivery ended.
    let change = WakeSignal()
    private let executors: [String: any TaskExecutor]
    private let runs: UUIDv7Generator
    private let draining = Latch<Void>()

    package init(
        settings: WorkerSettings,
        client: AgentClient,
        reports: AgentClient,
        executors: [any TaskExecutor],
        outbox: Outbox,
        metrics: WorkerMetrics,
        fileSystem: any FileSystem,
        clock: any WallClock,
        log: Logger,
        seed: UInt64
    ) {
        self.settings = settings
        self.client = client
        self.reports = reports
        self.executors = Dictionary(executors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.outbox = outbox
        self.metrics = metrics
        self.fileSystem = fileSystem
        self.clock = clock
        self.log = log
        runs = UUIDv7Generator(clock: clock)
        state = Mutex(
            State(held: HeldLeases(concurrency: settings.concurrency, grace: settings.leaseGrace, seed: seed))
        )
    }

    /// Has the worker end in order: no more tasks are taken, those that run may end in time, then they are stopped.
    package func drain() {
        draining.set(())
        change.set()
    }

    var isDraining: Bool { draining.value != nil }

    /// Notes whether the server wants this worker to end once nothing runs, which it may also take back.
    func asked(toStop isAsked: Bool) {
        let isNew = state.withLock { state in
            defer { state.isStopAsked = isAsked }
            return state.isStopAsked != isAsked
        }
        guard isNew else { return }
        log.notice(isAsked ? "the server wants this worker to end" : "the server wants this worker to go on")
        change.set()
    }

    /// Works until ``drain()``, or until the server wants it to end and nothing runs; returns when everything has ended.
    /// - Throws: ``StartError``.
    package func run() async throws(StartError) {
        try endLeftovers()
        let results = try waitingResults()
        guard let agent = try await identify() else { return }
        log.notice(
            "the worker takes tasks",
            metadata: [
                "agent": "\(agent.name)", "agent_id": "\(agent.id)", "server": "\(client.address)",
                "executors": "\(executors.keys.sorted().joined(separator: ","))",
                "concurrency": "\(settings.concurrency)",
            ]
        )
        await withDiscardingTaskGroup { group in
            group.addTask { await self.renewWhatIsDue() }
            group.addTask { await self.beat(agent) }
            group.addTask { for result in results { await self.deliver(result) } }
            await takeWork(agent.id) { grant, stop in
                group.addTask { await self.attempt(grant, stop) }
            }
            await settle()
            group.cancelAll()
        }
        await sayGoodbye(agent)
        log.notice("the worker has ended", metadata: ["undelivered": "\(state.withLock { $0.undelivered })"])
    }

    // MARK: The beginning

    /// Ends what a worker left behind that was killed: processes that left their program's group, and folders.
    private func endLeftovers() throws(StartError) {
        do throws(FileSystemError) {
            try fileSystem.createDirectory(settings.attemptsFolder, mode: .ownerOnlyDirectory)
            let survivors = Survivors(fileSystem: fileSystem)
            for name in try fileSystem.list(settings.attemptsFolder) where UUIDv7(name) != nil {
                let count = survivors.end(run: name, group: nil)
                metrics.survivors.increment(by: count)
                let isRemoved = AttemptFolder(run: name, below: settings.attemptsFolder).remove()
                log.warning(
                    "an attempt of an earlier run was left behind",
                    metadata: ["run": "\(name)", "processes_ended": "\(count)", "folder_removed": "\(isRemoved)"]
                )
            }
        } catch {
            throw .files("\(error)")
        }
    }

    /// What an earlier run could not hand in.
    private func waitingResults() throws(StartError) -> [AttemptResult] {
        let content: Outbox.Content
        do throws(FileSystemError) { content = try outbox.content() } catch { throw .files("\(error)") }
        for path in content.damaged { log.error("a result cannot be read", metadata: ["file": "\(path)"]) }
        metrics.outboxDamaged.set(Double(content.damaged.count))
        metrics.outboxResults.set(Double(content.results.count))
        state.withLock { $0.undelivered = content.results.count }
        return content.results
    }

    /// Asks until the server says who this is; nil when the worker is to end first.
    private func identify() async throws(StartError) -> AgentRecord? {
        var retry = RetryDelay()
        var random = SystemRandomNumberGenerator()
        while !isDraining {
            let agent: AgentRecord
            do throws(AgentCallError) { agent = try await client.me() } catch {
                guard case .later(let reason, let retryAfter) = error else { throw .refused("\(error)") }
                let delay = retry.next(retryAfter, &random)
                log.warning("the server does not answer", metadata: ["error": "\(reason)", "again_in": "\(delay)"])
                _ = await draining.isSet(within: delay, by: clock)
                continue
            }
            let missing = executors.keys.filter { !agent.capabilities.contains($0) }.sorted()
            guard missing.isEmpty else { throw .missingCapabilities(agent: agent.name, missing) }
            return agent
        }
        return nil
    }

    // MARK: Work

    /// Asks for work while there is room, until the worker is to end.
    private func takeWork(_ agentID: String, _ begin: (LeaseGrant, Latch<StopReason>) -> Void) async {
        var retry = RetryDelay()
        var random = SystemRandomNumberGenerator()
        while !isDraining {
            let (room, undelivered, isStopAsked, isIdle) = state.withLock {
                ($0.held.room, $0.undelivered, $0.isStopAsked, $0.attempts == 0)
            }
            // What runs ends by itself: nothing is stopped for that.
            if isStopAsked && isIdle { return }
            guard room > 0, undelivered < Outbox.resultsMax, !isStopAsked else {
                await change.wait(atMost: nil, by: clock)
                continue
            }
            let answer = await askForWork(agentID, room)
            switch answer {
            case nil: return
            case .success(let answer):
                let grants = answer.grants
                retry.succeed()
                asked(toStop: answer.isStopping)
                metrics.leaseRequests[grants.isEmpty ? .empty : .leased].increment()
                let now = clock.uptime
                for grant in grants {
                    let stop = Latch<StopReason>()
                    let length = grant.length ?? WorkerSettings.leaseLengthDefault
                    let isNew = state.withLock { state in
                        guard state.held.lease(grant.key, length: length, sent: now) else { return false }
                        state.stops[grant.key] = stop
                        state.attempts += 1
                        return true
                    }
                    if isNew { begin(grant, stop) }
                }
                renewal.set()
            case .failure(let error):
                var retryAfter: Duration?
                if case .later(_, let told) = error {
                    retryAfter = told
                    metrics.leaseRequests[.later].increment()
                } else {
                    metrics.leaseRequests[.refused].increment()
                }
                let delay = retry.next(retryAfter, &random)
                log.warning("no work can be asked for", metadata: ["error": "\(error)", "again_in": "\(delay)"])
                _ = await draining.isSet(within: delay, by: clock)
            }
        }
    }

    /// One long poll; nil when the worker is to end.
    private func askForWork(_ agentID: String, _ room: Int) async -> Result<LeaseAnswer, AgentCallError>? {
        await withTaskGroup(of: Result<LeaseAnswer, AgentCallError>?.self) { group in
            group.addTask { [client, settings] in
                do throws(AgentCallError) {
                    return .success(
                        try await client.lease(
                            agent: agentID,
                            count: min(room, AgentClient.leasesPerRequestMax),
                            wait: settings.pollWait
                        )
                    )
                } catch {
                    return .failure(error)
                }
            }
            group.addTask { [draining] in
                _ = await draining.wait()
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    func executor(_ kind: String) -> (any TaskExecutor)? { executors[kind] }

    func newFolder() -> AttemptFolder { AttemptFolder(run: "\(runs.next())", below: settings.attemptsFolder) }

    // MARK: The end

    /// Lets what runs end in time, stops the rest, and waits for what there is to hand in.
    private func settle() async {
        log.notice("the worker ends", metadata: ["attempts": "\(state.withLock { $0.attempts })"])
        await waitFor(atMost: settings.drainTimeout) { $0.attempts == 0 }
        let actions = state.withLock { $0.held.stopAll() }
        for case .stop(let key, let reason) in actions { stop(key, reason) }
        // The executors end what they run within their own grace.
        await waitFor(atMost: nil) { $0.attempts == 0 }
        await waitFor(atMost: settings.deliveryAtEndMax) { $0.undelivered == 0 }
    }

    /// Ends without an alert on an agent that fell silent.
    ///
    /// A server that is away is hardly waited for.
    private func sayGoodbye(_ agent: AgentRecord) async {
        do throws(AgentCallError) {
            try await client.heartbeat(agent: agent.id, load: 0, isEnding: true, timeout: .seconds(3))
        } catch {
            metrics.heartbeatFailures.increment()
            log.warning("the server was not told that this worker ends", metadata: ["error": "\(error)"])
        }
    }

    private func waitFor(atMost duration: Duration?, _ holds: (State) -> Bool) async {
        let end = duration.map { clock.uptime + $0 }
        while !state.withLock({ holds($0) }) {
            let left = end.map { $0 - clock.uptime }
            if let left, left <= .zero { return }
            await change.wait(atMost: left, by: clock)
        }
    }
}
