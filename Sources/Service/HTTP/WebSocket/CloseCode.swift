/// Why a WebSocket is closed (RFC 6455, 7.4, and the IANA registry of close codes).
package struct CloseCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let normal = CloseCode(rawValue: 1000)
    /// The server stops.
    package static let goingAway = CloseCode(rawValue: 1001)
    package static let protocolError = CloseCode(rawValue: 1002)
    /// A kind of message that is not taken here.
    package static let unsupportedData = CloseCode(rawValue: 1003)
    /// Text that is not UTF-8, or compressed bytes that are not DEFLATE.
    package static let invalidPayload = CloseCode(rawValue: 1007)
    package static let policyViolation = CloseCode(rawValue: 1008)
    package static let messageTooBig = CloseCode(rawValue: 1009)
    package static let internalError = CloseCode(rawValue: 1011)
    /// The caller's rights have ended: connect anew with a fresh token or ticket.
    package static let authorizationExpired = CloseCode(rawValue: 4401)
    /// The client does not read what it is sent.
    package static let slowReader = CloseCode(rawValue: 4408)

    /// Whether the code may stand in a close frame; the others are for programs' own use or not given out.
    package var isValid: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
