public import Basics
import Instruments
public import MetricModel
public import PromQL
public import Supervision
import Synchronization

/// Evaluates PromQL for everyone who asks (the API, the rules), within limits of time, memory and number.
///
/// Concurrency: any task; the evaluation runs on threads of its own.
public final class QueryService: Component {
    /// Why there is no answer.
    public enum Failure: Error {
        /// The text is no PromQL.
        case syntax(ParseError)
        /// The evaluation failed.
        case evaluation(QueryError)
        /// As many queries wait as may.
        case overloaded(waitingMax: Int)
    }

    /// The number of queries that may wait for a thread; further ones are refused.
    public static let waitingMax = 256

    private let context: ComponentContext
    private let engine: QueryEngine
    private let reader: any SeriesReader
    private let threads: WorkerThreads
    private let timeout: Duration
    private let parser: PromQLParser
    private let metrics: QueryMetrics

    /// Makes the service.
    ///
    /// - Parameters:
    ///   - context: What the supervisor hands in; its registry takes the metrics of queries.
    ///   - engine: Evaluates the queries.
    ///   - reader: The store that queries read.
    ///   - concurrencyMax: How many queries are evaluated at once.
    ///   - timeout: The longest that a query may take, waiting included.
    public init(
        context: ComponentContext,
        engine: QueryEngine,
        reader: any SeriesReader,
        concurrencyMax: Int,
        timeout: Duration
    ) {
        self.context = context
        self.engine = engine
        self.reader = reader
        self.timeout = timeout
        parser = PromQLParser()
        let threads = WorkerThreads(
            label: "queries",
            runningMax: concurrencyMax,
            waitingMax: Self.waitingMax
        )
        self.threads = threads
        metrics = QueryMetrics(registry: context.registry, threads: threads)
    }

    /// Serves until the drain.
    public func run() async throws {
        context.ready()
        await context.drained()
    }

    /// Evaluates a constant, with everything that a query passes through.
    public func health() async -> Health {
        do {
            let one = try await instant("vector(1)", at: context.clock.now, timeout: nil, origin: .health)
            guard case .vector(let samples) = one.result.value, samples.first?.value == 1 else {
                return .unhealthy("vector(1) did not evaluate to 1")
            }
            return .healthy
        } catch {
            return .unhealthy("a trivial query failed: \(error)")
        }
    }

    /// Evaluates an expression at one time.
    ///
    /// `timeout` may shorten the configured one; `lookback`, when it is given and positive, replaces how far an instant
    /// selector looks back.
    public func instant(
        _ text: String,
        at time: Timestamp,
        timeout: Duration?,
        lookback: Duration? = nil,
        origin: QueryOrigin
    ) async throws(Failure) -> QueryAnswer {
        let expression = try parse(text, origin)
        let engine = engine(lookback: lookback)
        return try await evaluate(timeout: timeout, origin: origin) { [reader] interruption throws(QueryError) in
            try engine.instant(expression, at: time.milliseconds, reader: reader, interruption: interruption)
        }
    }

    /// Evaluates a parsed expression at one time on the calling thread, which must be one that may block: for rules,
    /// which have threads of their own, so that a flood of queries from people never delays an alert.
    public func instantBlocking(
        _ expression: Expression,
        at time: Timestamp,
        origin: QueryOrigin
    ) throws(QueryError) -> QueryResult {
        let begin = context.clock.uptime
        let deadline = begin + timeout
        let clock = context.clock
        do {
            let result = try engine.instant(expression, at: time.milliseconds, reader: reader) {
                clock.uptime > deadline ? .timedOut : nil
            }
            note(result, origin: origin, duration: clock.uptime - begin)
            return result
        } catch {
            note(error, origin: origin, duration: clock.uptime - begin)
            throw error
        }
    }

