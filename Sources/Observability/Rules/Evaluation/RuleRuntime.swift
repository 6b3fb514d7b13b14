import Basics
import MetricModel
import PromQL

/// How a rule's last evaluation went.
public enum RuleHealth: String, Sendable {
    case unknown, ok
    case failed = "err"
}

/// A rule with what it remembers from one evaluation to the next.
struct RuleRuntime: Sendable {
    /// Kept over reloads of an unchanged rule.
    let id: UInt64
    private(set) var definition: RuleDefinition
    private(set) var alerts: AlertRuleState
    private var templates: [(name: String, isLabel: Bool, template: Template)] = []
    /// The series of the last good evaluation, to end them when they vanish.
    private(set) var previousSeries: Set<Labels> = []
    private(set) var health = RuleHealth.unknown
    private(set) var lastError: String?
    private(set) var lastEvaluation: Timestamp?
    private(set) var evaluationTime = Duration.zero

    /// - Throws: ``TemplateError`` when a label or annotation is no template; a loaded file's rules never are.
    init(id: UInt64, _ definition: RuleDefinition, isRestored: Bool, limits: TemplateLimits) throws(TemplateError) {
        self.id = id
        self.definition = definition
        alerts = AlertRuleState(holdDuration: definition.holdDuration, keepFiringFor: definition.keepFiringFor)
        alerts.isRestored = isRestored
        guard case .alert(let name) = definition.kind else { return }
        for label in definition.labels {
            templates.append((label.name, true, try AlertTemplate.parse(label.value, alert: name, limits: limits)))
        }
        for annotation in definition.annotations {
            templates.append(
                (annotation.name, false, try AlertTemplate.parse(annotation.value, alert: name, limits: limits))
            )
        }
    }

    /// Takes over an unchanged rule's new place in its file.
    mutating func adopt(_ definition: RuleDefinition) { self.definition = definition }

    /// What one evaluation wants done.
    struct Outcome {
        var samples: [LabeledSample] = []
        var notices: [AlertNotice] = []
        var error: RuleError?
    }

    /// Where and when a rule is evaluated.
    struct Occasion {
        let time: Timestamp
        let queryOffset: Duration
        let interval: Duration
        let limit: Int
        let settings: RuleSettings
        let environment: RuleEnvironment

        var sampleTime: Timestamp { time.advanced(by: .zero - queryOffset) }
    }

    /// Evaluates the rule once.
    ///
    /// A failure says so in ``Outcome/error`` and leaves alerts and series as they were, with one exception, as
    /// upstream: a rule with more alerts than its limit loses all of them.
    mutating func evaluate(_ occasion: Occasion) -> Outcome {
        lastEvaluation = occasion.time
        var outcome = Outcome()
        do throws(RuleError) {
            let vector = try query(occasion)
            let samples =
                if case .record(let name) = definition.kind {
                    try record(name, vector, occasion)
                } else {
                    try alert(vector, occasion)
                }
            outcome.samples = samples + vanished(from: samples, at: occasion.sampleTime)
            health = .ok
            lastError = nil
        } catch {
            health = .failed
            lastError = error.description
            outcome.error = error
        }
        if definition.isAlert { outcome.notices = notices(occasion) }
        return outcome
    }

    /// Notes how long the evaluation took, and whether its samples could not be stored.
    mutating func note(duration: Duration, storageError: String?) {
        evaluationTime = duration
        if let storageError {
            health = .failed
            lastError = storageError
        }
    }

    /// The markers that end all of the rule's series.
    func endings(at time: Timestamp) -> [LabeledSample] {
        previousSeries.sorted()
            .map { LabeledSample(labels: $0, timestamp: time.milliseconds, value: StaleMarker.value) }
    }

    private func query(_ occasion: Occasion) throws(RuleError) -> [(Labels, Double)] {
        do {
            return try occasion.environment.query(definition.expression, occasion.sampleTime)
        } catch {
            throw .query("\(error)")
        }
    }

    private mutating func vanished(from samples: [LabeledSample], at time: Timestamp) -> [LabeledSample] {
        let present = Set(samples.map(\.labels))
        let ended = previousSeries.subtracting(present).sorted()
        previousSeries = present
        return ended.map { LabeledSample(labels: $0, timestamp: time.milliseconds, value: StaleMarker.value) }
    }

    // MARK: Recording

