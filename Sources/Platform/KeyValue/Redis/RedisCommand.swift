package import NIOCore

/// A command with its arguments, which are bytes.
package struct RedisCommand: Hashable, Sendable {
    /// The most bytes of all arguments together.
    package static let bytesMax = 1 << 20

    let parts: [[UInt8]]
    /// The bytes of all parts together.
    let bytes: Int

    package init(_ name: String, _ arguments: [[UInt8]]) {
        parts = [Array(name.utf8)] + arguments
        bytes = parts.reduce(0) { $0 + $1.count }
    }

    /// The same with texts for arguments.
    package init(_ name: String, _ arguments: String...) { self.init(name, arguments.map { Array($0.utf8) }) }

    /// Appends the command as RESP2 has it: an array of bulk strings.
    package func write(to buffer: inout ByteBuffer) {
        buffer.writeHeader(0x2A, parts.count)
        for part in parts {
            buffer.writeHeader(0x24, part.count)
            buffer.writeBytes(part)
            buffer.writeLineEnd()
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func writeHeader(_ sign: UInt8, _ count: Int) {
        writeInteger(sign)
        if count < 10 {
            writeInteger(UInt8(48 + count))
        } else if count < 100 {
            writeInteger(UInt8(48 + count / 10))
            writeInteger(UInt8(48 + count % 10))
        } else {
            writeString(String(count))
        }
        writeLineEnd()
    }

    fileprivate mutating func writeLineEnd() { writeInteger(UInt16(0x0D0A)) }
}
