import MetricModel

/// Runs PromQL test scripts: series to load, queries, and what they must give.
///
/// The language is that of Prometheus' `promqltest`, with the checks that its runner makes of every query: instant
/// queries are repeated with `@`, and as range queries. A script cannot stop the process: what is wrong is reported.
///
/// Concurrency: stateless; runs on the calling thread.
public struct ScriptRunner: Sendable {
    /// Makes a runner.
    public init() {}

    /// Runs a script, against one storage that is empty at the beginning.
    public func run(_ text: String, options: ScriptOptions = .upstream) -> ScriptReport {
        var run = ScriptRun(options: options)
        var reader = ScriptReader(text)
        while let (line, command) = reader.next() { run.execute(command, line: line) }
        return run.report
    }
}

/// The state of a script that is being run.
private struct ScriptRun {
    let options: ScriptOptions
    private(set) var report = ScriptReport()
    private var storage = ScriptStorage()
    private let engine: QueryEngine
    private let parser: PromQLParser

    init(options: ScriptOptions) {
        self.options = options
        engine = QueryEngine(options: options.engine)
        parser = PromQLParser(options: options.parser)
    }

    mutating func execute(_ command: Result<ScriptCommand, ScriptError>, line: Int) {
        switch command {
        case .failure(let error): report.problems.append(.init(line: line, reason: error.reason))
        case .success(.clear): storage.removeAll()
        case .success(.load(let load)): store(load, line: line)
        case .success(.eval(let eval)):
            do throws(ScriptError) {
                try check(eval)
                report.passed += 1
            } catch {
                report.failed += 1
                report.failures.append(.init(line: line, reason: "\(eval.query): \(error.reason)"))
            }
        }
    }

    private mutating func store(_ load: ScriptLoad, line: Int) {
        let (series, problems) = load.read()
        for problem in problems { report.problems.append(.init(line: line, reason: problem.reason)) }
        for one in series {
            do throws(ScriptStorage.AppendError) {
                try storage.append(one)
            } catch {
                report.problems.append(.init(line: line, reason: "\(one.labels.bracedText): \(error)"))
            }
        }
        storage.commit()
    }

    private func check(_ eval: ScriptEval) throws(ScriptError) {
        let expression = try parse(eval.query)
        switch eval.time {
        case .range(let start, let end, let step):
            let result: Result<QueryResult, QueryError>
            do throws(QueryError) {
                result = .success(
                    try engine.range(expression, from: start, through: end, step: step, reader: storage)
                )
            } catch {
                result = .failure(error)
            }
            if let value = try checked(result, eval.query, eval) { try compare(value, eval) }
        case .instant(let time):
            let at = eval.rangeVector?.end ?? time
            try checkInstant(expression, eval.query, at: at, eval)
            guard let pinned = AtVariant.pinned(expression, at: at) else { return }
            let text = pinned.description
            let reparsed = try parse(text)
            for other in AtVariant.times(at) {
                do throws(ScriptError) {
                    try checkInstant(reparsed, text, at: other, eval)
                } catch {
                    throw ScriptError("as \(text) at \(other): \(error.reason)")
                }
            }
        }
    }

    private func checkInstant(
        _ expression: Expression,
        _ text: String,
        at time: Int64,
        _ eval: ScriptEval
    ) throws(ScriptError) {
        let result: Result<QueryResult, QueryError>
        do throws(QueryError) {
            result = .success(try engine.instant(expression, at: time, reader: storage))
        } catch {
            result = .failure(error)
        }
        guard let value = try checked(result, text, eval) else { return }
        try compare(value, eval)
        if eval.rangeVector != nil || eval.string != nil { return }
        if ["start()", "end()", "range()", "step()"].contains(where: text.contains) { return }
        try checkAsRange(expression, at: time, eval)
    }

    /// The same query as a range query of three steps around the time.
    private func checkAsRange(_ expression: Expression, at time: Int64, _ eval: ScriptEval) throws(ScriptError) {
        let result: QueryResult
        do throws(QueryError) {
            result = try engine.range(
                expression,
                from: time - 60_000,
                through: time + 60_000,
                step: 60_000,
                reader: storage
            )
        } catch {
            throw ScriptError("as range query: \(error)")
        }
        if eval.isOrdered { return }
        guard case .matrix(let matrix) = result.value else { throw ScriptError("as range query: no matrix") }
        if let complaint = ScriptComparison.orderComplaint(matrix) { throw ScriptError("as range query: \(complaint)") }
        var samples: [Sample] = []
        for series in matrix {
            guard let index = series.timestamps.firstIndex(of: time) else { continue }
            samples.append(Sample(labels: series.labels, timestamp: time, value: series.values[index]))
        }
        let value: QueryValue
        if expression.valueType == .scalar {
            guard let sample = samples.first else { throw ScriptError("as range query: no value at \(time)") }
            value = .scalar(sample.value, timestamp: time)
        } else {
            value = .vector(samples)
        }
        if let complaint = ScriptComparison.complaint(about: value, eval) {
            throw ScriptError("as range query: \(complaint)")
        }
    }

    /// The value of a result whose failure and annotations are as expected; nil when it failed as it should.
    private func checked(
        _ result: Result<QueryResult, QueryError>,
        _ text: String,
        _ eval: ScriptEval
    ) throws(ScriptError) -> QueryValue? {
        switch (result, eval.failure) {
        case (.failure(let error), let expectation?):
            if expectation.matches(error.description) { return nil }
            throw ScriptError("expected error \(expectation) but got: \(error)")
        case (.failure(let error), nil): throw ScriptError("error evaluating query: \(error)")
        case (.success, .some): throw ScriptError("expected error evaluating query but got none")
        case (.success(let result), nil):
            let warnings = result.annotations.warnings(in: text)
            let infos = result.annotations.infos(in: text)
            if let complaint = eval.warnings.complaint(about: warnings, kind: "warn") { throw ScriptError(complaint) }
            if let complaint = eval.infos.complaint(about: infos, kind: "info") { throw ScriptError(complaint) }
            return result.value
        }
    }

    private func compare(_ value: QueryValue, _ eval: ScriptEval) throws(ScriptError) {
        if let complaint = ScriptComparison.complaint(about: value, eval) { throw ScriptError(complaint) }
    }

    private func parse(_ text: String) throws(ScriptError) -> Expression {
        do throws(ParseError) {
            return try parser.parse(text)
        } catch {
            throw ScriptError("cannot parse query: \(error)")
        }
    }
}
