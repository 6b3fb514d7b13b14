/// What went wrong with Redis.
package struct RedisError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The closed set of reasons; the raw values are the values of the metric label `error_code`.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        /// There is no connection at the moment; nothing was sent.
        case unavailable
        /// The connection broke while the reply was awaited: nobody knows whether the command was done.
        case connectionLost = "connection_lost"
        /// No reply in time; nobody knows whether the command was done. The connection is given up.
        case timeout
        /// Too many commands are in flight; nothing was sent.
        case overloaded
        /// Redis wants other credentials.
        case authentication
        /// Redis refused the command.
        case refused
        /// The bytes are no RESP2, or the reply is none that the command can have.
        case protocolViolation = "protocol_violation"
        /// A command or a reply is larger than allowed.
        case tooLarge = "too_large"
    }

    package let code: Code
    /// What happened, for people; holds no password, no key and no value.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "Redis \(code.rawValue): \(message)" }

    /// The refusal in an error reply: only its first word is kept, since the rest may quote what was sent.
    init(refusal text: String) {
        let word = text.prefix { $0 != " " }
        let isName = !word.isEmpty && word.utf8.count <= 32 && word.utf8.allSatisfy { (65...90).contains($0) }
        let isCredentials = ["WRONGPASS", "NOAUTH", "NOPERM"].contains(word) || text.contains("AUTH <password>")
        self.init(isCredentials ? .authentication : .refused, isName ? String(word) : "an error without a name")
    }
}
