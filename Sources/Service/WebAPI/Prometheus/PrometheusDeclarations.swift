import APIModel
package import HTTP
import HTTPTypes
import MetricModel
import PromQL
import Queries

/// What the routes of the Prometheus API take, for the document; ``PrometheusParameters`` reads it.
enum PrometheusFields {
    static let query = Parameter.query("query", text, isRequired: true, "A PromQL expression.")
    static let time = Parameter.query("time", text, "When: \(timeForms); now when it is left out.")
    static let timeout = Parameter.query("timeout", text, "The longest that it may take: \(durationForms).")
    static let lookback = Parameter.query(
        "lookback_delta",
        text,
        "How far an instant selector looks back: \(durationForms); the server's own when it is left out."
    )
    static let statistics = Parameter.query(
        "stats",
        text,
        "With any text, such as all, the answer says what the query cost."
    )
    static let step = Parameter.query("step", text, isRequired: true, "Between two points: \(durationForms).")
    static let limit = Parameter.query("limit", .integer(0...Int64.max), "The most results; 0 for all.")

    /// What both kinds of query take beside their times.
    static let evaluation = [timeout, limit, lookback, statistics]

    /// The bounds of a range.
    static func range(isRequired: Bool) -> [Parameter] {
        [
            .query("start", text, isRequired: isRequired, "The first time: \(timeForms)."),
            .query("end", text, isRequired: isRequired, "The last time: \(timeForms)."),
        ]
    }

    /// Selectors of series.
    static func match(isRequired: Bool) -> Parameter {
        .query("match[]", texts, isRequired: isRequired, "A selector of series; may be repeated.")
    }

    static let text = JSONSchema.string()
    static let texts = JSONSchema.unboundedArray(of: .string())
    private static let timeForms = "seconds since the Unix epoch, or RFC 3339"
    private static let durationForms = "seconds, or as in PromQL"
}

extension PrometheusRoutes {
    typealias Handler = @Sendable (RouteRequest, PrometheusParameters) async throws -> RouteResponse

    /// What a route says of its failures beside what every route may answer.
    enum Failures {
        case none
        /// It reads the store.
        case reading
        /// It evaluates an expression.
        case evaluating

        var rules: [ResponseRule] {
            let reading = ResponseRule(422, "The answer cannot be computed.", json: PrometheusSchemas.error)
            let cancelled = ResponseRule(499, "The query was cancelled.", json: PrometheusSchemas.error)
            return switch self {
            case .none: []
            case .reading: [reading]
            case .evaluating: [reading, cancelled]
            }
        }
    }

    /// The same operation by GET and, for parameters that are long, by POST.
    static func getAndPost(
        _ path: String,
        _ summary: String,
        _ parameters: [Parameter],
        data: JSONSchema,
        _ failures: Failures,
        _ handler: @escaping Handler
    ) -> [Route] {
        [HTTPRequest.Method.get, .post].map { route($0, path, summary, parameters, data: data, failures, handler) }
    }

    /// One operation; its parameters are in the query, or in the form of a POST.
    static func route(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ summary: String,
        _ parameters: [Parameter] = [],
        data: JSONSchema,
        _ failures: Failures,
        _ handler: @escaping Handler
    ) -> Route {
        Route(
            method,
            "/prometheus/api/v1/" + path,
            access: .requires(.metricsQuery),
            summary: summary,
            tag: "prometheus",
            parameters: method == .post ? [] : parameters,
            unknownQuery: .leftToHandler,
            body: method == .post ? .form(parameters) : .none,
            responses: [
                ResponseRule(
                    200,
                    "The answer in Prometheus' envelope.",
                    json: PrometheusSchemas.success(data)
                )
            ] + failures.rules,
            rateClass: .queries,
            envelope: PrometheusEnvelope.ofProblems
        ) { request in
            do {
                return try await handler(request, PrometheusParameters(request))
            } catch let fault as PrometheusParameters.Fault {
                return PrometheusEnvelope.error(.badData, fault.text)
            } catch let failure as QueryService.Failure {
                return PrometheusEnvelope.error(failure)
            } catch let error as SeriesReadError {
                return PrometheusEnvelope.error(.evaluation(.storage(error)))
            }
        }
    }
}

extension RateClass {
    /// PromQL queries: a dashboard page sends dozens at once.
    package static let queries = RateClass("queries", Quota(3000, perSeconds: 60))
}
