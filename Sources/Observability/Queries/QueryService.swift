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
            guard case .vector(let samples) = one.value, samples.first?.value == 1 else {
                return .unhealthy("vector(1) did not evaluate to 1")
            }
            return .healthy
        } catch {
            return .unhealthy("a trivial query failed: \(error)")
        }
    }

    /// Evaluates an expression at one time.
    ///
    /// `timeout` may shorten the configured one.
    public func instant(
        _ text: String,
        at time: Timestamp,
        timeout: Duration?,
        origin: QueryOrigin
    ) async throws(Failure) -> QueryResult {
        let expression = try parse(text, origin)
        return try await instant(expression, at: time, timeout: timeout, origin: origin)
    }

    /// Evaluates a parsed expression at one time.
    public func instant(
        _ expression: Expression,
        at time: Timestamp,
        timeout: Duration?,
        origin: QueryOrigin
    ) async throws(Failure) -> QueryResult {
        try await evaluate(timeout: timeout, origin: origin) { [engine, reader] interruption throws(QueryError) in
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

    /// Evaluates an expression over a range of times.
    public func range(
        _ text: String,
        from start: Timestamp,
        through end: Timestamp,
        step: Duration,
        timeout: Duration?,
        origin: QueryOrigin
    ) async throws(Failure) -> QueryResult {
        let expression = try parse(text, origin)
        return try await evaluate(timeout: timeout, origin: origin) {
            [engine, reader] interruption throws(QueryError) in
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
    ) async throws(Failure) -> QueryResult {
        let begin = context.clock.uptime
        let deadline = begin + min(timeout ?? self.timeout, self.timeout)
        let clock = context.clock
        let cancellation = Cancellation()
        let answer: Result<QueryResult, QueryError>
        do {
            answer = try await withTaskCancellationHandler { () throws(WorkerThreads.Refusal) in
                try await threads.run {
                    Result { () throws(QueryError) in
                        try body {
                            if cancellation.isCancelled { return .cancelled }
                            return clock.uptime > deadline ? .timedOut : nil
                        }
                    }
                }
            } onCancel: {
                cancellation.cancel()
            }
        } catch {
            metrics.queries[QueryLabels(origin: origin, outcome: .overloaded)].increment()
            throw .overloaded(waitingMax: Self.waitingMax)
        }
        switch answer {
        case .success(let result):
            note(result, origin: origin, duration: clock.uptime - begin)
            return result
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

/// A flag that is set once.
private final class Cancellation: Sendable {
    private let flag = Atomic(false)

    var isCancelled: Bool { flag.load(ordering: .relaxed) }

    func cancel() { flag.store(true, ordering: .relaxed) }
}
