/// Why a call to the server brought no answer that can be used.
package enum ClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The address is none.
    case invalidAddress(String)
    /// No connection, or it broke.
    case unreachable(String)
    /// The server did not answer in time.
    case timeout(Duration)
    /// There is no token, or the server takes it no longer; the text says which.
    case needsLogin(String)
    /// The server refused and said why (`application/problem+json`).
    case problem(status: Int, title: String, detail: String?, violations: [String])
    /// The Prometheus API refused and said why.
    case query(type: String, message: String)
    /// An answer that this client does not understand.
    case unexpectedAnswer(String)
    /// An answer beyond the client's limit.
    case tooLarge(bytesMax: Int)
    /// The files with contexts and credentials cannot be used.
    case files(String)

    /// Whether the same call may bring an answer later: the server is away, or cannot answer now.
    package var isPassing: Bool {
        switch self {
        case .unreachable, .timeout, .problem(status: 429, _, _, _), .problem(status: 502...504, _, _, _): true
        case .invalidAddress, .needsLogin, .problem, .query, .unexpectedAnswer, .tooLarge, .files: false
        }
    }

    /// The reason in words.
    package var description: String {
        switch self {
        case .invalidAddress(let reason): "the server's address cannot be used: \(reason)"
        case .unreachable(let reason): "the server cannot be reached: \(reason)"
        case .timeout(let duration): "the server did not answer within \(duration)"
        case .needsLogin(let reason): "\(reason): run 'kaskman auth login'"
        case .problem(_, let title, let detail, let violations):
            ([detail.map { "\(title): \($0)" } ?? title] + violations).joined(separator: "\n  ")
        case .query(let type, let message): "\(type): \(message)"
        case .unexpectedAnswer(let reason): "the server's answer is not understood: \(reason)"
        case .tooLarge(let bytesMax): "the server's answer is larger than \(bytesMax) bytes"
        case .files(let reason): reason
        }
    }
}
