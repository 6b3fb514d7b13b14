public import MetricModel

/// Evaluates PromQL expressions.
///
/// A query is evaluated node by node over the whole time grid, series by series over columns of values, never step by
/// step: an instant query is a grid of one step. Source: the language of Prometheus 3.x.
///
/// Concurrency: stateless; any number of queries may run at once. A query runs on the calling thread and does not
/// suspend. Expressions as deep as the parser's default allows need 2 MiB of stack in debug builds.
public struct QueryEngine: Sendable {
    /// What the engine allows and assumes.
    public let options: EngineOptions

    /// Makes an engine.
    public init(options: EngineOptions) {
        self.options = options
    }

    /// Evaluates an expression at one time.
    ///
    /// - Parameters:
    ///   - expression: What to evaluate.
    ///   - time: Milliseconds since the Unix epoch.
    ///   - reader: Where the series are.
    ///   - interruption: Asked often, on the calling thread; any answer but nil ends the query.
    /// - Returns: A scalar, a string or a vector as the expression's type is; for a range vector a matrix.
    /// - Throws: ``QueryError``.
    public func instant(
        _ expression: Expression,
        at time: Int64,
        reader: any SeriesReader,
        interruption: @escaping () -> QueryInterruption? = { nil }
    ) throws(QueryError) -> QueryResult {
        let times = QueryTimes(start: time, end: time, step: 0)
        let evaluation = Evaluation(options: options, reader: reader, query: times, interruption: interruption)
        let resolved = try Resolution(query: times).resolve(expression)
        let grid = TimeGrid(start: time, step: 1, count: 1)
        let value: QueryValue
        if let source = try evaluation.rangeSource(resolved, on: grid) {
            value = .matrix(try evaluation.finalMatrix(source))
        } else {
            switch try evaluation.evaluate(resolved, on: grid) {
            case .scalar(let column): value = .scalar(column[0], timestamp: time)
            case .string(let text): value = .string(text, timestamp: time)
            case .vector(let series): value = .vector(try evaluation.finalVector(series, at: time))
            }
        }
        return QueryResult(
            value: value,
            annotations: evaluation.annotations,
            samplesRead: evaluation.samplesRead,
            samplesPeak: evaluation.samplesPeak
        )
    }

    /// Evaluates an expression at `start`, `start + step` and so on, through `end`.
    ///
    /// - Parameters:
    ///   - expression: What to evaluate.
    ///   - start: Milliseconds since the Unix epoch.
    ///   - end: Milliseconds since the Unix epoch, not before `start`.
    ///   - step: Milliseconds, positive.
    ///   - reader: Where the series are.
    ///   - interruption: Asked often, on the calling thread; any answer but nil ends the query.
    /// - Returns: A matrix, sorted by labels; a scalar becomes the series without labels.
    /// - Throws: ``QueryError``; also when the expression is a string or a range vector, or when there would be more
    ///   than ``EngineOptions/pointsPerSeriesMax`` steps.
    public func range(
        _ expression: Expression,
        from start: Int64,
        through end: Int64,
        step: Int64,
        reader: any SeriesReader,
        interruption: @escaping () -> QueryInterruption? = { nil }
    ) throws(QueryError) -> QueryResult {
        guard step > 0 else {
            throw QueryError.invalid("zero or negative query resolution step widths are not accepted")
        }
        guard end >= start else { throw QueryError.invalid("end timestamp must not be before start time") }
        let times = QueryTimes(start: start, end: end, step: step)
        let grid = TimeGrid(start: start, through: end, step: step)
        if grid.count > options.pointsPerSeriesMax {
            throw QueryError.tooManyPoints(limit: options.pointsPerSeriesMax)
        }
        let evaluation = Evaluation(options: options, reader: reader, query: times, interruption: interruption)
        let resolved = try Resolution(query: times).resolve(expression)
        switch resolved.unparenthesized {
        case .matrixSelector, .subquery:
            throw QueryError.invalid(
                "invalid expression type \"range vector\" for range query, must be Scalar or instant Vector"
            )
        default: break
        }
        let matrix: [Series]
        switch try evaluation.evaluate(resolved, on: grid) {
        case .string:
            throw QueryError.invalid(
                "invalid expression type \"string\" for range query, must be Scalar or instant Vector"
            )
        case .scalar(let column):
            var timestamps: [Int64] = []
            var values: [Double] = []
            for index in 0..<grid.count {
                timestamps.append(grid.time(index))
                values.append(column[index])
            }
            matrix = [Series(labels: .empty, timestamps: timestamps, values: values)]
        case .vector(let series): matrix = try evaluation.finalMatrix(series, on: grid)
        }
        return QueryResult(
            value: .matrix(matrix),
            annotations: evaluation.annotations,
            samplesRead: evaluation.samplesRead,
            samplesPeak: evaluation.samplesPeak
        )
    }
}
