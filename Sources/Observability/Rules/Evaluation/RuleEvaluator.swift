public import Basics
import Instruments
import MetricModel
import Synchronization

/// Evaluates all rule groups, each by its own schedule, until it is drained.
///
/// Concurrency: any thread may call every method; ``run()`` is called once at a time. A group has one task, which holds
/// at most one query at a time; hand in an executor of threads that may block, so that queries do not hold up the
/// process's shared pool. State lies behind one lock that is never held during a query.
public final class RuleEvaluator: Sendable {
    private struct State {
        var groups: [String: RuleGroupRuntime] = [:]
        /// The groups in the order of their files.
        var order: [String] = []
        var signals: [String: WakeSignal] = [:]
        /// Groups that have a task.
        var running: Set<String> = []
        /// Rules that a reload took away: their series are ended once.
        var orphans: [RuleRuntime] = []
        var nextID: UInt64 = 1
        var isDraining = false
        var hasStarted = false
    }

    private let state = Mutex(State())
    private let changed = WakeSignal()
    private let clock: any WallClock
    private let environment: RuleEnvironment
    private let settings: RuleSettings
    private let metrics: RulesMetrics?
    private let executor: (any TaskExecutor)?

    /// Makes an evaluator without groups; `executor` runs the groups' tasks, nil leaves them on the shared pool.
    public init(
        clock: any WallClock,
        environment: RuleEnvironment,
        settings: RuleSettings = RuleSettings(),
        metrics: RulesMetrics? = nil,
        executor: (any TaskExecutor)? = nil
    ) {
        self.clock = clock
        self.environment = environment
        self.settings = settings
        self.metrics = metrics
        self.executor = executor
    }

    /// Sets the groups to evaluate; rules that are the same as before keep their alerts and series, the series of rules
    /// that are gone are ended.
    /// - Throws: ``TemplateError`` when a rule's template cannot be read; then nothing changes.
    public func replace(groups definitions: [RuleGroupDefinition]) throws(TemplateError) {
        let firstID = state.withLock { state in
            let first = state.nextID
            state.nextID += UInt64(definitions.reduce(0) { $0 + $1.rules.count })
            return first
        }
        var id = firstID
        var groups: [String: RuleGroupRuntime] = [:]
        var order: [String] = []
        for definition in definitions {
            metrics?.prepare(group: definition.name)
            let group = try RuleGroupRuntime(definition, isRestored: environment.forStateSamples == nil, firstID: id)
            id += UInt64(definition.rules.count)
            if groups.updateValue(group, forKey: definition.identifier) == nil { order.append(definition.identifier) }
        }
        let (newGroups, newOrder) = (groups, order)
        let signals = state.withLock { state in
            var groups = newGroups
            for (identifier, older) in state.groups {
                if var group = groups[identifier] {
                    state.orphans += group.adoptState(of: older)
                    groups[identifier] = group
                } else {
                    state.orphans += older.rules
                }
            }
            state.groups = groups
            state.order = newOrder
            return Array(state.signals.values)
        }
        for signal in signals { signal.set() }
        changed.set()
    }

    /// Lets evaluations in flight end and ``run()`` return.
    public func drain() {
        let signals = state.withLock { state in
            state.isDraining = true
            return Array(state.signals.values)
        }
        for signal in signals { signal.set() }
        changed.set()
    }

    /// All groups as they stand.
    public var snapshot: [RuleGroupSnapshot] {
        state.withLock { state in state.order.compactMap { state.groups[$0]?.snapshot(settings) } }
    }

