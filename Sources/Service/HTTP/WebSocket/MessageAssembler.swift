import NIOCore

/// What a client says, once its frames are put together.
enum WebSocketEvent: Hashable {
    case text(ByteBuffer)
    case binary(ByteBuffer)
    case ping(ByteBuffer)
    case pong(ByteBuffer)
    /// Nil without a code.
    case close(CloseCode?)
}

/// Puts frames together to messages (RFC 6455, 5.4): control frames may stand between the parts of a message.
///
/// Pure. Text is checked as its parts come, so that a wrong one is refused at the part that is wrong; a compressed one
/// (RFC 7692) when it is whole, and no further than the limit is it inflated.
struct MessageAssembler {
    private struct Part {
        let isText: Bool
        let isCompressed: Bool
        var payload: ByteBuffer
        var validation = UTF8Validation()
    }

    private let messageBytesMax: Int
    private var part: Part?

    /// `messageBytesMax`: bytes of a message, as sent and when inflated.
    init(messageBytesMax: Int) { self.messageBytesMax = messageBytesMax }

    /// Takes the next frame; nil when it ends nothing.
    mutating func take(_ frame: WebSocketFrame) throws(WebSocketFault) -> WebSocketEvent? {
        switch frame.opcode {
        case .ping: return .ping(frame.payload)
        case .pong: return .pong(frame.payload)
        case .close: return .close(try Self.closeCode(frame.payload))
        case .text, .binary:
            guard part == nil else { throw .expectedContinuation }
            let new = Part(isText: frame.opcode == .text, isCompressed: frame.isCompressed, payload: ByteBuffer())
            return try extend(new, frame)
        case .continuation:
            guard let part else { throw .unexpectedContinuation }
            return try extend(part, frame)
        }
    }

    private mutating func extend(_ begun: Part, _ frame: WebSocketFrame) throws(WebSocketFault) -> WebSocketEvent? {
        var part = begun
        // Two references to one buffer would make each part a copy of all before it.
        self.part = nil
        guard part.payload.readableBytes + frame.payload.readableBytes <= messageBytesMax else {
            throw .messageTooLarge(messageBytesMax: messageBytesMax)
        }
        if part.isText, !part.isCompressed {
            guard part.validation.take(frame.payload.readableBytesView) else { throw .invalidText }
        }
        if part.payload.readableBytes == 0 {
            part.payload = frame.payload
        } else {
            part.payload.writeImmutableBuffer(frame.payload)
        }
        guard frame.isFinal else {
            self.part = part
            return nil
        }
        return try Self.whole(part, messageBytesMax)
    }

    private static func whole(_ part: Part, _ messageBytesMax: Int) throws(WebSocketFault) -> WebSocketEvent {
        var part = part
        if part.isCompressed {
            part.payload = try Deflate.inflate(part.payload, bytesMax: messageBytesMax)
            if part.isText, !part.validation.take(part.payload.readableBytesView) { throw .invalidText }
        }
        guard part.validation.isAtBoundary else { throw .invalidText }
        return part.isText ? .text(part.payload) : .binary(part.payload)
    }

    private static func closeCode(_ payload: ByteBuffer) throws(WebSocketFault) -> CloseCode? {
        guard payload.readableBytes > 0 else { return nil }
        var payload = payload
        guard let raw = payload.readInteger(as: UInt16.self) else { throw .invalidClose }
        let code = CloseCode(rawValue: raw)
        guard code.isValid else { throw .invalidClose }
        var validation = UTF8Validation()
        guard validation.take(payload.readableBytesView), validation.isAtBoundary else { throw .invalidText }
        return code
    }
}
