public import Basics
public import Instruments
public import Logging
import Synchronization

/// Starts the components in the order of their dependencies, restarts what fails, watches everyone's health, and drains
/// in reverse order.
///
/// One task group holds every component's task; nothing else in the platform starts long-lived tasks. A failing
/// component never takes another one down: only when an essential one is quarantined does the platform end.
///
/// Concurrency: components are added before ``run()``, by one thread; the rest may be called from anywhere.
public final class Supervisor: Sendable {
    /// The times and limits of supervision.
    public struct Options: Sendable {
        /// How often and how fast a failed component starts again.
        public var restart = RestartPolicy.Limits()
        /// How long each component may take to end during a drain before it is cancelled.
        public var drainTimeoutMax: Duration = .seconds(10)
        /// How long a component that was cancelled may take to end before the drain goes on without it.
        public var cancellationTimeoutMax: Duration = .seconds(1)
        /// How long readiness is false before the first component ends, so that load balancers notice.
        public var readinessDelay: Duration = .zero
        /// The time between two health checks.
        public var healthInterval: Duration = .seconds(5)
        /// The longest a health check may take; then the component counts as unhealthy.
        public var healthTimeoutMax: Duration = .seconds(2)

        /// Makes the options that a server runs with.
        public init() {}
    }

    struct Entry: Sendable {
        let component: any Component
        let context: ComponentContext
        let dependencies: Set<ComponentKind>
        let isEssential: Bool
    }

    struct Progress {
        var state = HealthReport.RunState.waiting
        var health = Health(.unhealthy, reason: "not started yet")
        var restarts = 0
        var lastError = ""
        var told = ToldHealth()
    }

    private struct State {
        var entries: [ComponentKind: Entry] = [:]
        /// The kinds of `entries`, sorted.
        var kinds: [ComponentKind] = []
        var progress: [ComponentKind: Progress] = [:] { didSet { lines = nil } }
        /// The lines of the report, until something changes: they are asked for far more often.
        var lines: [HealthReport.Entry]?
        var fatal: SupervisorError?
        var random: SeededGenerator

        var newLines: [HealthReport.Entry] {
            kinds.map { kind in
                let progress = progress[kind] ?? Progress()
                return HealthReport.Entry(
                    kind: kind,
                    isEssential: entries[kind]?.isEssential ?? false,
                    state: progress.state,
                    health: progress.health,
                    restarts: progress.restarts,
                    lastError: progress.lastError
                )
            }
        }
    }

    private let registry: Registry
    private let clock: any WallClock
    private let log: Logger
    private let options: Options
    private let metrics: SupervisionMetrics
    private let lifecycle: Lifecycle
    private let state: Mutex<State>
    private let onReady = ReadyHook()
    private let onChange: @Sendable (ComponentChange) -> Void

    /// Makes a supervisor without components.
    ///
    /// - Parameters:
    ///   - registry: Takes the metrics of supervision and of the components.
    ///   - clock: The clock of everything supervised.
    ///   - log: Where the supervisor and the components log.
    ///   - options: Times and limits.
    ///   - seed: Varies the restart delays.
    ///   - onChange: Is told, on any thread and outside the supervisor's lock, of each change of a component's health that a
    ///     person may ask about; must return quickly. Start-up and drain are no such changes.
    public init(
        registry: Registry,
        clock: any WallClock,
        log: Logger,
        options: Options = Options(),
        seed: UInt64 = .random(in: 0 ... .max),
        onChange: @escaping @Sendable (ComponentChange) -> Void = { _ in }
    ) {
        self.registry = registry
        self.clock = clock
        self.log = log
        self.options = options
        self.onChange = onChange
        metrics = SupervisionMetrics(registry: registry)
        state = Mutex(State(random: SeededGenerator(seed: seed)))
        let hook = onReady
        lifecycle = Lifecycle { kind in hook.call(kind) }
        hook.set { [weak self] kind in self?.componentIsReady(kind) }
    }