    /// Evaluates until drained.
    /// - Throws: `CancellationError` when the task is cancelled.
    public func run() async throws {
        try await withTaskExecutorPreference(executor) {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                while !state.withLock({ $0.isDraining }) {
                    endOrphans()
                    for (identifier, signal) in newGroups() {
                        tasks.addTask { try await self.run(group: identifier, signal) }
                    }
                    await changed.wait()
                    try Task.checkCancellation()
                }
                try await tasks.waitForAll()
                endOrphans()
            }
        }
    }

    private func newGroups() -> [(String, WakeSignal)] {
        state.withLock { state in
            var new: [(String, WakeSignal)] = []
            for identifier in state.order where state.running.insert(identifier).inserted {
                let signal = WakeSignal()
                state.signals[identifier] = signal
                new.append((identifier, signal))
            }
            return new
        }
    }

    private func endOrphans() {
        let orphans = state.withLock { state in
            let orphans = state.orphans
            state.orphans = []
            return orphans
        }
        let samples = orphans.flatMap { $0.endings(at: clock.now) }
        // The series of a rule that is gone go stale by themselves after the lookback, should this fail.
        if !samples.isEmpty { _ = try? environment.append(samples) }
    }

    // MARK: One group

    private func schedule(_ identifier: String) -> EvaluationSchedule? {
        state.withLock { state in
            guard !state.isDraining, let group = state.groups[identifier] else {
                state.running.remove(identifier)
                state.signals[identifier] = nil
                return nil
            }
            return EvaluationSchedule(group: identifier, interval: group.definition.interval ?? settings.interval)
        }
    }

    private func run(group identifier: String, _ signal: WakeSignal) async throws {
        guard var schedule = schedule(identifier) else { return }
        var slot = schedule.slot(after: clock.now)
        while true {
            let wait = slot.since(clock.now)
            if wait > .zero { try await sleep(wait, signal) }
            guard let current = self.schedule(identifier) else {
                // A reload may have brought the group back while this task was ending.
                changed.set()
                return
            }
            if current != schedule {
                schedule = current
                slot = schedule.slot(after: clock.now)
                continue
            }
            if slot.since(clock.now) > .zero {
                if slot.since(clock.now) > schedule.interval * 2 { slot = schedule.slot(after: clock.now) }
                continue
            }
            try await iterate(identifier, at: slot)
            let (next, missed) = schedule.next(after: slot, now: clock.now)
            if missed > 0 { noteMissed(missed, identifier) }
            slot = next
        }
    }

    /// Sleeps until the time is over or something changed.
    private func sleep(_ duration: Duration, _ signal: WakeSignal) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await self.clock.sleep(for: duration) }
            tasks.addTask { await signal.wait() }
            _ = try await tasks.next()
            tasks.cancelAll()
            while let result = await tasks.nextResult() { _ = result }
        }
        try Task.checkCancellation()
    }

    private func iterate(_ identifier: String, at slot: Timestamp) async throws {
        guard let group = state.withLock({ $0.groups[identifier] }) else { return }
        let label = RulesMetrics.Group(group.definition.name)
        let start = clock.uptime
        let occasion = group.occasion(at: slot, environment, settings)
        for rule in group.rules {
            if state.withLock({ $0.isDraining }) { return }
            var rule = rule
            let ruleStart = clock.uptime
            let outcome = rule.evaluate(occasion)
            let storageError = RuleGroupRuntime.store(outcome, of: rule.definition, in: environment)
            let duration = clock.uptime - ruleStart
            rule.note(duration: duration, storageError: storageError)
            store(rule, identifier)
            metrics?.evaluations.increment()
            metrics?.duration.observe(duration)
            if outcome.error != nil || storageError != nil { metrics?.failures[label].increment() }
            // Other tasks get their turn between two queries.
            await Task.yield()
            try Task.checkCancellation()
        }
        let total = clock.uptime - start
        state.withLock { state in
            state.groups[identifier]?.lastEvaluation = slot
            state.groups[identifier]?.evaluationTime = total
        }
        metrics?.lastEvaluation[label].set(slot.seconds)
    }

    private func store(_ rule: RuleRuntime, _ identifier: String) {
        let isOrphan = state.withLock { state in
            if state.groups[identifier]?.store(rule) == true { return false }
            state.orphans.append(rule)
            return true
        }
        if isOrphan { changed.set() }
    }

    private func noteMissed(_ count: Int, _ identifier: String) {
        let name = state.withLock { state in
            state.groups[identifier]?.iterationsMissed += count
            return state.groups[identifier]?.definition.name
        }
        if let name { metrics?.missed[RulesMetrics.Group(name)].increment(by: count) }
    }
}