    /// Evaluates an expression over a range of times; `timeout` and `lookback` as for one time.
    public func range(
        _ text: String,
        from start: Timestamp,
        through end: Timestamp,
        step: Duration,
        timeout: Duration?,
        lookback: Duration? = nil,
        origin: QueryOrigin
    ) async throws(Failure) -> QueryAnswer {
        let expression = try parse(text, origin)
        let engine = engine(lookback: lookback)
        return try await evaluate(timeout: timeout, origin: origin) { [reader] interruption throws(QueryError) in
            try engine.range(
                expression,
                from: start.milliseconds,
                through: end.milliseconds,
                step: step.wholeMilliseconds,
                reader: reader,
                interruption: interruption
            )
        }
    }

    private func engine(lookback: Duration?) -> QueryEngine {
        guard let lookback, lookback.wholeMilliseconds > 0 else { return engine }
        var options = engine.options
        options.lookback = lookback.wholeMilliseconds
        return QueryEngine(options: options)
    }

    private func parse(_ text: String, _ origin: QueryOrigin) throws(Failure) -> Expression {
        do {
            return try parser.parse(text)
        } catch {
            metrics.queries[QueryLabels(origin: origin, outcome: .syntax)].increment()
            throw .syntax(error)
        }
    }

    private func evaluate(
        timeout: Duration?,
        origin: QueryOrigin,
        _ body: @escaping @Sendable (@escaping () -> QueryInterruption?) throws(QueryError) -> QueryResult
    ) async throws(Failure) -> QueryAnswer {
        let begin = context.clock.uptime
        let deadline = begin + min(timeout ?? self.timeout, self.timeout)
        let clock = context.clock
        let cancellation = Cancellation()
        let answer: Evaluated
        do {
            answer = try await withTaskCancellationHandler { () throws(WorkerThreads.Refusal) in
                try await threads.run {
                    let began = clock.uptime
                    let result = Result { () throws(QueryError) in
                        try body {
                            if cancellation.isCancelled { return .cancelled }
                            return clock.uptime > deadline ? .timedOut : nil
                        }
                    }
                    return Evaluated(began: began, ended: clock.uptime, result: result)
                }
            } onCancel: {
                cancellation.cancel()
            }
        } catch {
            metrics.queries[QueryLabels(origin: origin, outcome: .overloaded)].increment()
            throw .overloaded(waitingMax: Self.waitingMax)
        }
        switch answer.result {
        case .success(let result):
            note(result, origin: origin, duration: clock.uptime - begin)
            return QueryAnswer(result, waited: answer.began - begin, evaluated: answer.ended - answer.began)
        case .failure(let error):
            note(error, origin: origin, duration: clock.uptime - begin)
            throw .evaluation(error)
        }
    }

    private func note(_ result: QueryResult, origin: QueryOrigin, duration: Duration) {
        metrics.duration[origin].observe(duration)
        metrics.queries[QueryLabels(origin: origin, outcome: .success)].increment()
        metrics.samplesRead.increment(by: result.samplesRead)
    }

    private func note(_ error: QueryError, origin: QueryOrigin, duration: Duration) {
        metrics.duration[origin].observe(duration)
        metrics.queries[QueryLabels(origin: origin, outcome: QueryOutcome(error))].increment()
    }
}

/// What a query yielded, and how long that took.
public struct QueryAnswer: Sendable {
    /// The value with the remarks on it.
    public let result: QueryResult
    /// How long the query waited for a thread.
    public let waited: Duration
    /// How long the evaluation took.
    public let evaluated: Duration

    init(_ result: QueryResult, waited: Duration, evaluated: Duration) {
        self.result = result
        self.waited = waited
        self.evaluated = evaluated
    }
}

/// What a thread did for a query, and when; not a tuple, which the compiler (6.3.1) cannot lower here.
private struct Evaluated {
    let began: Duration
    let ended: Duration
    let result: Result<QueryResult, QueryError>
}

/// A flag that is set once.
private final class Cancellation: Sendable {
    private let flag = Atomic(false)

    var isCancelled: Bool { flag.load(ordering: .relaxed) }

    func cancel() { flag.store(true, ordering: .relaxed) }
}
