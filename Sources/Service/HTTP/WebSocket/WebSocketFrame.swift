import NIOCore

/// One frame as it came from a client (RFC 6455, 5.2), unmasked.
struct WebSocketFrame: Hashable {
    enum Opcode: UInt8, Hashable {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10

        var isControl: Bool { rawValue >= 8 }
    }

    let opcode: Opcode
    let isFinal: Bool
    /// RSV1: the message is compressed (RFC 7692, 6).
    let isCompressed: Bool
    let payload: ByteBuffer
}

/// Cuts a client's bytes into frames.
///
/// Pure: bytes go in as they come, frames come out. What a header says is refused as soon as the header is there, so
/// that no more than one frame of the permitted length is ever kept.
struct FrameDecoder {
    private struct Header {
        let opcode: WebSocketFrame.Opcode
        let isFinal: Bool
        let isCompressed: Bool
        let length: Int
        let key: UInt32
        let bytes: Int
    }

    private let frameBytesMax: Int
    private let allowsCompression: Bool
    private var buffer = ByteBuffer()

    /// - Parameters:
    ///   - frameBytesMax: bytes of one frame's payload.
    ///   - allowsCompression: whether permessage-deflate was agreed on, so that RSV1 has a meaning.
    init(frameBytesMax: Int, allowsCompression: Bool) {
        self.frameBytesMax = frameBytesMax
        self.allowsCompression = allowsCompression
    }

    /// Takes bytes that have arrived.
    mutating func append(_ bytes: ByteBuffer) {
        guard buffer.readableBytes > 0 else {
            buffer = bytes
            return
        }
        var bytes = bytes
        buffer.discardReadBytes()
        buffer.writeBuffer(&bytes)
    }

    /// The next whole frame; nil when more bytes are needed.
    mutating func next() throws(WebSocketFault) -> WebSocketFrame? {
        guard let header = try header() else { return nil }
        guard buffer.readableBytes >= header.bytes + header.length else { return nil }
        buffer.moveReaderIndex(forwardBy: header.bytes)
        guard var payload = buffer.readSlice(length: header.length) else { return nil }
        Self.unmask(&payload, key: header.key)
        return WebSocketFrame(
            opcode: header.opcode,
            isFinal: header.isFinal,
            isCompressed: header.isCompressed,
            payload: payload
        )
    }

    private func header() throws(WebSocketFault) -> Header? {
        let start = buffer.readerIndex
        guard let first: UInt8 = buffer.getInteger(at: start) else { return nil }
        let isFinal = first & 0x80 != 0
        let isCompressed = first & 0x40 != 0
        guard first & 0x30 == 0, !isCompressed || allowsCompression else { throw .reservedBits }
        guard let opcode = WebSocketFrame.Opcode(rawValue: first & 0x0F) else { throw .unknownOpcode(first & 0x0F) }
        if opcode.isControl, !isFinal { throw .fragmentedControl }
        if isCompressed, opcode.isControl || opcode == .continuation { throw .reservedBits }
        guard let second: UInt8 = buffer.getInteger(at: start + 1) else { return nil }
        guard second & 0x80 != 0 else { throw .unmasked }
        if opcode.isControl, second & 0x7F > 125 { throw .longControl }
        guard let (length, bytes) = try length(second & 0x7F, at: start + 2) else { return nil }
        guard length <= frameBytesMax else { throw .frameTooLarge(frameBytesMax: frameBytesMax) }
        guard let key: UInt32 = buffer.getInteger(at: start + 2 + bytes) else { return nil }
        return Header(
            opcode: opcode,
            isFinal: isFinal,
            isCompressed: isCompressed,
            length: length,
            key: key,
            bytes: 2 + bytes + 4
        )
    }

    /// The length, and how many bytes it takes behind the first two.
    private func length(_ short: UInt8, at index: Int) throws(WebSocketFault) -> (length: Int, bytes: Int)? {
        switch short {
        case 126:
            guard let length: UInt16 = buffer.getInteger(at: index) else { return nil }
            guard length > 125 else { throw .badLength }
            return (Int(length), 2)
        case 127:
            guard let length: UInt64 = buffer.getInteger(at: index) else { return nil }
            guard length > 0xFFFF, let whole = Int(exactly: length) else { throw .badLength }
            return (whole, 8)
        default: return (Int(short), 0)
        }
    }

    private static func unmask(_ payload: inout ByteBuffer, key: UInt32) {
        guard key != 0 else { return }
        payload.withUnsafeMutableReadableBytes { bytes in
            var shift: UInt32 = 24
            for index in bytes.indices {
                bytes[index] ^= UInt8(truncatingIfNeeded: key >> shift)
                shift = shift == 0 ? 24 : shift - 8
            }
        }
    }
}