    /// Makes a component with the context that it lives on, and takes it into supervision.
    ///
    /// - Parameters:
    ///   - kind: Who it is; each kind once.
    ///   - dependencies: Those that must have started before it, and end after it.
    ///   - isEssential: Whether the platform is down when it is.
    ///   - make: Makes it; registers its metrics.
    /// - Returns: What `make` made.
    /// - Throws: What `make` throws.
    @discardableResult
    public func add<C: Component>(
        _ kind: ComponentKind,
        dependsOn dependencies: Set<ComponentKind> = [],
        isEssential: Bool = false,
        make: (ComponentContext) throws -> C
    ) rethrows -> C {
        var log = log
        log[metadataKey: "component"] = "\(kind.rawValue)"
        let context = ComponentContext(kind: kind, registry: registry, clock: clock, log: log, lifecycle: lifecycle)
        let component = try make(context)
        state.withLock { state in
            precondition(state.entries[kind] == nil, "BUG: the component \(kind.rawValue) is added twice")
            state.entries[kind] = Entry(
                component: component,
                context: context,
                dependencies: dependencies,
                isEssential: isEssential
            )
            state.kinds = state.entries.keys.sorted()
            state.progress[kind] = Progress()
        }
        let labels = ComponentLabels(kind: kind)
        metrics.up[labels].set(0)
        // No health before it has one: a zero would say that it is ill.
        metrics.quarantined[labels].set(0)
        _ = metrics.restarts[labels]
        _ = metrics.drainOverruns[labels]
        return component
    }

    /// Runs the platform until a drain has ended every component.
    ///
    /// - Parameter onStuck: Is told the components that go on although the drain is over and they were cancelled. Nothing can end
    ///   them but the end of the process, so a server's `onStuck` ends it; should it return, they are waited for.
    /// - Throws: ``SupervisorError`` when an essential component was quarantined (the others have been drained then).
    public func run(onStuck: @Sendable ([ComponentKind]) -> Void = { _ in }) async throws(SupervisorError) {
        let entries = state.withLock { $0.entries }
        let order = StartOrder.sorted(entries.mapValues(\.dependencies))
        for (kind, entry) in entries {
            let unknown = entry.dependencies.subtracting(entries.keys)
            precondition(unknown.isEmpty, "BUG: \(kind.rawValue) depends on \(unknown.sorted()), which nobody added")
        }
        await withTaskGroup(of: Void.self) { group in
            for kind in order {
                guard let entry = entries[kind] else { continue }
                group.addTask { await self.supervise(entry) }
            }
            for kind in order {
                guard let entry = entries[kind] else { continue }
                group.addTask { await self.watchHealth(of: entry) }
            }
            let stuck = await drainWhenAsked(order)
            if !stuck.isEmpty { onStuck(stuck) }
            group.cancelAll()
        }
        if let fatal = state.withLock({ $0.fatal }) { throw fatal }
    }

    /// Begins the drain; returns at once.
    ///
    /// ``run()`` returns when it is over.
    public func drain() {
        lifecycle.reach(.drainRequested)
    }

    /// Whether the end was asked for.
    public var isDraining: Bool { lifecycle.has(.drainRequested) }

    /// How everyone is, as last checked.
    public var report: HealthReport {
        let isDraining = isDraining
        return state.withLock { state in
            let lines = state.lines ?? state.newLines
            state.lines = lines
            return HealthReport(entries: lines, isDraining: isDraining)
        }
    }

    // MARK: One component's life

    private func supervise(_ entry: Entry) async {
        let kind = entry.context.kind
        for dependency in entry.dependencies.sorted() { await lifecycle.wait(for: .started(dependency)) }
        var policy = RestartPolicy(limits: options.restart)
        while !lifecycle.isDraining(kind) && !lifecycle.has(.drainRequested) {
            setState(.starting, of: kind)
            let failure = await runOnce(entry)
            metrics.up[ComponentLabels(kind: kind)].set(0)
            guard let failure, !lifecycle.isDraining(kind) else { break }
            guard await recover(entry, from: failure, &policy) else { break }
        }
        setState(.ended, of: kind)
        lifecycle.reach(.started(kind))
        lifecycle.reach(.ended(kind))
    }

