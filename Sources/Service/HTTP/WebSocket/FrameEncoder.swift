package import NIOCore

/// Writes a server's frames: whole messages, never masked, so that one frame can go to any number of clients.
package enum FrameEncoder {
    /// Texts shorter than this are not worth compressing.
    package static let compressedBytesMin = 256

    /// A text message of UTF-8 bytes.
    ///
    /// `deflateBits`: the window of permessage-deflate where it was agreed on (``OutgoingStream/deflateBits``).
    package static func text(_ text: ByteBufferView, deflateBits: Int? = nil) -> ByteBuffer {
        if let deflateBits, text.count >= compressedBytesMin,
            let compressed = Deflate.compress(text, windowBits: deflateBits), compressed.readableBytes < text.count
        {
            return frame(.text, compressed.readableBytesView, isCompressed: true)
        }
        return frame(.text, text)
    }

    /// - Precondition: the payload of a control frame has at most 125 bytes.
    static func frame(
        _ opcode: WebSocketFrame.Opcode,
        _ payload: ByteBufferView = ByteBuffer().readableBytesView,
        isCompressed: Bool = false
    ) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.reserveCapacity(payload.count + 10)
        frame.writeInteger(opcode.rawValue | 0x80 | (isCompressed ? 0x40 : 0))
        switch payload.count {
        case ...125: frame.writeInteger(UInt8(payload.count))
        case ...0xFFFF:
            frame.writeInteger(UInt8(126))
            frame.writeInteger(UInt16(payload.count))
        default:
            frame.writeInteger(UInt8(127))
            frame.writeInteger(UInt64(payload.count))
        }
        frame.writeBytes(payload)
        return frame
    }

    /// A close frame; the reason is cut at a character so that it fits.
    static func close(_ code: CloseCode?, _ reason: String = "") -> ByteBuffer {
        var payload = ByteBuffer()
        if let code {
            payload.writeInteger(code.rawValue)
            var reason = Substring(reason)
            while reason.utf8.count > 123 { reason.removeLast() }
            payload.writeSubstring(reason)
        }
        return frame(.close, payload.readableBytesView)
    }
}
