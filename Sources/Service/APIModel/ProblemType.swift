/// Every kind of error that the API answers with; a closed set, so that clients can switch over it.
///
/// The raw value is the stable code: it never changes its meaning, and ends the problem's type URI (RFC 9457, 3.1.1).
package enum ProblemType: String, CaseIterable, Codable, Sendable {
    case malformedRequest = "malformed_request"
    case malformedJSON = "malformed_json"
    case invalidParameter = "invalid_parameter"
    case unauthenticated = "unauthenticated"
    case forbidden = "forbidden"
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case notAcceptable = "not_acceptable"
    case requestTimeout = "request_timeout"
    case conflict = "conflict"
    case invalidTransition = "invalid_transition"
    case idempotencyConflict = "idempotency_conflict"
    case leaseLost = "lease_lost"
    case offsetMismatch = "offset_mismatch"
    case dependencyCycle = "dependency_cycle"
    case preconditionFailed = "precondition_failed"
    case payloadTooLarge = "payload_too_large"
    case addressTooLong = "address_too_long"
    case unsupportedMediaType = "unsupported_media_type"
    case rangeNotSatisfiable = "range_not_satisfiable"
    case validationFailed = "validation_failed"
    case hashMismatch = "hash_mismatch"
    case upgradeRequired = "upgrade_required"
    case preconditionRequired = "precondition_required"
    case rateLimited = "rate_limited"
    case headersTooLarge = "headers_too_large"
    case internalError = "internal_error"
    case unavailable = "unavailable"
    case tooManyConnections = "too_many_connections"
    case handlerTimeout = "handler_timeout"
    case insufficientStorage = "insufficient_storage"

    /// What every type URI begins with.
    package static let uriPrefix = "urn:kaskman:problem:"

    /// The URI that identifies the kind, for the member `type`.
    package var uri: String { Self.uriPrefix + rawValue }

    /// The HTTP status code that goes with the kind.
    package var status: Int {
        switch self {
        case .malformedRequest, .malformedJSON, .invalidParameter: 400
        case .unauthenticated: 401
        case .forbidden: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .notAcceptable: 406
        case .requestTimeout: 408
        case .conflict, .invalidTransition, .idempotencyConflict, .leaseLost, .offsetMismatch, .dependencyCycle: 409
        case .preconditionFailed: 412
        case .payloadTooLarge: 413
        case .addressTooLong: 414
        case .unsupportedMediaType: 415
        case .rangeNotSatisfiable: 416
        case .validationFailed, .hashMismatch: 422
        case .upgradeRequired: 426
        case .preconditionRequired: 428
        case .rateLimited: 429
        case .headersTooLarge: 431
        case .internalError: 500
        case .unavailable, .tooManyConnections, .handlerTimeout: 503
        case .insufficientStorage: 507
        }
    }

    /// A short summary of the kind for people; the same in every occurrence.
    package var title: String {
        switch self {
        case .malformedRequest: "The request is malformed"
        case .malformedJSON: "The body is not valid JSON"
        case .invalidParameter: "A parameter is not valid"
        case .unauthenticated: "Authentication is required"
        case .forbidden: "Access is not permitted"
        case .notFound: "There is nothing here"
        case .methodNotAllowed: "The method is not allowed here"
        case .notAcceptable: "No acceptable representation"
        case .requestTimeout: "The request took too long to arrive"
        case .conflict: "The request conflicts with the present state"
        case .invalidTransition: "The change of state is not allowed"
        case .idempotencyConflict: "The idempotency key was used for another request"
        case .leaseLost: "The lease is not the caller's to use"
        case .offsetMismatch: "The upload goes on elsewhere"
        case .dependencyCycle: "The dependency would close a cycle"
        case .preconditionFailed: "The resource has changed"
        case .payloadTooLarge: "The body is too large"
        case .addressTooLong: "The address is too long"
        case .unsupportedMediaType: "The media type is not supported"
        case .rangeNotSatisfiable: "The range lies outside the content"
        case .hashMismatch: "The content has another hash"
        case .validationFailed: "The body does not satisfy its schema"
        case .upgradeRequired: "Another protocol is spoken here"
        case .preconditionRequired: "A precondition is required"
        case .rateLimited: "Too many requests"
        case .headersTooLarge: "The headers are too large"
        case .internalError: "The server failed"
        case .unavailable: "The service is not available"
        case .tooManyConnections: "Too many connections"
        case .handlerTimeout: "The server took too long"
        case .insufficientStorage: "There is no room for it"
        }
    }
}
