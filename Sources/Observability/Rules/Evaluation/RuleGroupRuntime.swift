public import Basics
import MetricModel

/// A group of rules with their state; evaluates them one after another, so that later rules see what earlier ones
/// stored.
///
/// Concurrency: a value; whoever evaluates a group owns it. ``RuleEvaluator`` runs groups by the clock, rule unit tests
/// and back-tests call ``evaluate(at:in:settings:)`` themselves.
public struct RuleGroupRuntime: Sendable {
    /// The group as its file states it.
    public private(set) var definition: RuleGroupDefinition
    private(set) var rules: [RuleRuntime]
    /// The time of the last evaluation; nil before the first.
    public internal(set) var lastEvaluation: Timestamp?
    /// How long the last evaluation of all rules took, as ``RuleEvaluator`` measured it.
    public internal(set) var evaluationTime = Duration.zero
    /// Evaluations left out because the one before took too long.
    public internal(set) var iterationsMissed = 0

    /// Makes a group without state.
    ///
    /// - Parameters:
    ///   - definition: The group as its file states it.
    ///   - isRestored: Whether alerts write their series from the first evaluation on, without looking for older state.
    ///   - firstID: Its rules are numbered from here; numbers must not repeat within an evaluator.
    ///   - limits: The bounds of its templates.
    /// - Throws: ``TemplateError`` when a label or annotation is no template.
    public init(
        _ definition: RuleGroupDefinition,
        isRestored: Bool = true,
        firstID: UInt64 = 0,
        limits: TemplateLimits = TemplateLimits()
    ) throws(TemplateError) {
        self.definition = definition
        rules = []
        for (index, rule) in definition.rules.enumerated() {
            rules.append(try RuleRuntime(id: firstID + UInt64(index), rule, isRestored: isRestored, limits: limits))
        }
    }

    /// Takes over the state of the rules that an older version of the group has too; returns those it no longer has.
    mutating func adoptState(of older: RuleGroupRuntime) -> [RuleRuntime] {
        var free = older.rules
        for index in rules.indices {
            guard let match = free.firstIndex(where: { $0.definition.isSame(as: rules[index].definition) }) else {
                continue
            }
            var runtime = free.remove(at: match)
            runtime.adopt(rules[index].definition)
            rules[index] = runtime
        }
        lastEvaluation = older.lastEvaluation
        evaluationTime = older.evaluationTime
        iterationsMissed = older.iterationsMissed
        return free
    }

    /// Puts a rule's new state in, wherever it stands now; false when the rule is gone.
    mutating func store(_ runtime: RuleRuntime) -> Bool {
        guard let index = rules.firstIndex(where: { $0.id == runtime.id }) else { return false }
        var runtime = runtime
        runtime.adopt(rules[index].definition)
        rules[index] = runtime
        return true
    }

    func occasion(at time: Timestamp, _ environment: RuleEnvironment, _ settings: RuleSettings) -> RuleRuntime.Occasion
    {
        RuleRuntime.Occasion(
            time: time,
            queryOffset: definition.queryOffset ?? settings.queryOffset,
            interval: definition.interval ?? settings.interval,
            limit: definition.limit,
            settings: settings,
            environment: environment
        )
    }

    /// Evaluates every rule once at a time: stores samples, hands out notices, and returns the failures.
    public mutating func evaluate(
        at time: Timestamp,
        in environment: RuleEnvironment,
        settings: RuleSettings = RuleSettings()
    ) -> [RuleFailure] {
        let occasion = occasion(at: time, environment, settings)
        var failures: [RuleFailure] = []
        for index in rules.indices {
            let outcome = rules[index].evaluate(occasion)
            let storageError = Self.store(outcome, of: rules[index].definition, in: environment)
            rules[index].note(duration: .zero, storageError: storageError)
            if let message = outcome.error?.description ?? storageError {
                failures.append(RuleFailure(rule: rules[index].definition.name, message: message))
            }
        }
        lastEvaluation = time
        return failures
    }

    /// Stores an outcome's samples and hands out its notices; returns why samples were not stored.
    static func store(
        _ outcome: RuleRuntime.Outcome,
        of rule: RuleDefinition,
        in environment: RuleEnvironment
    ) -> String? {
        if !outcome.notices.isEmpty { environment.notify(outcome.notices) }
        guard !outcome.samples.isEmpty else { return nil }
        do {
            let append = rule.isAlert ? environment.appendAlerts : environment.append
            let rejected = try append(outcome.samples)
            guard let first = rejected.first else { return nil }
            return "\(rejected.count) of \(outcome.samples.count) samples were not stored (\(first.reason.rawValue))"
        } catch {
            return "\(error)"
        }
    }

    /// All alerts of the group's rules.
    public var alerts: [(rule: String, alerts: [Alert])] {
        rules.filter(\.definition.isAlert).map { ($0.definition.name, $0.alerts.activeAlerts) }
    }

    /// The group for people and the API.
    public func snapshot(_ settings: RuleSettings) -> RuleGroupSnapshot {
        RuleGroupSnapshot(
            name: definition.name,
            file: definition.file,
            interval: definition.interval ?? settings.interval,
            queryOffset: definition.queryOffset ?? settings.queryOffset,
            limit: definition.limit,
            lastEvaluation: lastEvaluation,
            evaluationTime: evaluationTime,
            iterationsMissed: iterationsMissed,
            rules: rules.map(RuleSnapshot.init)
        )
    }
}

/// A rule that failed in an evaluation.
public struct RuleFailure: Sendable, Equatable {
    /// The name of the recorded metric or of the alert.
    public let rule: String
    /// Why it failed, in the words of the engine or the store.
    public let message: String
}

/// A group as the API shows it.
public struct RuleGroupSnapshot: Sendable {
    /// The group's name, unique in its file.
    public let name: String
    /// The file that the group stands in.
    public let file: String
    /// The time between two evaluations, the default filled in.
    public let interval: Duration
    /// How far behind the evaluation's time queries look, the default filled in.
    public let queryOffset: Duration
    /// The most series or alerts that a rule may produce; 0 for no limit.
    public let limit: Int
    /// Nil before the first evaluation.
    public let lastEvaluation: Timestamp?
    /// How long the last evaluation of all rules took.
    public let evaluationTime: Duration
    /// Evaluations left out because the one before took too long.
    public let iterationsMissed: Int
    /// The rules in the order of the file.
    public let rules: [RuleSnapshot]
}

/// A rule as the API shows it.
public struct RuleSnapshot: Sendable {
    /// The rule as its file states it.
    public let definition: RuleDefinition
    /// How the last evaluation went.
    public let health: RuleHealth
    /// Why the last evaluation failed; nil when it did not.
    public let lastError: String?
    /// The time of the last evaluation; nil before the first.
    public let lastEvaluation: Timestamp?
    /// How long the last evaluation took.
    public let evaluationTime: Duration
    /// The greatest state of the alerts; inactive for recording rules.
    public let state: AlertState
    /// Pending and firing alerts.
    public let alerts: [Alert]

    init(_ rule: RuleRuntime) {
        definition = rule.definition
        health = rule.health
        lastError = rule.lastError
        lastEvaluation = rule.lastEvaluation
        evaluationTime = rule.evaluationTime
        state = rule.alerts.state
        alerts = rule.alerts.activeAlerts
    }
}
