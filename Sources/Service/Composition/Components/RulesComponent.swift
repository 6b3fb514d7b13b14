import Basics
import Logging
import MetricModel
import PromQL
import Queries
import Rules
import Supervision
import Synchronization

/// Evaluates the alerting and recording rules.
final class RulesComponent: Component {
    let evaluator: RuleEvaluator
    /// The rules as they were read at the start.
    let loaded: LoadedRules
    /// The files that the rules came from at the start.
    let paths: [String]
    private let context: ComponentContext
    private let interval: Duration
    private let files: RuleFileSet
    /// Whether the rules that come with the server are nowhere.
    private let isWithoutShipped: Atomic<Bool>

    /// What rules work with.
    struct Environment: Sendable {
        let queries: QueryService
        let append: RuleEnvironment.Append
        let appendAlerts: RuleEnvironment.Append
        let notify: @Sendable ([AlertNotice]) -> Void
        let externalURL: String
    }

    /// - Throws: ``SettingsError`` that lists every fault of every rule file with its place, and each pattern that names
    ///   no file.
    init(
        context: ComponentContext,
        settings: Settings.RulesSettings,
        environment: Environment,
        shipped: ShippedFiles,
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
        files = RuleFileSet(
            settings: settings,
            shipped: shipped,
            fileSystem: fileSystem,
            readExpression: readExpression
        )
        let content = try files.read()
        paths = content.paths
        isWithoutShipped = Atomic(content.isWithoutShipped)
        if content.isWithoutShipped {
            context.log.warning(
                "the rules that come with the server were not found, so no alert can fire; name them with rules.files",
                metadata: ["folders": "\(shipped.folders.joined(separator: ", "))"]
            )
        }
        loaded = LoadedRules(content.files)
        try use(content)
    }

    /// Looks for the rule files and reads them anew; rules that are the same as before keep their alerts.
    ///
    /// Reads files, so it blocks.
    /// - Throws: ``SettingsError`` that lists every fault; then nothing changes.
    func reload() throws(SettingsError) -> LoadedRules {
        let content = try files.read()
        // That they are gone is no wish to go on without any alert.
        guard !content.isWithoutShipped else {
            throw SettingsError(faults: ["rules.files: the rules that come with the server were not found"])
        }
        try use(content)
        isWithoutShipped.store(false, ordering: .relaxed)
        return LoadedRules(content.files)
    }

    private func use(_ content: RuleFileSet.Content) throws(SettingsError) {
        do {
            try evaluator.replace(groups: content.groups)
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

    /// Degraded while a rule fails or the shipped rules are missing, unhealthy when a group has not been evaluated for three intervals.
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
        if isWithoutShipped.load(ordering: .relaxed) {
            return .degraded("no rules were found, so no alert can fire; set rules.files")
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
}
