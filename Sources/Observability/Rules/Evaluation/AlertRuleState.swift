public import Basics
public import MetricModel

/// An alerting rule's alerts: a state machine that is fed the expression's vector at each evaluation.
///
/// Source: Prometheus' `rules/alerting.go` (behaviour). Pure: time is a parameter. An alert that was resolved is kept
/// for ``resolvedRetention``, so that receivers hear of it even when a delivery fails.
public struct AlertRuleState: Sendable {
    /// How long a resolved alert is kept.
    public static let resolvedRetention = Duration.seconds(15 * 60)

    /// The name of the series that say which alerts are pending or firing.
    public static let alertsMetric = "ALERTS"
    /// The name of the series that hold since when alerts are active, in Unix seconds.
    public static let forStateMetric = "ALERTS_FOR_STATE"

    /// The rule's alerts by their labels; inactive ones are resolved and not yet forgotten.
    public private(set) var alerts: [Labels: Alert] = [:]
    /// How long the condition must hold before an alert fires; zero for at once.
    public let holdDuration: Duration
    /// How long an alert keeps firing after its condition has ended; zero for not at all.
    public let keepFiringFor: Duration
    /// Whether `ALERTS` series are written: after a start not before the state was restored.
    public var isRestored = false

    /// Makes the state of a rule that was never evaluated.
    public init(holdDuration: Duration = .zero, keepFiringFor: Duration = .zero) {
        self.holdDuration = holdDuration
        self.keepFiringFor = keepFiringFor
    }

    /// An element of the vector with the alert's labels and annotations already made.
    public struct Candidate: Sendable, Equatable {
        /// The labels that the alert will have, `alertname` included.
        public let labels: Labels
        /// The annotations, templates expanded.
        public let annotations: Labels
        /// The expression's value for this element.
        public let value: Double

        /// Makes a candidate from labels and annotations whose templates are expanded.
        public init(labels: Labels, annotations: Labels = .empty, value: Double) {
            self.labels = labels
            self.annotations = annotations
            self.value = value
        }
    }

    /// What an evaluation brought.
    public struct Outcome: Sendable, Equatable {
        /// The labels of alerts whose state changed, sorted.
        public var changed: [Labels] = []
        /// The samples of `ALERTS` and `ALERTS_FOR_STATE`.
        public var samples: [LabeledSample] = []
    }

    /// The greatest state of any alert.
    public var state: AlertState { alerts.values.map(\.state).max() ?? .inactive }

    /// The alerts that are pending or firing, in the order of their labels.
    public var activeAlerts: [Alert] {
        alerts.values.filter { $0.state != .inactive }.sorted { $0.labels < $1.labels }
    }

    /// Takes the vector of one evaluation.
    ///
    /// - Parameters:
    ///   - candidates: The vector's elements; no two may have the same labels.
    ///   - time: The evaluation's time.
    ///   - sampleTime: The time of the samples, earlier by the query offset; nil for the evaluation's time.
    ///   - limit: The most active alerts; 0 for no limit.
    /// - Returns: The alerts that changed and the samples to store.
    /// - Throws: ``RuleError``; `duplicateLabelsets` leaves everything as it was, `limitExceeded` clears all alerts.
    public mutating func evaluate(
        _ candidates: [Candidate],
        at time: Timestamp,
        sampleTime: Timestamp? = nil,
        limit: Int = 0
    ) throws(RuleError) -> Outcome {
        var present: Set<Labels> = []
        for candidate in candidates where !present.insert(candidate.labels).inserted {
            throw .duplicateLabelsets(isAlert: true)
        }
        let before = alerts.mapValues(\.state)
        for candidate in candidates { take(candidate, at: time) }
        var outcome = Outcome()
        var activeCount = 0
        let stamp = (sampleTime ?? time).milliseconds
        for labels in alerts.keys.sorted() {
            guard var alert = alerts[labels] else { continue }
            let isKept = advance(&alert, isPresent: present.contains(labels), at: time)
            alerts[labels] = isKept ? alert : nil
            guard alert.state != .inactive else { continue }
            activeCount += 1
            if isRestored { outcome.samples += Self.samples(of: alert, at: stamp) }
        }
        outcome.changed = Set(before.keys).union(alerts.keys).sorted()
            .filter { (before[$0] ?? .inactive) != (alerts[$0]?.state ?? .inactive) }
        if limit > 0, activeCount > limit {
            alerts = [:]
            throw .limitExceeded(limit: limit, count: activeCount, isAlert: true)
        }
        return outcome
    }

