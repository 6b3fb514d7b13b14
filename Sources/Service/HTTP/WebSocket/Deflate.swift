import CZlib
import NIOCore

/// Compression of messages (RFC 7692, 7.2), each on its own: neither side keeps a window between two messages.
///
/// So no memory is held for an idle connection, and one compressed frame can go to any number of clients.
enum Deflate {
    /// What a flush ends with, which is left out on the wire.
    private static let tail: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]
    private static let chunkBytes = 4096

    /// Compresses a message; nil when zlib cannot, which leaves it to be sent as it is.
    ///
    /// `windowBits`: from 9 to 15.
    static func compress(_ bytes: ByteBufferView, windowBits: Int) -> ByteBuffer? {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        let method = (Z_DEFAULT_COMPRESSION, Z_DEFLATED, Int32(-windowBits), Int32(8), Z_DEFAULT_STRATEGY)
        guard
            deflateInit2_(&stream, method.0, method.1, method.2, method.3, method.4, ZLIB_VERSION, size) == Z_OK
        else { return nil }
        defer { deflateEnd(&stream) }
        var output = ByteBuffer()
        output.reserveCapacity(bytes.count / 2 + 64)
        let isWhole = bytes.withUnsafeBytes { input in
            stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
            stream.avail_in = UInt32(input.count)
            repeat {
                let written = output.writeWithUnsafeMutableBytes(minimumWritableBytes: chunkBytes) { room in
                    stream.next_out = room.bindMemory(to: UInt8.self).baseAddress
                    stream.avail_out = UInt32(room.count)
                    guard deflate(&stream, Z_SYNC_FLUSH) == Z_OK else { return 0 }
                    return room.count - Int(stream.avail_out)
                }
                if written == 0, stream.avail_in > 0 { return false }
            } while stream.avail_out == 0
            return stream.avail_in == 0
        }
        guard isWhole, output.readableBytes >= tail.count else { return nil }
        output.moveWriterIndex(to: output.writerIndex - tail.count)
        return output
    }

    /// Inflates a message.
    /// - Throws: ``WebSocketFault``: `invalidDeflate`; `messageTooLarge` as soon as there are more than `bytesMax` bytes.
    static func inflate(_ bytes: ByteBuffer, bytesMax: Int) throws(WebSocketFault) -> ByteBuffer {
        var stream = z_stream()
        guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw .invalidDeflate
        }
        defer { inflateEnd(&stream) }
        var input = bytes
        input.writeBytes(tail)
        var output = ByteBuffer()
        let fault: WebSocketFault? = input.withUnsafeReadableBytes { input in
            stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
            stream.avail_in = UInt32(input.count)
            // Whether what was inflated ends where a block does; input that ends elsewhere was cut.
            var endsAtBlock = false
            while true {
                var status = Z_OK
                let count = output.readableBytes
                output.writeWithUnsafeMutableBytes(minimumWritableBytes: chunkBytes) { room in
                    stream.next_out = room.bindMemory(to: UInt8.self).baseAddress
                    // Never more room than one byte beyond the limit: a bomb is known by that byte.
                    let limit = min(room.count, bytesMax + 1 - count)
                    stream.avail_out = UInt32(limit)
                    status = CZlib.inflate(&stream, Z_SYNC_FLUSH)
                    return limit - Int(stream.avail_out)
                }
                if output.readableBytes > bytesMax { return .messageTooLarge(messageBytesMax: bytesMax) }
                switch status {
                case Z_STREAM_END:
                    // A block may say that it is the last one (RFC 7692, 7.2.3.4); what follows begins anew.
                    if stream.avail_in <= UInt32(tail.count) { return nil }
                    guard inflateReset(&stream) == Z_OK else { return .invalidDeflate }
                case Z_OK:
                    // zlib's sign that it waits for a block's header.
                    endsAtBlock = stream.data_type & 128 != 0
                    if stream.avail_in == 0, stream.avail_out > 0 { return endsAtBlock ? nil : .invalidDeflate }
                // Nothing was left to do: what the call before said holds.
                case Z_BUF_ERROR: return stream.avail_in == 0 && endsAtBlock ? nil : .invalidDeflate
                default: return .invalidDeflate
                }
            }
        }
        if let fault { throw fault }
        return output
    }
}
