import Basics
import MetricModel
import PromQL
import Synchronization

/// One test while it runs.
struct RuleUnitTestRun {
    private let file: RuleUnitTestFile
    private let test: RuleUnitTest
    private let options: RuleUnitTestOptions
    private let store = UnitTestStore()
    private let engine: QueryEngine
    private let environment: RuleEnvironment
    /// How many points of each input series are stored.
    private var stored: [Int]

    init(file: RuleUnitTestFile, test: RuleUnitTest, options: RuleUnitTestOptions) {
        self.file = file
        self.test = test
        self.options = options
        stored = Array(repeating: 0, count: test.input.count)
        let engine = QueryEngine(
            options: EngineOptions(
                defaultSubqueryStep: file.evaluationInterval,
                samplesMax: RuleUnitTestOptions.samplesMax
            )
        )
        self.engine = engine
        let store = self.store
        environment = RuleEnvironment(
            query: { expression, time in try store.query(expression, at: time.milliseconds, engine) },
            append: { samples in store.append(samples) },
            notify: { _ in },
            readExpression: { try options.readExpression($0) },
            externalURL: test.externalURL,
            externalLabels: test.externalLabels
        )
    }

    /// Runs the test; empty when everything held.
    mutating func failures(_ definitions: [RuleGroupDefinition]) -> [RuleUnitTestReport.Failure] {
        var groups: [RuleGroupRuntime] = []
        do throws(TemplateError) {
            for definition in definitions { groups.append(try RuleGroupRuntime(definition)) }
        } catch {
            return [failure(at: test.position, "\(error)")]
        }
        let interval = file.evaluationInterval
        let (end, overflow) = test.start.addingReportingOverflow(test.length)
        if overflow || test.length / interval >= Int64(options.evaluationsMax) {
            return [failure(at: test.position, "the test needs more than \(options.evaluationsMax) evaluations")]
        }
        var failures: [RuleUnitTestReport.Failure] = []
        var time = test.start
        while true {
            if let reason = storeInput(through: time) { return [failure(at: test.position, reason)] }
            var errors: [String] = []
            for index in groups.indices {
                let name = groups[index].definition.name
                errors += groups[index].evaluate(at: Timestamp(milliseconds: time), in: environment)
                    .map { "group \(QuotedText.quote(name)), rule \(QuotedText.quote($0.rule)): \($0.message)" }
            }
            if !errors.isEmpty {
                let moment = PrometheusDuration.text(milliseconds: time - test.start)
                return failures + errors.map { failure(at: test.position, "at \(moment): \($0)") }
            }
            let elapsed = time - test.start
            for check in test.alertChecks where check.time >= elapsed && check.time - elapsed < interval {
                if let reason = complaint(check, groups) { failures.append(failure(at: check.position, reason)) }
            }
            let next = time.addingReportingOverflow(interval)
            if next.overflow || next.partialValue > end { break }
            time = next.partialValue
        }
        for check in test.queryChecks {
            if let reason = complaint(check) { failures.append(failure(at: check.position, reason)) }
        }
        return failures
    }

    private func failure(at position: YAMLPosition, _ reason: String) -> RuleUnitTestReport.Failure {
        RuleUnitTestReport.Failure(test: test.name, line: position.line, reason: reason)
    }

    /// Stores what the input has up to a time; returns why that cannot be done.
    private mutating func storeInput(through end: Int64) -> String? {
        var batch: [SeriesColumns] = []
        for (index, series) in test.input.enumerated() {
            var columns = SeriesColumns(labels: series.labels, timestamps: [], values: [])
            while stored[index] < series.points.count {
                let (distance, overflow) = test.interval.multipliedReportingOverflow(by: Int64(stored[index]))
                let (time, sumOverflow) = test.start.addingReportingOverflow(distance)
                if overflow || sumOverflow { return "\(series.labels): the input goes beyond all times" }
                if time > end { break }
                if let value = series.points[stored[index]] {
                    columns.timestamps.append(time)
                    columns.values.append(value)
                }
                stored[index] += 1
            }
            if columns.count > 0 { batch.append(columns) }
        }
        return store.append(batch)
    }

    // MARK: Checks