    /// How a run ended that should not have ended.
    private struct Failure {
        let text: String
        /// Whether the component was never ready and says that it never will be.
        var isFinal = false
    }

    /// Runs the component until it ends; returns what went wrong, or nil when it ended because it was told to.
    private func runOnce(_ entry: Entry) async -> Failure? {
        let kind = entry.context.kind
        return await withTaskGroup(of: Failure?.self) { group in
            group.addTask {
                do {
                    try await entry.component.run()
                    return self.lifecycle.isDraining(kind) ? nil : Failure(text: "ended without being told to")
                } catch {
                    if self.lifecycle.isDraining(kind) && error is CancellationError { return nil }
                    let isFinal = error is StartFailure && !self.lifecycle.has(.started(kind))
                    return Failure(text: "\(error)", isFinal: isFinal)
                }
            }
            group.addTask {
                await self.lifecycle.wait(for: .forced(kind))
                return nil
            }
            let failure = await group.next() ?? nil
            group.cancelAll()
            return failure
        }
    }

    /// Waits for the restart; false when there will be none.
    private func recover(_ entry: Entry, from failure: Failure, _ policy: inout RestartPolicy) async -> Bool {
        let kind = entry.context.kind
        let uptime = clock.uptime
        let decision =
            failure.isFinal
            ? .quarantine : state.withLock { state in policy.failed(at: uptime, random: &state.random) }
        switch decision {
        case .restart(let delay):
            metrics.restarts[ComponentLabels(kind: kind)].increment()
            update(kind) { progress in
                progress.state = .restarting
                progress.restarts += 1
                progress.lastError = failure.text
                progress.health = .unhealthy("failed and will be restarted")
            }
            entry.context.log.error(
                "component failed, restarting",
                metadata: ["error": "\(failure.text)", "delay_seconds": .stringConvertible(delay.inSeconds)]
            )
            await sleep(for: delay, orUntil: .draining(kind))
            return true
        case .quarantine:
            quarantine(entry, failure)
            await lifecycle.wait(for: .draining(kind))
            return false
        }
    }

    private func quarantine(_ entry: Entry, _ failure: Failure) {
        let kind = entry.context.kind
        metrics.quarantined[ComponentLabels(kind: kind)].set(1)
        metrics.health[ComponentLabels(kind: kind)].set(0)
        update(kind) { progress in
            progress.state = .quarantined
            progress.lastError = failure.text
            progress.health = .unhealthy(
                failure.isFinal ? "cannot start" : "failed too often and is not restarted any more"
            )
        }
        entry.context.log.critical("component quarantined", metadata: ["error": "\(failure.text)"])
        // Those that wait for it need not wait for ever: they report what they miss themselves.
        lifecycle.reach(.started(kind))
        guard entry.isEssential else { return }
        state.withLock { state in
            guard state.fatal == nil else { return }
            state.fatal = SupervisorError(kind: kind, failure: failure.text, isAtStart: failure.isFinal)
        }
        lifecycle.reach(.drainRequested)
    }

    private func componentIsReady(_ kind: ComponentKind) {
        metrics.up[ComponentLabels(kind: kind)].set(1)
        metrics.health[ComponentLabels(kind: kind)].set(1)
        update(kind) { progress in
            progress.state = .running
            progress.health = .healthy
        }
    }

    // MARK: Health

    private func watchHealth(of entry: Entry) async {
        let kind = entry.context.kind
        let labels = ComponentLabels(kind: kind)
        while !Task.isCancelled && !lifecycle.has(.ended(kind)) {
            await sleep(for: options.healthInterval, orUntil: .ended(kind))
            guard state.withLock({ $0.progress[kind]?.state == .running }) else { continue }
            let begin = clock.uptime
            let health = await boundedHealth(of: entry.component)
            metrics.healthCheckDuration[labels].observe(clock.uptime - begin)
            update(kind) { progress in
                // It may have failed while it was asked: that is the newer truth.
                guard progress.state == .running else { return }
                if progress.health.status != health.status {
                    entry.context.log.log(
                        level: health.status == .healthy ? .notice : entry.isEssential ? .error : .warning,
                        "health changed",
                        metadata: ["status": "\(health.status.rawValue)", "reason": "\(health.reason)"]
                    )
                }
                progress.health = health
                metrics.health[labels].set(health.status.score)
            }
        }
    }

