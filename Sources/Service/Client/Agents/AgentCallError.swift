import JSON

/// Why a call of an agent brought nothing, told apart by what the agent does next.
package enum AgentCallError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No answer, or one that says "not now": the same call may be made again, not before `retryAfter` where the server named it.
    case later(String, retryAfter: Duration?)
    /// The lease is not, or not any more, the agent's to use (409).
    case leaseLost(String)
    /// There is no such thing, or the server does not know the route (404, 405).
    case notFound(String)
    /// The token is not taken, or does not allow that (401, 403).
    case notAllowed(String)
    /// An upload is at another place than the agent believed (409 with `Upload-Offset`), in bytes.
    case wrongOffset(Int)
    /// The content was refused: sending it again is of no use (409 about something else, 507, any other status from 400 on).
    case refused(status: Int, String)
    /// An answer that this client does not understand.
    case unexpectedAnswer(String)

    /// The reason in words.
    package var description: String {
        switch self {
        case .later(let reason, _), .leaseLost(let reason), .notFound(let reason), .notAllowed(let reason): reason
        case .wrongOffset(let offset): "the upload stands at byte \(offset)"
        case .refused(let status, let reason): "refused with status \(status): \(reason)"
        case .unexpectedAnswer(let reason): "the server's answer is not understood: \(reason)"
        }
    }

    /// What a status that is no success means to an agent.
    init(_ response: APIResponse) {
        let reason = "\(APIClient.problem(response))"
        switch response.status {
        case 401, 403: self = .notAllowed(reason)
        case 404, 405: self = .notFound(reason)
        // No room (RFC 4918, 11.5) is nothing that passes soon.
        case 507: self = .refused(status: 507, reason)
        case 408, 425, 429, 500...599:
            self = .later(reason, retryAfter: Self.delay(response.header("Retry-After")))
        case 409:
            if let offset = response.header("Upload-Offset").flatMap({ Int($0) }), offset >= 0 {
                self = .wrongOffset(offset)
            } else if Self.isAboutLease(response) {
                self = .leaseLost(reason)
            } else {
                self = .refused(status: 409, reason)
            }
        default: self = .refused(status: response.status, reason)
        }
    }

    /// Whether a conflict is about the lease; one that does not say what it is about is.
    private static func isAboutLease(_ response: APIResponse) -> Bool {
        guard let type = (try? APIClient.json(response))?["type"]?.string else { return true }
        return type.hasSuffix(":lease_lost") || type == "about:blank"
    }

    /// A call that brought no answer at all.
    init(_ error: ClientError) {
        switch error {
        case .unreachable, .timeout: self = .later("\(error)", retryAfter: nil)
        default: self = .unexpectedAnswer("\(error)")
        }
    }

    /// The longest `Retry-After` that is believed.
    static let retryAfterSecondsMax: Int64 = 3600

    /// Whole seconds (RFC 9110, 10.2.3); a date is not what this server sends, and counts as nothing said.
    private static func delay(_ field: String?) -> Duration? {
        guard let seconds = field.flatMap({ Int64($0) }), seconds >= 0 else { return nil }
        return .seconds(min(seconds, retryAfterSecondsMax))
    }
}
