import Basics
import Logging
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
    /// The files that the rules came from.
    let paths: [String]
    private let context: ComponentContext
    private let interval: Duration
    /// Whether the rules that come with the server are nowhere.
    private let isWithoutShipped: Bool

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
        paths = settings.usesShipped ? shipped.rules : try Self.paths(settings.files, fileSystem)
        isWithoutShipped = settings.usesShipped && paths.isEmpty
        if isWithoutShipped {
            context.log.warning(
                "the rules that come with the server were not found, so no alert can fire; name them with rules.files",
                metadata: ["folders": "\(shipped.folders.joined(separator: ", "))"]
            )
        }
        let files = try Self.load(paths, RuleFileLoader(readExpression: readExpression), fileSystem)
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
        if isWithoutShipped { return .degraded("no rules were found, so no alert can fire; set rules.files") }
        return .healthy
    }

    private static func samples(of result: QueryResult) -> [(Labels, Double)] {
        switch result.value {
        case .vector(let samples): samples.map { ($0.labels, $0.value) }
        case .scalar(let value, _): [(.empty, value)]
        case .string, .matrix: []
        }
    }

    private static func paths(_ patterns: [String], _ fileSystem: any FileSystem) throws(SettingsError) -> [String] {
        var paths: [String] = []
        var faults: [String] = []
        for pattern in patterns {
            do throws(FileSystemError) {
                let found = try PathPattern.paths(matching: pattern, in: fileSystem)
                if found.isEmpty { faults.append("rules.files: \(pattern) names no file") }
                paths += found
            } catch {
                faults.append("rules.files: \(pattern): \(error)")
            }
        }
        guard faults.isEmpty else { throw SettingsError(faults: faults) }
        return paths
    }

    private static func load(
        _ paths: [String],
        _ loader: RuleFileLoader,
        _ fileSystem: any FileSystem
    ) throws(SettingsError) -> [RuleFile] {
        var files: [RuleFile] = []
        var faults: [String] = []
        for path in paths {
            do throws(RuleFileErrors) {
                files.append(try loader.load(path, from: fileSystem))
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