    private func boundedHealth(of component: any Component) async -> Health {
        let limit = options.healthTimeoutMax
        return await withTaskGroup(of: Health?.self) { group in
            group.addTask { await component.health() }
            group.addTask {
                try? await self.clock.sleep(for: limit)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? .unhealthy("the health check did not answer within \(limit.inSeconds) s")
        }
    }

    // MARK: Drain

    /// Returns those that did not end, though they were cancelled.
    private func drainWhenAsked(_ order: [ComponentKind]) async -> [ComponentKind] {
        await lifecycle.wait(for: .drainRequested)
        log.notice("draining")
        if options.readinessDelay > .zero { try? await clock.sleep(for: options.readinessDelay) }
        // Nobody still waits for a dependency once the platform ends.
        for kind in order { lifecycle.reach(.started(kind)) }
        var stuck: [ComponentKind] = []
        for kind in order.reversed() {
            setState(.draining, of: kind)
            lifecycle.reach(.draining(kind))
            await sleep(for: options.drainTimeoutMax, orUntil: .ended(kind))
            if !lifecycle.has(.ended(kind)) {
                metrics.drainOverruns[ComponentLabels(kind: kind)].increment()
                log.error("component did not end in time, cancelling", metadata: ["component": "\(kind.rawValue)"])
                lifecycle.reach(.forced(kind))
                await sleep(for: options.cancellationTimeoutMax, orUntil: .ended(kind))
                if !lifecycle.has(.ended(kind)) { stuck.append(kind) }
            }
        }
        stuck.removeAll { lifecycle.has(.ended($0)) }
        if stuck.isEmpty {
            log.notice("drained")
        } else {
            let names = stuck.map(\.rawValue).joined(separator: ", ")
            log.critical("components go on though they were cancelled", metadata: ["components": "\(names)"])
        }
        return stuck
    }

    private func sleep(for duration: Duration, orUntil milestone: Lifecycle.Milestone) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await self.clock.sleep(for: duration) }
            group.addTask { await self.lifecycle.wait(for: milestone) }
            await group.next()
            group.cancelAll()
        }
    }

    // MARK: State

    private func setState(_ runState: HealthReport.RunState, of kind: ComponentKind) {
        update(kind) { $0.state = runState }
    }

    private func update(_ kind: ComponentKind, _ change: (inout Progress) -> Void) {
        let isDraining = lifecycle.has(.drainRequested)
        let told = state.withLock { state -> ComponentChange? in
            var progress = state.progress[kind] ?? Progress()
            change(&progress)
            let told = isDraining ? nil : progress.told.change(to: progress, of: kind)
            state.progress[kind] = progress
            return told
        }
        if let told { onChange(told) }
    }
}

/// An essential component that failed too often, or could not start: the platform cannot go on.
public struct SupervisorError: Error, Sendable, CustomStringConvertible {
    /// The component that failed.
    public let kind: ComponentKind
    /// What the component threw last.
    public let failure: String

    /// Whether it threw ``StartFailure`` before it was first ready.
    public let isAtStart: Bool

    /// A sentence for the log: which component, and its last failure.
    public var description: String {
        isAtStart ? failure : "\(kind.rawValue) failed too often: \(failure)"
    }
}

/// Lets the life cycle call the supervisor, which is made after it.
private final class ReadyHook: Sendable {
    private let action: Mutex<Callback<ComponentKind>?> = Mutex(nil)

    func set(_ action: @escaping @Sendable (ComponentKind) -> Void) {
        self.action.withLock { $0 = Callback(action) }
    }

    func call(_ kind: ComponentKind) { action.withLock { $0 }?(kind) }
}
