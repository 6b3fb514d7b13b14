public import MetricModel
public import PromQL

/// A rule as a rule file states it, checked.
public struct RuleDefinition: Sendable, Equatable {
    /// Whether the rule records a series or raises alerts, and under which name.
    public enum Kind: Hashable, Sendable {
        case record(String)
        case alert(String)
    }

    /// What the rule makes, and its name.
    public let kind: Kind
    /// The expression as parsed.
    public let expression: Expression
    /// The expression as it stands in the file.
    public let expressionText: String
    /// How long the condition must hold before the alert fires.
    public let holdDuration: Duration
    /// How long the alert keeps firing after the condition ended.
    public let keepFiringFor: Duration
    /// The group's labels overridden by the rule's, sorted by name; an alert's values are templates.
    public let labels: [Label]
    /// Templates, sorted by name.
    public let annotations: [Label]
    /// Where the rule stands in its file.
    public let position: YAMLPosition

    /// Makes a rule from parts that are known to be valid.
    public init(
        kind: Kind,
        expression: Expression,
        expressionText: String,
        holdDuration: Duration = .zero,
        keepFiringFor: Duration = .zero,
        labels: [Label] = [],
        annotations: [Label] = [],
        position: YAMLPosition = YAMLPosition(line: 1, column: 1)
    ) {
        self.kind = kind
        self.expression = expression
        self.expressionText = expressionText
        self.holdDuration = holdDuration
        self.keepFiringFor = keepFiringFor
        self.labels = labels
        self.annotations = annotations
        self.position = position
    }

    /// The recorded metric's or the alert's name.
    public var name: String {
        switch kind {
        case .record(let name), .alert(let name): name
        }
    }

    /// Whether the rule raises alerts.
    public var isAlert: Bool { if case .alert = kind { true } else { false } }

    /// Whether another rule is the same, wherever it stands: then its state may be kept over a reload.
    public func isSame(as other: RuleDefinition) -> Bool {
        kind == other.kind && expressionText == other.expressionText && holdDuration == other.holdDuration
            && keepFiringFor == other.keepFiringFor && labels == other.labels && annotations == other.annotations
    }
}

/// A group of rules that are evaluated one after another at one interval.
public struct RuleGroupDefinition: Sendable, Equatable {
    /// The group's name; no other group of its file has it.
    public let name: String
    /// The file that the group stands in.
    public let file: String
    /// Nil for the evaluator's default; a rule file's is at least ``intervalMin``.
    public let interval: Duration?
    /// How far in the past queries are evaluated; nil for the evaluator's default.
    public let queryOffset: Duration?
    /// The most series or alerts that a rule may produce; 0 or, as upstream, anything negative for no limit.
    public let limit: Int
    /// The rules in the order of the file, in which they are evaluated.
    public let rules: [RuleDefinition]

    /// Makes a group from parts that are known to be valid.
    public init(
        name: String,
        file: String,
        interval: Duration? = nil,
        queryOffset: Duration? = nil,
        limit: Int = 0,
        rules: [RuleDefinition]
    ) {
        self.name = name
        self.file = file
        self.interval = interval
        self.queryOffset = queryOffset
        self.limit = limit
        self.rules = rules
    }

    /// The shortest interval that a rule file may ask for; upstream has no such bound, but a group that is due all the
    /// time keeps a whole thread.
    public static let intervalMin = Duration.milliseconds(10)

    /// What tells groups apart: the file and the name.
    public var identifier: String { "\(file);\(name)" }
}

/// A rule file as read.
public struct RuleFile: Sendable, Equatable {
    /// The path that the file was read from.
    public let path: String
    /// The whole text, as read.
    public let text: String
    /// The groups in the order of the file.
    public let groups: [RuleGroupDefinition]
    /// Whether the file holds further YAML documents, which are not read.
    public let hasFurtherDocuments: Bool

    /// Rules that share name and labels with another one, each once, in the order of name and labels.
    public var duplicates: [(name: String, labels: Labels)] {
        struct Key: Hashable {
            let name: String
            let labels: Labels
        }
        var counts: [Key: Int] = [:]
        for rule in groups.flatMap(\.rules) {
            counts[Key(name: rule.name, labels: Labels(rule.labels)), default: 0] += 1
        }
        return counts.filter { $0.value > 1 }.keys
            .sorted {
                $0.name == $1.name ? $0.labels < $1.labels : $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
            }
            .map { ($0.name, $0.labels) }
    }
}

/// Something wrong in a rule file.
public struct RuleFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The path of the file.
    public let file: String
    /// Nil when the file could not be read at all.
    public let position: YAMLPosition?
    /// With group and rule, as upstream words it.
    public let message: String

    /// The error as `file:line:column: message`, without a place when there is none.
    public var description: String {
        position.map { "\(file):\($0): \(message)" } ?? "\(file): \(message)"
    }
}

/// Everything that is wrong in a rule file; at least one error.
public struct RuleFileErrors: Error, Hashable, Sendable, CustomStringConvertible {
    /// Every error that was found; at least one.
    public let errors: [RuleFileError]

    init(errors: [RuleFileError]) { self.errors = errors }

    /// A file that could not be read at all.
    public init(file: String, message: String) {
        errors = [RuleFileError(file: file, position: nil, message: message)]
    }

    /// A line for each error.
    public var description: String { errors.map(\.description).joined(separator: "\n") }
}