    private func record(_ name: String, _ vector: [(Labels, Double)], _ occasion: Occasion) throws(RuleError)
        -> [LabeledSample]
    {
        var seen: Set<Labels> = []
        var samples: [LabeledSample] = []
        for (labels, value) in vector {
            var builder = LabelsBuilder(labels)
            builder.set(Label.metricName, name)
            for label in definition.labels { builder.set(label.name, label.value) }
            guard seen.insert(builder.labels).inserted else { throw .duplicateLabelsets(isAlert: false) }
            samples.append(
                LabeledSample(labels: builder.labels, timestamp: occasion.sampleTime.milliseconds, value: value)
            )
        }
        if occasion.limit > 0, samples.count > occasion.limit {
            throw .limitExceeded(limit: occasion.limit, count: samples.count, isAlert: false)
        }
        return samples
    }

    // MARK: Alerting

    private mutating func alert(_ vector: [(Labels, Double)], _ occasion: Occasion) throws(RuleError)
        -> [LabeledSample]
    {
        let candidates = vector.map { candidate($0.0, $0.1, occasion) }
        let outcome = try alerts.evaluate(
            candidates,
            at: occasion.time,
            sampleTime: occasion.sampleTime,
            limit: occasion.limit
        )
        if !alerts.isRestored { restore(occasion) }
        return outcome.samples
    }

    private func candidate(_ labels: Labels, _ value: Double, _ occasion: Occasion) -> AlertRuleState.Candidate {
        let environment = occasion.environment
        let context = TemplateContext(now: occasion.time, externalURL: environment.externalURL) { text in
            let expression = try environment.readExpression(text)
            return try environment.query(expression, occasion.time).map { labels, value in
                TemplateSample(
                    labels: Dictionary(labels.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }),
                    value: value
                )
            }
        }
        let data = AlertTemplate.data(
            labels: labels,
            value: value,
            externalLabels: environment.externalLabels,
            externalURL: environment.externalURL
        )
        var builder = LabelsBuilder(labels)
        builder.remove(Label.metricName)
        var annotations = LabelsBuilder()
        for (name, isLabel, template) in templates {
            let text = Self.expand(template, data, context)
            if isLabel { builder.set(name, text) } else { annotations.set(name, text) }
        }
        builder.set(Label.alertName, definition.name)
        return AlertRuleState.Candidate(labels: builder.labels, annotations: annotations.labels, value: value)
    }

    /// A template that fails does not stop the alert: its text says what went wrong, as upstream's.
    private static func expand(
        _ template: Template,
        _ data: (dot: TemplateValue, variables: [(name: String, value: TemplateValue)]),
        _ context: TemplateContext
    ) -> String {
        do {
            return try template.expand(data.dot, variables: data.variables, context: context)
        } catch {
            return "<error expanding template: \(error.description)>"
        }
    }

    private mutating func restore(_ occasion: Occasion) {
        let settings = occasion.settings
        defer { alerts.isRestored = true }
        guard let read = occasion.environment.forStateSamples, definition.holdDuration >= settings.forGracePeriod else {
            return
        }
        let from = occasion.time.advanced(by: .zero - settings.outageTolerance)
        // Without the old state the alerts begin anew, which errs on the side of firing late, never of not firing.
        guard let found = try? read(definition.name, from, occasion.time) else { return }
        for (labels, time, value) in found where !value.isNaN {
            let key = labels.removing(Label.metricName)
            let activeAt = AlertRuleState.restoredActiveAt(
                lastSeen: time,
                activeAt: Timestamp(seconds: value),
                now: occasion.time,
                holdDuration: definition.holdDuration,
                grace: settings.forGracePeriod
            )
            alerts.restore(key, activeAt: activeAt)
        }
    }

    private mutating func notices(_ occasion: Occasion) -> [AlertNotice] {
        let environment = occasion.environment
        let link = environment.externalURL + URLText.tableLink(String(describing: definition.expression))
        let due = alerts.takeDue(
            at: occasion.time,
            resendDelay: occasion.settings.resendDelay,
            interval: occasion.interval
        )
        return due.map { alert in
            var builder = LabelsBuilder(alert.labels)
            for label in environment.externalLabels where !alert.labels.contains(label.name) {
                builder.set(label.name, label.value)
            }
            return AlertNotice(
                labels: builder.labels,
                annotations: alert.annotations,
                startsAt: alert.firedAt ?? alert.activeAt,
                endsAt: alert.resolvedAt ?? alert.validUntil ?? occasion.time,
                generatorURL: link,
                value: alert.value,
                activeAt: alert.activeAt
            )
        }
    }
}
