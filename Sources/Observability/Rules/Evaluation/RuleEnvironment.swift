public import Basics
public import MetricModel
public import PromQL

/// What rule evaluation asks of the world, as narrow closures.
///
/// Concurrency: the closures are called from any thread, one at a time for each group.
public struct RuleEnvironment: Sendable {
    /// Evaluates an expression at a time; a scalar counts as one sample without labels.
    public typealias Query = @Sendable (Expression, Timestamp) throws -> [(Labels, Double)]
    /// Stores samples, and says which were refused.
    public typealias Append = @Sendable ([LabeledSample]) throws -> [RejectedSample]
    /// The last `ALERTS_FOR_STATE` sample of each series of an alert between two times: labels, time, value.
    public typealias ForStateSamples =
        @Sendable (_ alert: String, _ from: Timestamp, _ to: Timestamp) throws -> [(Labels, Timestamp, Double)]

    /// Evaluates the rules' expressions.
    public var query: Query
    /// Stores what rules record.
    public var append: Append
    /// Stores the series of alerts, which a store may have room for when it takes nothing else.
    public var appendAlerts: Append
    /// Takes the alerts that receivers must hear of; must return quickly.
    public var notify: @Sendable ([AlertNotice]) -> Void
    /// Reads the text of a template's `query`.
    public var readExpression: RuleFileLoader.ExpressionReader
    /// Nil when no state is restored after a start.
    public var forStateSamples: ForStateSamples?
    /// The URL under which people reach the server, without a closing slash.
    public var externalURL: String
    /// Labels put on every alert that lacks them; templates see them as `$externalLabels`.
    public var externalLabels: Labels

    /// Makes an environment; without `appendAlerts` alerts go where the rest does, without `forStateSamples` no alert's
    /// state is restored.
    public init(
        query: @escaping Query,
        append: @escaping Append,
        appendAlerts: Append? = nil,
        notify: @escaping @Sendable ([AlertNotice]) -> Void,
        readExpression: @escaping RuleFileLoader.ExpressionReader,
        forStateSamples: ForStateSamples? = nil,
        externalURL: String = "",
        externalLabels: Labels = .empty
    ) {
        self.query = query
        self.append = append
        self.appendAlerts = appendAlerts ?? append
        self.notify = notify
        self.readExpression = readExpression
        self.forStateSamples = forStateSamples
        self.externalURL = externalURL
        self.externalLabels = externalLabels
    }
}

/// The times that govern evaluation and sending.
public struct RuleSettings: Sendable {
    /// For groups without one.
    public var interval = Duration.seconds(60)
    /// For groups without one.
    public var queryOffset = Duration.zero
    /// How long before a firing alert is sent again.
    public var resendDelay = Duration.seconds(60)
    /// How far back the state of alerts is looked for after a start.
    public var outageTolerance = Duration.seconds(3600)
    /// How long after a start an alert with a restored `for` waits at least; shorter `for` are not restored.
    public var forGracePeriod = Duration.seconds(600)

    /// Makes the settings that a configuration without its own values has.
    public init() {}
}

/// An alert as it is handed to notification: firing until `endsAt` unless refreshed, or resolved at `endsAt`.
public struct AlertNotice: Sendable, Equatable {
    /// The alert's labels, `alertname` included; they identify it.
    public let labels: Labels
    /// The alert's annotations, templates expanded.
    public let annotations: Labels
    /// When the alert began to fire.
    public let startsAt: Timestamp
    /// When the alert ended, or until when it counts as firing without another notice.
    public let endsAt: Timestamp
    /// Where the expression can be seen.
    public let generatorURL: String
    /// The expression's value at the last evaluation that had the alert; nil when the source does not tell.
    public let value: Double?
    /// Since when the alert's condition holds; nil when the source does not tell.
    public let activeAt: Timestamp?

    /// Makes a notice; an `endsAt` that has passed says that the alert is resolved.
    public init(
        labels: Labels,
        annotations: Labels = .empty,
        startsAt: Timestamp,
        endsAt: Timestamp,
        generatorURL: String = "",
        value: Double? = nil,
        activeAt: Timestamp? = nil
    ) {
        self.labels = labels
        self.annotations = annotations
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.generatorURL = generatorURL
        self.value = value
        self.activeAt = activeAt
    }
}
