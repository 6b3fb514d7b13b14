import Basics
import MetricModel
import PromQL
import Queries
import Rules
import Supervision

/// Evaluates the alerting and recording rules.
final class RulesComponent: Component {
    let evaluator: RuleEvaluator
    /// The rules as they were read.
    let loaded: LoadedRules
    private let context: ComponentContext
    private let interval: Duration

    /// What rules work with.
    struct Environment: Sendable {
        let queries: QueryService
        let append: RuleEnvironment.Append
        let appendAlerts: RuleEnvironment.Append
        let notify: @Sendable ([AlertNotice]) -> Void
        let externalURL: String
    }

    /// - Throws: ``SettingsError`` that lists every fault of every rule file with its place.
    init(
        context: ComponentContext,
        settings: Settings.RulesSettings,
        environment: Environment,
        fileSystem: any FileSystem
    ) throws(SettingsError) {
        self.context = context
        interval = settings.interval
        let parser = PromQLParser()
        let readExpression: RuleFileLoader.ExpressionReader = { try parser.parse($0) }
        var ruleSettings = RuleSettings()
        ruleSettings.interval = settings.interval
        let queries = environment.queries
        evaluator = RuleEvaluator(
            clock: context.clock,
            environment: RuleEnvironment(
                query: { expression, time in
                    try Self.samples(of: queries.instantBlocking(expression, at: time, origin: .rules))
                },
                append: environment.append,
                appendAlerts: environment.appendAlerts,
                notify: environment.notify,
                readExpression: readExpression,
                externalURL: environment.externalURL
            ),
            settings: ruleSettings,
            metrics: RulesMetrics(registry: context.registry),
            executor: BlockingExecutor(label: "rules")
        )
        let files = try Self.load(settings.files, RuleFileLoader(readExpression: readExpression), fileSystem)
        loaded = LoadedRules(files)
        do {
            try evaluator.replace(groups: files.flatMap(\.groups))
        } catch {
            throw SettingsError(faults: ["\(error)"])
        }
    }

    func run() async throws {
        context.ready()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.evaluator.run() }
            group.addTask {
                await self.context.drained()
                self.evaluator.drain()
            }
            try await group.next()
            // Whichever ends first: the evaluator by a fault, or the wait by the drain, after which the evaluator ends.
            if self.context.isDraining { try await group.waitForAll() } else { group.cancelAll() }
        }
    }

    /// Degraded while a rule fails, unhealthy when a group has not been evaluated for three intervals.
    func health() async -> Health {
        let groups = evaluator.snapshot
        let now = context.clock.now
        for group in groups {
            let age = group.lastEvaluation.map { now.since($0) } ?? .zero
            if age > group.interval * 3 {
                return .unhealthy("the rule group \(group.name) was last evaluated \(Int(age.inSeconds)) s ago")
            }
        }
        for group in groups {
            if let rule = group.rules.first(where: { $0.lastError != nil }) {
                return .degraded("the rule \(rule.definition.name) of the group \(group.name) fails")
            }
        }
        return .healthy
    }

    private static func samples(of result: QueryResult) -> [(Labels, Double)] {
        switch result.value {
        case .vector(let samples): samples.map { ($0.labels, $0.value) }
        case .scalar(let value, _): [(.empty, value)]
        case .string, .matrix: []
        }
    }

    private static func load(
        _ patterns: [String],
        _ loader: RuleFileLoader,
        _ fileSystem: any FileSystem
    ) throws(SettingsError) -> [RuleFile] {
        var files: [RuleFile] = []
        var faults: [String] = []
        for pattern in patterns {
            do {
                for path in try PathPattern.paths(matching: pattern, in: fileSystem) {
                    files.append(try loader.load(path, from: fileSystem))
                }
            } catch {
                faults.append("\(error)")
            }
        }
        guard faults.isEmpty else { throw SettingsError(faults: faults) }
        return files
    }
}

/// Which rules were read, and a name for that version of them.
struct LoadedRules: Sendable, Equatable {
    let files: [String]
    let groups: Int
    let rules: Int
    /// The SHA-256 of the files' contents, one after the other.
    let sha256: String

    init(_ files: [RuleFile]) {
        self.files = files.map(\.path)
        groups = files.reduce(0) { $0 + $1.groups.count }
        rules = files.flatMap(\.groups).reduce(0) { $0 + $1.rules.count }
        sha256 = OwnEvents.sha256(files.lazy.flatMap(\.text.utf8))
    }
}