    private func complaint(_ check: RuleUnitTest.AlertCheck, _ groups: [RuleGroupRuntime]) -> String? {
        let found = groups.flatMap(\.alerts).filter { $0.rule == check.alert }.flatMap(\.alerts)
            .filter { $0.state == .firing }
            .map { RuleUnitTest.ExpectedAlert(labels: $0.labels, annotations: $0.annotations) }
        func sorted(_ alerts: [RuleUnitTest.ExpectedAlert]) -> [RuleUnitTest.ExpectedAlert] {
            alerts.sorted { $0.labels == $1.labels ? $0.annotations < $1.annotations : $0.labels < $1.labels }
        }
        let (expected, got) = (sorted(check.expected), sorted(found))
        if expected == got { return nil }
        let moment = PrometheusDuration.text(milliseconds: check.time)
        return """
            alertname: \(check.alert), time: \(moment)
                exp:\(RuleUnitTestText.list(expected.map(\.description)))
                got:\(RuleUnitTestText.list(got.map(\.description)))
            """
    }

    private func complaint(_ check: RuleUnitTest.QueryCheck) -> String? {
        let head = "expr: \(QuotedText.quote(check.text)), time: \(PrometheusDuration.text(milliseconds: check.time))"
        let (time, overflow) = test.start.addingReportingOverflow(check.time)
        if overflow { return "\(head), err: beyond all times" }
        let found: [(Labels, Double)]
        do {
            found = try store.query(check.expression, at: time, engine)
        } catch {
            return "\(head), err: \(error)"
        }
        let expected = check.expected.sorted { $0.labels < $1.labels }
        let got = found.sorted { $0.0 < $1.0 }
        let agrees =
            expected.count == got.count
            && zip(expected, got).allSatisfy { $0.labels == $1.0 && isEqual($0.value, $1.1) }
        if agrees { return nil }
        return """
            \(head)
                exp:\(RuleUnitTestText.list(expected.map(\.description)))
                got:\(RuleUnitTestText.list(got.map { RuleUnitTestText.sample($0.0, $0.1) }))
            """
    }

    private func isEqual(_ expected: Double, _ got: Double) -> Bool {
        if expected == got || (expected.isNaN && got.isNaN) { return true }
        return file.isFuzzy && expected.nextDown <= got && got <= expected.nextUp
    }
}

/// The samples of one test.
///
/// Concurrency: any thread; the lock is never held during a query.
private final class UnitTestStore: Sendable {
    private let storage = Mutex(ScriptStorage())

    /// Stores input; returns why it was refused.
    func append(_ batch: [SeriesColumns]) -> String? {
        storage.withLock { storage in
            defer { storage.commit() }
            for series in batch {
                do throws(ScriptStorage.AppendError) {
                    try storage.append(series)
                } catch {
                    return "\(series.labels): \(error)"
                }
            }
            return nil
        }
    }

    /// Stores what rules made.
    func append(_ samples: [LabeledSample]) -> [RejectedSample] {
        storage.withLock { storage in
            var rejected: [RejectedSample] = []
            for (index, sample) in samples.enumerated() {
                let columns = SeriesColumns(
                    labels: sample.labels,
                    timestamps: [sample.timestamp],
                    values: [sample.value]
                )
                do throws(ScriptStorage.AppendError) {
                    try storage.append(columns)
                } catch {
                    rejected.append(RejectedSample(index: index, reason: Self.reason(error)))
                }
            }
            storage.commit()
            return rejected
        }
    }

    private static func reason(_ error: ScriptStorage.AppendError) -> RejectedSample.Reason {
        switch error {
        case .noLabels: .invalidLabels
        case .outOfOrder: .outOfOrder
        case .differentValue: .duplicateTimestamp
        }
    }

    /// Evaluates an expression; a scalar counts as one sample without labels.
    func query(_ expression: Expression, at time: Int64, _ engine: QueryEngine) throws -> [(Labels, Double)] {
        let reader = storage.withLock { $0 }
        switch try engine.instant(expression, at: time, reader: reader).value {
        case .scalar(let value, _): return [(.empty, value)]
        case .vector(let samples): return samples.map { ($0.labels, $0.value) }
        case .string, .matrix: throw QueryError.invalid("rule result is not a vector or scalar")
        }
    }
}
