import APIModel
import NIOCore

/// Where the parts of a request's body come from.
protocol RequestBodySource {
    /// The next part; nil at the end.
    /// - Throws: ``ConnectionFault``.
    mutating func next() async throws -> ByteBuffer?

    /// Tells a client that waits for it to send its body (`100 Continue`).
    mutating func proceed() async throws

    /// Whether the client has been told 503 because the handler took too long.
    var isCutOff: Bool { get }

    /// Tells, also later, whether the client has closed its side of the connection.
    var isClientGone: @Sendable () -> Bool { get }
}

extension RequestBodySource {
    /// A source that is no connection has a client that stays.
    var isClientGone: @Sendable () -> Bool { { false } }
}

/// What is wrong with a connection's input, before or beside any handler.
enum ConnectionFault: Error, Hashable {
    case malformed(String)
    case headersTooLarge
    case addressTooLong
    case headTimeout
    case bodyTimeout
    case disconnected

    /// What the client is told, and what is counted.
    var rejection: RejectionError {
        switch self {
        case .malformed(let detail): RejectionError(.malformed, .malformedRequest, detail)
        case .headersTooLarge: RejectionError(.headersTooLarge, .headersTooLarge)
        case .addressTooLong: RejectionError(.addressTooLong, .addressTooLong)
        case .headTimeout: RejectionError(.headTimeout, .requestTimeout, "the header did not arrive in time")
        case .bodyTimeout: RejectionError(.bodyTimeout, .requestTimeout, "the body did not arrive in time")
        case .disconnected: RejectionError(.disconnected, .malformedRequest, "the connection ended in the body")
        }
    }
}