    private mutating func take(_ candidate: Candidate, at time: Timestamp) {
        if var alert = alerts[candidate.labels], alert.state != .inactive {
            alert.value = candidate.value
            alert.annotations = candidate.annotations
            alerts[candidate.labels] = alert
        } else {
            alerts[candidate.labels] = Alert(
                state: .pending,
                labels: candidate.labels,
                annotations: candidate.annotations,
                value: candidate.value,
                activeAt: time
            )
        }
    }

    /// Moves an alert on; false when it is to be forgotten.
    private func advance(_ alert: inout Alert, isPresent: Bool, at time: Timestamp) -> Bool {
        if isPresent {
            alert.keepFiringSince = nil
        } else if !keepsFiring(&alert, at: time) {
            if alert.state == .pending {
                alert.state = .inactive
                return false
            }
            if alert.state == .firing {
                alert.state = .inactive
                alert.resolvedAt = time
                return true
            }
            return alert.resolvedAt.map { time.since($0) <= Self.resolvedRetention } ?? false
        }
        if alert.state == .pending, time.since(alert.activeAt) >= holdDuration {
            alert.state = .firing
            alert.firedAt = time
        }
        return true
    }

    private func keepsFiring(_ alert: inout Alert, at time: Timestamp) -> Bool {
        guard alert.state == .firing, keepFiringFor > .zero else { return false }
        let since = alert.keepFiringSince ?? time
        alert.keepFiringSince = since
        return time.since(since) < keepFiringFor
    }

    /// The samples that stand for an active alert.
    static func samples(of alert: Alert, at milliseconds: Int64) -> [LabeledSample] {
        var builder = LabelsBuilder(alert.labels)
        builder.set(Label.metricName, forStateMetric)
        let forState = builder.labels
        builder.set(Label.metricName, alertsMetric)
        builder.set("alertstate", alert.state.rawValue)
        let activeSeconds = (alert.activeAt.seconds).rounded(.down)
        return [
            LabeledSample(labels: builder.labels, timestamp: milliseconds, value: 1),
            LabeledSample(labels: forState, timestamp: milliseconds, value: activeSeconds),
        ]
    }

    // MARK: Sending

    /// The alerts that receivers must hear of now: firing ones again after `resendDelay`, resolved ones at once.
    ///
    /// Each is valid for four times the longer of `resendDelay` and `interval`, so that two failures do not resolve it.
    public mutating func takeDue(at time: Timestamp, resendDelay: Duration, interval: Duration) -> [Alert] {
        var due: [Alert] = []
        for labels in alerts.keys.sorted() {
            guard var alert = alerts[labels], Self.needsSending(alert, at: time, resendDelay: resendDelay) else {
                continue
            }
            alert.lastSentAt = time
            alert.validUntil = time.advanced(by: max(resendDelay, interval) * 4)
            alerts[labels] = alert
            due.append(alert)
        }
        return due
    }

    private static func needsSending(_ alert: Alert, at time: Timestamp, resendDelay: Duration) -> Bool {
        if alert.state == .pending { return false }
        guard let sent = alert.lastSentAt else { return true }
        if let resolved = alert.resolvedAt, resolved > sent { return true }
        return sent.advanced(by: resendDelay) < time
    }

    // MARK: Restoring

    /// Puts an alert's beginning back to what `ALERTS_FOR_STATE` said before a restart.
    public mutating func restore(_ labels: Labels, activeAt: Timestamp) {
        alerts[labels]?.activeAt = activeAt
    }

    /// Since when an alert counts as active after a restart.
    ///
    /// The time the process was down does not count; an alert that has less than `grace` to go gets that much, so that
    /// it cannot fire before fresh data came in. An alert that had been firing keeps its old time, and so fires again
    /// at the next evaluation.
    ///
    /// - Parameters:
    ///   - lastSeen: The time of the last `ALERTS_FOR_STATE` sample.
    ///   - activeAt: Its value.
    ///   - now: The time of the first evaluation after the restart.
    ///   - holdDuration: How long the rule's condition must hold.
    ///   - grace: The least time that an alert which was pending has to go.
    /// - Returns: The time that takes the place of `activeAt`.
    public static func restoredActiveAt(
        lastSeen: Timestamp,
        activeAt: Timestamp,
        now: Timestamp,
        holdDuration: Duration,
        grace: Duration
    ) -> Timestamp {
        let remaining = holdDuration - lastSeen.since(activeAt)
        if remaining <= .zero { return activeAt }
        if remaining < grace { return now.advanced(by: grace).advanced(by: .zero - holdDuration) }
        return activeAt.advanced(by: now.since(lastSeen))
    }
}
