import MetricModel

/// One run of a query: walks the expression once, and each node yields its values over the whole grid.
///
/// Not Sendable: a run stays on the thread that began it.
final class Evaluation {
    let options: EngineOptions
    let reader: any SeriesReader
    /// The first and the last step of the query as asked, and its step; 0 for an instant query.
    let query: QueryTimes
    private let interruption: () -> QueryInterruption?
    var annotations = Annotations()
    /// Stored samples read so far.
    private(set) var samplesRead = 0
    /// The most samples held at a time.
    private(set) var samplesPeak = 0
    private(set) var samplesHeld = 0
    private var labelBytes = 0

    init(
        options: EngineOptions,
        reader: any SeriesReader,
        query: QueryTimes,
        interruption: @escaping () -> QueryInterruption?
    ) {
        self.options = options
        self.reader = reader
        self.query = query
        self.interruption = interruption
    }

    /// Ends the run when the caller asks for it.
    func poll() throws(QueryError) {
        switch interruption() {
        case nil: return
        case .cancelled: throw QueryError.cancelled
        case .timedOut: throw QueryError.timeout
        }
    }

    /// Counts samples that are in memory now.
    func hold(_ count: Int) throws(QueryError) {
        samplesHeld += count
        if samplesHeld > options.samplesMax { throw QueryError.tooManySamples(limit: options.samplesMax) }
        samplesPeak = max(samplesPeak, samplesHeld)
    }

    /// Counts the samples of columns about to be made; the product cannot overflow.
    func hold(series: Int, steps: Int) throws(QueryError) {
        if series > options.seriesMax { throw QueryError.tooManySeries(limit: options.seriesMax) }
        let (product, overflow) = series.multipliedReportingOverflow(by: steps)
        if overflow { throw QueryError.tooManySamples(limit: options.samplesMax) }
        try hold(product)
    }

    /// Counts the bytes of labels about to be made; they are not given back before the query ends.
    func holdLabel(_ name: String, _ value: String) throws(QueryError) {
        labelBytes += name.utf8.count + value.utf8.count
        if labelBytes > options.labelBytesMax { throw QueryError.tooManyLabelBytes(limit: options.labelBytesMax) }
    }

    /// The value of a node at all steps of a grid.
    func evaluate(_ expression: Expression, on grid: TimeGrid) throws(QueryError) -> NodeValue {
        try poll()
        let heldBefore = samplesHeld
        if grid.count > options.samplesMax - samplesHeld { throw QueryError.tooManySamples(limit: options.samplesMax) }
        let value: NodeValue
        if grid.count > 1 && StepInvariance.holds(for: expression) {
            value = spread(try evaluateNode(expression, on: grid.first), over: grid.count)
        } else {
            value = try evaluateNode(expression, on: grid)
        }
        try settle(value, above: heldBefore, steps: grid.count)
        return value
    }

    /// Ends a part of the evaluation: what it needed meanwhile is gone, what it yields stays.
    func settle(_ value: NodeValue, above heldBefore: Int, steps: Int) throws(QueryError) {
        samplesHeld = heldBefore
        switch value {
        case .scalar(.column(let values)): try hold(values.count)
        case .vector(let series): try hold(series: series.count, steps: steps)
        case .scalar(.constant), .string: break
        }
    }

    private func evaluateNode(_ expression: Expression, on grid: TimeGrid) throws(QueryError) -> NodeValue {
        switch expression {
        case .number(let literal): return .scalar(.constant(literal.value))
        case .string(let literal): return .string(literal.value)
        case .vectorSelector(let selector): return .vector(try select(selector, on: grid, yielding: .values))
        case .matrixSelector, .subquery:
            throw QueryError.invalid("a range vector can only be an argument of a function")
        case .call(let call): return try evaluate(call, on: grid)
        case .aggregation(let aggregation): return .vector(try aggregate(aggregation, on: grid))
        case .binary(let operation): return try evaluate(operation, on: grid)
        case .unary(let operation): return try evaluate(operation, on: grid)
        case .parenthesized(let inner, _): return try evaluate(inner, on: grid)
        }
    }

    /// The vector that an argument must be.
    func vector(_ expression: Expression, on grid: TimeGrid) throws(QueryError) -> [VectorSeries] {
        guard case .vector(let series) = try evaluate(expression, on: grid) else {
            throw QueryError.invalid("expected an instant vector")
        }
        return series
    }

    /// The scalar that an argument must be.
    func scalar(_ expression: Expression, on grid: TimeGrid) throws(QueryError) -> ScalarColumn {
        guard case .scalar(let column) = try evaluate(expression, on: grid) else {
            throw QueryError.invalid("expected a scalar")
        }
        return column
    }

    /// The string that an argument must be.
    func string(_ expression: Expression, on grid: TimeGrid) throws(QueryError) -> String {
        guard case .string(let text) = try evaluate(expression, on: grid) else {
            throw QueryError.invalid("expected a string")
        }
        return text
    }

    /// The value of one step at so many.
    func spread(_ value: NodeValue, over count: Int) -> NodeValue {
        switch value {
        case .scalar(.constant), .string: return value
        case .scalar(.column(let values)): return .scalar(.constant(values.first ?? .nan))
        case .vector(var series):
            for index in series.indices {
                let value = series[index].column.values.first ?? StepColumn.absent
                series[index].column = StepColumn(repeating: value, count: count)
            }
            return .vector(series)
        }
    }

    /// Reads series from the store and counts their samples.
    func read(_ matchers: [LabelMatcher], from start: Int64, through end: Int64) throws(QueryError) -> [SeriesColumns] {
        try poll()
        guard start <= end else { return [] }
        let series: [SeriesColumns]
        do {
            series = try reader.select(
                matchers,
                from: start,
                through: end,
                samplesMax: options.samplesMax - samplesHeld
            )
        } catch {
            if case .tooManySamples = error { throw QueryError.tooManySamples(limit: options.samplesMax) }
            throw QueryError.storage(error)
        }
        if series.count > options.seriesMax { throw QueryError.tooManySeries(limit: options.seriesMax) }
        var count = 0
        for one in series { count += one.count }
        samplesRead += count
        try hold(count)
        return series
    }
}

/// When a query asks: the same for all its parts.
struct QueryTimes {
    var start: Int64
    var end: Int64
    /// 0 for an instant query.
    var step: Int64
}
