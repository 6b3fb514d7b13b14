/// What is wrong with what a WebSocket client sent; it ends the connection.
enum WebSocketFault: Error, Hashable, CustomStringConvertible {
    case reservedBits
    case unknownOpcode(UInt8)
    /// A client must mask every frame (RFC 6455, 5.1).
    case unmasked
    case fragmentedControl
    case longControl
    /// A length that fits into fewer bytes, or is beyond 63 bits (RFC 6455, 5.2).
    case badLength
    case frameTooLarge(frameBytesMax: Int)
    case messageTooLarge(messageBytesMax: Int)
    case unexpectedContinuation
    /// A new message within one that is not at its end.
    case expectedContinuation
    case invalidText
    case invalidDeflate
    case invalidClose
    case tooManyMessages(perSecondMax: Int)

    /// What the close frame says.
    var code: CloseCode {
        switch self {
        case .frameTooLarge, .messageTooLarge: .messageTooBig
        case .invalidText, .invalidDeflate: .invalidPayload
        case .tooManyMessages: .policyViolation
        case .reservedBits, .unknownOpcode, .unmasked, .fragmentedControl, .longControl, .badLength,
            .unexpectedContinuation, .expectedContinuation, .invalidClose:
            .protocolError
        }
    }

    /// What the close frame says in words; short enough for one.
    var description: String {
        switch self {
        case .reservedBits: "a reserved bit is set"
        case .unknownOpcode(let opcode): "the opcode \(opcode) is not known"
        case .unmasked: "a frame is not masked"
        case .fragmentedControl: "a control frame is fragmented"
        case .longControl: "a control frame is longer than 125 bytes"
        case .badLength: "a length is not in its shortest form"
        case .frameTooLarge(let bytesMax): "a frame is longer than \(bytesMax) bytes"
        case .messageTooLarge(let bytesMax): "a message is longer than \(bytesMax) bytes"
        case .unexpectedContinuation: "a continuation without a beginning"
        case .expectedContinuation: "a message begins within another"
        case .invalidText: "a text is not UTF-8"
        case .invalidDeflate: "a compressed message is not DEFLATE"
        case .invalidClose: "a close frame is not valid"
        case .tooManyMessages(let max): "more than \(max) messages a second"
        }
    }
}
