import APIModel
import HTTP
import HTTPTypes
import JSON
import MetricModel
import NIOCore
import PromQL
import Queries

/// The answers of the Prometheus HTTP API: `{"status": "success", "data": …}` or `{"status": "error", …}`.
///
/// Source: the documentation of the Prometheus 3.x HTTP API.
enum PrometheusEnvelope {
    /// The kinds of error that the API names.
    enum ErrorType: String, CaseIterable {
        case badData = "bad_data"
        case execution
        case canceled
        case timeout
        case unavailable
        case internalError = "internal"
        case notFound = "not_found"
        case notAcceptable = "not_acceptable"

        var status: HTTPResponse.Status {
            switch self {
            case .badData: .badRequest
            case .execution: .unprocessableContent
            case .canceled: HTTPResponse.Status(code: 499)
            case .timeout, .unavailable: .serviceUnavailable
            case .internalError: .internalServerError
            case .notFound: .notFound
            case .notAcceptable: .notAcceptable
            }
        }
    }

    /// What an answer says that has less than there is.
    static let truncated = "results truncated due to limit"

    /// A query's answer, with the remarks on it.
    ///
    /// - Parameters:
    ///   - answer: The query's answer.
    ///   - query: Its text.
    ///   - limit: The most series; nil for all.
    ///   - withStatistics: Whether the answer says what the query cost.
    /// - Returns: The answer, with a warning when the limit cut it.
    static func success(
        _ answer: QueryAnswer,
        of query: String,
        limit: Int?,
        withStatistics: Bool
    ) -> RouteResponse {
        let result = answer.result
        var warnings = result.annotations.warnings(in: query)
        let infos = result.annotations.infos(in: query)
        let (value, isTruncated) = result.value.limited(to: limit)
        if isTruncated { warnings.append(truncated) }
        return success(warnings: warnings, infos: infos, capacity: 1 << 14) { json in
            json.queryData(value, statistics: withStatistics ? answer : nil)
        }
    }

    /// A successful answer whose `data` the closure writes.
    static func success(
        warnings: [String] = [],
        infos: [String] = [],
        capacity: Int = 1024,
        _ data: (inout JSONWriter) -> Void
    ) -> RouteResponse {
        var json = JSONWriter(capacity: capacity)
        json.object { json in
            json.member("status", "success")
            json.key("data")
            data(&json)
            if !warnings.isEmpty { json.member("warnings", warnings) }
            if !infos.isEmpty { json.member("infos", infos) }
        }
        return RouteResponse(MediaType.json.rawValue, ByteBuffer(bytes: json.bytes))
    }

    /// An error.
    static func error(_ type: ErrorType, _ text: String, status: HTTPResponse.Status? = nil) -> RouteResponse {
        var json = JSONWriter()
        json.object { json in
            json.member("status", "error")
            json.member("errorType", type.rawValue)
            json.member("error", text)
        }
        return RouteResponse(status: status ?? type.status, MediaType.json.rawValue, ByteBuffer(bytes: json.bytes))
    }

    /// A query that failed.
    static func error(_ failure: QueryService.Failure) -> RouteResponse {
        switch failure {
        case .syntax(let error): Self.error(.badData, "invalid parameter \"query\": \(error)")
        case .overloaded(let waitingMax): Self.error(.unavailable, "\(waitingMax) queries are waiting already")
        case .evaluation(.timeout): Self.error(.timeout, "\(QueryError.timeout)")
        case .evaluation(.cancelled): Self.error(.canceled, "\(QueryError.cancelled)")
        case .evaluation(.storage(.corrupted)): Self.error(.internalError, "stored data is damaged")
        case .evaluation(let error): Self.error(.execution, "\(error)")
        }
    }

    /// How admission's problems (no token, too many requests, no such route) look here.
    static let ofProblems = ProblemEnvelope(
        .json,
        PrometheusSchemas.error,
        pathPrefix: "/prometheus/api/v1/",
        answer: answer
    )

    private static func answer(_ problem: Problem) -> RouteResponse {
        let type: ErrorType =
            switch problem.type.status {
            case 503, 429: .unavailable
            case 500: .internalError
            case 404: .notFound
            case 406: .notAcceptable
            default: .badData
            }
        let text = ([problem.detail ?? problem.type.title] + problem.errors.map(\.detail)).joined(separator: "; ")
        return error(type, text, status: HTTPResponse.Status(code: problem.type.status))
    }
}
