package import APIModel
package import HTTPTypes

/// An error that a handler or admission answers with, as `application/problem+json`.
///
/// Any other error that leaves a handler becomes an `internal_error` without a detail, and is logged.
package struct ProblemError: Error, Sendable {
    package var problem: Problem
    /// Further fields of the answer: `Allow`, `Retry-After`, `WWW-Authenticate`.
    package var headers: HTTPFields

    package init(
        _ type: ProblemType,
        _ detail: String? = nil,
        errors: [Violation] = [],
        headers: HTTPFields = [:]
    ) {
        problem = Problem(type, detail: detail, errors: errors)
        self.headers = headers
    }
}

/// Why a request ended before its handler; a closed set, since it becomes the label `reason`.
package enum Rejection: String, CaseIterable, Sendable {
    case malformed
    case headersTooLarge = "headers_too_large"
    case addressTooLong = "address_too_long"
    case headTimeout = "head_timeout"
    case bodyTimeout = "body_timeout"
    case bodyTooLarge = "body_too_large"
    case handlerTimeout = "handler_timeout"
    case addressRate = "address_rate"
    case userRate = "user_rate"
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case unauthenticated
    case forbidden
    case notAcceptable = "not_acceptable"
    case unsupportedMediaType = "unsupported_media_type"
    case invalidParameter = "invalid_parameter"
    case invalidBody = "invalid_body"
    case tooManyConnections = "too_many_connections"
    case tooManyConnectionsPerAddress = "too_many_connections_per_address"
    case disconnected
}

/// A request that is refused before its handler: what the client is told, and what is counted.
struct RejectionError: Error {
    let reason: Rejection
    var answer: ProblemError

    init(_ reason: Rejection, _ answer: ProblemError) {
        self.reason = reason
        self.answer = answer
    }

    init(_ reason: Rejection, _ type: ProblemType, _ detail: String? = nil, errors: [Violation] = []) {
        self.init(reason, ProblemError(type, detail, errors: errors))
    }
}
