/// Why a stream has ended; a closed set, since it becomes the label `reason`.
package enum StreamEnd: String, CaseIterable, Sendable {
    /// The client said that it is done.
    case client
    /// The connection was lost, or closed without a word.
    case disconnected
    /// The client broke the protocol.
    case protocolError = "protocol_error"
    /// A frame or a message beyond the limit.
    case tooLarge = "too_large"
    /// More messages than a client may send.
    case tooMany = "too_many"
    /// Nothing was heard for too long.
    case timeout
    /// Nothing was read for too long.
    case slowReader = "slow_reader"
    /// The caller's rights have ended.
    case expired
    /// The server stops.
    case draining
    /// What stands behind the stream has failed.
    case failed
}
