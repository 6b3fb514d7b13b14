private import CHiredis
package import NIOCore

/// Makes replies of the bytes that Redis sends, in whatever pieces they come: hiredis' reader, within limits.
///
/// hiredis refuses what is no RESP2 and arrays that are nested more than seven deep. The limits here are those that it
/// lacks. After an error the stream cannot be understood any more: the connection has to end.
///
/// Concurrency: for one thread at a time.
package final class RESPReader {
    /// The limits of one reply.
    package struct Limits: Hashable, Sendable {
        /// The most bytes of one reply as they are on the wire, with everything nested.
        package var replyBytesMax: Int
        /// The most elements of one array: hiredis allots memory for what an array announces before any of it comes.
        package static let elementsMax = 65_536

        package init(replyBytesMax: Int = 4 << 20) { self.replyBytesMax = replyBytesMax }
    }

    private let reader: UnsafeMutablePointer<redisReader>
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let limits: Limits
    /// Bytes that belong to a reply which is not whole yet.
    private var pendingBytes = 0

    /// Makes a reader at the beginning of a stream.
    ///
    /// - Throws: ``RedisError`` when there is no memory.
    package init(limits: Limits = Limits()) throws(RedisError) {
        guard let reader = redisReaderCreate() else { throw RedisError(.tooLarge, "no memory for a reader") }
        self.reader = reader
        self.limits = limits
        functions = .allocate(capacity: 1)
        functions.initialize(to: ReplyFunctions.bounded)
        reader.pointee.fn = functions
    }

    deinit {
        redisReaderFree(reader)
        functions.deallocate()
    }

    /// Takes the next bytes of the stream and hands on the replies that are whole with them, in order.
    ///
    /// - Throws: ``RedisError`` with the code `protocolViolation` or `tooLarge`; replies before the fault were handed on.
    package func feed(_ bytes: ByteBuffer, _ take: (RESPValue) -> Void) throws(RedisError) {
        let count = bytes.readableBytes
        guard count > 0 else { return }
        pendingBytes += count
        let fed = bytes.withUnsafeReadableBytes { raw in
            redisReaderFeed(reader, raw.baseAddress?.assumingMemoryBound(to: CChar.self), raw.count)
        }
        guard fed == REDIS_OK else { throw fault }
        while true {
            var object: UnsafeMutableRawPointer?
            guard redisReaderGetReply(reader, &object) == REDIS_OK else { throw fault }
            guard let object else { break }
            let value = RESPValue(object.assumingMemoryBound(to: redisReply.self))
            freeReplyObject(object)
            pendingBytes = reader.pointee.len - reader.pointee.pos
            take(value)
        }
        if pendingBytes > limits.replyBytesMax {
            throw RedisError(.tooLarge, "a reply is longer than \(limits.replyBytesMax) bytes")
        }
    }

    private var fault: RedisError {
        if reader.pointee.err == REDIS_ERR_OOM {
            return RedisError(.tooLarge, "an array has more than \(Limits.elementsMax) elements")
        }
        // hiredis' own words quote the byte that is wrong; no value of a key is in them.
        let text = withUnsafeBytes(of: reader.pointee.errstr) { raw in
            String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
        return RedisError(.protocolViolation, text)
    }
}

/// hiredis' functions that make replies, with a limit on arrays.
private enum ReplyFunctions {
    /// hiredis' own; a table of constant functions that nothing writes.
    private static let original: redisReplyObjectFunctions? = {
        guard let reader = redisReaderCreate() else { return nil }
        defer { redisReaderFree(reader) }
        return reader.pointee.fn?.pointee
    }()

    static var bounded: redisReplyObjectFunctions {
        var functions = original ?? redisReplyObjectFunctions()
        functions.createArray = { task, elements in
            guard elements <= RESPReader.Limits.elementsMax else { return nil }
            return ReplyFunctions.original?.createArray?(task, elements)
        }
        return functions
    }
}

extension RESPValue {
    /// Copies a reply; it is nested no deeper than hiredis' reader allows.
    fileprivate init(_ reply: UnsafeMutablePointer<redisReply>) {
        let reply = reply.pointee
        func bytes() -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: reply.str, count: Int(reply.len)) }
        switch reply.type {
        case REDIS_REPLY_STRING: self = .bulk(Array(bytes()))
        case REDIS_REPLY_STATUS: self = .status(String(decoding: bytes(), as: UTF8.self))
        case REDIS_REPLY_ERROR: self = .error(String(decoding: bytes(), as: UTF8.self))
        case REDIS_REPLY_INTEGER: self = .integer(reply.integer)
        case REDIS_REPLY_ARRAY:
            self = .array((0..<Int(reply.elements)).map { reply.element[$0].map { RESPValue($0) } ?? .null })
        default: self = .null
        }
    }
}
